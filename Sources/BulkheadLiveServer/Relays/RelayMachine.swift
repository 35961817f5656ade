package import BulkheadSystem

/// Decides when a stream is pulled, and from which of its sources. A value: it owns no connection and no clock.
package struct RelayMachine: Sendable {
    package enum Action: Hashable, Sendable {
        case connect(source: Int)
        case disconnect
    }

    package enum State: Hashable, Sendable {
        /// Nobody wants it, or another publisher has the name.
        case resting
        case waiting(until: MonotonicTime)
        case connecting(source: Int, since: MonotonicTime)
        case flowing(source: Int, since: MonotonicTime)
    }

    /// The next source is tried so soon, where there is one that has not failed yet.
    private static let pause = Duration.milliseconds(200)
    /// A source that has given its stream for so long was a good one.
    private static let proof = Duration.seconds(10)

    private let sourceCount: Int
    private let isOnDemand: Bool
    private let linger: Duration
    private let delays: [Duration]
    package private(set) var state = State.resting
    /// Attempts that came to nothing, in a row.
    package private(set) var failures = 0
    private var source = 0
    private var demandedAt: MonotonicTime?

    /// - Parameter delays: between rounds through all sources, by their number; the last one stays.
    package init(sourceCount: Int, isOnDemand: Bool, linger: Duration, delays: [Duration]) {
        self.sourceCount = max(1, sourceCount)
        self.isOnDemand = isOnDemand
        self.linger = linger
        self.delays = delays
    }

    private func isWanted(at now: MonotonicTime) -> Bool {
        guard isOnDemand else { return true }
        return demandedAt.map { now.since($0) < linger.nanoseconds } ?? false
    }

    /// Somebody plays it, or is about to.
    package mutating func demand(at now: MonotonicTime) { demandedAt = now }

    /// - Parameter isTaken: another publisher has the name.
    package mutating func tick(isTaken: Bool, at now: MonotonicTime) -> [Action] {
        switch state {
        case .resting, .waiting:
            guard isWanted(at: now), !isTaken else {
                state = .resting
                return []
            }
            if case .waiting(let end) = state, now < end { return [] }
            state = .connecting(source: source, since: now)
            return [.connect(source: source)]
        case .connecting, .flowing:
            guard !isWanted(at: now) || isTaken else { return [] }
            state = .resting
            failures = 0
            return [.disconnect]
        }
    }

    /// The first of the stream has come.
    package mutating func began(at now: MonotonicTime) {
        if case .connecting(let source, _) = state { state = .flowing(source: source, since: now) }
    }

    /// The connection that was asked for has ended, by itself.
    package mutating func ended(at now: MonotonicTime) {
        switch state {
        case .resting, .waiting: return
        case .connecting: break
        case .flowing(_, let start): if now.since(start) >= Self.proof.nanoseconds { failures = 0 }
        }
        failures = min(failures + 1, 1 << 20)
        source = (source + 1) % sourceCount
        let isNextUntried = failures % sourceCount != 0
        let round = (failures - 1) / sourceCount
        let delay = delays.isEmpty ? Self.pause : delays[min(round, delays.count - 1)]
        state = .waiting(until: now.advanced(by: isNextUntried ? Self.pause : delay))
    }
}
