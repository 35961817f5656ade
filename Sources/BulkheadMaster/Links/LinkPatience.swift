package import BulkheadRTMPTransport

/// Decides, failure by failure, whether a link to an RTMP server tries again, and when.
///
/// A refusal of the stream key often looks like a network fault: servers say that the stream may start, ask somebody
/// about the key, and then close without a word. A server that has just died looks the same. So such a close counts as a
/// refusal only when it is repeated without anything else between.
package struct LinkPatience: Sendable {
    package enum Verdict: Hashable, Sendable {
        case retry(after: Duration)
        /// There is no sense in another attempt.
        case giveUp
    }

    /// How often a server must do what may be a refusal, one after the other, to be believed.
    package static let refusalCount = 3
    /// Between attempts that may have been refused: time for a server to start again.
    private static let refusalDelay = Duration.seconds(1)
    /// By the number of failures in a row.
    private static let delays: [Duration] = [100, 250, 500, 1000, 2000, 3000, 5000].map { .milliseconds($0) }

    /// The server has taken a stream for good.
    private var wasAccepted = false
    /// The server has said at least once that the stream may start.
    private var hasStarted = false
    /// In a row, by whatever cause.
    private var failures = 0
    /// In a row, of those that may be refusals.
    private var refusals = 0

    package init() {}

    /// The server has said that the stream may start.
    package mutating func started() { hasStarted = true }

    /// The server has taken the stream: from now on no failure is final while the broadcast lasts.
    package mutating func accepted() {
        wasAccepted = true
        failures = 0
        refusals = 0
    }

    /// Takes in a failure.
    /// - Parameter isEnding: no more packets come; only what waits is still to be sent.
    package mutating func judge(_ error: PublishError, isEnding: Bool) -> Verdict {
        failures += 1
        refusals = error.mayBeRefusal(hasStarted: hasStarted) ? refusals + 1 : 0
        if isEnding, failures >= Self.refusalCount { return .giveUp }
        let delay = Self.delays[min(failures, Self.delays.count) - 1]
        if wasAccepted { return .retry(after: delay) }
        if refusals > 0 {
            return refusals >= Self.refusalCount ? .giveUp : .retry(after: Self.refusalDelay)
        }
        if error.advice == .giveUp { return .giveUp }
        // A server that nobody has reached yet is a wrong address; one that was there before comes back.
        return hasStarted ? .retry(after: delay) : .giveUp
    }
}

extension PublishError {
    /// Whether the server may have meant a refusal, or only failed: repeated, it is one.
    ///
    /// - Parameter hasStarted: the server has let a stream start before. It is then no wrong address, and what happens
    ///   before it is asked to publish says nothing about the key.
    fileprivate func mayBeRefusal(hasStarted: Bool) -> Bool {
        switch self {
        case .connectionLost: !hasStarted
        case .closedByServer(_, let phase, _): !hasStarted || phase == .publishing || phase == .live
        default: advice == .retrySlowly
        }
    }
}
