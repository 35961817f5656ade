import BulkheadFLV
import BulkheadMedia
import BulkheadRTMP
import NIOCore
import NIOSSL

/// Runs one publisher's connection on its event loop: carries out what the state machine decides, and writes packets.
final class PublishHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What servers ask to be answered may take so much of our output between two reads of theirs.
    private static let unreadReplyByteLimit = 64 << 10

    private let target: IngestTarget
    private let options: PublishOptions
    private let queue: PublishQueue
    private let events: AsyncStream<PublishEvent>.Continuation
    private var started: EventLoopPromise<NIOLoopBound<PublishHandler>>?
    private var connection: Connection
    private var machine: PublishStateMachine
    private var context: ChannelHandlerContext?
    private var isConnected = false
    private var isSecured: Bool
    private var streamID: MessageStreamID?
    private var startTime: ContinuousClock.Instant?
    /// Of the packet that was written last.
    private var lastTime: MediaTime?
    private var writtenReplyByteCount: UInt64 = 0
    private var timer: Scheduled<Void>?
    private let deadline: NIODeadline
    private var error: PublishError?
    private var isClosing = false
    /// The other side has torn the connection down: told by a write alone, where nothing was read meanwhile.
    private var wasReset = false
    private let watch: DeliveryWatch

    /// - Parameters:
    ///   - query: see ``PublishStateMachine/init(target:chunkSize:windowByteCount:goal:query:)``.
    ///   - started: fulfilled when the goal is reached; fails with ``PublishError`` or ``Detour``.
    init(
        target: IngestTarget, options: PublishOptions, goal: PublishStateMachine.Goal, query: String,
        deadline: NIODeadline, queue: PublishQueue, events: AsyncStream<PublishEvent>.Continuation,
        started: EventLoopPromise<NIOLoopBound<PublishHandler>>
    ) {
        self.target = target
        self.options = options
        self.deadline = deadline
        self.queue = queue
        self.events = events
        self.started = started
        isSecured = !target.usesTLS
        var generator = SystemRandomNumberGenerator()
        connection = .client(limits: options.connection.limits, using: &generator)
        machine = PublishStateMachine(
            target: target, chunkSize: options.chunkSize, windowByteCount: options.windowByteCount, goal: goal,
            query: query)
        watch = DeliveryWatch(patience: options.connection.patience, queue: queue, events: events)
    }

    private var server: String { target.authority }

    private var phase: ConnectionPhase {
        guard isConnected else { return .connecting }
        guard isSecured else { return .securing }
        guard connection.isOpen else { return .shakingHands }
        return switch machine.phase {
        case .connecting: .openingApplication
        case .creatingStream: .creatingStream
        case .prepared: .prepared
        case .publishing: .publishing
        case .published, .ended: streamID == nil ? .publishing : .live
        }
    }

    // MARK: - Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        attachWatch()
        armTimeout(deadline)
    }

    private func armTimeout(_ deadline: NIODeadline) {
        timer = context?.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [self] in
            fail(.timedOut(server: server, phase, after: options.connection.timeout))
        }
    }

    func channelActive(context: ChannelHandlerContext) {
        isConnected = true
        guard let opening = connection.takeOutput() else { return }
        // With TLS the write is done when TLS is.
        context.writeAndFlush(wrapOutboundOut(opening)).assumeIsolated().whenSuccess { [self] in isSecured = true }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard error == nil else { return }
        do {
            isSecured = true
            watch.heard()
            try connection.receive(unwrapInboundIn(data))
            while error == nil, let event = try connection.next() { take(event) }
        } catch {
            fail(PublishError(error, server: server))
        }
        writeOutput()
    }

    func channelReadComplete(context: ChannelHandlerContext) { context.flush() }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        let isWritable = context.channel.isWritable
        queue.update { $0.isWritable = isWritable }
        if isWritable { events.yield(.writable) }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case NIOSSLError.uncleanShutdown: break  // Many servers close so; channelInactive follows.
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
            fail(.tlsFailed(server: server, TLSFailure(error)))
        case let error as IOError where error.isPeersClose && !queue.statistics.isAccepted:
            break  // A close that overtook what we sent: told in channelInactive, as any other.
        case let error as IOError: fail(.connectionLost(server: server, error.loss))
        default: fail(.connectionLost(server: server, .other("\(error)")))
        }
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        finish()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        // A channel that never became active tells nothing else.
        finish()
        self.context = nil
    }

    // MARK: - The server's messages

    private func take(_ event: Connection.Event) {
        switch event {
        case .opened: carryOut(machine.start(), at: .openingApplication)
        case .command(let command, _):
            // A refusal ends the machine: the error tells how far it had come before.
            let phase = phase
            carryOut(machine.receive(command), at: phase)
        case .acknowledged(let byteCount):
            if watch.acknowledged(byteCount) { accept() }
        case .acknowledgementsDistrusted: watch.distrustAcknowledgements()
        case .userControl(.pong): watch.answeredPing()
        case .media, .userControl: break
        }
    }

    private func carryOut(_ actions: [PublishStateMachine.Action], at phase: ConnectionPhase = .live) {
        for action in actions {
            switch action {
            case .sendControl(let control): connection.send(control)
            case .send(let command, let id, let streamID):
                do {
                    try connection.send(command, on: id, streamID: streamID)
                } catch {
                    fail(.protocolViolation(server: server, .chunk(error)))
                }
            case .startMedia(let streamID): start(streamID)
            case .prepared: prepared()
            case .fail(.redirected(let url)): leave(.redirect(url), .redirectedInVain(server: server))
            case .fail(.authenticationDemanded(let demand, _)):
                leave(.authenticate(demand), .notAuthenticated(server: server, .wrongCredentials))
            case .fail(let refusal): fail(PublishError(refusal, at: phase, target: target))
            case .reconnectRequested(let request):
                let next = request.tcURL.map { target.resolving($0) } ?? target
                events.yield(.reconnectRequested(next, request.text))
            }
        }
    }

    /// The server wants another attempt: whoever waits is told what to do, and nobody else.
    private func leave(_ detour: Detour, _ error: PublishError) {
        started?.fail(detour)
        started = nil
        fail(error)
    }

    private func prepared() {
        guard let context else { return }
        timer?.cancel()
        started?.succeed(NIOLoopBound(self, eventLoop: context.eventLoop))
        started = nil
    }

    /// Publishes on a stream that has been prepared.
    func publish(_ promise: EventLoopPromise<NIOLoopBound<PublishHandler>>) {
        guard context != nil, !isClosing, queue.statistics.end == nil else {
            if case .failed(let error)? = queue.statistics.end {
                promise.fail(error)
            } else {
                promise.fail(PublishError.cancelled)
            }
            return
        }
        started = promise
        armTimeout(.now() + TimeAmount(options.connection.timeout))
        carryOut(machine.publish(), at: .publishing)
        writeOutput()
        context?.flush()
    }

    private func start(_ streamID: MessageStreamID) {
        guard let context else { return }
        self.streamID = streamID
        startTime = .now
        timer?.cancel()
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(options.acceptanceDelay)) { [self] in
            accept()
        }
        started?.succeed(NIOLoopBound(self, eventLoop: context.eventLoop))
        started = nil
    }

    private func accept() {
        guard !queue.statistics.isAccepted, error == nil else { return }
        queue.update { $0.isAccepted = true }
        events.yield(.accepted)
    }

    // MARK: - Writing

    /// Writes everything queued, in one piece.
    func drain() {
        let (items, byteCount) = queue.takeAll()
        guard let streamID, !isClosing, error == nil, context != nil else {
            queue.shorten(by: byteCount)
            return
        }
        do {
            for item in items {
                switch item {
                case .configuration(let configuration, let extras, let time):
                    try send(configuration, extras, at: time ?? options.origin, streamID)
                case .metadata(let payload): try send(metadata: payload, streamID)
                case .packet(let packet):
                    let type: MessageType = packet.isVideo ? .video : .audio
                    try connection.send(
                        message(type, streamID, packet.dts, packet.flvHeader), followedBy: packet.bytes,
                        on: packet.isVideo ? .video : .audio)
                    watch.noteWritten(packet, end: connection.sentByteCount)
                    lastTime = packet.dts
                case .message(let message): try send(message, streamID)
                case .script(let payload):
                    guard let lastTime else { continue }
                    try connection.send(message(.data, streamID, lastTime, payload), on: .data)
                }
            }
        } catch {
            queue.shorten(by: byteCount)
            fail(.protocolViolation(server: server, .chunk(error)))
            return
        }
        let sent = connection.sentByteCount
        queue.update { $0.sentByteCount = sent }
        writeOutput(queuedByteCount: byteCount)
        context?.flush()
        armWatch()
    }

    private func send(metadata payload: ByteBuffer, _ streamID: MessageStreamID) throws(ChunkError) {
        var metadata = ByteBuffer()
        metadata.writeAMF0("@setDataFrame")
        metadata.writeImmutableBuffer(payload)
        // At time 0 whenever it comes: FFmpeg takes metadata at any other time for a stream of text.
        try connection.send(message(.data, streamID, options.origin, metadata), on: .data)
    }

    private func send(_ message: Message, _ streamID: MessageStreamID) throws(ChunkError) {
        if MediaKind(message) == .metadata { return try send(metadata: message.payload, streamID) }
        var message = message
        message.streamID = streamID
        let id: ChunkStreamID =
            switch message.type {
            case .audio: .audio
            case .video: .video
            default: .data
            }
        try connection.send(message, on: id)
    }

    private func send(
        _ configuration: StreamConfiguration, _ extras: AMF0Object, at time: MediaTime, _ streamID: MessageStreamID
    ) throws(ChunkError) {
        try send(metadata: configuration.metadataPayload(with: extras), streamID)
        try connection.send(message(.video, streamID, time, configuration.videoSequenceHeader), on: .video)
        try connection.send(message(.audio, streamID, time, configuration.audioSequenceHeader), on: .audio)
    }

    private func message(
        _ type: MessageType, _ streamID: MessageStreamID, _ time: MediaTime, _ payload: ByteBuffer
    ) -> Message {
        let milliseconds = max(0, (time - options.origin).milliseconds)
        return Message(
            type: type, streamID: streamID, timestampMilliseconds: UInt32(truncatingIfNeeded: milliseconds),
            payload: payload)
    }

    /// Hands the connection's output to the channel, which does not send it before a flush. The queue shrinks when the
    /// kernel has taken all of it.
    private func writeOutput(queuedByteCount: Int = 0) {
        guard let context, let output = connection.takeOutput() else { return }
        let replies = connection.replyByteCount - writtenReplyByteCount
        let written = context.write(wrapOutboundOut(output)).assumeIsolated()
        guard queuedByteCount > 0 || replies > 0 else { return }
        if replies > Self.unreadReplyByteLimit { fail(.answersNotRead(server: server)) }
        let total = connection.replyByteCount
        written.whenComplete { [self] result in
            if case .failure(let error as IOError) = result, error.isPeersClose { wasReset = true }
            if queuedByteCount > 0, queue.shorten(by: queuedByteCount) { events.yield(.writable) }
            writtenReplyByteCount = max(writtenReplyByteCount, total)
        }
    }

    // MARK: - Seeing a break

    private func attachWatch() {
        watch.hooks = DeliveryWatch.Hooks(
            ping: { [weak self] in self?.ping() },
            lose: { [weak self] doubt, duration in
                guard let self else { return }
                fail(.connectionLost(server: server, .silence(doubt, after: duration)))
            })
    }

    private func armWatch() {
        guard let context, error == nil, !isClosing else { return }
        watch.arm(context.channel)
    }

    private func ping() {
        guard let startTime, !isClosing, error == nil else { return }
        let milliseconds = (ContinuousClock.now - startTime) / .milliseconds(1)
        connection.send(.userControl(.ping(UInt32(truncatingIfNeeded: Int(milliseconds)))))
        writeOutput()
        context?.flush()
    }

    // MARK: - The end

    func close() {
        isClosing = true
        context?.close(promise: nil)
    }

    /// Sends what is queued and the goodbye, then lets the server close; closes itself when patience is out.
    func sayGoodbye(patience: TimeAmount) {
        guard !isClosing else { return }
        drain()
        isClosing = true
        carryOut(machine.goodbye())
        guard let context else { return }
        context.eventLoop.assumeIsolated().scheduleTask(in: patience) { [self] in close() }
        guard let output = connection.takeOutput() else {
            context.close(promise: nil)
            return
        }
        context.writeAndFlush(wrapOutboundOut(output)).assumeIsolated().whenComplete { [self] _ in
            // Only our side is closed, so that no unread byte of the server's makes a reset that overtakes the goodbye.
            self.context?.close(mode: target.usesTLS ? .all : .output, promise: nil)
        }
    }

    private func fail(_ error: PublishError) {
        guard self.error == nil, !isClosing else { return }
        self.error = error
        // Before the channel has closed: with TLS that takes as long as the server likes.
        finish()
        context?.close(promise: nil)
    }

    /// Tells everybody who waits, once.
    private func finish() {
        timer?.cancel()
        watch.stop()
        guard queue.statistics.end == nil else { return }
        let end = isClosing && error == nil ? PublishEnd.closed : .failed(error ?? closedError)
        queue.update { $0.end = end }
        let (_, byteCount) = queue.takeAll()
        queue.shorten(by: byteCount)
        if case .failed(let error) = end { started?.fail(error) } else { started?.fail(PublishError.cancelled) }
        started = nil
        events.yield(.ended(end))
        events.finish()
    }

    /// The server closed without an error of its own or of the socket.
    private var closedError: PublishError {
        if let startTime, !queue.statistics.isAccepted {
            return .closedBeforeAcceptance(server: server, after: .now - startTime)
        }
        return wasReset
            ? .connectionLost(server: server, .reset) : .closedByServer(server: server, phase, nil)
    }
}

/// Where to go instead, before anything has been published.
enum Detour: Error {
    case redirect(String)
    case authenticate(AuthenticationDemand)
}
