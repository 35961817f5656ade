import BulkheadRTMP
import Testing

@Suite(.timeLimit(.minutes(1))) struct AcknowledgementModelTests {
    /// A peer that acknowledges every 250,000 bytes, with half a megabyte under way. `number` is what it says of a count.
    private struct Peer {
        var model = AcknowledgementModel()
        var received: UInt64 = 0
        /// What was made of the numbers, as far as it was more than before.
        var known: [UInt64] = []

        mutating func run(to end: UInt64, step: UInt64 = 250_000, _ number: (UInt64) -> UInt32) {
            while received < end {
                received += step
                if let count = model.take(number(received), sent: received + 500_000) { known.append(count) }
            }
        }

        /// Skips ahead, as if that much had been acknowledged.
        init(at received: UInt64 = 0) {
            guard received > 0 else { return }
            // In steps that no way of counting takes for a wrap.
            while self.received < received {
                self.received = min(received, self.received + 100_000_000)
                _ = model.take(UInt32(truncatingIfNeeded: self.received), sent: self.received + 500_000)
            }
        }
    }

    @Test func countGoesOnPast32Bits() {
        var peer = Peer(at: (1 << 32) - 1_000_000)
        peer.run(to: (1 << 32) + 2_000_000) { UInt32(truncatingIfNeeded: $0) }
        #expect(peer.model.kind == .cumulative)
        #expect(peer.model.byteCount == peer.received && peer.known.count == 12)
    }

    /// Twitch and YouTube are said to count in 31 bits: every 1 h 50 min at 2.5 Mbit/s they came round.
    @Test func countGoesOnPast31Bits() {
        var peer = Peer(at: (1 << 31) - 1_000_000)
        peer.run(to: (1 << 31) + 2_000_000) { UInt32($0 & 0x7FFF_FFFF) }
        #expect(peer.model.kind == .cumulative)
        #expect(peer.model.byteCount == peer.received && peer.known.count == 12)
        // And the next time.
        while peer.received < (1 << 32) - 500_000 {
            peer.run(to: peer.received + 1, step: 50_000_000) { UInt32($0 & 0x7FFF_FFFF) }
        }
        peer.run(to: (1 << 32) + 2_000_000) { UInt32($0 & 0x7FFF_FFFF) }
        #expect(peer.model.byteCount == peer.received)
    }

    /// nginx-rtmp sets its count to 0 when it has reached 0xF0000000.
    @Test func countGoesOnWhereNginxBeginsAnew() {
        var model = AcknowledgementModel()
        for number in [UInt32(0x4000_0000), 0x8000_0000, 0xC000_0000, 0xEFFF_0000] {
            let known = model.take(number, sent: UInt64(number) + 500_000)
            #expect(known == UInt64(number))
        }
        let known = model.take(250_000, sent: 0xF000_0000 + 700_000)
        #expect(known == 0xF000_0000 + 250_000)
        let next = model.take(500_000, sent: 0xF000_0000 + 900_000)
        #expect(next == 0xF000_0000 + 500_000)
        #expect(model.kind == .cumulative)
    }

    /// One that begins anew anywhere is believed for what it has had since then.
    @Test func unknownRestartIsNeverTakenForMoreThanThePeerHas() {
        var peer = Peer(at: 1_000_000_000)
        peer.run(to: 1_004_000_000) { UInt32($0 - 1_000_000_000) }
        #expect(peer.model.kind == .cumulative)
        #expect(peer.known.allSatisfy { $0 <= peer.received })
        #expect(peer.model.byteCount.map { peer.received - $0 <= 1_000_000 } == true)
    }

    @Test func handshakeInTheCountIsNothingSpecial() {
        var model = AcknowledgementModel()
        // All that was sent, and 3073 bytes more.
        let known = model.take(103_073, sent: 100_000)
        #expect(known == 100_000)
        #expect(model.kind == .cumulative)
    }

    /// A peer that says what came since the last time: its numbers go back again and again.
    @Test func incrementsAreNotBelieved() {
        var peer = Peer()
        var last: UInt64 = 0
        for step in [250_000, 250_900, 250_300, 252_000, 250_100, 251_000, 250_000, 250_500] as [UInt64] {
            peer.run(to: peer.received + 1, step: step) { count in
                defer { last = count }
                return UInt32(count - last)
            }
            #expect(peer.known.last.map { $0 <= peer.received } == true)
        }
        #expect(peer.model.kind == .incremental && peer.model.byteCount == nil)
    }

    @Test func sameNumberAgainAndAgainIsNotBelieved() {
        var peer = Peer()
        peer.run(to: 2_000_000) { _ in 250_000 }
        #expect(peer.model.kind == .fixed && peer.model.byteCount == nil)
        #expect(peer.known == [250_000])
    }

    /// One that repeats itself while nothing comes is only polite.
    @Test func repetitionWithoutNewsIsNoHabit() {
        var model = AcknowledgementModel()
        for sent in stride(from: UInt64(250_000), to: 260_000, by: 100) { _ = model.take(250_000, sent: sent) }
        #expect(model.kind == .cumulative && model.byteCount == 250_000)
    }

    @Test func moreThanWasSentIsNotBelieved() {
        var model = AcknowledgementModel()
        let first = model.take(2_500_000, sent: 300_000)
        #expect(first == nil && model.kind == .senseless)
        let second = model.take(300_000, sent: 600_000)
        #expect(second == nil && model.byteCount == nil)
    }

    @Test func silenceIsNoKindOfCounting() {
        #expect(AcknowledgementModel().kind == .none && AcknowledgementModel().byteCount == nil)
    }
}
