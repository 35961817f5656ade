import BulkheadMedia
import BulkheadOutputs
import BulkheadTestSupport
import BulkheadWire
import Testing

/// What a recording has still to put on the disk.
@Suite(.timeLimit(.minutes(1))) struct RecordQueueTests {
    /// Pictures 20 ms apart, every tenth an IDR.
    private static func picture(_ number: Int64) -> Packet {
        let time = MediaTime(milliseconds: number * 20)
        return Packet(
            kind: .video(isIDR: number % 10 == 0, isDisposable: false), dts: time, pts: time,
            bytes: [UInt8](repeating: 1, count: 100))
    }

    /// The pictures that are given next.
    private static func given(_ queue: inout RecordQueue, window: Int = .max) -> [Int64] {
        var pictures: [Int64] = []
        while let entry = queue.next(window: window) {
            if case .packet(_, let picture?) = entry.content { pictures.append(picture) }
        }
        return pictures
    }

    @Test func whatIsNotOnTheDiskIsGivenAgain() {
        var queue = RecordQueue()
        for number in 0..<25 as Range<Int64> { _ = queue.append(Self.picture(number)) }
        #expect(Self.given(&queue) == Array(0..<25))
        queue.advance(written: 20, durable: 13)
        #expect(queue.durableCount == 14 && queue.writtenPictureCount == 21 && queue.pictureCount == 11)
        queue.giveAgain()
        #expect(Self.given(&queue) == Array(14..<25))
        // Another file begins with an IDR: what the disk has of the GOP is given once more.
        queue.giveAgain(wholeGOP: true)
        #expect(queue.durableCount == 10)
        #expect(Self.given(&queue) == Array(10..<25))
        queue.advance(written: .max, durable: .max)
        #expect(queue.isEmpty && queue.durableCount == 25 && queue.unwrittenByteCount == 0)
        queue.advance(written: .min, durable: .min)
        #expect(queue.durableCount == 25)
    }

    /// They are given again as pictures are, and kept where pictures are left out, up to a bound.
    @Test func commentsAreGivenAgain() {
        func comment(_ number: Int64, _ byteCount: Int = 10) -> RecorderComment {
            RecorderComment(number: number, time: 0, body: [UInt8](repeating: 1, count: byteCount))
        }
        func given(_ queue: inout RecordQueue) -> [Int64] {
            var numbers: [Int64] = []
            while let entry = queue.next(window: .max) {
                if case .comment(let comment) = entry.content { numbers.append(comment.number) }
            }
            return numbers
        }
        var queue = RecordQueue()
        for number in 0..<20 as Range<Int64> {
            _ = queue.append(Self.picture(number))
            queue.append(comment(number))
        }
        #expect(given(&queue) == Array(0..<20) && queue.onTheWayByteCount == 2200)
        queue.advance(written: 30, durable: 22)
        queue.giveAgain()
        #expect(given(&queue) == Array(11..<20))
        var limits = RecordQueue.Limits()
        limits.byteCount = 3450
        var full = RecordQueue(limits: limits)
        for number in 0..<60 as Range<Int64> {
            _ = full.append(Self.picture(number))
            full.append(comment(number))
        }
        #expect(full.leftOutCount > 0 && given(&full) == Array(0..<60))
        for number in 60..<100 as Range<Int64> { full.append(comment(number, 1 << 20)) }
        #expect((15...17).contains(given(&full).count))
        var unlimited = RecordQueue(limits: .unlimited)
        _ = unlimited.append(Self.picture(0))
        unlimited.append(comment(1))
        #expect(given(&unlimited) == [1])
    }

    @Test func onlySoMuchIsOnItsWay() {
        var queue = RecordQueue()
        for number in 0..<25 as Range<Int64> { _ = queue.append(Self.picture(number)) }
        #expect(Self.given(&queue, window: 450) == [0, 1, 2, 3, 4])
        queue.advance(written: 1, durable: -1)
        #expect(Self.given(&queue, window: 450) == [5, 6])
        #expect(queue.onTheWayByteCount == 500 && queue.unwrittenByteCount == 2300)
    }

    /// Whole GOPs, the newest ones, and each of them counted.
    @Test func beyondTheBoundNewestGOPsAreLeftOut() {
        var limits = RecordQueue.Limits()
        limits.byteCount = 3450
        var queue = RecordQueue(limits: limits)
        var outcomes: [RecordQueue.Outcome] = []
        for number in 0..<60 as Range<Int64> { outcomes.append(queue.append(Self.picture(number))) }
        #expect(outcomes[33] == .kept && outcomes[34] == .leavesOut)
        #expect(outcomes[35...].allSatisfy { $0 == .passedOver })
        // The third GOP was not whole.
        #expect(Self.given(&queue) == Array(0..<30))
        #expect(queue.leftOutCount == 30)
        queue.advance(written: 25, durable: 25)
        for number in 60..<65 as Range<Int64> { outcomes.append(queue.append(Self.picture(number))) }
        #expect(outcomes[60] == .resumed(picture: 30, count: 30))
        #expect(Self.given(&queue) == Array(60..<65))
        #expect(queue.leftOutCount == 30)
        // What never gets to a disk counts as well.
        let rest = queue.giveUp()
        #expect(rest?.picture == 26 && rest?.count == 39 && queue.leftOutCount == 39)
    }

    /// The notes that are given next, with their pictures.
    private static func notes(_ queue: inout RecordQueue) -> [String] {
        var notes: [String] = []
        while let entry = queue.next(window: .max) {
            if case .note(let note) = entry.content { notes.append("\(note.text) at \(note.picture)") }
        }
        return notes
    }

    @Test func notesAreGivenBehindTheirPicturesAndAgain() {
        var queue = RecordQueue()
        for number in 0..<15 as Range<Int64> { _ = queue.append(Self.picture(number)) }
        queue.append(RecordNote(.mark, "a", wallClock: 1))
        for number in 15..<20 as Range<Int64> { _ = queue.append(Self.picture(number)) }
        queue.append(RecordNote(.scene, "b", wallClock: 2))
        #expect(Self.notes(&queue) == ["a at 14", "b at 19"])
        // The picture is on the disk, and what was noted at it is not.
        queue.advance(written: 20, durable: 14)
        queue.giveAgain()
        #expect(Self.notes(&queue) == ["a at 14", "b at 19"])
        queue.advance(written: 20, durable: 20)
        #expect(!queue.isEmpty)
        queue.advance(written: .max, durable: .max)
        #expect(queue.isEmpty && queue.durableCount == 20)
    }

    @Test func notesOfWhatIsLeftOutAreKept() {
        var limits = RecordQueue.Limits()
        limits.byteCount = 2150
        var queue = RecordQueue(limits: limits)
        for number in 0..<40 as Range<Int64> {
            _ = queue.append(Self.picture(number))
            if number % 10 == 5 { queue.append(RecordNote(.mark, "\(number)", wallClock: 1)) }
        }
        #expect(queue.leftOutCount == 20)
        #expect(Self.notes(&queue) == ["5 at 5", "15 at 15", "25 at 25", "35 at 35"])
    }

    /// Any course of acknowledgements and deaths: every picture that was kept is durable in the end, once.
    @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64]) func nothingIsLostByDeaths(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var queue = RecordQueue()
        var next: Int64 = 0
        var numbers: [Int64] = []
        var disk: [Int64] = []
        for _ in 0..<2000 {
            switch Int.random(in: 0...9, using: &random) {
            case 0...4:
                _ = queue.append(Self.picture(next))
                next += 1
            case 5...6: numbers += Self.given(&queue, window: 700)
            case 7...8:
                guard let first = numbers.first, let last = numbers.last else { continue }
                let written = Int64.random(in: first...last, using: &random)
                let durable = Int64.random(in: first...written, using: &random)
                disk += numbers.filter { $0 <= durable }
                numbers.removeAll { $0 <= durable }
                queue.advance(written: written, durable: durable)
            default:
                queue.giveAgain()
                numbers = []
            }
        }
        disk += numbers + Self.given(&queue)
        #expect(disk == Array(0..<next))
    }
}
