package import BulkheadHTTP
package import BulkheadModel
package import BulkheadRTMP

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

    /// A broadcast that pushes: its control socket, and the link by its number or name.
    package struct Push: Hashable, Sendable {
        package let broadcastPath: String
        package let link: String

        package init(broadcastPath: String, link: String) {
            self.broadcastPath = broadcastPath
            self.link = link
        }
    }

    /// A server that pulls.
    package struct Pull: Sendable {
        package let system: PullSystem
        /// What the server pulls.
        package let source: IngestTarget
        /// The same, as it was written.
        package let address: String

        package init(_ system: PullSystem, source: IngestTarget, address: String) {
            self.system = system
            self.source = source
            self.address = address
        }
    }

    /// What the switch is called.
    package var name: String
    package var rules: SwitchRules
    package var push: Push
    /// Another broadcast that pushes to the same server; nil for none.
    package var backup: Push?
    /// Nil where the server does not pull.
    package var pull: Pull?
    /// What viewers play.
    package var watch: IngestTarget
    /// Where the server's hooks are answered; nil for nowhere.
    package var hook: (host: String, port: Int)?
    package var statusPage: StatusPage?
    /// The switch's own control socket.
    package var controlPath: String
    /// Where the way at work is kept; nil for nowhere.
    package var statePath: String?

    package init(
        name: String, rules: SwitchRules, push: Push, watch: IngestTarget, controlPath: String
    ) {
        self.name = name
        self.rules = rules
        self.push = push
        self.watch = watch
        self.controlPath = controlPath
    }
}
