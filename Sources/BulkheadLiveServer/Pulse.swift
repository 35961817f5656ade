import NIOCore

/// Calls a closure again and again at an event loop, until it is stopped or let go of.
final class Pulse {
    private let eventLoop: any EventLoop
    private let period: TimeAmount
    private let body: () -> Void
    private var next: Scheduled<Void>?

    /// To be made at `eventLoop`.
    init(every period: TimeAmount, on eventLoop: any EventLoop, _ body: @escaping () -> Void) {
        self.eventLoop = eventLoop
        self.period = period
        self.body = body
        schedule(after: period)
    }

    deinit { next?.cancel() }

    private func schedule(after delay: TimeAmount) {
        next = eventLoop.assumeIsolated().scheduleTask(in: delay) { [weak self] in
            guard let self else { return }
            schedule(after: period)
            body()
        }
    }

    func stop() {
        next?.cancel()
        next = nil
    }
}
