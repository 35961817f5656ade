package import BulkheadMedia
package import BulkheadSystem

/// What a service manager is told of a broadcast, and when: that it is ready once it is on air, that it is alive as long as its
/// timeline goes on, and that it is about to end.
///
/// The sign of life follows from frames, not from a clock: a master whose timeline stands is one that hangs, whatever else of
/// it still works.
package struct ServiceMachine: Sendable {
    private static let statusInterval = Duration.seconds(10)

    private let signInterval: Duration?
    private var isReady = false
    private var isStopping = false
    private var lastFrame: FrameNumber = -1
    private var toldAlive: MonotonicTime?
    private var toldStatus: MonotonicTime?

    /// - Parameter watchdog: within which time a sign of life is wanted; nil for never.
    package init(watchdog: Duration?) {
        // A third of it leaves room for a machine that is slow.
        signInterval = watchdog.map { $0 / 3 }
    }

    /// The broadcast is in `state`, and `frame` comes next. Call it some times a second.
    /// - Returns: messages, in order.
    package mutating func look(
        _ state: BroadcastState, next frame: FrameNumber, seconds: Double, at now: MonotonicTime
    ) -> [String] {
        var messages: [String] = []
        let isStatusDue = toldStatus.map { now.since($0) >= Self.statusInterval.nanoseconds } ?? true
        switch state {
        case .starting:
            if isStatusDue { messages.append("STATUS=starting: inputs and encoder are being opened") }
        case .onAir:
            if !isReady {
                messages.append("READY=1\nSTATUS=on air")
            } else if isStatusDue {
                messages.append("STATUS=on air for \(Int64(max(0, min(seconds, 1e12)))) s, frame \(frame)")
            }
            isReady = true
        case .ending, .ended:
            if !isStopping { messages.append("STOPPING=1\nSTATUS=ending") }
            isStopping = true
        }
        if !messages.isEmpty { toldStatus = now }
        // The end has a deadline of its own, and no frames.
        let isAlive = frame > lastFrame || isStopping
        if let signInterval, isReady, isAlive,
            toldAlive.map({ now.since($0) >= signInterval.nanoseconds }) ?? true
        {
            messages.append("WATCHDOG=1")
            toldAlive = now
            lastFrame = frame
        }
        return messages
    }
}
