package import BulkheadRTMP
package import BulkheadSRT

/// How far a connection had come.
package enum ConnectionPhase: String, Hashable, Sendable {
    case connecting = "the connection was being made"
    case securing = "TLS was being set up"
    case shakingHands = "the RTMP handshake was being made"
    case openingApplication = "the application was being opened"
    case creatingStream = "the stream was being created"
    case prepared = "the connection waited to be used"
    case publishing = "the stream was being published"
    case live = "the stream was live"
}

/// Why a stream could not be published, or is no longer: what the server said or did.
package enum PublishError: Error, Hashable, Sendable {
    case nameNotResolved(host: String)
    /// No connection: `reason` is the system's word, such as "Connection refused".
    case unreachable(server: String, reason: String)
    case tlsFailed(server: String, TLSFailure)
    case timedOut(server: String, ConnectionPhase, after: Duration)
    /// The server answers, but not with RTMP.
    case notRTMP(server: String, HandshakeError)
    case applicationRejected(server: String, app: String, ServerStatus)
    /// The server requires a login, and did not accept the credentials.
    case notAuthenticated(server: String, AuthenticationFailure)
    /// Servers redirected more than five times, or to an address that can't be used.
    case redirectedInVain(server: String)
    case streamNotCreated(server: String, ServerStatus)
    case publishRefused(server: String, ServerStatus)
    /// The server said goodbye, or closed without a reason.
    case closedByServer(server: String, ConnectionPhase, ServerStatus?)
    /// Closed between Publish.Start and acceptance: how SRS and nginx's on_publish turn a key down.
    case closedBeforeAcceptance(server: String, after: Duration)
    /// The same, or a reset, again and again.
    case closedEachTime(server: String)
    /// The network or the system ended the connection, or nothing came through it any more.
    case connectionLost(server: String, ConnectionLoss)
    case protocolViolation(server: String, ConnectionError)
    /// The server sends requests without reading the answers.
    case answersNotRead(server: String)
    /// By SRT: the other side said no, or we to it.
    case srtRefused(server: String, SRTRefusal)
    case cancelled
}

/// How a connection was lost.
package enum ConnectionLoss: Hashable, Sendable {
    /// The other side tore it down (RST): the server died, was restarted, or something between has forgotten us.
    case reset
    /// Nothing more came through: see ``DeliveryDoubt``.
    case silence(DeliveryDoubt, after: Duration)
    /// The system gave up (TCP_USER_TIMEOUT).
    case timedOut
    /// This machine has no way there any more; the system's word.
    case noRoute(String)
    case other(String)
}

/// What went wrong with TLS.
package enum TLSFailure: Hashable, Sendable {
    /// Signed by itself or by an authority that is not trusted.
    case unknownAuthority
    case expiredCertificate
    /// Valid only in the future: one of the two clocks is wrong.
    case certificateNotYetValid
    case wrongName
    /// The two can't agree: another TLS version, or a certificate of ours is asked for.
    case handshakeFailed
    case notTLS
    case invalidAuthorities(path: String)
    case other(String)
}

/// What a caller with several servers to choose from should do after an error.
package enum PublishAdvice: Hashable, Sendable {
    /// The path or the server failed: the same server may work at once.
    case retry
    /// The server turned us down without a word, or what it did makes no sense.
    case retrySlowly
    /// The key is in use, as far as can be told by our own former connection, which the server holds for up to some
    /// minutes: try on, it is no refusal.
    case awaitRelease
    /// The server said no: it will say no again.
    case giveUp
}

extension PublishError {
    /// What a link does about the error: try again, wait, or give up.
    package var advice: PublishAdvice {
        switch self {
        case .nameNotResolved, .unreachable, .timedOut, .connectionLost: .retry
        case .closedByServer(_, .live, _): .retry
        case .closedByServer, .closedBeforeAcceptance, .closedEachTime: .retrySlowly
        case .publishRefused(_, let status) where status.saysInUse: .awaitRelease
        case .publishRefused(_, let status) where status.code.hasSuffix(".BadName"): .retrySlowly
        // Clocks are set and certificates renewed; what is on the way of a handshake may have been cut off.
        case .tlsFailed(_, .handshakeFailed), .tlsFailed(_, .other): .retrySlowly
        case .redirectedInVain: .retrySlowly
        case .notAuthenticated, .tlsFailed, .notRTMP, .applicationRejected, .streamNotCreated, .publishRefused: .giveUp
        case .protocolViolation, .answersNotRead: .retrySlowly
        case .srtRefused(_, .conflict): .awaitRelease
        case .srtRefused(_, let refusal): refusal.isPassing ? .retrySlowly : .giveUp
        case .cancelled: .giveUp
        }
    }
}

extension PublishError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .nameNotResolved(let host): "the server's name \(host) could not be resolved"
        case .unreachable(let server, let reason): "\(server) could not be reached: \(reason)"
        case .tlsFailed(let server, let failure): "no secure connection to \(server): \(failure)"
        case .timedOut(let server, let phase, let duration):
            "\(server) did not answer within \(duration.shortDescription) while \(phase.rawValue)"
        case .notRTMP(let server, let error): "\(server) is not an RTMP server: \(error)"
        case .applicationRejected(let server, let app, let status):
            "\(server) rejected the application \"\(app.prefix { $0 != "?" })\"\(Self.said(status))"
        case .streamNotCreated(let server, let status): "\(server) did not create a stream\(Self.said(status))"
        case .notAuthenticated(let server, let failure): "\(server) \(failure)"
        case .redirectedInVain(let server): "\(server) redirected too many times, or to an address that can't be used"
        case .publishRefused(let server, let status) where status.saysInUse:
            "\(server) says that the stream is being published already, perhaps by the previous connection"
                + Self.said(status)
        case .publishRefused(let server, let status) where status.code.hasSuffix(".BadName"):
            "\(server) says that the stream key is wrong or in use\(Self.said(status))"
        case .publishRefused(let server, let status): "\(server) refused the stream\(Self.said(status))"
        case .closedByServer(let server, let phase, let status):
            "\(server) closed the connection while \(phase.rawValue)\(status.map(Self.said) ?? ", without giving a reason")"
        case .closedBeforeAcceptance(let server, let duration):
            "\(server) closed the connection \(duration.shortDescription) after accepting the stream"
        case .closedEachTime(let server):
            "\(server) closes the connection each time soon after the stream begins: perhaps the stream key is wrong, or in use"
        case .connectionLost(let server, let loss): "the connection to \(server) was lost: \(loss)"
        case .protocolViolation(let server, let error): "\(server) broke the RTMP protocol: \(error)"
        case .answersNotRead(let server): "\(server) sent requests without reading the answers"
        case .srtRefused(let server, let refusal): "\(server) \(refusal)"
        case .cancelled: "publishing was cancelled"
        }
    }

    private static func said(_ status: ServerStatus) -> String {
        let words = status.description
        return words.isEmpty ? " and gave no reason" : ": it said \(words)"
    }
}

extension ConnectionLoss: CustomStringConvertible {
    package var description: String {
        switch self {
        case .reset: "reset by the server"
        case .silence(let doubt, let duration): "\(doubt), for \(duration.shortDescription)"
        case .timedOut: "nothing was acknowledged until the system's time limit"
        case .noRoute(let reason): "no route (\(reason))"
        case .other(let reason): reason
        }
    }
}

extension AuthenticationFailure: CustomStringConvertible {
    package var description: String {
        switch self {
        case .credentialsMissing: "requires a login; put the credentials in the URL: rtmp://USER:PASSWORD@host/app"
        case .wrongCredentials: "does not accept this user name and password"
        case .unknownMethod(let word): "requires a login by an unknown method (\(word.prefix(40)))"
        }
    }
}

extension ServerStatus {
    /// BadName stands for a key that is wrong and for one that is in use; the text tells, with most servers.
    var saysInUse: Bool {
        guard code.hasSuffix(".BadName") else { return false }
        let words = text.lowercased()
        return ["already", "busy", "in use", "exist", "occupied", "publishing"].contains { words.contains($0) }
    }
}

extension PublishError {
    /// One word for programs: what kind of loss or refusal it was. It does not change from version to version.
    package var cause: String {
        switch self {
        case .nameNotResolved: "name"
        case .unreachable: "unreachable"
        case .tlsFailed(_, let failure):
            switch failure {
            case .unknownAuthority: "tls-authority"
            case .expiredCertificate: "tls-expired"
            case .certificateNotYetValid: "tls-clock"
            case .wrongName: "tls-name"
            case .handshakeFailed, .notTLS, .invalidAuthorities, .other: "tls"
            }
        case .timedOut: "timeout"
        case .notRTMP, .protocolViolation, .answersNotRead: "protocol"
        case .applicationRejected: "application"
        case .notAuthenticated: "authentication"
        case .redirectedInVain: "redirect"
        case .streamNotCreated: "stream"
        case .publishRefused(_, let status): status.saysInUse ? "in-use" : "refused"
        case .closedByServer: "closed"
        case .closedBeforeAcceptance, .closedEachTime: "closed-early"
        case .connectionLost(_, let loss):
            switch loss {
            case .reset: "reset"
            case .silence(.noAnswer, _), .timedOut: "blackhole"
            case .silence: "stalled"
            case .noRoute: "route"
            case .other: "lost"
            }
        case .srtRefused(_, let refusal):
            switch refusal {
            case .unauthorized, .wrongPassphrase, .oneSidedEncryption: "authentication"
            case .conflict: "in-use"
            case .forbidden, .notFound, .full, .other, .unexplained: "refused"
            }
        case .cancelled: "cancelled"
        }
    }
}

extension TLSFailure: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unknownAuthority: "its certificate is self-signed, or signed by an authority that is not trusted here"
        case .expiredCertificate: "its certificate has expired"
        case .certificateNotYetValid: "its certificate is not valid yet: compare its clock with this machine's"
        case .handshakeFailed: "the TLS handshake failed: no version or cipher in common"
        case .wrongName: "its certificate is for another name"
        case .notTLS: "it does not speak TLS on this port; rtmp:// may be meant instead of rtmps://"
        case .invalidAuthorities(let path): "the certificate authorities in \(path) could not be read"
        case .other(let detail): detail
        }
    }
}

extension Duration {
    /// "10 s" or "350 ms".
    var shortDescription: String {
        let milliseconds = components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
        return milliseconds % 1000 == 0 ? "\(milliseconds / 1000) s" : "\(milliseconds) ms"
    }
}
