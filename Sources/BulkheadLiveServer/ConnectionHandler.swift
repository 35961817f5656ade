import BulkheadHTTP
import BulkheadRTMP
import NIOCore

/// Runs one peer's RTMP connection: carries out what the session's state machine decides. ``Doorway`` has let it in.
final class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What we say beside media (answers, pongs, acknowledgements) may wait for the peer up to so much:
    /// one that asks on and on without reading would have us keep all of it.
    private static let unreadReplyByteLimit = 64 << 10

    private let hub: StreamHub
    private var connection = Connection.server()
    private var session = ServerSessionStateMachine()
    private var context: ChannelHandlerContext?
    /// As the channel said last, which it does at once: asking it for each player and message takes longer.
    private var isChannelWritable = true
    private let facts: PeerFacts
    private var peer: String { facts.name }
    private var address: ClientAddress { facts.address }
    /// Requests that a hook is asked about.
    private var askedCount = 0
    private static let mostAsked = 4
    /// What lets the peer publish and play.
    private var held: [MessageStreamID: HeldPass] = [:]
    /// The newest timestamp that came on each.
    private var timestamps: [MessageStreamID: UInt32] = [:]
    private var publications: [MessageStreamID: Publication] = [:]
    private var players: [MessageStreamID: Player<SharedMessage>] = [:]
    private var unreadReplyByteCount = 0
    private var isClosing = false
    private var ticker: Scheduled<Void>?
    private var openedAt = NIODeadline.now()
    private var pingedAt = NIODeadline.now()

    init(hub: StreamHub, peer: PeerFacts) {
        self.hub = hub
        facts = peer
        session.mark = hub.mark
    }

    // MARK: - Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        isChannelWritable = context.channel.isWritable
        hub.add(self)
        acknowledge(as: hub.acknowledgementHabit)
        scheduleTick(on: context.eventLoop)
    }

    func handlerRemoved(context: ChannelHandlerContext) { (self.context, isChannelWritable) = (nil, false) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosing else { return }
        do {
            try connection.receive(unwrapInboundIn(data))
            while !isClosing, let event = try connection.next() { take(event) }
        } catch {
            fail(because: error.description)
        }
        writeOutput()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.flush()
        for publication in publications.values { publication.stream.flushSoon() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        isChannelWritable = context.channel.isWritable
        guard isChannelWritable else { return }
        for player in Array(players.values) { player.pump() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A reset is an ordinary end of a player.
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        isClosing = true
        ticker?.cancel()
        ticker = nil
        for streamID in Array(publications.keys) { endPublish(streamID, .disconnected) }
        for streamID in Array(players.keys) { endPlay(streamID) }
        hub.remove(self)
    }

    func acknowledge(as habit: AcknowledgementHabit) { connection.acknowledgementHabit = habit }

    private func scheduleTick(on eventLoop: any EventLoop) {
        ticker = eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) { [weak self] in
            guard let self, !isClosing else { return }
            tick()
            scheduleTick(on: eventLoop)
        }
    }

    private func tick() {
        let now = NIODeadline.now()
        if publications.isEmpty, players.isEmpty, askedCount == 0, now - openedAt > TimeAmount(hub.options.setupTimeout)
        {
            close(because: "the peer neither published nor played")
        }
        if !publications.isEmpty || !players.isEmpty { openedAt = now }
        for (streamID, publication) in publications {
            guard let reason = publication.fault(at: now, options: hub.options) else { continue }
            endPublish(streamID, reason)
            let text = reason == .idle ? publication.idleReason : "the publisher sent too much"
            carryOut(session.endPublish(on: streamID, because: text))
            close(because: text)
        }
        for player in Array(players.values) { player.pump() }
        for (streamID, pass) in held {
            pass.tick(timestamp: timestamps[streamID] ?? 0) { [weak self] in
                self?.close(because: "the hook has ended it")
            }
        }
        if connection.isOpen, !isClosing, now - pingedAt > TimeAmount(hub.options.pingInterval) {
            pingedAt = now
            connection.send(.userControl(.ping(UInt32(truncatingIfNeeded: now.uptimeNanoseconds / 1_000_000))))
            writeOutput()
            context?.flush()
        }
    }

    // MARK: - The peer's messages

    private func take(_ event: Connection.Event) {
        switch event {
        case .opened, .acknowledged, .acknowledgementsDistrusted, .userControl: break
        case .command(let command, let streamID): carryOut(session.receive(command, on: streamID))
        case .media(let message):
            guard let streamID = session.publishedStream(for: message.streamID),
                let publication = publications[streamID]
            else { return }
            timestamps[streamID] = message.timestampMilliseconds
            if publication.takes(message) { publication.stream.forward(message) }
        }
    }

    private func carryOut(_ actions: [ServerSessionStateMachine.Action]) {
        for action in actions {
            switch action {
            case .sendControl(let control): connection.send(control)
            case .send(let command, let id, let streamID): send(command.message(on: streamID), on: id)
            case .requestPublish(let request): publish(request)
            case .requestPlay(let request): play(request)
            case .endPublish(let streamID): endPublish(streamID, .unpublished)
            case .endPlay(let streamID): endPlay(streamID)
            case .pausePlay(let streamID, let isPaused): players[streamID]?.setPaused(isPaused)
            case .close(let error): fail(because: error.description)
            }
        }
    }

    private func send(_ message: Message, on id: ChunkStreamID) {
        do {
            try connection.send(message, on: id)
        } catch {
            close(because: error.description)
        }
    }

    // MARK: - Publishing and playing

    private func admission(_ action: AdmissionRequest.Action, _ request: StreamRequest) -> AdmissionRequest {
        AdmissionRequest(
            action: action, name: StreamName(app: request.app, name: request.name),
            query: String(request.fullName.dropFirst(request.name.count + 1)), form: .rtmp, peer: facts,
            client: session.client)
    }

    /// Asks the hub, which may have to ask a hook; meanwhile the connection goes on.
    private func ask(
        _ admission: AdmissionRequest, _ request: StreamRequest,
        then go: @escaping (ConnectionHandler, Result<AdmissionDesk.Pass, RefusalReason>) -> Void
    ) {
        guard askedCount < Self.mostAsked else { return fail(because: "the peer asked for too much at once") }
        askedCount += 1
        hub.settle(facts)
        hub.admit(admission) { [weak self, desk = hub.admission] result in
            guard let self else {
                if case .success(let pass) = result { desk.returned(pass) }
                return
            }
            askedCount -= 1
            openedAt = .now()
            // The peer may have left meanwhile, or ask for something else.
            guard !isClosing, session.awaitsAnswer(to: request) else {
                if case .success(let pass) = result { desk.returned(pass) }
                return
            }
            go(self, result)
            if case .failure(let reason) = result, reason.isFailedProof { noteWrongKey() }
            writeOutput()
            flush()
        }
    }

    private func publish(_ request: StreamRequest) {
        ask(admission(.publish, request), request) { handler, result in
            do throws(RefusalReason) {
                try handler.publish(request, with: try result.get())
            } catch { handler.carryOut(handler.session.refuse(error.publishRefusal, on: request.streamID)) }
        }
    }

    private func publish(_ request: StreamRequest, with pass: AdmissionDesk.Pass) throws(RefusalReason) {
        let stream: LiveStream
        do throws(RefusalReason) { stream = try hub.publish(pass.name, by: ObjectIdentifier(self)) } catch {
            hub.send(.publishRefused(pass.name, peer: peer, error))
            hub.admission.returned(pass)
            throw error
        }
        publications[request.streamID] = Publication(stream: stream)
        held[request.streamID] = HeldPass(pass, at: hub.admission)
        carryOut(session.acceptPublish(on: request.streamID))
        hub.send(.publishStarted(pass.name, peer: peer))
        if let target = pass.relay { hub.relays.push(stream, to: target) }
    }

    private func play(_ request: StreamRequest) {
        ask(admission(.play, request), request) { handler, result in
            do throws(RefusalReason) {
                handler.play(request, with: try result.get())
            } catch { handler.carryOut(handler.session.refuse(error.playRefusal, on: request.streamID)) }
        }
    }

    private func play(_ request: StreamRequest, with pass: AdmissionDesk.Pass) {
        if let target = pass.relay { try? hub.relays.pull(pass.name, from: target) }
        let stream = hub.streamToPlay(pass.name)
        let streamID = request.streamID
        let player = Player(stream, stream.messages, in: .chunks(streamID), to: ChunkOutlet(self, streamID))
        players[streamID] = player
        held[streamID] = HeldPass(pass, at: hub.admission)
        carryOut(session.acceptPlay(on: streamID))
        writeOutput()
        hub.send(.playStarted(stream.name, peer: peer))
        stream.messages.add(player, hasBegun: stream.isPublished)
    }

    /// Where it is a relay that plays `name`: the servers that are given it.
    func relayMarks(playing name: StreamName) -> [String] {
        players.values.contains { $0.stream.name == name } ? session.client.relayMarks : []
    }

    private func giveBack(_ streamID: MessageStreamID) {
        held.removeValue(forKey: streamID)?.giveBack()
        timestamps[streamID] = nil
    }

    private func endPublish(_ streamID: MessageStreamID, _ reason: PublishSummary.Reason) {
        guard let publication = publications.removeValue(forKey: streamID) else { return }
        giveBack(streamID)
        hub.endPublishing(publication.stream, isWanted: reason == .unpublished)
        hub.send(.publishEnded(publication.stream.name, peer: peer, publication.summary(reason)))
    }

    private func endPlay(_ streamID: MessageStreamID) {
        guard let player = players.removeValue(forKey: streamID) else { return }
        giveBack(streamID)
        hub.remove(player, from: player.stream.messages)
        hub.send(.playEnded(player.stream.name, peer: peer, player.summary))
    }

    // MARK: - For players

    var isWritable: Bool { !isClosing && isChannelWritable }

    func write(_ chunks: ByteBuffer) {
        connection.countSent(byteCount: chunks.readableBytes)
        context?.write(wrapOutboundOut(chunks), promise: nil)
    }

    func writeAndFlush(_ chunks: ByteBuffer) {
        connection.countSent(byteCount: chunks.readableBytes)
        context?.writeAndFlush(wrapOutboundOut(chunks), promise: nil)
    }

    func flush() { context?.flush() }

    func announcePublisher(on streamID: MessageStreamID) {
        carryOut(session.publishNotice(on: streamID))
        writeOutput()
        flush()
    }

    func announceNoPublisher(on streamID: MessageStreamID) {
        carryOut(session.unpublishNotice(on: streamID))
        writeOutput()
        flush()
    }

    // MARK: - Writing and the end

    private func writeOutput() {
        guard let context, let output = connection.takeOutput() else { return }
        let byteCount = output.readableBytes
        unreadReplyByteCount += byteCount
        context.write(wrapOutboundOut(output)).assumeIsolated().whenComplete { [self] _ in
            unreadReplyByteCount -= byteCount
        }
        if unreadReplyByteCount > Self.unreadReplyByteLimit {
            fail(because: "the peer sent requests without reading the answers")
        }
    }

    private func noteWrongKey() {
        if !hub.bear(address) { close(because: "the peer's address named too many keys that are none") }
    }

    /// Closes for what no peer does who means well.
    private func fail(because reason: String) {
        guard !isClosing else { return }
        _ = hub.bear(address)
        close(because: reason)
    }

    /// Sends what is there, then closes.
    func close(because reason: String) {
        guard !isClosing else { return }
        isClosing = true
        hub.send(.connectionFailed(peer: peer, reason: reason))
        if let context, let output = connection.takeOutput() {
            context.writeAndFlush(wrapOutboundOut(output), promise: nil)
        }
        context?.close(promise: nil)
    }

    /// Asks a publisher to go on elsewhere; false for others, and for publishers that don't know such requests.
    func askToReconnect(to tcURL: String?, text: String) -> Bool {
        guard !isClosing, !publications.isEmpty, session.takesReconnectRequests else { return false }
        carryOut(session.reconnectRequest(to: tcURL, text: text))
        writeOutput()
        flush()
        return true
    }
}

/// One message stream on which a connection plays. The connection lets go of its players when it ends.
private final class ChunkOutlet: PlayerOutlet {
    private let handler: ConnectionHandler
    private let streamID: MessageStreamID

    init(_ handler: ConnectionHandler, _ streamID: MessageStreamID) {
        self.handler = handler
        self.streamID = streamID
    }

    var isWritable: Bool { handler.isWritable }
    func write(_ bytes: ByteBuffer) { handler.write(bytes) }
    func writeAndFlush(_ bytes: ByteBuffer) { handler.writeAndFlush(bytes) }
    func flush() { handler.flush() }
    func publisherCame() { handler.announcePublisher(on: streamID) }
    func publisherWent() { handler.announceNoPublisher(on: streamID) }
    func playerIsHopeless(because reason: String) { handler.close(because: reason) }
}
