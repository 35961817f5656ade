import BulkheadChildren
import BulkheadInputs
import BulkheadMedia
import BulkheadTimeline
import BulkheadWire
import Testing

@Suite(.timeLimit(.minutes(1))) struct StillMachineTests {
    private static let picture = Picture(slot: SlotReference(pool: 3, slot: 0), pts: .zero, position: .zero)

    @Test func pictureIsTakenOnceAndTheProcessEnds() {
        var machine = StillMachine()
        #expect(machine.handle(.opened(.file)) == [.lendSlot])
        #expect(machine.handle(.picture(Self.picture)) == [.take(Self.picture, isLater: false), .hangUp])
        #expect(machine.handle(.picture(Self.picture)) == [.release(Self.picture)])
        #expect(machine.handle(.ended(.released)) == [])
    }

    @Test func fileWithoutAPictureIsRefused() {
        var machine = StillMachine()
        #expect(
            machine.handle(.opened(.soundFile)) == [
                .fail(.refused(Refusal(.notMedia, "it holds no picture"))), .hangUp,
            ])
        #expect(machine.handle(.ended(.released)) == [])
    }

    @Test func refusalIsToldOnce() {
        var machine = StillMachine()
        let refusal = Refusal(.notFound, "there is no such file")
        #expect(machine.handle(.refused(refusal)) == [.fail(.refused(refusal)), .hangUp])
        #expect(machine.handle(.ended(ChildEnd(cause: .dismissed("there is no such file")))) == [])
    }

    @Test(arguments: [ChildEnd.crash, .kill, .hang])
    func deathBeforeThePictureIsTold(end: ChildEnd) {
        var opened = StillMachine()
        _ = opened.handle(.opened(.file))
        #expect(opened.handle(.ended(end)) == [.fail(.readerEnded("\(end.cause)"))])
        var unopened = StillMachine()
        #expect(unopened.handle(.ended(end)) == [.fail(.readerEnded("\(end.cause)"))])
    }

    @Test func deathAfterThePictureIsNot() {
        var machine = StillMachine()
        _ = machine.handle(.picture(Self.picture))
        #expect(machine.handle(.ended(.crash)) == [])
    }

    /// A slate with a clock: the process stays, and is asked for the next picture when that is due.
    @Test func furtherPicturesAreTakenAsLaterOnes() {
        var machine = StillMachine(goesOn: true)
        #expect(machine.handle(.opened(.file)) == [.lendSlot])
        #expect(machine.handle(.picture(Self.picture)) == [.take(Self.picture, isLater: false), .lendSlotLater])
        #expect(machine.handle(.picture(Self.picture)) == [.take(Self.picture, isLater: true), .lendSlotLater])
        #expect(machine.handle(.ended(.crash)) == [.replace])
        #expect(machine.handle(.ended(.released)) == [])
    }

    /// The slate that stands for good is not drawn again for a process that died.
    @Test func replacementGoesOnWithLaterPictures() {
        var machine = StillMachine(goesOn: true, isReplacement: true)
        #expect(machine.handle(.opened(.file)) == [.lendSlot])
        #expect(machine.handle(.picture(Self.picture)) == [.release(Self.picture), .lendSlotLater])
        #expect(machine.handle(.picture(Self.picture)) == [.take(Self.picture, isLater: true), .lendSlotLater])
    }

    @Test func deathBeforeTheFirstOfManyIsTold() {
        var machine = StillMachine(goesOn: true)
        _ = machine.handle(.opened(.file))
        #expect(machine.handle(.ended(.crash)) == [.fail(.readerEnded("\(ChildEnd.crash.cause)"))])
    }
}
