import BulkheadMedia
import BulkheadSystem
import BulkheadTimeline

/// The slate in the gap of a stream that is passed on: when it goes on air, and when each of its access units is due.
struct SlateCourse: Sendable {
    /// The slate on air.
    struct OnAir: Sendable {
        /// The time on the timeline of its first access unit, and when that was due.
        let start: MediaTime
        let startedAt: MonotonicTime
        /// Which of the stream's configurations it is.
        let configuration: Int
        var sentCount = 0
    }

    /// Nil until it is encoded.
    var loop: SlateLoop?
    private(set) var onAir: OnAir?
    /// Behind a suspend, what is further behind than this is not made up for.
    private static let mostBehind: Int64 = 1_000_000_000

    private var rate: FrameRate? { loop?.configuration.frameRate }

    mutating func begin(at start: MediaTime, _ now: MonotonicTime, configuration: Int) {
        onAir = OnAir(start: start, startedAt: now, configuration: configuration)
    }

    mutating func end() { onAir = nil }

    /// When the next access unit is due.
    var nextDue: MonotonicTime? {
        guard let onAir, let rate else { return nil }
        return onAir.startedAt.advanced(by: rate.time(of: Int64(onAir.sentCount)).nanoseconds)
    }

    /// The access unit that is due, as a packet; nil where none is.
    mutating func next(at now: MonotonicTime) -> Packet? {
        guard let onAir, let loop, let rate, let due = nextDue, due <= now else { return nil }
        if now.since(due) > Self.mostBehind {
            let start = onAir.start + rate.time(of: Int64(onAir.sentCount)) + MediaTime(nanoseconds: now.since(due))
            // From here on as if it had just begun, with an IDR.
            self.onAir = OnAir(start: start, startedAt: now, configuration: onAir.configuration)
            return next(at: now)
        }
        let unit = loop.unit(at: onAir.sentCount, for: 0)
        let time = onAir.start + rate.time(of: Int64(onAir.sentCount))
        self.onAir?.sentCount += 1
        return Packet(
            kind: .video(isIDR: unit.isIDR, isDisposable: false), dts: time, pts: time, bytes: unit.bytes,
            configuration: onAir.configuration)
    }
}
