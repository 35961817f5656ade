package import BulkheadSystem

/// How a recording grows, by the sizes that its recorder says and by the master's own clock.
package struct RecordingMeter: Sendable {
    /// The forecasts that are told, in seconds before the disk is full.
    private static let warnings: [Double] = [60, 180, 600, 1800]
    /// From one look at the rate to the next.
    private static let interval = Duration.seconds(2)
    /// Before that, a rate says little; in seconds.
    private static let trial = 5.0
    /// Of what the rate was, in each new one.
    private static let inertia = 0.7

    /// Of all files together.
    package private(set) var writtenByteCount: UInt64 = 0
    package private(set) var durableByteCount: UInt64 = 0
    package private(set) var freeByteCount: UInt64?
    /// What of that is never written to.
    package private(set) var floorByteCount: UInt64 = 0
    package private(set) var bytesPerSecond = 0.0
    /// When the first picture was given; nil before.
    package private(set) var start: MonotonicTime?
    /// When the size was another one.
    package private(set) var grewAt: MonotonicTime?
    /// Of processes before this one.
    private var earlierByteCount: UInt64 = 0
    private var mark: (time: MonotonicTime, byteCount: UInt64)?
    /// The shortest forecast that was told.
    private var warned = Double.infinity

    package init() {}

    package mutating func begin(at now: MonotonicTime) {
        guard start == nil else { return }
        start = now
        grewAt = now
    }

    /// Since the first picture was given, in seconds.
    package func seconds(at now: MonotonicTime) -> Double { start.map { Double(now.since($0)) / 1e9 } ?? 0 }

    /// Another process goes on: it counts from none.
    package mutating func restart(at now: MonotonicTime) {
        earlierByteCount = durableByteCount
        resume(at: now)
    }

    /// What has kept it from growing is over.
    package mutating func resume(at now: MonotonicTime) { if start != nil { grewAt = now } }

    /// Notes what a recorder says.
    package mutating func note(
        written: UInt64, durable: UInt64, free: UInt64?, floor: UInt64 = 0, at now: MonotonicTime
    ) {
        floorByteCount = floor
        let all = earlierByteCount.addingReportingOverflow(durable).partialValue
        if all > durableByteCount { grewAt = now }
        durableByteCount = max(durableByteCount, all)
        writtenByteCount = max(writtenByteCount, earlierByteCount.addingReportingOverflow(written).partialValue)
        freeByteCount = free
        guard let last = mark else {
            mark = (now, durableByteCount)
            return
        }
        let passed = now.since(last.time)
        guard passed >= Self.interval.nanoseconds else { return }
        let rate = Double(durableByteCount - last.byteCount) / (Double(passed) / 1e9)
        bytesPerSecond = bytesPerSecond == 0 ? rate : bytesPerSecond * Self.inertia + rate * (1 - Self.inertia)
        mark = (now, durableByteCount)
    }

    /// How long the free space lasts at this rate, down to the floor; nil where that is not known, or longer than a year.
    package var fullInSeconds: Double? {
        guard let freeByteCount, bytesPerSecond >= 1 else { return nil }
        let seconds = Double(freeByteCount - min(freeByteCount, floorByteCount)) / bytesPerSecond
        return seconds < 366 * 86_400 ? seconds : nil
    }

    /// A forecast that is to be told now, in seconds.
    package mutating func warning(at now: MonotonicTime) -> Double? {
        guard let seconds = fullInSeconds, self.seconds(at: now) >= Self.trial else { return nil }
        if seconds > warned * 1.5 { warned = Self.warnings.first { $0 >= seconds / 1.5 } ?? .infinity }
        guard let step = Self.warnings.first(where: { seconds <= $0 }), step < warned else { return nil }
        warned = step
        return seconds
    }
}
