import BulkheadEvents
import BulkheadModel
import BulkheadRTMPTransport
import BulkheadSRT

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
        case .srtRefused(_, let refusal):
            switch refusal {
            case .wrongPassphrase: "give both sides the same passphrase"
            case .oneSidedEncryption: "give both sides a passphrase, or none"
            case .unauthorized, .forbidden, .notFound: "check the stream ID: servers have forms of their own for it"
            case .conflict: "check that nobody else is using the stream"
            case .full: "look who is connected to it"
            case .other, .unexplained: "look into the server's log"
            }
        case .streamNotCreated, .closedByServer, .protocolViolation, .answersNotRead, .cancelled:
            "look into the server's log"
        }
    }
}
