import BulkheadInputs
import BulkheadMedia
import BulkheadSystem
import BulkheadWire
import Testing

@Suite(.timeLimit(.minutes(1))) struct SourceContractTests {
    private static let start = MonotonicTime(nanoseconds: 7_000_000_000)
    private static func after(_ seconds: Double) -> MonotonicTime {
        start.advanced(by: .milliseconds(Int64(seconds * 1000)))
    }

    private static func opened() throws -> SourceContract {
        var contract = SourceContract(soundStart: 0, at: start)
        try contract.note(.opened(.file), at: start)
        return contract
    }

    private static func sound(_ start: Int64, pairs: Int = 480) -> SourceReply {
        .audio(start: start, samples: [Float](repeating: 0, count: pairs * 2))
    }

    // MARK: slots

    @Test func nothingIsLentBeforeTheInputIsOpen() throws {
        let unopened = SourceContract(soundStart: 0, at: Self.start)
        #expect(unopened.wantedSlots(upTo: 8, waiting: 0) == 0)
        #expect(try Self.opened().wantedSlots(upTo: 8, waiting: 0) == 8)
    }

    static let wants: [(lent: Int, waiting: Int, step: Int, wanted: Int)] = [
        (0, 0, 1, 8), (3, 0, 1, 5), (0, 3, 1, 5), (3, 5, 1, 0), (9, 0, 1, 0), (0, 99, 1, 0),
        // A file is asked for a few at a time.
        (4, 2, 2, 2), (4, 3, 2, 0), (0, 0, 2, 8),
    ]

    @Test(arguments: wants)
    func slotsAreLentForWhatDoesNotWait(lent: Int, waiting: Int, step: Int, wanted: Int) throws {
        var contract = try Self.opened()
        for _ in 0..<lent { contract.lendSlot(at: Self.start) }
        #expect(contract.lent == lent)
        #expect(contract.wantedSlots(upTo: 8, waiting: waiting, step: step) == wanted)
    }

    @Test func pictureNeedsASlot() throws {
        var contract = try Self.opened()
        let picture = SourceReply.video(slot: 4, pts: 0, position: 0)
        #expect(throws: SourceContract.Breach.pictureNotAskedFor(slot: 4)) {
            try contract.note(picture, at: Self.start)
        }
        contract.lendSlot(at: Self.start)
        try contract.note(picture, at: Self.start)
        #expect(contract.lent == 0)
        #expect(throws: SourceContract.Breach.pictureNotAskedFor(slot: 4)) {
            try contract.note(picture, at: Self.start)
        }
    }

    @Test func inputIsOpenedOnce() throws {
        var contract = try Self.opened()
        #expect(throws: SourceContract.Breach.openedTwice) { try contract.note(.opened(.file), at: Self.start) }
    }

    @Test func nothingIsLentAfterTheEnd() throws {
        var contract = try Self.opened()
        try contract.note(.ended, at: Self.start)
        #expect(contract.wantedSlots(upTo: 8, waiting: 0) == 0)
        #expect(contract.creditSound(until: 1_000_000) == false)
    }

    // MARK: sound

    @Test func soundIsCreditedByHalfSeconds() throws {
        var unopened = SourceContract(soundStart: 0, at: Self.start)
        #expect(unopened.creditSound(until: 96_000) == false)
        var contract = try Self.opened()
        #expect(contract.creditSound(until: 23_999) == false)
        #expect(contract.creditSound(until: 24_000) == true)
        #expect(contract.creditSound(until: 47_999) == false)
        #expect(contract.creditSound(until: 96_000) == true)
    }

    /// One second beyond the credit is borne.
    static let sounds: [(start: Int64, credit: Int64, isAllowed: Bool)] = [
        (0, 0, true), (47_520, 0, true), (47_521, 0, false), (143_520, 96_000, true), (143_521, 96_000, false),
        (-1, 96_000, false), (.max, 96_000, false),
    ]

    @Test(arguments: sounds)
    func soundKeepsToItsCredit(start: Int64, credit: Int64, isAllowed: Bool) throws {
        var contract = try Self.opened()
        _ = contract.creditSound(until: credit)
        let sound = Self.sound(start)
        if isAllowed {
            try contract.note(sound, at: Self.start)
        } else {
            #expect(throws: SourceContract.Breach.soundNotAskedFor) { try contract.note(sound, at: Self.start) }
        }
    }

    /// Sound from long ago would be kept with silence up to now: a second back is what a decoder may need.
    @Test func soundBeginsWhereTheLastEnded() throws {
        var contract = try Self.opened()
        _ = contract.creditSound(until: 4_800_000)
        try contract.note(Self.sound(0), at: Self.start)
        try contract.note(Self.sound(4_000_000), at: Self.start)
        try contract.note(Self.sound(3_960_000), at: Self.start)
        #expect(throws: SourceContract.Breach.soundNotAskedFor) {
            try contract.note(Self.sound(480_000), at: Self.start)
        }
    }

    /// A process that takes over is credited from where its predecessor was.
    @Test func creditBeginsWhereAProcessGoesOn() throws {
        var contract = SourceContract(soundStart: 480_000, at: Self.start)
        #expect(throws: SourceContract.Breach.soundNotAskedFor) {
            try contract.note(Self.sound(480_000), at: Self.start)
        }
        try contract.note(.opened(.file), at: Self.start)
        try contract.note(Self.sound(480_000), at: Self.start)
        #expect(contract.creditSound(until: 500_000) == false)
        #expect(contract.creditSound(until: 504_000) == true)
    }

    // MARK: thumbnails

    /// One before the end, and one for each that was asked for: no more of them, and not often.
    @Test func thumbnailsAreMadeAsTheyAreAskedFor() throws {
        var contract = try Self.opened()
        func asks(_ seconds: Double) -> Bool { contract.askForThumbnail(at: Self.after(seconds)) }
        func gives(_ seconds: Double) throws { try contract.note(.thumbnail([1]), at: Self.after(seconds)) }
        #expect(asks(1))
        #expect(!asks(9), "the first one is being made")
        try gives(9)
        #expect(asks(10))
        try gives(10)
        #expect(!asks(10.399))
        #expect(asks(10.4))
        try gives(10.5)
        try gives(10.6)
        #expect(throws: SourceContract.Breach.thumbnailNotAskedFor) { try gives(11) }
        try contract.note(.ended, at: Self.after(12))
        #expect(!asks(20))
    }

    // MARK: deadlines

    @Test func inputIsOpenWithinHalfAMinute() {
        let contract = SourceContract(soundStart: 0, at: Self.start)
        #expect(contract.missedDeadline(at: Self.after(30)) == nil)
        #expect(contract.missedDeadline(at: Self.after(30.001)) == .seconds(30))
    }

    @Test func slotsAreFilledWithinThreeSeconds() throws {
        var contract = try Self.opened()
        #expect(contract.missedDeadline(at: Self.after(100)) == nil)
        // Time counts from when there was something to do.
        contract.lendSlot(at: Self.after(100))
        contract.lendSlot(at: Self.after(102))
        #expect(contract.missedDeadline(at: Self.after(103)) == nil)
        #expect(contract.missedDeadline(at: Self.after(103.001)) == .seconds(3))
        try contract.note(.waiting, at: Self.after(103.001))
        #expect(contract.missedDeadline(at: Self.after(106)) == nil)
        try contract.note(.ended, at: Self.after(106))
        #expect(contract.missedDeadline(at: Self.after(1000)) == nil)
    }
}
