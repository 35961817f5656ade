import BulkheadMedia
import BulkheadSource
import BulkheadSystem
import Testing

/// When a live input that waits in the kernel is read.
@Suite(.timeLimit(.minutes(1))) struct CopyPaceTests {
    /// A server sends a picture each so many milliseconds, and a source reads them by its pace.
    private struct Reader {
        var pace = CopyPace()
        var now: Int64 = 0
        var wakeUps = 0
        /// How long pictures have waited until they were sent, in milliseconds.
        var delays: [Int64] = []

        mutating func read(_ times: [Int64], arriving arrival: (Int64) -> Int64 = { $0 }) {
            var waiting: [Int64] = []
            for time in times {
                let isThere = arrival(time) <= now
                if !isThere {
                    now = arrival(time)
                    wakeUps += 1
                }
                pace.read(
                    MediaTime(milliseconds: time), in: isThere ? 100_000 : 20_000_000, at: clock)
                waiting.append(arrival(time))
                guard pace.isDue(at: clock) else { continue }
                delays += waiting.map { now - $0 }
                waiting = []
                guard let end = pace.rest(at: clock) else { continue }
                now += end.since(clock) / 1_000_000
                wakeUps += 1
            }
        }

        private var clock: MonotonicTime { MonotonicTime(nanoseconds: 5_000_000_000 + now * 1_000_000) }
    }

    @Test(arguments: [20, 33, 40, 50] as [Int64])
    func aSecondTakesFewWakeUpsAndNoDelayGrows(interval: Int64) throws {
        var reader = Reader()
        reader.read((0..<60_000 / interval).map { $0 * interval })
        #expect(reader.wakeUps <= 60 * 8, "\(reader.wakeUps)")
        #expect(reader.delays.count >= 60_000 / Int(interval) - 20)
        #expect(try #require(reader.delays.max()) <= 250 + interval, "\(reader.delays.max() ?? 0)")
    }

    /// A film's start comes at once: the edge is known when there is no more.
    @Test func whatIsThereAlreadyIsReadAtOnce() {
        var reader = Reader()
        reader.now = 2000
        reader.read((0..<200).map { $0 * 40 })
        #expect(reader.delays.suffix(100).allSatisfy { $0 <= 290 })
    }

    /// A path that has become slower, or faster again, is known within two seconds.
    @Test func anotherDelayIsFollowed() {
        var reader = Reader()
        reader.read((0..<500).map { $0 * 40 }) { $0 >= 4000 && $0 < 12_000 ? $0 + 300 : $0 }
        #expect(reader.delays.suffix(100).allSatisfy { $0 <= 290 })
        #expect(reader.wakeUps <= 20 * 10, "\(reader.wakeUps)")
    }
}
