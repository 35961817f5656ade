package import BulkheadChildren
package import BulkheadModel
package import BulkheadSystem
import BulkheadWire

/// Finds out what the end of a post's host means for its plugins, and what is to be said of it.
///
/// The end of the host on air is charged to a plugin by ``Blame``. A standby and a next host had no viewer: the plugin that
/// was being called when they ended is named.
package struct Inquest: Sendable {
    /// How a host has ended.
    package struct Ending: Hashable, Sendable {
        /// What it was for; nil where it was at the post no more.
        package var duty: Duty?
        package var end: ChildEnd
        /// The plugin that was in a call, by the breadcrumb: it may be of another post, or made up.
        package var called: PluginID?
        /// The plugin that the host was ended for, where the breadcrumb can't know.
        package var suspect: PluginID?
        /// A next host that is waited for: the change is not made, and its plugins are not charged.
        package var isAsked: Bool

        package init(
            duty: Duty?, end: ChildEnd, called: PluginID? = nil, suspect: PluginID? = nil, isAsked: Bool = false
        ) {
            self.duty = duty
            self.end = end
            self.called = called
            self.suspect = suspect
            self.isAsked = isAsked
        }
    }

    /// What is to be done or said, in order.
    package enum Finding: Hashable, Sendable {
        /// The plugin has brought a host down: it is left out.
        case leaveOut(PluginID, cause: String)
        /// One of several plugins works behind the host's back, and nothing shows which.
        case unexplained
        /// - Parameter showsCall: what the plugin was called for is known to be what ended the host.
        case died(Duty, in: PluginID?, showsCall: Bool)
        /// The next host does not come.
        case notReplaced(cause: String)
    }

    /// What was found out of one end.
    package struct Verdict: Hashable, Sendable {
        package var findings: [Finding]
        /// The plugin that the host ended in.
        package var guilty: PluginID?

        package init(findings: [Finding] = [], guilty: PluginID? = nil) {
            self.findings = findings
            self.guilty = guilty
        }
    }

    private var blame = Blame()

    /// No host has ended yet.
    package init() {}

    /// Looks into the end of a host of `roster` at `now`.
    package mutating func look(into ending: Ending, _ roster: PluginRoster, at now: MonotonicTime) -> Verdict {
        let called = ending.called.flatMap { roster[$0]?.id }
        switch ending.duty {
        case .onAir:
            var verdict = charge(ending, called, roster.plugins, at: now)
            if ending.end.cause != .released {
                verdict.findings.append(.died(.onAir, in: verdict.guilty, showsCall: verdict.guilty != nil))
            }
            return verdict
        case .standby: return Verdict(findings: [.died(.standby, in: called, showsCall: false)], guilty: called)
        case .next:
            let words = Self.words(ending.end, called.flatMap { roster[$0]?.name })
            var verdict = Verdict(findings: [.notReplaced(cause: words)], guilty: called)
            if let called, !ending.isAsked { verdict.findings.append(.leaveOut(called, cause: words)) }
            return verdict
        case .twin, .retired, nil: return Verdict()
        }
    }

    private mutating func charge(
        _ ending: Ending, _ called: PluginID?, _ plugins: [ChainPlugin], at now: MonotonicTime
    ) -> Verdict {
        let libraries = Set(plugins.map(\.library.description.path))
        let evidence = Blame.Evidence(
            isItsOwn: ending.end.cause.isItsOwn,
            crashedLibrary: CrashReport.library(in: ending.end.standardErrorTail, among: libraries), called: called,
            suspect: ending.suspect)
        switch blame.judge(evidence, plugins, at: now) {
        case .nobody: return Verdict()
        case .unexplained: return Verdict(findings: [.unexplained])
        case .guilty(let id):
            return Verdict(findings: [.leaveOut(id, cause: "\(ending.end.cause)")], guilty: id)
        }
    }

    /// How a host ended, for people.
    /// - Parameter plugin: the name of the plugin that it ended in.
    package static func words(_ end: ChildEnd, _ plugin: String?) -> String {
        plugin.map { "\(end.cause) in the plugin \($0)" } ?? "\(end.cause)"
    }
}
