import BulkheadSource
import BulkheadTestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct ArrivalClockTests {
    /// Thirty pictures a second, of which the format says 25: their times keep up with them and are steady.
    @Test(arguments: [0.0, 20])
    func timesFollowTheArrivals(jitter: Double) {
        var generator = SeededGenerator(seed: 5)
        var clock = ArrivalClock(step: 40_000_000)
        var times: [Double] = []
        for number in 0..<3000 {
            let late = jitter > 0 ? Double.random(in: 0...jitter, using: &generator) : 0
            times.append(Double(clock.stamp(at: Int64((Double(number) * 1000 / 30 + late) * 1e6) + 77)) / 1e6)
        }
        let settled = times.enumerated().dropFirst(600)
        #expect(settled.allSatisfy { abs($0.element - Double($0.offset) * 1000 / 30) < 10 + jitter })
        let steps = zip(times, times.dropFirst()).map { $1 - $0 }.dropFirst(600)
        #expect(steps.allSatisfy { abs($0 - 1000 / 30) < 1 + jitter / 4 })
    }

    @Test func timesRiseWhateverTheClockDoes() {
        var clock = ArrivalClock(step: 0)
        let times = [0, 0, 5, .max, .min, -1, 40_000_000, .max].map { clock.stamp(at: $0) }
        #expect(zip(times, times.dropFirst()).allSatisfy { $0 <= $1 })
    }
}
