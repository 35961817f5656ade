package import BulkheadHTTP
package import BulkheadRTMP
package import BulkheadRTMPTransport
import NIOCore
import NIOPosix

/// Where a live stream of another server is played from.
package enum StreamSource: Hashable, Sendable, CustomStringConvertible {
    case rtmp(IngestTarget)
    /// An address of HTTP-FLV.
    case flv(HTTPAddress)

    /// - Parameter text: `rtmp://HOST/APP/NAME`, `rtmps://…`, `http://HOST/APP/NAME.flv` or `https://…`.
    /// - Returns: nil for what is no such address.
    package init?(_ text: String) {
        if let address = HTTPAddress(text) {
            guard address.flvStream != nil else { return nil }
            self = .flv(address)
        } else {
            guard let target = try? IngestTarget(text) else { return nil }
            self = .rtmp(target)
        }
    }

    package var host: String {
        switch self {
        case .rtmp(let target): target.host
        case .flv(let address): address.host
        }
    }

    package var port: Int {
        switch self {
        case .rtmp(let target): target.port
        case .flv(let address): address.port
        }
    }

    /// Without what may be secret.
    package var description: String {
        switch self {
        case .rtmp(let target): target.description
        case .flv(let address): address.description
        }
    }
}

/// What comes of a stream, whichever way.
package protocol StreamEvents {
    /// The server's own mark, where it has one.
    var serverMark: String? { get }
    /// The next event; nil when the server has ended the connection.
    mutating func next() async throws -> PlayEvent?
}

extension PlayEvents: StreamEvents {}

/// How servers of streams are reached.
package struct StreamOptions: Sendable {
    /// Of RTMP; by HTTP its time limit counts.
    package var connection = ConnectionOptions()
    /// Whom HTTPS believes; nil for the system's authorities.
    package private(set) var trust: ClientTrust?

    /// Ten seconds to connect, the system's authorities.
    package init() {}

    /// Believes the authorities in a file, beside those of the system.
    package mutating func believe(authorities path: String) throws(CertificateFailure) {
        trust = try ClientTrust(authority: path)
        connection.tls.authoritiesPath = path
    }
}

/// Plays one stream of a server, by RTMP or HTTP-FLV.
package enum StreamPlayer {
    /// Connects, asks for the stream, and lets `body` read what comes; the connection ends with `body`. A slow `body` slows the server
    /// down.
    /// - Throws: ``PlayError``, ``FLVPullProblem``, and what `body` throws.
    package static func play<Result: Sendable>(
        _ source: StreamSource, options: StreamOptions,
        body: (inout any StreamEvents) async throws -> Result
    ) async throws -> Result {
        let group = MultiThreadedEventLoopGroup.singleton
        switch source {
        case .rtmp(let target):
            return try await RTMPPlayer.play(target, options: options.connection, group: group) { played in
                var events: any StreamEvents = played
                return try await body(&events)
            }
        case .flv(let address):
            return try await FLVPlayer.play(
                address, timeout: options.connection.timeout, trust: options.trust, on: group.next()
            ) { played in
                var events: any StreamEvents = played
                return try await body(&events)
            }
        }
    }

    /// Whether the server could not prove who it is.
    package static func isDistrust(_ error: any Error) -> Bool {
        switch error {
        case let error as PlayError: error.isDistrust
        case FLVPullProblem.untrusted: true
        default: false
        }
    }
}
