package import BulkheadRTMPTransport
import BulkheadSelection

/// Decides, failure by failure, whether a link tries one RTMP server again, and when.
///
/// A refusal of the stream key often looks like a network fault: servers say that the stream may start, ask somebody
/// about the key, and then close without a word, some of them after a second or two in which they acknowledge what comes.
/// A server that has just died looks the same. So such a close counts as a refusal only when it is repeated without
/// anything else between, and a stream as taken when it has been held for some seconds.
package struct LinkPatience: Sendable {
    package enum Verdict: Hashable, Sendable {
        case retry(after: Duration)
        /// There is no sense in another attempt.
        case giveUp
    }

    /// How often a server must do what may be a refusal, one after the other, to be believed.
    package static let refusalCount = 3
    /// A stream that a server has held for so long was taken.
    package static let holdTime = Duration.seconds(3)
    /// How long a stream key that is in use is waited for at the start: after a power cut, our own last connection may hold
    /// it, and servers notice that late.
    package static let busyPatience = Duration.seconds(60)
    /// After what may be a refusal: time for a server to start again, and in the long run for a person.
    private static let refusals = Backoff(
        [.milliseconds(250)] + [1, 1, 2, 5, 10, 20, 30].map { .seconds($0) })
    /// For a key that is in use: time for a server to notice that our last connection is gone.
    private static let busy = Backoff([.milliseconds(250), .milliseconds(500)] + [1, 2, 3, 5].map { .seconds($0) })
    /// After a fault. A server that comes back is on air again within half a second for the first twenty seconds or so;
    /// later, and where nothing answers for minutes, within a second, at which rate nobody is troubled.
    private static let faults = Backoff(
        [100, 200].map { .milliseconds($0) } + Array(repeating: .milliseconds(250), count: 80)
            + Array(repeating: .milliseconds(500), count: 60) + [.milliseconds(900)])

    /// How far a server has let the stream come. A later broadcast that goes on is told of it.
    package enum Reach: String, Codable, Hashable, Sendable, Comparable {
        /// It has said that the stream may start.
        case started
        /// It has held the stream for ``holdTime``.
        case held

        package static func < (left: Reach, right: Reach) -> Bool { left == .started && right == .held }
    }

    /// How long a server that was never reached is tried.
    private let unreached: Duration
    /// The server has held the stream once: from then on no failure is final while the broadcast lasts.
    package private(set) var hasHeld = false
    /// The server has said at least once that the stream may start.
    private var hasStarted = false
    /// Since when it holds the stream; nil while it doesn't.
    private var heldSince: Duration?
    /// The first failure of those in a row.
    private var failingSince: Duration?
    /// In a row, by whatever cause.
    private var failures = 0
    /// In a row, of those that may be refusals, of those that were the server's will, and of those for a busy key.
    private var refusalsInARow = 0
    private var willfulInARow = 0
    private var busyInARow = 0
    /// The last failure was the server's will.
    package private(set) var wasRefused = false

    /// - Parameters:
    ///   - unreached: how long a server is tried that was never reached; a wrong address is told at once without.
    ///   - reach: how far it let the stream come before; nil where it was never reached.
    package init(unreached: Duration = .zero, reach: Reach? = nil) {
        self.unreached = unreached
        hasStarted = reach != nil
        hasHeld = reach == .held
    }

    /// How far the server has let the stream come; nil where it was never reached.
    package func reach(at now: Duration) -> Reach? {
        if hasHeld || heldSince.map({ now - $0 >= Self.holdTime }) ?? false { return .held }
        return hasStarted ? .started : nil
    }

    /// It does the same again: nothing that is worth telling each time.
    package var isRepeating: Bool { refusalsInARow >= 2 }
    /// It closes each time soon after the stream begins: there may be something wrong with the key.
    package var suspectsKey: Bool { refusalsInARow >= Self.refusalCount }

    /// The server has said that the stream may start.
    package mutating func started(at now: Duration) {
        hasStarted = true
        heldSince = now
    }

    /// Takes in a failure.
    /// - Parameter isEnding: no more packets come; only what waits is still to be sent.
    package mutating func judge(_ error: PublishError, isEnding: Bool, at now: Duration) -> Verdict {
        let held = heldSince.map { now - $0 }
        heldSince = nil
        if let held, held >= Self.holdTime { hold() }
        failures += 1
        let since = failingSince ?? now
        failingSince = since
        count(error, isEarly: held.map { $0 < Self.holdTime } ?? false)
        // A key is free when the server has noticed that its last connection is gone: what waits may still go out.
        if isEnding, failures >= Self.refusalCount, busyInARow == 0 { return .giveUp }
        let delay = delay
        if busyInARow > 0 { return hasHeld || now - since < Self.busyPatience ? .retry(after: delay) : .giveUp }
        if hasHeld { return .retry(after: delay) }
        if refusalsInARow > 0 { return suspectsKey ? .giveUp : .retry(after: max(delay, .milliseconds(500))) }
        if error.advice == .giveUp { return .giveUp }
        // A server that nobody has reached yet is a wrong address, or comes later; one that was there before comes back.
        return hasStarted || now - since < unreached ? .retry(after: delay) : .giveUp
    }

    private mutating func hold() {
        hasHeld = true
        (failures, refusalsInARow, willfulInARow, busyInARow) = (0, 0, 0, 0)
        failingSince = nil
        wasRefused = false
    }

    private mutating func count(_ error: PublishError, isEarly: Bool) {
        let isBusy = error.isBusyKey
        let mayBeRefusal = !isBusy && error.mayBeRefusal(hasStarted: hasStarted, isEarly: isEarly)
        busyInARow = isBusy ? busyInARow + 1 : 0
        refusalsInARow = mayBeRefusal ? refusalsInARow + 1 : isBusy ? refusalsInARow : 0
        willfulInARow = !isBusy && (mayBeRefusal || error.advice != .retry) ? willfulInARow + 1 : 0
        wasRefused = error.advice == .giveUp || suspectsKey
    }

    private var delay: Duration {
        if busyInARow > 0 { return Self.busy.delay(after: busyInARow, chance: 1) }
        if willfulInARow > 0 { return Self.refusals.delay(after: willfulInARow, chance: 1) }
        return Self.faults.delay(after: failures, chance: 1)
    }
}

extension PublishError {
    /// The key is in use, or wrong: servers say the same of both.
    fileprivate var isBusyKey: Bool {
        switch self {
        case .publishRefused: advice == .awaitRelease || advice == .retrySlowly
        case .srtRefused: advice == .awaitRelease
        default: false
        }
    }

    /// Whether the server may have meant a refusal, or only failed: repeated, it is one.
    ///
    /// - Parameters:
    ///   - hasStarted: the server has let a stream start before. It is then no wrong address, and what happens before it is
    ///     asked to publish says nothing about the key.
    ///   - isEarly: the stream had just begun.
    fileprivate func mayBeRefusal(hasStarted: Bool, isEarly: Bool) -> Bool {
        switch self {
        // A server that closes while something is under way to it resets the connection.
        case .connectionLost(_, .reset): !hasStarted || isEarly
        case .connectionLost: !hasStarted
        case .closedByServer(_, let phase, _): !hasStarted || phase == .publishing || phase == .live
        default: advice == .retrySlowly
        }
    }
}
