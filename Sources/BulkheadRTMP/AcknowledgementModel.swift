/// What a peer has received, made of the numbers in its acknowledgements, which servers count in ways of their own.
///
/// The specification has 32 bits that count from the connection's start and wrap (Adobe RTMP 1.0, section 5.4.3). In the
/// field they wrap at 2^31, begin anew at 0xF0000000 (nginx-rtmp, `ngx_rtmp_handler.c`), count from the last
/// acknowledgement or are always the same. A number is believed as long as a way of counting is known by which it lies
/// between the last one and what was sent; whatever is made of it is never more than what the peer has. A peer whose
/// numbers make no sense counts as one that doesn't acknowledge.
package struct AcknowledgementModel: Hashable, Sendable {
    /// How the peer counts, as far as its numbers tell.
    package enum Kind: Hashable, Sendable {
        /// It has acknowledged nothing yet.
        case none
        /// From the connection's start, with one wrap or another.
        case cumulative
        /// From the last acknowledgement: numbers go back again and again.
        case incremental
        /// The same number, whatever was sent.
        case fixed
        /// More than was sent.
        case senseless

        package var isBelieved: Bool { self == .none || self == .cumulative }
    }

    /// Peers that count the handshake run ahead by its 3073 bytes.
    private static let slack: UInt64 = 4096
    /// Where nginx-rtmp begins anew.
    private static let restart: UInt64 = 0xF000_0000
    /// So many unexplained steps back, or equal numbers, are a habit.
    private static let habitCount = 3
    /// What must have been sent between two equal numbers for the second to say nothing. It is more than control messages
    /// have, which a peer may acknowledge by the clock.
    private static let stillness: UInt64 = 64 << 10

    package private(set) var kind = Kind.none
    /// What the peer has, at least; nil while it has said nothing, or when it isn't believed.
    package var byteCount: UInt64? { kind == .cumulative ? value : nil }

    private var value: UInt64 = 0
    private var number: UInt64 = 0
    /// What is added to the numbers that come.
    private var base: UInt64 = 0
    private var backwardCount = 0
    private var equalCount = 0
    private var sentAtLast: UInt64 = 0

    package init() {}

    /// Takes in an acknowledgement's number, when `sent` bytes behind the handshake have been sent.
    /// - Returns: what the peer has, if that is more than was known; not above `sent`.
    package mutating func take(_ number: UInt32, sent: UInt64) -> UInt64? {
        guard kind.isBelieved else { return nil }
        let number = UInt64(number)
        let isFirst = kind == .none
        kind = .cumulative
        defer { self.number = number }
        if !isFirst, number == self.number { return noteEqual(sent) }
        (equalCount, sentAtLast) = (0, sent)
        guard let (base, isExplained) = base(of: number, sent: sent) else {
            kind = .senseless
            return nil
        }
        if !isExplained { backwardCount += 1 }
        if backwardCount >= Self.habitCount {
            kind = .incremental
            return nil
        }
        self.base = base
        let new = min(base + number, sent)
        guard isFirst || new > value else { return nil }
        value = new
        return new
    }

    private mutating func noteEqual(_ sent: UInt64) -> UInt64? {
        guard sent > sentAtLast, sent - sentAtLast >= Self.stillness else { return nil }
        sentAtLast = sent
        equalCount += 1
        if equalCount >= Self.habitCount { kind = .fixed }
        return nil
    }

    /// What `number` counts from, and whether a wrap that is known explains it; nil where it would be more than was sent.
    private func base(of number: UInt64, sent: UInt64) -> (base: UInt64, isExplained: Bool)? {
        func isPossible(_ base: UInt64) -> Bool { base + number >= value && base + number <= sent + Self.slack }
        if number >= self.number { return isPossible(base) ? (base, true) : nil }
        // From below 2^31, a counter of 32 bits would have come round with more than 2^31 bytes at once.
        let spans: [UInt64] = self.number < 1 << 31 ? [1 << 31] : [1 << 32, Self.restart]
        for span in spans where isPossible(base + span) { return (base + span, true) }
        // It may have begun anew anywhere, after the last number at the earliest.
        return isPossible(value) ? (value, false) : nil
    }
}
