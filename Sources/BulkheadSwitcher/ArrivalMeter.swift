package import BulkheadSystem

/// How pictures arrive: when the last one came, how many a second, how many bytes.
package struct ArrivalMeter: Hashable, Sendable {
    private struct Arrival: Hashable, Sendable {
        let time: MonotonicTime
        let isPicture: Bool
        let byteCount: Int
    }

    /// Over which time rates are taken.
    private static let span = Duration.seconds(2).nanoseconds
    private static let mostArrivals = 4096

    private var arrivals: [Arrival] = []
    private var lastPicture: MonotonicTime?
    /// Where the first of ``arrivals`` begins to count.
    private var began: MonotonicTime?
    /// The newest picture's timestamp, as the server sends it.
    package private(set) var timestampMilliseconds: UInt32?

    /// Nothing has come.
    package init() {}

    /// Takes in one message of sound or of a picture.
    package mutating func note(isPicture: Bool, byteCount: Int, timestamp: UInt32, at now: MonotonicTime) {
        if began == nil { began = now }
        trim(now)
        if arrivals.count < Self.mostArrivals {
            arrivals.append(Arrival(time: now, isPicture: isPicture, byteCount: byteCount))
        }
        guard isPicture else { return }
        lastPicture = now
        timestampMilliseconds = timestamp
    }

    private mutating func trim(_ now: MonotonicTime) {
        guard let kept = arrivals.firstIndex(where: { now.since($0.time) <= Self.span }) else {
            return arrivals.removeAll(keepingCapacity: true)
        }
        if kept > 0 { arrivals.removeFirst(kept) }
    }

    /// Seconds since the last picture; nil before the first.
    package func age(at now: MonotonicTime) -> Double? { lastPicture.map { Double(max(0, now.since($0))) / 1e9 } }

    /// Whether the last picture has become `span` old between two times.
    package func turned(_ span: Duration, after then: MonotonicTime, at now: MonotonicTime) -> Bool {
        guard let due = lastPicture?.advanced(by: span.nanoseconds) else { return false }
        return due > then && due <= now
    }

    /// Pictures and bits a second in the last two seconds; nil before there were so many.
    package func rates(at now: MonotonicTime) -> (framesPerSecond: Double, bitsPerSecond: Double)? {
        guard let began, now.since(began) >= Self.span else { return nil }
        let recent = arrivals.filter { now.since($0.time) <= Self.span }
        let seconds = Double(Self.span) / 1e9
        let bytes = recent.reduce(0) { $0 + $1.byteCount }
        return (Double(recent.count(where: \.isPicture)) / seconds, Double(bytes) * 8 / seconds)
    }
}
