package import BulkheadSystem

/// Bytes over the last two seconds.
package struct RateMeter: Sendable {
    private static let window: Int64 = 2_000_000_000
    private var samples: [(time: MonotonicTime, byteCount: Int)] = []
    private var start: MonotonicTime?

    package init() {}

    /// Notes `byteCount` bytes at `now`.
    package mutating func add(_ byteCount: Int, at now: MonotonicTime) {
        if start == nil { start = now }
        samples.append((now, byteCount))
        trim(now)
    }

    /// Of the bytes that were added.
    package mutating func bitsPerSecond(at now: MonotonicTime) -> Int { Int(perSecond(now) { $0 + $1.byteCount * 8 }) }

    /// How many samples a second were added.
    package mutating func samplesPerSecond(at now: MonotonicTime) -> Double { perSecond(now) { count, _ in count + 1 } }

    private mutating func perSecond(
        _ now: MonotonicTime, _ add: (Int, (time: MonotonicTime, byteCount: Int)) -> Int
    ) -> Double {
        trim(now)
        guard let start else { return 0 }
        let span = max(100_000_000, min(Self.window, now.since(start)))
        return Double(samples.reduce(0, add)) * 1e9 / Double(span)
    }

    private mutating func trim(_ now: MonotonicTime) {
        let old = samples.prefix { now.since($0.time) > Self.window }.count
        if old > 0 { samples.removeFirst(old) }
    }
}
