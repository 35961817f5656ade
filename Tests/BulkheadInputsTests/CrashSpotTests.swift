import BulkheadInputs
import BulkheadMedia
import Testing

@Suite(.timeLimit(.minutes(10))) struct CrashSpotTests {
    private static func at(_ milliseconds: Int64) -> MediaTime { MediaTime(milliseconds: milliseconds) }

    @Test func firstDeathSkipsNothing() {
        var spot = CrashSpot()
        #expect(spot.noteDeath(at: Self.at(12_300), wasKilled: false) == .zero)
    }

    @Test func deathsAtOnePlaceSkipMoreAndMore() {
        var spot = CrashSpot()
        let skips = [12_300, 12_300, 12_400, 12_400, 13_000].map { spot.noteDeath(at: Self.at($0), wasKilled: false) }
        #expect(skips == [0, 1000, 2000, 4000, 8000].map(Self.at))
    }

    @Test func progressForgivesThePlace() {
        var spot = CrashSpot()
        #expect(spot.noteDeath(at: Self.at(1000), wasKilled: false) == .zero)
        #expect(spot.noteDeath(at: Self.at(2000), wasKilled: false) == Self.at(1000))
        #expect(spot.noteDeath(at: Self.at(3001), wasKilled: false) == .zero)
        #expect(spot.noteDeath(at: Self.at(3002), wasKilled: false) == Self.at(1000))
    }

    /// Who kills processes by hand loses no frame, as long as the next one gives any.
    @Test func killingProvesNothingWhereThereIsProgress() {
        var spot = CrashSpot()
        for time in [1000, 1033, 1067] as [Int64] {
            #expect(spot.noteDeath(at: Self.at(time), wasKilled: true) == .zero)
        }
        #expect(spot.noteDeath(at: Self.at(1067), wasKilled: true) == Self.at(1000))
    }

    @Test func skipHasALimit() {
        var spot = CrashSpot()
        var longest = MediaTime.zero
        for _ in 0..<100 { longest = spot.noteDeath(at: .zero, wasKilled: false) }
        #expect(longest == Self.at(3_600_000))
    }
}
