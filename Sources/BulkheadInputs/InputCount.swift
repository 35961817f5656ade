import BulkheadChildren
import BulkheadModel
import BulkheadSystem
import BulkheadTimeline
import BulkheadWire

/// What has come of a live input, by what its process counts.
struct InputCount {
    /// Over how long bytes are counted, in nanoseconds.
    private static let window: Int64 = 2_000_000_000

    /// What its process has said last.
    private var figures: SourceFigures?
    private var readings: [(time: MonotonicTime, byteCount: UInt64)] = []

    mutating func take(_ figures: SourceFigures, at now: MonotonicTime) {
        self.figures = figures
        readings.removeAll { now.since($0.time) > Self.window }
        // A process may say what it likes.
        if let last = readings.last, last.byteCount > figures.byteCount { readings = [] }
        readings.append((now, figures.byteCount))
    }

    /// Of the last two seconds, by the second; nil before there are two reports.
    var arrival: InputArrival? {
        guard let figures, let first = readings.first, let last = readings.last else { return nil }
        let span = last.time.since(first.time)
        guard span > 0 else { return nil }
        let bits = Double(last.byteCount - first.byteCount) * 8
        return InputArrival(
            bitsPerSecond: Int(min(bits * 1e9 / Double(span), 1e15)), drops: Int(clamping: figures.dropCount),
            keyframeSeconds: figures.keyframeMilliseconds > 0 ? Double(figures.keyframeMilliseconds) / 1000 : nil)
    }

    var srt: SRTStatus? { figures?.srt.map { SRTStatus($0) } }

    /// To whoever sends by SRT and back; nil where it was not measured.
    var roundTripMilliseconds: Double? {
        figures?.srt.flatMap { $0.roundTripMicroseconds > 0 ? Double($0.roundTripMicroseconds) / 1000 : nil }
    }
}
