import BulkheadEvents
import BulkheadModel
import BulkheadRTMPTransport

extension PublishError {
    /// For events.
    var asReason: Reason { Reason(cause, description) }

    /// What programs tell apart.
    var code: ErrorCode {
        switch self {
        case .tlsFailed: .tlsFailed
        case .nameNotResolved, .unreachable, .timedOut: .unreachable
        default: .destination
        }
    }

    /// What a user can do about it.
    var remedy: String {
        switch self {
        case .nameNotResolved: "check the host's name and this machine's DNS"
        case .unreachable, .timedOut, .connectionLost: "check the address and that the server is up"
        case .tlsFailed: "check the server's certificate and its authority"
        case .notRTMP: "check the port: RTMP is usually 1935, RTMPS 443"
        case .applicationRejected: "check the path behind the host"
        case .notAuthenticated: "check the user name and password"
        case .redirectedInVain: "give the address of the server that takes the stream"
        case .publishRefused, .closedBeforeAcceptance, .closedEachTime:
            "check the stream key, and that nobody else is using it"
        case .streamNotCreated, .closedByServer, .protocolViolation, .answersNotRead, .cancelled:
            "look into the server's log"
        }
    }
}
