import BulkheadChildren
import BulkheadSystem
import Testing

@Suite(.timeLimit(.minutes(1))) struct QuarantineTests {
    private static func at(_ seconds: Double) -> MonotonicTime { MonotonicTime(nanoseconds: Int64(seconds * 1e9)) }

    /// When charges come, in seconds, and how long the plugin is left out after the last; nil is for good.
    static let courses: [([Double], Double?)] = [
        ([10], 1), ([10, 20], 5), ([10, 20, 30], 30), ([10, 20, 30, 70], nil), ([10, 20, 30, 70, 80], nil),
        // Ten minutes of good work clear the sheet, and not a moment less.
        ([10, 620], 1), ([10, 609.9], 5), ([10, 20, 30, 70], nil), ([10, 20, 700], 1),
    ]

    @Test(arguments: courses)
    func delaysGrowUntilItIsOff(charges: [Double], delay: Double?) {
        var quarantine = Quarantine()
        for time in charges {
            quarantine.readmit()
            quarantine.charge(at: Self.at(time))
        }
        let last = charges.last ?? 0
        #expect(quarantine.secondsLeft(at: Self.at(last)) == delay)
        #expect(!quarantine.isFree)
        guard let delay else { return #expect(!quarantine.isDue(at: Self.at(last + 100_000))) }
        #expect(!quarantine.isDue(at: Self.at(last + delay - 0.1)))
        #expect(quarantine.isDue(at: Self.at(last + delay)))
    }

    @Test func pardonTakesAllBack() {
        var quarantine = Quarantine()
        for time in 1...4 { quarantine.charge(at: Self.at(Double(time))) }
        #expect(quarantine.state == .off)
        quarantine.readmit()
        #expect(quarantine.state == .off)
        quarantine.pardon()
        #expect(quarantine == Quarantine())
        quarantine.charge(at: Self.at(10))
        #expect(quarantine.secondsLeft(at: Self.at(10)) == 1)
    }

    /// Deaths in quarantine, of a standby that still had it, don't set it free.
    @Test func readmissionKeepsTheCharges() {
        var quarantine = Quarantine()
        quarantine.charge(at: Self.at(1))
        quarantine.readmit()
        #expect(quarantine.isFree && quarantine.charges == 1)
    }
}
