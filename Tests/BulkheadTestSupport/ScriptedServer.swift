import BulkheadFLV
package import BulkheadRTMP
package import NIOCore
import NIOPosix
import Synchronization

/// An RTMP server that says what a test wants: handshake as usual, then the script's answers to each command.
package final class ScriptedServer: Sendable {
    /// What to do on a command or, by the name "(handshake)" or "(media)", on the handshake's end or a media message.
    package enum Reply: Sendable {
        case command(Command, streamID: MessageStreamID = 0)
        case control(ControlMessage)
        case bytes([UInt8])
        case close
    }

    package let port: Int
    private let listener: any Channel
    private let log: NameLog

    /// - Parameters:
    ///   - handlers: added before the server's own, such as those of TLS.
    ///   - raw: sent at once, and then nothing else: a server that speaks no RTMP.
    ///   - script: gives the replies to a command's name.
    package init(
        raw: [UInt8]? = nil, script: @escaping @Sendable (String, Command?) -> [Reply] = { _, _ in [] },
        handlers: @escaping @Sendable (any Channel) throws -> Void = { _ in }
    ) async throws {
        let names = NameLog()
        listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try handlers(channel)
                    let handler = ScriptedHandler(raw: raw, names: names, script: script)
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = listener.localAddress?.port ?? 0
        log = names
    }

    /// The names of all commands, and "(media)" for each media message.
    package var names: [String] { log.names.withLock { $0 } }

    package func stop() async { try? await listener.close().get() }

    /// The usual answers of a server that takes any stream.
    package static func welcome(_ name: String, _ command: Command?) -> [Reply] {
        let number = command?.transactionID ?? 0
        func status(_ code: String) -> AMF0Value { .object(["level": "status", "code": .string(code)]) }
        switch name {
        case "connect":
            return [.command(Command("_result", transactionID: number, .null, status("NetConnection.Connect.Success")))]
        case "createStream": return [.command(Command("_result", transactionID: number, .null, 1))]
        case "publish": return [.command(Command("onStatus", .null, status("NetStream.Publish.Start")), streamID: 1)]
        default: return []
        }
    }
}

private final class NameLog: Sendable {
    let names = Mutex<[String]>([])
}

private final class ScriptedHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let raw: [UInt8]?
    private let names: NameLog
    private let script: @Sendable (String, Command?) -> [ScriptedServer.Reply]
    private var connection = Connection.server()

    init(
        raw: [UInt8]?, names: NameLog, script: @escaping @Sendable (String, Command?) -> [ScriptedServer.Reply]
    ) {
        self.raw = raw
        self.names = names
        self.script = script
    }

    func channelActive(context: ChannelHandlerContext) {
        if let raw { context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: raw)), promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard raw == nil else { return }
        do {
            try connection.receive(unwrapInboundIn(data))
            while let event = try connection.next() {
                switch event {
                case .opened: answer("(handshake)", nil, context)
                case .command(let command, _): answer(command.name, command, context)
                case .media: answer("(media)", nil, context)
                case .acknowledged, .acknowledgementsDistrusted, .userControl: break
                }
            }
        } catch {
            context.close(promise: nil)
        }
        flush(context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func answer(_ name: String, _ command: Command?, _ context: ChannelHandlerContext) {
        names.names.withLock { $0.append(name) }
        for reply in script(name, command) {
            switch reply {
            case .command(let command, let streamID): try? connection.send(command, streamID: streamID)
            case .control(let control): connection.send(control)
            case .bytes(let bytes):
                flush(context)
                context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
            case .close:
                flush(context)
                context.close(promise: nil)
            }
        }
    }

    private func flush(_ context: ChannelHandlerContext) {
        guard let output = connection.takeOutput() else { return }
        context.writeAndFlush(wrapOutboundOut(output), promise: nil)
    }
}
