import BulkheadChildren
import BulkheadSelection
import BulkheadSystem
import Testing

@Suite(.timeLimit(.minutes(1))) struct RestartPolicyTests {
    private static func moment(_ milliseconds: Int64) -> MonotonicTime {
        MonotonicTime(nanoseconds: 5_000_000_000_000 + milliseconds * 1_000_000)
    }

    private static let delays = (1...RestartPolicy.backoff.count).map { RestartPolicy.backoff.delay(after: $0) }

    @Test func tableBeginsAtOnceAndRises() {
        #expect(Self.delays.starts(with: [.zero, .zero, .zero]))
        #expect(zip(Self.delays, Self.delays.dropFirst()).allSatisfy { $0 <= $1 })
        #expect(Self.delays.last == .milliseconds(2000))
    }

    @Test func deathsThatCrowdWaitLongerAndLonger() {
        var policy = RestartPolicy()
        for (index, delay) in Self.delays.enumerated() {
            #expect(
                policy.delay(afterDeathAt: Self.moment(Int64(index)), hadWorked: false) == delay)
            #expect(policy.recentDeaths == index + 1)
        }
        // It never gives up, and never waits longer.
        for index in 0..<1000 {
            #expect(
                policy.delay(afterDeathAt: Self.moment(100 + Int64(index)), hadWorked: false) == .milliseconds(2000))
        }
        #expect(policy.recentDeaths == RestartPolicy.mostDeaths)
    }

    @Test func deathsOutsideTheWindowAreForgotten() {
        var policy = RestartPolicy()
        for index in 0..<20 { _ = policy.delay(afterDeathAt: Self.moment(Int64(index)), hadWorked: false) }
        #expect(policy.delay(afterDeathAt: Self.moment(10_020), hadWorked: false) == .zero)
        #expect(policy.recentDeaths == 1)
        var spread = RestartPolicy()
        for index in 0..<100 {
            #expect(spread.delay(afterDeathAt: Self.moment(Int64(index) * 5001), hadWorked: false) == .zero)
            #expect(spread.recentDeaths <= 2)
        }
    }

    @Test func windowIncludesItsEnd() {
        var policy = RestartPolicy()
        _ = policy.delay(afterDeathAt: Self.moment(0), hadWorked: false)
        _ = policy.delay(afterDeathAt: Self.moment(10_000), hadWorked: false)
        #expect(policy.recentDeaths == 2)
        _ = policy.delay(afterDeathAt: Self.moment(10_001), hadWorked: false)
        #expect(policy.recentDeaths == 2)
    }

    /// One that had worked makes progress, however often it dies: a drill may kill it a hundred times.
    @Test func deathAfterWorkStartsAnew() {
        var policy = RestartPolicy()
        for index in 0..<6 { _ = policy.delay(afterDeathAt: Self.moment(Int64(index)), hadWorked: false) }
        #expect(policy.delay(afterDeathAt: Self.moment(10), hadWorked: true) == .zero)
        #expect(policy.recentDeaths == 0)
        for index in 11..<200 {
            #expect(policy.delay(afterDeathAt: Self.moment(Int64(index)), hadWorked: true) == .zero)
        }
        #expect(policy.delay(afterDeathAt: Self.moment(200), hadWorked: false) == .zero)
        #expect(policy.recentDeaths == 1)
    }
}
