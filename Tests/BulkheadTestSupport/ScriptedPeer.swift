import BulkheadFLV
import BulkheadFaults
package import BulkheadRTMP
package import NIOCore
import NIOPosix
import Synchronization

/// An RTMP server that misbehaves on command. Unlike ``ScriptedServer`` it answers nothing by itself, not even windows and
/// pings: what its script doesn't say isn't said.
package final class ScriptedPeer: Sendable {
    /// How the peer shakes hands.
    package enum Greeting: Sendable {
        case usual
        /// Each byte in a packet of its own.
        case bytewise
        /// S2 is no echo of C1: real servers do that.
        case wrongEcho
    }

    /// What the peer tells of what it has received.
    package enum Acknowledging: Hashable, Sendable {
        case never
        case every(byteCount: Int)
        /// The same, with the handshake's 3073 bytes in its numbers.
        case everyWithHandshake(byteCount: Int)
        /// The bytes since the last acknowledgement.
        case increments(byteCount: Int)
        /// Always the same number, whatever has come.
        case fixed(UInt32, every: Int)
    }

    /// What the script is asked about. `connection` counts from 1.
    package enum Moment: Sendable {
        case command(Command, connection: Int)
        /// An audio, video or data message, the `number`th of its connection from 1.
        case media(Message, number: Int, connection: Int)
        /// A pong, window or acknowledgement of the client's.
        case control(ControlMessage, connection: Int)
    }

    package enum Action: Sendable {
        case command(Command, streamID: MessageStreamID = 0)
        /// A command in the wrapper of AMF 3: message type 17, a zero byte, then AMF 0.
        case wrappedCommand(Command, streamID: MessageStreamID)
        case control(ControlMessage)
        case bytes([UInt8])
        case close
        /// RST instead of FIN, with whatever is under way.
        case reset
        /// Reads nothing more, so that its window closes.
        case stopReading
        case readOn
        /// Reads on, and acknowledges nothing more.
        case stopAcknowledging
        /// After some time.
        case after(Duration, [Action])
    }

    package typealias Script = @Sendable (Moment) -> [Action]

    package let port: Int
    private let listener: any Channel
    private let hall: NIOLoopBound<Hall>
    private let log: PeerLog

    /// - Parameter receiveBufferByteCount: of its kernel; small ones close their window soon.
    package init(
        host: String = "127.0.0.1", greeting: Greeting = .usual, acknowledging: Acknowledging = .never,
        receiveBufferByteCount: Int? = nil, script: @escaping Script = ScriptedPeer.welcome,
        handlers: @escaping @Sendable (any Channel) throws -> Void = { _ in }
    ) async throws {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let log = PeerLog()
        let hall = try await eventLoop.submit { NIOLoopBound(Hall(), eventLoop: eventLoop) }.get()
        var bootstrap = ServerBootstrap(group: eventLoop, childGroup: eventLoop)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try handlers(channel)
                    let handler = PeerHandler(
                        hall: hall.value, greeting: greeting, acknowledging: acknowledging, log: log, script: script)
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
        if let receiveBufferByteCount {
            bootstrap = bootstrap.serverChannelOption(
                .socketOption(.so_rcvbuf), value: SocketOptionValue(clamping: receiveBufferByteCount))
        }
        listener = try await bootstrap.bind(host: host, port: 0).get()
        port = listener.localAddress?.port ?? 0
        self.hall = hall
        self.log = log
    }

    /// Makes every connection that is up do something now.
    package func perform(_ actions: Action...) {
        listener.eventLoop.execute { [hall] in
            for handler in hall.value.handlers.values { handler.perform(actions) }
        }
    }

    package var connectionCount: Int { log.state.withLock { $0.connectionCount } }
    /// The names of the commands of all connections.
    package var commandNames: [String] { log.state.withLock { $0.commands.map(\.name) } }
    package var commands: [Command] { log.state.withLock { $0.commands } }
    /// The media messages of all connections.
    package var media: [Message] { log.state.withLock { $0.media } }
    package var controls: [ControlMessage] { log.state.withLock { $0.controls } }
    /// How its connections ended, such as by a reset; nil for an ordinary end.
    package var ends: [String?] { log.state.withLock { $0.ends } }

    /// Closes everything, and returns when nobody listens any more.
    package func stop() async {
        perform(.close)
        try? await listener.close().get()
    }

    /// A server that takes any stream.
    package static let welcome: Script = { moment in
        guard case .command(let command, _) = moment else { return [] }
        return answer(to: command)
    }

    /// The usual answer to a command.
    package static func answer(to command: Command) -> [Action] {
        switch command.name {
        case "connect":
            [
                .command(
                    Command(
                        "_result", transactionID: command.transactionID, .null,
                        .object(["level": "status", "code": "NetConnection.Connect.Success"])))
            ]
        case "createStream": [.command(Command("_result", transactionID: command.transactionID, .null, 1))]
        case "publish": [.command(status("NetStream.Publish.Start"), streamID: 1)]
        default: []
        }
    }

    package static func status(_ code: String, level: String = "status", text: String = "") -> Command {
        Command(
            "onStatus", .null,
            .object(["level": .string(level), "code": .string(code), "description": .string(text)]))
    }
}

private final class PeerLog: Sendable {
    struct State {
        var connectionCount = 0
        var commands: [Command] = []
        var media: [Message] = []
        var controls: [ControlMessage] = []
        var ends: [String?] = []
    }

    let state = Mutex(State())
}

/// The connections that are up, on the peer's event loop.
private final class Hall {
    var handlers: [ObjectIdentifier: PeerHandler] = [:]
}

private final class PeerHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let hall: Hall
    private let greeting: ScriptedPeer.Greeting
    private var acknowledging: ScriptedPeer.Acknowledging
    private let log: PeerLog
    private let script: ScriptedPeer.Script
    private var handshake: ServerHandshake? = ServerHandshake()
    private var decoder = ChunkDecoder()
    private var encoder = ChunkEncoder()
    private var context: ChannelHandlerContext?
    private var number = 0
    private var mediaCount = 0
    private var receivedByteCount = 0
    private var acknowledgedByteCount = 0
    private var end: String?

    init(
        hall: Hall, greeting: ScriptedPeer.Greeting, acknowledging: ScriptedPeer.Acknowledging, log: PeerLog,
        script: @escaping ScriptedPeer.Script
    ) {
        self.hall = hall
        self.greeting = greeting
        self.acknowledging = acknowledging
        self.log = log
        self.script = script
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        hall.handlers[ObjectIdentifier(self)] = self
        number = log.state.withLock { state in
            state.connectionCount += 1
            return state.connectionCount
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        hall.handlers[ObjectIdentifier(self)] = nil
    }

    func channelInactive(context: ChannelHandlerContext) { log.state.withLock { $0.ends.append(end) } }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end = "\(error)"
        context.close(promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        do {
            try greet(&bytes)
            guard handshake == nil, bytes.readableBytes > 0 else { return }
            receivedByteCount += bytes.readableBytes
            decoder.append(bytes)
            while let message = try decoder.next() { take(message) }
            acknowledge()
        } catch {
            end = "\(error)"
            context.close(promise: nil)
        }
    }

    private func greet(_ bytes: inout ByteBuffer) throws {
        while handshake != nil {
            switch try handshake?.receive(&bytes) {
            case .needsMoreBytes, nil: return
            case .finished: handshake = nil
            case .answer(var answer):
                if case .wrongEcho = greeting {
                    answer.setRepeatingByte(0x5A, count: 1536, at: answer.readerIndex + 1537)
                }
                guard case .bytewise = greeting else {
                    send(answer)
                    continue
                }
                while let byte = answer.readSlice(length: 1) { send(byte) }
            }
        }
    }

    private func take(_ message: Message) {
        switch message.type {
        case .command, .commandAMF3:
            guard let command = try? Command(message) else { return }
            log.state.withLock { $0.commands.append(command) }
            perform(script(.command(command, connection: number)))
        case .audio, .video, .data:
            mediaCount += 1
            log.state.withLock { $0.media.append(message) }
            perform(script(.media(message, number: mediaCount, connection: number)))
        default:
            guard let control = ControlMessage(message) else { return }
            log.state.withLock { $0.controls.append(control) }
            perform(script(.control(control, connection: number)))
        }
    }

    private func acknowledge() {
        let step = receivedByteCount - acknowledgedByteCount
        let (window, value): (Int, Int)
        switch acknowledging {
        case .never: return
        case .every(let byteCount): (window, value) = (byteCount, receivedByteCount)
        case .everyWithHandshake(let byteCount): (window, value) = (byteCount, receivedByteCount + 3073)
        case .increments(let byteCount): (window, value) = (byteCount, step)
        case .fixed(let number, let byteCount): (window, value) = (byteCount, Int(number))
        }
        guard step >= window else { return }
        acknowledgedByteCount = receivedByteCount
        perform([.control(.acknowledgement(sequenceNumber: UInt32(truncatingIfNeeded: value)))])
    }

    func perform(_ actions: [ScriptedPeer.Action]) {
        for action in actions { perform(action) }
    }

    private func perform(_ action: ScriptedPeer.Action) {
        guard let context else { return }
        switch action {
        case .command(let command, let streamID): send(command.message(on: streamID), on: .command)
        case .wrappedCommand(let command, let streamID):
            var message = command.message(on: streamID)
            message.type = .commandAMF3
            message.payload = ByteBuffer(bytes: [0] + Array(message.payload.readableBytesView))
            send(message, on: .command)
        case .control(let control): send(control.message, on: .control)
        case .bytes(let bytes): send(ByteBuffer(bytes: bytes))
        case .close: context.close(promise: nil)
        case .reset:
            AbruptClose.arm(context.channel)
            context.close(promise: nil)
        case .stopReading: read(on: false, context)
        case .readOn: read(on: true, context)
        case .stopAcknowledging: acknowledging = .never
        case .after(let delay, let actions):
            context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) { [weak self] in
                self?.perform(actions)
            }
        }
    }

    private func read(on isOn: Bool, _ context: ChannelHandlerContext) {
        context.channel.setOption(.autoRead, value: isOn).whenComplete { _ in }
        if isOn { context.read() }
    }

    private func send(_ message: Message, on id: ChunkStreamID) {
        var output = ByteBuffer()
        guard (try? encoder.encode(message, on: id, into: &output)) != nil else { return }
        send(output)
    }

    private func send(_ bytes: ByteBuffer) { context?.writeAndFlush(wrapOutboundOut(bytes), promise: nil) }
}
