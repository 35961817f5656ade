import BulkheadChildren
package import BulkheadModel
package import BulkheadSystem
import BulkheadWire

/// Decides which plugin a host's end is charged to.
///
/// Where the crash happened says more than which plugin was called: a plugin's own thread may crash while another one
/// is at work. A signal from outside may hit any call; the second one in a row that hits the same plugin's comes from
/// it. So does the second end in a row between calls, of a host with one plugin: a thread of the plugin's crashes
/// there.
package struct Blame: Hashable, Sendable {
    /// What is known of a host's end. The host may be hostile: all of it is a hint.
    package struct Evidence: Hashable, Sendable {
        /// The host ended by a fault of its own or by its deadline, and was not killed from outside.
        package var isItsOwn: Bool
        /// The library that the crash went through, by the host's own report.
        package var crashedLibrary: String?
        /// The plugin that was in a call, by the breadcrumb.
        package var called: PluginID?
        /// The plugin that the host was ended for, where the breadcrumb can't know.
        package var suspect: PluginID?

        package init(
            isItsOwn: Bool, crashedLibrary: String? = nil, called: PluginID? = nil, suspect: PluginID? = nil
        ) {
            self.isItsOwn = isItsOwn
            self.crashedLibrary = crashedLibrary
            self.called = called
            self.suspect = suspect
        }
    }

    package enum Verdict: Hashable, Sendable {
        case nobody
        /// The host of several plugins has ended by itself between two calls once more: one of them works behind its
        /// back, and only a host for each can show which.
        case unexplained
        case guilty(PluginID)
    }

    /// The plugin that was in a call when its host was killed from outside, the last time a host ended.
    private var lastKilled: PluginID?
    private var lastUnexplained: MonotonicTime?
    /// Ends between two calls by signals that others send, too: a thread of a plugin's may send them to its own process.
    private var kills = Budget(mostKills, each: .seconds(5))
    /// More in five seconds come from within.
    package static let mostKills = 8

    package init() {}

    /// Judges the end of a host with `plugins` at `now`.
    package mutating func judge(_ evidence: Evidence, _ plugins: [ChainPlugin], at now: MonotonicTime) -> Verdict {
        let known =
            owner(of: evidence.isItsOwn ? evidence.crashedLibrary : nil, plugins, called: evidence.called)
            ?? evidence.called.flatMap { id in plugins.contains { $0.id == id } ? id : nil }
            ?? evidence.suspect.flatMap { id in plugins.contains { $0.id == id } ? id : nil }
        let active = plugins.filter(\.isActive)
        let culprit = known ?? (active.count == 1 && evidence.isItsOwn ? active.first?.id : nil)
        let wasKilledBefore = culprit != nil && culprit == lastKilled
        lastKilled = nil
        guard let culprit else {
            if !evidence.isItsOwn, !kills.take(at: now) {
                if active.count == 1, let only = active.first?.id { return .guilty(only) }
                if active.count > 1 { return .unexplained }
            }
            return evidence.isItsOwn && active.count > 1 && isRepeated(at: now) ? .unexplained : .nobody
        }
        if known != nil, evidence.isItsOwn { return .guilty(culprit) }
        if wasKilledBefore { return .guilty(culprit) }
        lastKilled = culprit
        return .nobody
    }

    private func owner(of library: String?, _ plugins: [ChainPlugin], called: PluginID?) -> PluginID? {
        guard let library else { return nil }
        let owners = plugins.filter { $0.library.description.path == library }
        return owners.first { $0.id == called }?.id ?? (owners.count == 1 ? owners.first?.id : nil)
    }

    private mutating func isRepeated(at now: MonotonicTime) -> Bool {
        let last = lastUnexplained
        lastUnexplained = now
        return last.map { now.since($0) < RestartPolicy.window.nanoseconds } ?? false
    }
}
