package import BulkheadHTTP
package import BulkheadRTMP
package import BulkheadSwitch

/// All that a switch process needs to know.
package struct SwitcherSettings: Sendable {
    /// How the server is made to pull, and to end that.
    package enum PullSystem: Sendable {
        /// By a player of the switch's own, which the server's hook is told to serve by pulling.
        case trigger(IngestTarget, token: String)
        /// By requests to the server's interface.
        case requests(start: HTTPRequest, stop: HTTPRequest)
    }

    /// Where the server's own status is read.
    package struct StatusPage: Sendable {
        package let kind: ServerStatus.Kind
        package let request: HTTPRequest

        package init(_ kind: ServerStatus.Kind, _ request: HTTPRequest) {
            self.kind = kind
            self.request = request
        }
    }

    /// What the switch is called.
    package var name: String
    package var rules: SwitchRules
    /// The control socket of the broadcast.
    package var broadcastPath: String
    /// The link that pushes, by its number or name.
    package var link: String
    /// What viewers play.
    package var watch: IngestTarget
    /// What the server pulls.
    package var source: IngestTarget
    /// The same, as it was written.
    package var sourceAddress: String
    package var pull: PullSystem
    /// Where the server's hooks are answered; nil for nowhere.
    package var hook: (host: String, port: Int)?
    package var statusPage: StatusPage?
    /// The switch's own control socket.
    package var controlPath: String
    /// Where the way at work is kept; nil for nowhere.
    package var statePath: String?

    package init(
        name: String, rules: SwitchRules, broadcastPath: String, link: String, watch: IngestTarget,
        source: IngestTarget, sourceAddress: String, pull: PullSystem, controlPath: String
    ) {
        self.name = name
        self.rules = rules
        self.broadcastPath = broadcastPath
        self.link = link
        self.watch = watch
        self.source = source
        self.sourceAddress = sourceAddress
        self.pull = pull
        self.controlPath = controlPath
    }
}
