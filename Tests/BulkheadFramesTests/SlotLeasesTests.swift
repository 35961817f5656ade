import BulkheadFrames
import BulkheadTestSupport
import Testing

@Suite(.timeLimit(.minutes(10))) struct SlotLeasesTests {
    @Test func slotGoesRound() {
        var leases = SlotLeases(slotCount: 2)
        #expect(leases.freeCount == 2)
        #expect(leases.lend() == 0)
        #expect(leases.lentCount == 1)
        #expect(leases.takeFilled(0) == true)
        #expect(leases.heldCount == 1 && leases.lentCount == 0 && leases.freeCount == 1)
        leases.retain(0)
        leases.release(0)
        #expect(leases.heldCount == 1)
        leases.release(0)
        #expect(leases.heldCount == 0 && leases.freeCount == 2)
    }

    @Test func noneIsLentTwice() {
        var leases = SlotLeases(slotCount: 50)
        var lent: Set<UInt32> = []
        while let slot = leases.lend() { #expect(lent.insert(slot).inserted) }
        #expect(lent == Set(0..<50))
        #expect(leases.lend() == nil)
    }

    /// A pool takes memory only for the slots in use, so the one that came back last goes out first.
    @Test func usedSlotsAreUsedAgain() {
        var leases = SlotLeases(slotCount: 100)
        var used: Set<UInt32> = []
        for _ in 0..<1000 {
            let pair = [leases.lend(), leases.lend()].compactMap { $0 }
            for slot in pair {
                used.insert(slot)
                #expect(leases.takeFilled(slot) == true)
            }
            for slot in pair { leases.release(slot) }
        }
        #expect(used == [0, 1])
    }

    @Test func writerThatNamesWhatItDoesNotHaveIsFoundOut() {
        var leases = SlotLeases(slotCount: 4)
        #expect(leases.takeFilled(0) == false)
        let slot = leases.lend()
        #expect(slot == 0)
        for other in [1, 3, 4, 5, 4096, .max] as [UInt32] { #expect(leases.takeFilled(other) == false) }
        #expect(leases.takeFilled(0) == true)
        // Given back already: a second time it would be written under its readers.
        #expect(leases.takeFilled(0) == false)
        leases.release(0)
        #expect(leases.takeFilled(0) == false)
        #expect(leases.freeCount == 4)
    }

    @Test func unfilledSlotIsFreeAgain() {
        var leases = SlotLeases(slotCount: 1)
        #expect(leases.lend() == 0)
        leases.takeUnfilled(0)
        #expect(leases.freeCount == 1)
        // What is not lent stays as it is.
        leases.takeUnfilled(0)
        leases.takeUnfilled(.max)
        #expect(leases.freeCount == 1)
        #expect(leases.lend() == 0)
        #expect(leases.takeFilled(0) == true)
        leases.takeUnfilled(0)
        #expect(leases.heldCount == 1 && leases.freeCount == 0)
    }

    @Test func doubleReleaseIsOurBugAndStopsUs() async {
        await #expect(processExitsWith: .failure) {
            var leases = SlotLeases(slotCount: 1)
            _ = leases.lend()
            _ = leases.takeFilled(0)
            leases.release(0)
            leases.release(0)
        }
        await #expect(processExitsWith: .failure) {
            var leases = SlotLeases(slotCount: 1)
            leases.retain(0)
        }
    }

    /// Random operations against a model that keeps one line for each slot.
    @Test func countsFollowASimpleModel() {
        enum Model: Equatable { case free, lent, held(Int) }
        var random = SeededGenerator(seed: 9)
        var leases = SlotLeases(slotCount: 8)
        var model = Array(repeating: Model.free, count: 8)
        for _ in 0..<20_000 {
            let slot = UInt32.random(in: 0..<10, using: &random)
            let index = Int(slot)
            let state = index < 8 ? model[index] : nil
            switch Int.random(in: 0..<5, using: &random) {
            case 0:
                let lent = leases.lend()
                #expect((lent == nil) == !model.contains(.free))
                if let lent {
                    #expect(model[Int(lent)] == .free)
                    model[Int(lent)] = .lent
                }
            case 1:
                #expect(leases.takeFilled(slot) == (state == .lent))
                if state == .lent { model[index] = .held(1) }
            case 2:
                leases.takeUnfilled(slot)
                if state == .lent { model[index] = .free }
            case 3:
                guard case .held(let count)? = state else { continue }
                leases.retain(slot)
                model[index] = .held(count + 1)
            default:
                guard case .held(let count)? = state else { continue }
                leases.release(slot)
                model[index] = count == 1 ? .free : .held(count - 1)
            }
            #expect(leases.freeCount == model.count { $0 == .free })
            #expect(leases.lentCount == model.count { $0 == .lent })
            #expect(leases.heldCount == model.count { if case .held = $0 { true } else { false } })
        }
    }
}
