package import BulkheadModel
package import BulkheadSystem

/// Remembers since when each link has had no server, and says when another minute of that is over: a long outage must not
/// look like good times. It owns no clock.
package struct OutageWatch: Sendable {
    /// From telling to telling.
    package static let interval = Duration.seconds(60)

    private struct Outage {
        let since: MonotonicTime
        /// Whole intervals that were told.
        var told: Int64 = 0
    }

    private var outages: [LinkID: Outage] = [:]

    package init() {}

    /// Looks at a link with all its lanes.
    /// - Returns: how long the link has been down, in whole minutes, when that is to be told; else nil.
    package mutating func look(at link: LinkID, _ lanes: [LinkStatus], at now: MonotonicTime) -> Duration? {
        guard !lanes.isEmpty, lanes.allSatisfy(Self.isDown) else {
            outages[link] = nil
            return nil
        }
        var outage = outages[link] ?? Outage(since: now)
        defer { outages[link] = outage }
        let count = now.since(outage.since) / Self.interval.nanoseconds
        guard count > outage.told else { return nil }
        outage.told = count
        return Self.interval * Int(count)
    }

    /// A link that was paused, has failed or has ended is so on purpose, or for good.
    private static func isDown(_ lane: LinkStatus) -> Bool {
        switch lane.state {
        case .connecting, .saved, .cleared, .selected: true
        case .idle, .publishing, .writing, .stalled, .restored, .paused, .failed, .ended: false
        }
    }
}
