package import BulkheadSelection
package import BulkheadSystem

/// What becomes of a plugin that has brought its host down: it is left out for a while, each time for longer, and in
/// the end until somebody pardons it.
package struct Quarantine: Hashable, Sendable {
    /// How long it is left out after each charge; after one more it is off.
    package static let backoff = Backoff.exact(milliseconds: [1000, 5000, 30_000])
    /// A plugin that has worked for so long since its last charge starts with a clean sheet.
    package static let forgiveness = Duration.seconds(600)

    package enum State: Hashable, Sendable {
        /// In the chain.
        case free
        /// Left out until then.
        case until(MonotonicTime)
        /// Left out for good.
        case off
    }

    package private(set) var state = State.free
    private var retries = Retries(backoff)
    private var lastCharge: MonotonicTime?

    package init() {}

    package var isFree: Bool { state == .free }
    /// Charges that are not forgiven.
    package var charges: Int { retries.failures }

    /// Notes at `now` that the plugin has brought its host down.
    package mutating func charge(at now: MonotonicTime) {
        if let lastCharge, isFree, now.since(lastCharge) > Self.forgiveness.nanoseconds { retries.reset() }
        lastCharge = now
        let delay = retries.next()
        state = charges > Self.backoff.count ? .off : .until(now.advanced(by: delay))
    }

    /// Whether the plugin may be tried again at `now`.
    package func isDue(at now: MonotonicTime) -> Bool {
        switch state {
        case .free: true
        case .until(let end): now >= end
        case .off: false
        }
    }

    /// How long it is left out yet, in seconds; nil when it is not, or without an end.
    package func secondsLeft(at now: MonotonicTime) -> Double? {
        guard case .until(let end) = state else { return nil }
        return Double(max(0, end.since(now))) / 1e9
    }

    /// The plugin is in the chain again; its charges stay until they are forgiven.
    package mutating func readmit() { if state != .off { state = .free } }

    /// Takes back all charges.
    package mutating func pardon() { self = Quarantine() }
}
