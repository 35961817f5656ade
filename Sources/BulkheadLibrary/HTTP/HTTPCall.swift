import BulkheadHTTP
import NIOCore
import NIOHTTP1
import NIOPosix

/// A connection to one HTTP server, on which one request follows the other.
struct HTTPCall {
    /// What came back.
    struct Answer {
        let status: Int
        let headers: HTTPHeaders
        let body: [UInt8]

        /// The sentence of a refusal.
        var sentence: String {
            let text = String(decoding: body.prefix(300), as: UTF8.self).split(whereSeparator: \.isNewline).first
            return text.map(String.init) ?? "status \(status)"
        }
    }

    private static let longestAnswer = 4 << 20
    private static let patience = TimeAmount.seconds(60)

    private let address: PeerAddress
    private let inbound: AnswerSequence
    private let outbound: NIOAsyncChannelOutboundWriter<HTTPClientRequestPart>

    /// Connects to `address`, and closes when `body` has ended.
    /// - Parameter trust: whom it believes under TLS; nil for the system's authorities.
    static func with<Result>(
        _ address: PeerAddress, trust: ClientTrust? = nil, _ body: (HTTPCall) async throws -> Result
    ) async throws -> Result {
        let secure = address.tls(trust)
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(.seconds(10))
            .connect(host: address.host, port: address.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(IdleStateHandler(allTimeout: patience))
                    try pipeline.addHandler(IdleEnd())
                    try secure(pipeline)
                    try pipeline.addHTTPClientHandlers()
                    return try NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>(
                        wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            try await body(
                HTTPCall(
                    address: address, inbound: AnswerSequence(iterator: inbound.makeAsyncIterator()), outbound: outbound
                ))
        }
    }

    /// Sends a request whose body comes in pieces, and gives what is answered.
    /// - Parameter next: the next piece; nil at the end.
    func send(
        _ method: HTTPMethod, _ target: String, _ headers: [(String, String)], byteCount: Int64 = 0,
        next: () async throws -> [UInt8]? = { nil }
    ) async throws -> Answer {
        var head = HTTPRequestHead(version: .http1_1, method: method, uri: target)
        head.headers.add(name: "Host", value: address.authority)
        for (name, value) in headers { head.headers.add(name: name, value: value) }
        if method == .POST || method == .PATCH { head.headers.add(name: "Content-Length", value: "\(byteCount)") }
        try await outbound.write(.head(head))
        while let piece = try await next() {
            try await outbound.write(.body(.byteBuffer(ByteBuffer(bytes: piece))))
        }
        try await outbound.write(.end(nil))
        var answer: HTTPResponseHead?
        var body: [UInt8] = []
        while let part = try await inbound.next() {
            switch part {
            case .head(let head): answer = head
            case .body(let bytes):
                guard body.count + bytes.readableBytes <= Self.longestAnswer else {
                    throw PeerFailure(description: "\(address) answers without an end")
                }
                body += bytes.readableBytesView
            case .end:
                guard let answer else { continue }
                return Answer(status: Int(answer.status.code), headers: answer.headers, body: body)
            }
        }
        throw PeerFailure(description: "\(address) closed the connection without an answer")
    }
}

/// For one task alone.
private final class AnswerSequence {
    private var iterator: NIOAsyncChannelInboundStream<HTTPClientResponsePart>.AsyncIterator

    init(iterator: NIOAsyncChannelInboundStream<HTTPClientResponsePart>.AsyncIterator) { self.iterator = iterator }

    func next() async throws -> HTTPClientResponsePart? { try await iterator.next(isolation: #isolation) }
}
