import NIOCore
import NIOPosix
import Synchronization

/// A server that takes notices, and answers as a test wants.
package final class NoticeReceiver: Sendable {
    /// One POST as it came.
    package struct Request: Sendable {
        /// With names in lower case.
        package let headers: [String: String]
        package let path: String
        package let body: String
        /// What was answered.
        package let status: Int
    }

    private let log: Log
    private let channel: any Channel

    /// - Parameter status: what is answered at first.
    package init(status: Int = 200) async throws {
        let log = Log(status)
        self.log = log
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(log))
                }
            }.bind(host: "127.0.0.1", port: 0).get()
    }

    package var port: Int { channel.localAddress?.port ?? 0 }
    package var requests: [Request] { log.state.withLock { $0.requests } }

    /// What is answered from now on.
    package func answer(_ status: Int) { log.state.withLock { $0.status = status } }

    package func close() async throws { try await channel.close() }
}

private final class Log: Sendable {
    struct State {
        var status: Int
        var requests: [NoticeReceiver.Request] = []
    }

    let state: Mutex<State>

    init(_ status: Int) { state = Mutex(State(status: status)) }
}

/// Reads requests with a length, one after the other, and answers without a body.
private final class Handler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let log: Log
    private var text = ""

    init(_ log: Log) { self.log = log }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        text += String(buffer: buffer)
        while let end = text.firstRange(of: "\r\n\r\n") {
            let lines = text[..<end.lowerBound].split(separator: "\r\n")
            var headers: [String: String] = [:]
            for line in lines.dropFirst() {
                let parts = line.split(separator: ":", maxSplits: 1)
                guard parts.count == 2 else { continue }
                headers[parts[0].lowercased()] = String(parts[1].drop { $0 == " " })
            }
            let rest = Array(text[end.upperBound...].utf8)
            guard let count = headers["content-length"].flatMap({ Int($0) }), rest.count >= count else { return }
            text = String(decoding: rest[count...], as: UTF8.self)
            let words = lines.first?.split(separator: " ") ?? []
            let body = String(decoding: rest[..<count], as: UTF8.self)
            let path = words.count > 1 ? String(words[1]) : ""
            let status = log.state.withLock { state in
                state.requests.append(
                    NoticeReceiver.Request(headers: headers, path: path, body: body, status: state.status))
                return state.status
            }
            let answer = "HTTP/1.1 \(status) Answer\r\nContent-Length: 0\r\n\r\n"
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
        }
    }
}
