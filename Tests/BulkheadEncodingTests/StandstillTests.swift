import BulkheadEncoding
import BulkheadSystem
import Testing

/// The clock of the whole broadcast: when the slate is due, and how long frames have waited in vain.
@Suite(.timeLimit(.minutes(1))) struct StandstillTests {
    private static func moment(_ milliseconds: Int64) -> MonotonicTime {
        MonotonicTime(nanoseconds: 3_000_000_000_000 + milliseconds * 1_000_000)
    }

    /// A stream that began at 0.
    private static func begun() -> Standstill {
        var standstill = Standstill()
        standstill.progressed(at: moment(0))
        return standstill
    }

    @Test func withAnEncoderNoSlateIsDue() {
        let standstill = Self.begun()
        #expect(!standstill.callsForSlate(isOnAir: true, at: Self.moment(60_000)))
    }

    @Test(arguments: [true, false]) func withoutAnEncoderTheSlateIsDueAfterAWhile(isOnAir: Bool) {
        var standstill = Self.begun()
        standstill.lacksEncoder(at: Self.moment(200))
        // The second one that ends does not begin the time anew.
        standstill.lacksEncoder(at: Self.moment(900))
        #expect(!standstill.callsForSlate(isOnAir: isOnAir, at: Self.moment(1400)))
        #expect(standstill.callsForSlate(isOnAir: isOnAir, at: Self.moment(1401)))
        standstill.hasEncoder()
        #expect(!standstill.callsForSlate(isOnAir: isOnAir, at: Self.moment(1401)))
    }

    /// On air, the silence before an encoder's end counts; before and behind, there need not be frames at all.
    @Test func silenceCountsOnAir() {
        var standstill = Self.begun()
        standstill.lacksEncoder(at: Self.moment(1450))
        #expect(!standstill.callsForSlate(isOnAir: true, at: Self.moment(1500)))
        #expect(standstill.callsForSlate(isOnAir: true, at: Self.moment(1501)))
        #expect(!standstill.callsForSlate(isOnAir: false, at: Self.moment(1501)))
        standstill.progressed(at: Self.moment(1501))
        #expect(!standstill.callsForSlate(isOnAir: true, at: Self.moment(1502)))
    }

    @Test func oneMoreTryHasItsTime() {
        let standstill = Self.begun()
        #expect(!standstill.isPastLastTry(at: Self.moment(1300)))
        #expect(standstill.isPastLastTry(at: Self.moment(1301)))
    }

    @Test func framesWaitSinceTheLastProgressOrSinceTheyCame() {
        let standstill = Self.begun()
        #expect(standstill.silence(since: Self.moment(-500), at: Self.moment(700)) == .milliseconds(700))
        #expect(standstill.silence(since: Self.moment(300), at: Self.moment(700)) == .milliseconds(400))
        #expect(standstill.silence(since: nil, at: Self.moment(700)) == .zero)
    }
}
