package import BulkheadRTMPTransport
import BulkheadSelection

/// Decides, failure by failure, whether a link tries one RTMP server again, and when.
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
    /// After what may be a refusal: time for a server to start again, or to notice that our last connection is gone.
    private static let refusals = Backoff([.milliseconds(250), .seconds(1), .seconds(1), .seconds(2), .seconds(5)])
    /// After a fault. A server that comes back is on air again within half a second for the first twenty seconds or so;
    /// later, and where nothing answers for minutes, within a second, at which rate nobody is troubled.
    private static let faults = Backoff(
        [100, 200].map { .milliseconds($0) } + Array(repeating: .milliseconds(250), count: 80)
            + Array(repeating: .milliseconds(500), count: 60) + [.milliseconds(900)])

    /// The server has taken a stream for good.
    private var wasAccepted = false
    /// The server has said at least once that the stream may start.
    private var hasStarted = false
    /// In a row, by whatever cause.
    private var failures = 0
    /// In a row, of those that may be refusals.
    private var refusalsInARow = 0
    /// The last failure was the server's will.
    package private(set) var wasRefused = false

    package init() {}

    /// The server has said that the stream may start.
    package mutating func started() { hasStarted = true }

    /// The server has taken the stream: from now on no failure is final while the broadcast lasts.
    package mutating func accepted() {
        wasAccepted = true
        failures = 0
        refusalsInARow = 0
        wasRefused = false
    }

    /// Takes in a failure.
    /// - Parameter isEnding: no more packets come; only what waits is still to be sent.
    package mutating func judge(_ error: PublishError, isEnding: Bool) -> Verdict {
        failures += 1
        refusalsInARow = error.mayBeRefusal(hasStarted: hasStarted) ? refusalsInARow + 1 : 0
        wasRefused = error.advice == .giveUp || refusalsInARow >= Self.refusalCount
        if isEnding, failures >= Self.refusalCount { return .giveUp }
        let isWillful = refusalsInARow > 0 || error.advice != .retry
        let delay =
            isWillful
            ? Self.refusals.delay(after: refusalsInARow, chance: 1) : Self.faults.delay(after: failures, chance: 1)
        if wasAccepted { return .retry(after: delay) }
        if refusalsInARow > 0 {
            return refusalsInARow >= Self.refusalCount ? .giveUp : .retry(after: max(delay, .milliseconds(500)))
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
