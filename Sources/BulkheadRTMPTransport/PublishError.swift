package import BulkheadRTMP

/// How far a connection had come.
package enum ConnectionPhase: String, Hashable, Sendable {
    case connecting = "the connection was being made"
    case securing = "TLS was being set up"
    case shakingHands = "the RTMP handshake was being made"
    case openingApplication = "the application was being opened"
    case creatingStream = "the stream was being created"
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
    case streamNotCreated(server: String, ServerStatus)
    case publishRefused(server: String, ServerStatus)
    /// The server said goodbye, or closed without a word.
    case closedByServer(server: String, ConnectionPhase, ServerStatus?)
    /// Closed between Publish.Start and acceptance: how SRS and nginx's on_publish turn a key down.
    case closedBeforeAcceptance(server: String, after: Duration)
    /// The network or the system ended the connection.
    case connectionLost(server: String, reason: String)
    case protocolViolation(server: String, ConnectionError)
    /// The server sends requests without reading the answers.
    case answersNotRead(server: String)
    case cancelled
}

/// What went wrong with TLS.
package enum TLSFailure: Hashable, Sendable {
    case untrustedCertificate
    case wrongName
    case notTLS
    case invalidAuthorities(path: String)
    case other(String)
}

/// What a caller with several servers to choose from should do after an error.
package enum PublishAdvice: Hashable, Sendable {
    /// The path or the server failed: the same server may work at once.
    case retry
    /// The key may be held by our own former connection for minutes, or the server turned us down without a word.
    case retrySlowly
    /// The server said no: it will say no again.
    case giveUp
}

extension PublishError {
    package var advice: PublishAdvice {
        switch self {
        case .nameNotResolved, .unreachable, .timedOut, .connectionLost: .retry
        case .closedByServer(_, .live, _): .retry
        case .closedByServer, .closedBeforeAcceptance: .retrySlowly
        case .publishRefused(_, let status) where status.code.hasSuffix(".BadName"): .retrySlowly
        case .tlsFailed, .notRTMP, .applicationRejected, .streamNotCreated, .publishRefused: .giveUp
        case .protocolViolation, .answersNotRead: .retrySlowly
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
        case .notRTMP(let server, let error): "\(server) is no RTMP server: \(error)"
        case .applicationRejected(let server, let app, let status):
            "\(server) rejected the application \"\(app.prefix { $0 != "?" })\"\(Self.said(status))"
        case .streamNotCreated(let server, let status): "\(server) did not create a stream\(Self.said(status))"
        case .publishRefused(let server, let status) where status.code.hasSuffix(".BadName"):
            "\(server) says that the stream key is wrong or in use\(Self.said(status))"
        case .publishRefused(let server, let status): "\(server) refused the stream\(Self.said(status))"
        case .closedByServer(let server, let phase, let status):
            "\(server) closed the connection while \(phase.rawValue)\(status.map(Self.said) ?? ", without a word")"
        case .closedBeforeAcceptance(let server, let duration):
            "\(server) closed the connection \(duration.shortDescription) after it had said that the stream may start: "
                + "the stream key may be wrong or in use"
        case .connectionLost(let server, let reason): "the connection to \(server) was lost: \(reason)"
        case .protocolViolation(let server, let error): "\(server) broke the RTMP protocol: \(error)"
        case .answersNotRead(let server): "\(server) sent requests without reading the answers"
        case .cancelled: "publishing was cancelled"
        }
    }

    private static func said(_ status: ServerStatus) -> String {
        let words = status.description
        return words.isEmpty ? " and gave no reason" : ": it said \(words)"
    }
}

extension TLSFailure: CustomStringConvertible {
    package var description: String {
        switch self {
        case .untrustedCertificate:
            "its certificate is not trusted (self-signed, out of date or from an unknown authority)"
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
