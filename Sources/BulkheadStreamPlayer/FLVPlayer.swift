package import BulkheadFLV
package import BulkheadHTTP
import BulkheadRTMP
package import BulkheadRTMPTransport
package import NIOCore
import NIOHTTP1
import NIOPosix

/// Plays a stream of another server by HTTP-FLV.
package enum FLVPlayer {
    /// A request's header with a relay's marks, and a response's with that of the server.
    package static let marksHeader = "Bulkhead-Servers"
    package static let markHeader = "Bulkhead-Server"

    /// Asks for the stream, and lets `body` read what comes; the connection ends with `body`. A slow `body` slows the server down.
    /// - Parameters:
    ///   - relayMarks: of the servers that are given what is played, where it is a relay.
    ///   - trust: whom it believes under TLS; nil for the system's authorities.
    /// - Throws: ``FLVPullProblem`` from here and from reading, and what `body` throws.
    package static func play<Result: Sendable>(
        _ address: HTTPAddress, relayMarks: [String] = [], timeout: Duration, trust: ClientTrust? = nil,
        on eventLoop: any EventLoop,
        body: (inout FLVEvents) async throws -> Result
    ) async throws -> Result {
        typealias Wrapped = NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>
        let channel: Wrapped
        do {
            channel = try await ClientBootstrap(group: eventLoop)
                .connectTimeout(TimeAmount(timeout))
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .connect(host: address.host, port: address.port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let pipeline = channel.pipeline.syncOperations
                        try HTTPClient.addTLS(to: pipeline, for: address, trust: trust)
                        try pipeline.addHTTPClientHandlers()
                        return try Wrapped(wrappingChannelSynchronously: channel)
                    }
                }
        } catch { throw FLVPullProblem.notReached(server: address.authority, HTTPClient.phrase(error)) }
        return try await channel.executeThenClose { inbound, outbound in
            var headers = HTTPHeaders([
                ("Host", address.authority), ("User-Agent", "bulkhead"), ("Accept", "video/x-flv, */*"),
            ])
            if !relayMarks.isEmpty { headers.add(name: marksHeader, value: relayMarks.joined(separator: ",")) }
            let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: address.path, headers: headers)
            try await outbound.write(.head(head))
            try await outbound.write(.end(nil))
            var events = FLVEvents(address.authority, inbound.makeAsyncIterator())
            try await events.start()
            return try await body(&events)
        }
    }
}

/// Why a stream could not be pulled by HTTP-FLV, or no longer, as one phrase.
package enum FLVPullProblem: Error, Hashable, CustomStringConvertible {
    case notReached(server: String, String)
    case answered(server: String, status: UInt)
    case noFLV(server: String, FLVError)
    case broken(server: String, String)
    /// It could not prove who it is.
    case untrusted(server: String, String)

    package var description: String {
        switch self {
        case .notReached(let server, let words): "\(server) can't be reached: \(words)"
        case .answered(let server, 404): "\(server) has no such stream at the moment (404)"
        case .answered(let server, 508): "\(server) is given this stream by this server: it would go round in a circle"
        case .answered(let server, let status): "\(server) answered \(status)"
        case .noFLV(let server, let error): "what \(server) sends is no FLV stream: \(error)"
        case .untrusted(let server, let words): "no secure connection to \(server): \(words)"
        case .broken(let server, let words): "the connection to \(server) was lost: \(words)"
        }
    }
}

/// The tags of one response, as the messages that they would be by RTMP.
package struct FLVEvents: StreamEvents {
    private let server: String
    private var inbound: NIOAsyncChannelInboundStream<HTTPClientResponsePart>.AsyncIterator
    private var decoder = FLVDecoder()
    package private(set) var serverMark: String?
    private static let longestMark = 64

    fileprivate init(
        _ server: String, _ inbound: NIOAsyncChannelInboundStream<HTTPClientResponsePart>.AsyncIterator
    ) {
        self.server = server
        self.inbound = inbound
    }

    /// Returns once the server has said that it gives the stream.
    fileprivate mutating func start() async throws {
        guard case .head(let head)? = try await part() else {
            throw FLVPullProblem.broken(server: server, "it has not answered")
        }
        guard head.status == .ok else { throw FLVPullProblem.answered(server: server, status: head.status.code) }
        serverMark = head.headers.first(name: FLVPlayer.markHeader).map { String($0.prefix(Self.longestMark)) }
    }

    package mutating func next() async throws -> PlayEvent? {
        while true {
            do {
                if let tag = try decoder.next() {
                    let message = Message(
                        type: MessageType(rawValue: tag.kind.rawValue),
                        timestampMilliseconds: tag.timestampMilliseconds,
                        payload: tag.payload)
                    return .media(PlayedMessage(kind: MediaKind(message), message: message, arrival: .now))
                }
            } catch { throw FLVPullProblem.noFLV(server: server, error) }
            switch try await part() {
            case .body(let bytes): decoder.append(bytes)
            case .head: continue
            case .end, nil: return nil
            }
        }
    }

    private mutating func part() async throws -> HTTPClientResponsePart? {
        do { return try await inbound.next(isolation: #isolation) } catch let error as CancellationError {
            throw error
        } catch {
            let words = HTTPClient.phrase(error)
            throw TLSPhrase.isDistrust(error)
                ? FLVPullProblem.untrusted(server: server, words) : .broken(server: server, words)
        }
    }
}
