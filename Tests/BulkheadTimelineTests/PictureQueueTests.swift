import BulkheadFrames
import BulkheadMedia
import BulkheadTestSupport
import BulkheadTimeline
import BulkheadWire
import Testing

@Suite(.timeLimit(.minutes(10))) struct PictureQueueTests {
    static func picture(_ slot: UInt32, _ pts: MediaTime) -> Picture {
        Picture(slot: SlotReference(pool: 1, slot: slot), pts: pts, position: pts)
    }

    @Test func newestPictureBeforeTheLimitIsShown() {
        var queue = PictureQueue()
        for slot in UInt32(0)..<5 {
            #expect(queue.push(Self.picture(slot, MediaTime(milliseconds: Int64(slot) * 10))) == true)
        }
        var released: [UInt32] = []
        #expect(queue.current == nil)
        #expect(queue.advance(to: MediaTime(milliseconds: 25)) { released.append($0.slot) } == .advanced)
        #expect(queue.current?.slot.slot == 2)
        #expect(released == [0, 1])
        #expect(queue.advance(to: MediaTime(milliseconds: 30)) { released.append($0.slot) } == .held)
        #expect(queue.advance(to: MediaTime(milliseconds: 31)) { released.append($0.slot) } == .advanced)
        #expect(queue.current?.slot.slot == 3)
        #expect(released == [0, 1, 2])
        #expect(queue.count == 1)
        #expect(queue.firstWaitingPTS == MediaTime(milliseconds: 40))
    }

    @Test func picturesThatDoNotComeLaterAreRefused() {
        var queue = PictureQueue()
        #expect(queue.push(Self.picture(0, MediaTime(milliseconds: 10))) == true)
        #expect(queue.push(Self.picture(1, MediaTime(milliseconds: 10))) == false)
        #expect(queue.push(Self.picture(1, MediaTime(milliseconds: 9))) == false)
        #expect(queue.push(Self.picture(1, MediaTime(nanoseconds: .min))) == false)
        _ = queue.advance(to: MediaTime(milliseconds: 11)) { _ in }
        // Not even once the queue is empty.
        #expect(queue.push(Self.picture(1, MediaTime(milliseconds: 10))) == false)
        #expect(queue.push(Self.picture(1, MediaTime(nanoseconds: .max))) == true)
        #expect(queue.push(Self.picture(2, MediaTime(nanoseconds: .max))) == false)
    }

    @Test func emptyQueueHolds() {
        var queue = PictureQueue()
        #expect(queue.advance(to: MediaTime(nanoseconds: .max)) { _ in } == .held)
        #expect(queue.current == nil)
        #expect(!queue.reaches(MediaTime(nanoseconds: .min)))
    }

    @Test func reachIsThatOfTheNewest() {
        var queue = PictureQueue()
        _ = queue.push(Self.picture(0, MediaTime(milliseconds: 10)))
        _ = queue.push(Self.picture(1, MediaTime(milliseconds: 20)))
        #expect(queue.reaches(MediaTime(milliseconds: 20)))
        #expect(!queue.reaches(MediaTime(milliseconds: 21)))
    }

    /// A live source begins anew: what waited goes, the current picture stays until there is another.
    @Test func startingOverKeepsTheCurrentPicture() {
        var queue = PictureQueue()
        for slot in UInt32(0)..<4 { _ = queue.push(Self.picture(slot, MediaTime(milliseconds: Int64(slot) + 1000))) }
        _ = queue.advance(to: MediaTime(milliseconds: 1001)) { _ in }
        var released: [UInt32] = []
        queue.startOver { released.append($0.slot) }
        #expect(released == [1, 2, 3])
        #expect(queue.current?.slot.slot == 0)
        #expect(queue.count == 0)
        #expect(queue.push(Self.picture(9, .zero)) == true)
        #expect(queue.advance(to: MediaTime(milliseconds: 1)) { released.append($0.slot) } == .advanced)
        #expect(released == [1, 2, 3, 0])
    }

    /// Every slot is released exactly once, whatever is done.
    @Test func noSlotIsLostOrReleasedTwice() {
        var random = SeededGenerator(seed: 31)
        var queue = PictureQueue()
        var pushed: Set<UInt32> = []
        var released: [UInt32] = []
        var slot: UInt32 = 0
        var pts: Int64 = 0
        for _ in 0..<5000 {
            switch Int.random(in: 0..<20, using: &random) {
            case 0:
                queue.startOver { released.append($0.slot) }
                pts = .random(in: 0...pts, using: &random)
            case 1..<10: _ = queue.advance(to: MediaTime(milliseconds: pts - 5)) { released.append($0.slot) }
            default:
                pts += .random(in: -1...20, using: &random)
                if queue.push(Self.picture(slot, MediaTime(milliseconds: pts))) {
                    pushed.insert(slot)
                    slot += 1
                }
            }
        }
        let inside = queue.count + (queue.current == nil ? 0 : 1)
        #expect(Set(released).count == released.count)
        #expect(pushed.isSuperset(of: released))
        #expect(released.count + inside == pushed.count)
    }
}
