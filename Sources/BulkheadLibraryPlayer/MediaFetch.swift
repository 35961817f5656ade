import BulkheadHTTP
import BulkheadSystem
import NIOCore
import NIOHTTP1
import NIOPosix

/// Why a request came to nothing.
enum FetchFailure: Error, Hashable, Sendable, CustomStringConvertible {
    case unreachable(String)
    /// Nothing came for so long.
    case silent(Duration)
    /// Less came than is played in the same time.
    case slow
    /// It could not prove who it is.
    case untrusted(String)
    case refused(status: Int, String)
    case broken(String)

    /// One phrase that goes on behind a node's name.
    var description: String {
        switch self {
        case .unreachable(let why): "can't be reached: \(why)"
        case .silent(let time): "gave nothing for \(Double(time.nanoseconds / 100_000_000) / 10) s"
        case .slow: "gives less than is played"
        case .untrusted(let why): "can't be trusted: \(why)"
        case .refused(let status, let text): "refuses with \(status): \(text)"
        case .broken(let why): "broke off: \(why)"
        }
    }
}

/// One request on a connection of its own, which is given up as soon as a player would notice.
struct MediaFetch: Sendable {
    /// A longer answer is none.
    static let longest = 64 << 20

    var address: HTTPAddress
    var bytes: ClosedRange<Int64>?
    /// Sent as text, where it is not nil.
    var body: [UInt8]?
    /// How long nothing may come.
    var silence: Duration
    /// What has to come on the average, from ``silence`` on; nil for anything.
    var leastBytesPerSecond: Double?
    /// Whom it believes under TLS; nil for the system's authorities.
    var trust: ClientTrust?

    struct Answer: Sendable {
        let body: [UInt8]
        /// From asking to the first byte.
        let wait: Duration
    }

    /// - Returns: the body of an answer with 200 or 206, or 204.
    func run() async throws(FetchFailure) -> Answer {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let promise = eventLoop.makePromise(of: Answer.self)
        let connecting = ClientBootstrap(group: eventLoop).connectTimeout(.nanoseconds(silence.nanoseconds))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try HTTPClient.addTLS(to: pipeline, for: address, trust: trust)
                    try pipeline.addHTTPClientHandlers()
                    try pipeline.addHandler(AnswerReader(self, promise))
                }
            }.connect(host: address.host, port: address.port)
        connecting.whenFailure { promise.fail(FetchFailure.unreachable(HTTPClient.phrase($0))) }
        promise.futureResult.whenComplete { _ in connecting.whenSuccess { $0.close(promise: nil) } }
        do {
            return try await withTaskCancellationHandler {
                try await promise.futureResult.get()
            } onCancel: {
                promise.fail(CancellationError())
            }
        } catch { throw error as? FetchFailure ?? .broken(HTTPClient.phrase(error)) }
    }
}

/// Sends the request, reads the answer, and watches how it comes.
private final class AnswerReader: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let request: MediaFetch
    private let promise: EventLoopPromise<MediaFetch.Answer>
    private let begun = MonotonicTime.now
    private var last = MonotonicTime.now
    private var wait: Duration?
    private var status = 0
    private var body: [UInt8] = []
    private var watch: Scheduled<Void>?

    init(_ request: MediaFetch, _ promise: EventLoopPromise<MediaFetch.Answer>) {
        self.request = request
        self.promise = promise
    }

    func handlerAdded(context: ChannelHandlerContext) { look(context, in: request.silence.nanoseconds) }

    func handlerRemoved(context: ChannelHandlerContext) { watch?.cancel() }

    /// Looks when the time would be over if nothing came, and again behind what came.
    private func look(_ context: ChannelHandlerContext, in nanoseconds: Int64) {
        watch = context.eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(max(1_000_000, nanoseconds))) {
            [self] in
            let now = MonotonicTime.now
            let rest = request.silence.nanoseconds - now.since(last)
            guard rest > 0 else { return fail(.silent(request.silence), context) }
            let seconds = Double(now.since(begun)) / 1e9
            if let least = request.leastBytesPerSecond, now.since(begun) >= request.silence.nanoseconds,
                Double(body.count) / seconds < least
            {
                return fail(.slow, context)
            }
            // Each half second for the rate; silence is noticed at its moment.
            look(context, in: min(rest, 500_000_000))
        }
    }

    private func fail(_ failure: FetchFailure, _ context: ChannelHandlerContext) {
        promise.fail(failure)
        context.close(promise: nil)
    }

    func channelActive(context: ChannelHandlerContext) {
        var head = HTTPRequestHead(
            version: .http1_1, method: request.body == nil ? .GET : .POST, uri: request.address.path)
        head.headers.add(name: "Host", value: request.address.authority)
        head.headers.add(name: "User-Agent", value: "bulkhead")
        head.headers.add(name: "Connection", value: "close")
        if let range = request.bytes {
            head.headers.add(name: "Range", value: "bytes=\(range.lowerBound)-\(range.upperBound)")
        }
        if let body = request.body {
            head.headers.add(name: "Content-Type", value: "text/plain")
            head.headers.add(name: "Content-Length", value: "\(body.count)")
        }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if let body = request.body {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        last = .now
        if wait == nil { wait = .nanoseconds(last.since(begun)) }
        switch unwrapInboundIn(data) {
        case .head(let head): status = Int(head.status.code)
        case .body(let part):
            guard body.count + part.readableBytes <= MediaFetch.longest else {
                return fail(.broken("its answer has no end"), context)
            }
            body += part.readableBytesView
        case .end: finish(context)
        }
    }

    private func finish(_ context: ChannelHandlerContext) {
        let expected = request.bytes.map { Int64(body.count) == $0.upperBound - $0.lowerBound + 1 } ?? true
        switch (status, request.bytes != nil) {
        case (200, false), (204, false): promise.succeed(MediaFetch.Answer(body: body, wait: wait ?? .zero))
        case (206, true) where expected: promise.succeed(MediaFetch.Answer(body: body, wait: wait ?? .zero))
        case (200, _), (206, _): fail(.broken("it gives other bytes than it was asked for"), context)
        default:
            let text = String(decoding: body.prefix(200), as: UTF8.self).split(whereSeparator: \.isNewline).first ?? ""
            fail(.refused(status: status, String(text)), context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        promise.fail(FetchFailure.broken("it closed the connection"))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let words = HTTPClient.phrase(error)
        fail(TLSPhrase.isDistrust(error) ? .untrusted(words) : .broken(words), context)
    }
}
