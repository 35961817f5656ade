/// Adds up bytes and pieces over all time, and over the last two seconds.
package struct RateJudge: Sendable {
    private static let window = 2.0

    /// Pieces so far.
    package private(set) var count = 0
    /// Bytes so far.
    package private(set) var byteCount = 0
    private var recent: [(seconds: Double, byteCount: Int)] = []

    /// A judge that has seen nothing.
    package init() {}

    /// Takes one piece that came, or is shown, at `seconds`.
    package mutating func take(byteCount: Int, at seconds: Double) {
        count += 1
        self.byteCount += byteCount
        recent.append((seconds, byteCount))
        let old = recent.prefix { $0.seconds <= seconds - Self.window }.count
        if old > 0 { recent.removeFirst(old) }
    }

    /// Pieces and bits in each of the last two seconds before `now`.
    package func recentRate(at now: Double) -> (perSecond: Double, bitsPerSecond: Int) {
        let fresh = recent.filter { $0.seconds > now - Self.window }
        let span = min(Self.window, max(0.1, now))
        let bits = Double(fresh.reduce(0) { $0 + $1.byteCount }) * 8 / span
        return (Double(fresh.count) / span, Int(bits.rounded()))
    }
}
