import BulkheadFLV
import BulkheadHTTP
import BulkheadRTMP
import BulkheadRTMPTransport
import NIOCore
import NIOHTTP1
import NIOPosix

/// What comes of a stream that is pulled, whichever way.
protocol PulledEvents {
    /// The server's own mark, where it has one.
    var serverMark: String? { get }
    /// The next event; nil when the server has ended the connection.
    mutating func next() async throws -> PlayEvent?
}

extension PlayEvents: PulledEvents {}

/// Plays a stream of another server by HTTP-FLV.
enum FLVPlayer {
    /// A request's header with a relay's marks, and a response's with that of the server.
    static let marksHeader = "Bulkhead-Servers"
    static let markHeader = "Bulkhead-Server"

    /// Asks for the stream, and lets `body` read what comes; the connection ends with `body`. A slow `body` slows the server down.
    /// - Throws: ``FLVPullProblem`` from here and from reading, and what `body` throws.
    static func play<Result: Sendable>(
        _ address: HTTPAddress, relayMarks: [String], timeout: Duration, on eventLoop: any EventLoop,
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
                        if address.usesTLS {
                            try channel.pipeline.syncOperations.addHandler(HTTPClient.tlsHandler(address.host))
                        }
                        try channel.pipeline.syncOperations.addHTTPClientHandlers()
                        return try Wrapped(wrappingChannelSynchronously: channel)
                    }
                }
        } catch { throw FLVPullProblem.notReached(server: address.authority, HTTPClient.phrase(error)) }
        return try await channel.executeThenClose { inbound, outbound in
            let headers = HTTPHeaders([
                ("Host", address.authority), ("User-Agent", "bulkhead"), ("Accept", "video/x-flv, */*"),
                (marksHeader, relayMarks.joined(separator: ",")),
            ])
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
enum FLVPullProblem: Error, Hashable, CustomStringConvertible {
    case notReached(server: String, String)
    case answered(server: String, status: UInt)
    case noFLV(server: String, FLVError)
    case broken(server: String, String)

    var description: String {
        switch self {
        case .notReached(let server, let words): "\(server) can't be reached: \(words)"
        case .answered(let server, 404): "\(server) has no such stream at the moment (404)"
        case .answered(let server, 508): "\(server) is given this stream by this server: it would go round in a circle"
        case .answered(let server, let status): "\(server) answered \(status)"
        case .noFLV(let server, let error): "what \(server) sends is no FLV stream: \(error)"
        case .broken(let server, let words): "the connection to \(server) was lost: \(words)"
        }
    }
}

/// The tags of one response, as the messages that they would be by RTMP.
struct FLVEvents: PulledEvents {
    private let server: String
    private var inbound: NIOAsyncChannelInboundStream<HTTPClientResponsePart>.AsyncIterator
    private var decoder = FLVDecoder()
    private(set) var serverMark: String?
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

    mutating func next() async throws -> PlayEvent? {
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
        } catch { throw FLVPullProblem.broken(server: server, HTTPClient.phrase(error)) }
    }
}
