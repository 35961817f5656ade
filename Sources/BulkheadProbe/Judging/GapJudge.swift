/// Judges the time from the arrival of one access unit to that of the next.
package struct GapJudge: Sendable {
    /// One span without an access unit.
    package struct Gap: Hashable, Codable, Sendable {
        /// How long it lasted.
        package var milliseconds: Double
        /// When it ended, in seconds since the first access unit came.
        package var endSeconds: Double
        /// The access unit that ended it, counted from 0.
        package var unit: Int64
        /// The number in its picture; nil where there is none, or before it is decoded.
        package var frame: UInt32?

        /// A gap that ended with the access unit `unit`.
        package init(milliseconds: Double, endSeconds: Double, unit: Int64, frame: UInt32? = nil) {
            self.milliseconds = milliseconds
            self.endSeconds = endSeconds
            self.unit = unit
            self.frame = frame
        }

        /// When it began, in seconds since the first access unit came.
        package var startSeconds: Double { endSeconds - milliseconds / 1000 }
    }

    /// Gaps shorter than this many milliseconds are only counted.
    package static let noteworthyMilliseconds = 20.0
    private static let noteworthyLimit = 100_000

    /// The longest gap so far; nil before the second access unit.
    package private(set) var longest: Gap?
    /// The latest ones from ``noteworthyMilliseconds`` on.
    package private(set) var noteworthy: [Gap] = []
    /// How many gaps lasted so many whole milliseconds; the last place is for all longer ones.
    private var histogram = [Int](repeating: 0, count: 10_001)
    private var count = 0
    private var lastSeconds: Double?

    /// A judge that has seen no access unit.
    package init() {}

    /// Takes the arrival of `unit`, in seconds since the first.
    /// - Returns: the gap before it; nil for the first one.
    @discardableResult
    package mutating func take(unit: Int64, at seconds: Double) -> Gap? {
        defer { lastSeconds = seconds }
        guard let lastSeconds else { return nil }
        let gap = Gap(milliseconds: max(0, seconds - lastSeconds) * 1000, endSeconds: seconds, unit: unit)
        count += 1
        histogram[min(histogram.count - 1, Int(gap.milliseconds))] += 1
        if gap.milliseconds > longest?.milliseconds ?? 0 { longest = gap }
        if gap.milliseconds >= Self.noteworthyMilliseconds {
            noteworthy.append(gap)
            if noteworthy.count > Self.noteworthyLimit { noteworthy.removeFirst(Self.noteworthyLimit / 10) }
        }
        return gap
    }

    /// Notes the number that the picture of `unit` turned out to have.
    package mutating func name(unit: Int64, frame: UInt32) {
        if longest?.unit == unit { longest?.frame = frame }
        guard let last = noteworthy.last, unit <= last.unit else { return }
        // The pictures come out of the decoder a few behind what comes in.
        guard let index = noteworthy.lastIndex(where: { $0.unit <= unit }), noteworthy[index].unit == unit else {
            return
        }
        noteworthy[index].frame = frame
    }

    /// The length that `share` (0...1) of all gaps do not exceed, in whole milliseconds; nil before there are any.
    package func percentile(_ share: Double) -> Double? {
        guard count > 0 else { return nil }
        var rest = Int((Double(count) * share).rounded(.up))
        for (milliseconds, count) in histogram.enumerated() {
            rest -= count
            if rest <= 0 { return Double(milliseconds) }
        }
        return Double(histogram.count - 1)
    }

    /// The longest gap that overlaps one of `spans`, given in seconds, or with `outside` none of them.
    package func longest(overlapping spans: [ClosedRange<Double>], outside: Bool = false) -> Gap? {
        noteworthy.filter { gap in
            spans.contains { $0.overlaps(min(gap.startSeconds, gap.endSeconds)...gap.endSeconds) } != outside
        }.max { $0.milliseconds < $1.milliseconds }
    }
}
