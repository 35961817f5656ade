import BulkheadRTMP

/// What the state machines say, as the failure of a publisher.
extension PublishError {
    /// The server broke the protocol.
    init(_ error: ConnectionError, server: String) {
        if case .handshake(let error) = error {
            self = .notRTMP(server: server, error)
        } else {
            self = .protocolViolation(server: server, error)
        }
    }

    /// The server has refused at `phase`.
    init(_ refusal: PublishRefusal, at phase: ConnectionPhase, target: IngestTarget) {
        let server = target.authority
        self =
            switch refusal {
            case .connectRejected(let status): .applicationRejected(server: server, app: target.app, status)
            case .streamNotCreated(let status): .streamNotCreated(server: server, status)
            case .publishRefused(let status): .publishRefused(server: server, status)
            case .closed(let status): .closedByServer(server: server, phase, status)
            // Dealt with before.
            case .redirected: .redirectedInVain(server: server)
            case .authenticationDemanded(_, let status): .applicationRejected(server: server, app: target.app, status)
            }
    }
}
