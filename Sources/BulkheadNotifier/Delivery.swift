import BulkheadSelection
package import BulkheadSystem
package import BulkheadWire

/// The notices for one target: one after the other, each until it is taken or refused.
package struct Delivery {
    /// What an attempt came to.
    package enum Attempt: Hashable {
        /// The status of the answer, and how many seconds it asks to wait.
        case answered(status: Int, retryAfter: Int64)
        /// There was no answer, for this reason.
        case failed(String)
        /// The target has taken it.
        case done
        /// The target does not want it, for this reason.
        case refused(String)
        /// It still goes on, and takes long, for this reason.
        case late(String)
    }

    /// What the master is to be told of an attempt.
    package enum Result: Hashable {
        case settled(number: UInt64, NoticeOutcome, text: String)
        case trouble(String)
    }

    /// After how many failures in a row a target is tried again when.
    static let backoff = Backoff(
        [.seconds(1), .seconds(2), .seconds(4), .seconds(8), .seconds(16), .seconds(32), .seconds(60)])
    /// What a target may ask to wait at most.
    package static let longestWait = Duration.seconds(300)

    /// Where the notices go.
    package let address: NoticeAddress
    private(set) var waiting: [Notice] = []
    /// An attempt is under way.
    private(set) var isUnderWay = false
    private var failures = 0
    private var notBefore: MonotonicTime?

    package init(_ address: NoticeAddress) { self.address = address }

    package var isEmpty: Bool { waiting.isEmpty }

    package mutating func add(_ notice: Notice) { waiting.append(notice) }

    /// Nobody waits for the notice any more; an attempt that is under way goes on.
    package mutating func forget(_ number: UInt64) {
        let kept = isUnderWay ? waiting.first?.number : nil
        waiting.removeAll { $0.number == number && $0.number != kept }
    }

    /// The notice to be sent now; nil while none waits, or it is too early.
    package mutating func next(at now: MonotonicTime) -> Notice? {
        guard !isUnderWay, let first = waiting.first, notBefore.map({ $0 <= now }) ?? true else { return nil }
        isUnderWay = true
        return first
    }

    /// When ``next(at:)`` is to be asked again; nil while nothing waits for time.
    package var due: MonotonicTime? { isUnderWay || waiting.isEmpty ? nil : notBefore }

    /// Takes what the attempt that is under way came to.
    /// - Parameter chance: 0 to 1, drawn anew each time.
    package mutating func ended(_ attempt: Attempt, at now: MonotonicTime, chance: Double) -> Result? {
        guard isUnderWay, let first = waiting.first else { return nil }
        if case .late(let reason) = attempt { return .trouble(reason) }
        isUnderWay = false
        switch attempt {
        case .late: return nil
        case .done: return settled(first, .delivered)
        case .refused(let reason): return settled(first, .refused, reason)
        case .answered(200...299, _):
            return settled(first, .delivered)
        case .answered(let status, _) where !Self.isPassing(status):
            return settled(first, .refused, Self.words(status))
        case .answered(let status, let retryAfter):
            wait(at: now, chance, atLeast: min(.seconds(max(0, retryAfter)), Self.longestWait))
            return .trouble(Self.words(status))
        case .failed(let reason):
            wait(at: now, chance)
            return .trouble(reason)
        }
    }

    private mutating func settled(_ notice: Notice, _ outcome: NoticeOutcome, _ text: String = "") -> Result {
        (failures, notBefore) = (0, nil)
        waiting.removeFirst()
        return .settled(number: notice.number, outcome, text: text)
    }

    private mutating func wait(at now: MonotonicTime, _ chance: Double, atLeast: Duration = .zero) {
        failures += 1
        notBefore = now.advanced(by: max(atLeast, Self.backoff.delay(after: failures, chance: chance)))
    }

    /// Whether the same request may be taken later (RFC 9110, section 15; RFC 8470 for 425; RFC 6585 for 429).
    private static func isPassing(_ status: Int) -> Bool { status >= 500 || [408, 425, 429].contains(status) }

    private static func words(_ status: Int) -> String {
        (300...399).contains(status)
            ? "it answers HTTP \(status): it has another address now" : "it answers HTTP \(status)"
    }
}
