import BulkheadHTTP
import BulkheadMedia
import BulkheadRTMP
import BulkheadStreamPlayer
import NIOCore
import NIOHTTP1

/// Runs one viewer's HTTP connection: answers requests, and carries streams. ``Doorway`` has let it in.
///
/// Requests are answered one after the other. What a viewer asks for in vain tells why in one sentence.
final class HTTPHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// A connection that asks for nothing is closed after so long.
    private static let idleTimeout = TimeAmount.seconds(30)
    /// Bodies are thrown away, and longer ones end the connection.
    private static let bodyByteLimit = 1 << 20
    /// How long the rest of a body that is too long may come.
    private static let lingering = TimeAmount.seconds(2)

    let hub: StreamHub
    let peer: String
    private let facts: PeerFacts
    private let isLocal: Bool
    /// What the address of a request may be known by in this connection.
    var address: ClientAddress { facts.address }
    /// Of a request that brings something to the interface or into a room; others' bodies are thrown away, and what is too long.
    private var body: ByteBuffer?
    /// What lets a viewer have the stream that it is given.
    private var held: HeldPass?
    /// Of the request that is answered, where players are let in one by one.
    private var session: String?
    private var context: ChannelHandlerContext?
    /// As the channel said last.
    private var isChannelWritable = true
    /// Where bytes leave that are ready.
    private var encoding: ChannelHandlerContext?
    private var head: HTTPRequestHead?
    private var bodyByteCount = 0
    /// Between a request and the end of its answer.
    private var isAnswering = false
    private var hasAsked = false
    private var response: (any EndlessResponse)?
    private var endWait: (() -> Void)?
    /// Writes that the socket has not taken.
    private var pendingWrites = 0
    private var lastProgress = NIODeadline.now()
    private var ticker: Scheduled<Void>?
    private var isClosing = false
    /// The body of the last request is too long, and is thrown away.
    private var refusesBody = false

    /// - Parameter isLocal: the peer is on this machine.
    init(hub: StreamHub, peer: PeerFacts, isLocal: Bool) {
        self.hub = hub
        self.peer = peer.name
        facts = peer
        self.isLocal = isLocal
    }

    // MARK: - Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        isChannelWritable = context.channel.isWritable
        scheduleTick(on: context.eventLoop)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        (self.context, encoding, isChannelWritable) = (nil, nil, false)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            bodyByteCount = 0
            session = nil
            body = head.method == .POST || head.uri.hasPrefix("/api/") ? ByteBuffer() : nil
            let limit = body == nil ? Self.bodyByteLimit : ServerInterface.longestBody
            if let length = head.headers.first(name: "Content-Length").flatMap({ Int($0) }), length > limit {
                refuseBody()
            }
        case .body(var bytes):
            guard !isClosing else { return }
            bodyByteCount += bytes.readableBytes
            if bodyByteCount > ServerInterface.longestBody { body = nil }
            body?.writeBuffer(&bytes)
            if bodyByteCount > Self.bodyByteLimit {
                _ = hub.bear(address)
                refuseBody()
            }
        case .end:
            guard let head, !isClosing else { return }
            isAnswering = true
            hasAsked = true
            hub.settle(facts)
            lastProgress = .now()
            answer(head)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        isChannelWritable = context.channel.isWritable
        if isChannelWritable { response?.pump() }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelInactive(context: ChannelHandlerContext) {
        isClosing = true
        ticker?.cancel()
        endWait?()
        endWait = nil
        response?.leave()
        response = nil
        giveBack()
    }

    private func giveBack() {
        held?.giveBack()
        held = nil
        hub.forgetRelay(over: self)
    }

    private func scheduleTick(on eventLoop: any EventLoop) {
        ticker = eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) { [weak self] in
            guard let self, context != nil else { return }
            tick()
            scheduleTick(on: eventLoop)
        }
    }

    private func tick() {
        response?.pump()
        held?.tick { [weak self] in self?.close(because: "the hook has ended it") }
        let quiet = NIODeadline.now() - lastProgress
        if pendingWrites > 0, quiet > TimeAmount(hub.options.playerStallTimeout) {
            hub.send(.connectionFailed(peer: peer, reason: "the viewer takes nothing"))
            context?.close(promise: nil)
        } else if !isAnswering, quiet > (hasAsked ? Self.idleTimeout : TimeAmount(hub.options.setupTimeout)) {
            context?.close(promise: nil)
        }
    }

    // MARK: - Requests

    private func answer(_ head: HTTPRequestHead) {
        let parts = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let query = HTTPQuery(parts.count > 1 ? String(parts[1]) : nil)
        let route: HTTPRoute
        do throws(HTTPRoute.Refusal) {
            guard head.uri.utf8.count <= HTTPRoute.longestTarget else { throw .tooLong }
            route = try HTTPRoute(path: parts[0])
        } catch { return send(error.answer) }
        if case .interface(let call) = route {
            let answer = hub.interface.answer(call, head, body: body, isLocal: isLocal)
            send(answer)
            if answer.status == .unauthorized, !hub.bear(address) {
                close(because: "the peer's address gave too many tokens that are none")
            }
            return
        }
        if head.method != .POST || !route.isRoom, let answer = HTTPAnswer.answer(toOther: head.method) {
            return send(answer)
        }
        admit(route, query, head)
    }

    // MARK: - Who may have it

    private func admit(_ route: HTTPRoute, _ query: HTTPQuery, _ head: HTTPRequestHead) {
        guard let name = route.stream else { return follow(route, query, head) }
        var request = AdmissionRequest(
            action: .play, name: name, query: query.text ?? "", form: route.form, peer: facts)
        request.client.tcURL = (head.headers.first(name: "Host").map { "http://\($0)/" } ?? "") + name.app
        request.client.pageURL = head.headers.first(name: "Referer") ?? ""
        request.client.take(relayMarks: head.headers.first(name: FLVPlayer.marksHeader) ?? "")
        if route.isRoom {
            if let reason = hub.admission.refusal(of: request) { return refuse(reason) }
            return head.method == .POST ? takeWords(for: name, head, body) : follow(route, query, head)
        }
        let isSegmented = request.form == .hls
        if isSegmented, hub.admission.guardsPlayers { return admitToSession(request, route, query, head) }
        // Segments are asked for again and again, and HEAD gives nothing.
        guard !isSegmented, head.method == .GET else {
            if let reason = hub.admission.refusal(of: request) { return refuse(reason) }
            return follow(route, query, head)
        }
        ask(request) { handler, pass in
            handler.held = HeldPass(pass, at: handler.hub.admission)
            handler.hub.note(pass.request.client.relayMarks, playing: pass.name, over: handler)
            handler.follow(route.of(pass.name), query, head)
        }
    }

    private func admitToSession(
        _ request: AdmissionRequest, _ route: HTTPRoute, _ query: HTTPQuery, _ head: HTTPRequestHead
    ) {
        if let word = query[PlaySessions.field], let name = hub.sessions.use(word, for: request.name) {
            session = word
            return follow(route.of(name), query, head)
        }
        switch route {
        case .playlist: follow(route, query, head)
        case .multivariantPlaylist, .mediaPlaylist:
            ask(request) { handler, pass in
                guard let word = handler.hub.sessions.open(pass) else { return handler.refuse(.tooManyPlayers) }
                handler.session = word
                handler.follow(route.of(pass.name), query, head)
            }
        default: send(.sentence(.forbidden, "The session is over: load the playlist again."))
        }
    }

    private func ask(
        _ request: AdmissionRequest, then go: @escaping (HTTPHandler, AdmissionDesk.Pass) -> Void
    ) {
        hub.admit(request) { [weak self, admission = hub.admission] result in
            switch result {
            case .failure(let reason): self?.refuse(reason)
            case .success(let pass):
                // The viewer may have left meanwhile.
                guard let self, !isClosing else { return admission.returned(pass) }
                if let relay = pass.relay { try? hub.relays.pull(pass.name, from: relay) }
                go(self, pass)
            }
        }
    }

    private func refuse(_ reason: RefusalReason) {
        send(reason.answer)
        if reason.isFailedProof, !hub.bear(address) {
            close(because: "the peer's address named too many keys that are none")
        }
    }

    // MARK: - What is given

    private func follow(_ route: HTTPRoute, _ query: HTTPQuery, _ head: HTTPRequestHead) {
        switch route {
        case .page(let file): send(WatchPage.answer(file))
        case .status: send(StatusReport.answer(of: hub))
        case .interface: break
        case .flv(let name): carry(name, query, head, as: StreamResponse.flv)
        case .mp4(let name):
            let comeback = StreamResponse.Comeback(query)
            carry(name, query, head) { StreamResponse.mp4($0, from: comeback, to: $1) }
        case .playlist(let name):
            let last = name.name.addingPercentEncoding
            let place = "\(last)/index.m3u8" + (query.text.map { "?\($0)" } ?? "")
            send(HTTPAnswer(.found, [("Location", place), ("Cache-Control", "no-cache")]))
        case .multivariantPlaylist(let name):
            guard let stream = known(name) else { return }
            wait(on: stream, atMost: .seconds(15), until: { $0.isReady }) { [weak self] in
                self?.sendPlaylist(of: stream, stream.segments.window.multivariantPlaylist)
            }
        case .mediaPlaylist(let name):
            guard let stream = known(name) else { return }
            sendMediaPlaylist(of: stream, query)
        case .header(let name, let header):
            guard let stream = known(name) else { return }
            guard let bytes = stream.segments.window.header(named: header) else {
                return send(.notFound("The initialization segment is gone: load the playlist again."))
            }
            send(.file([bytes], range: head.headers.first(name: "Range")))
        case .segment(let name, let number):
            guard let stream = known(name) else { return }
            guard let segment = stream.segments.window.segment(number), segment.isComplete else {
                return send(.notFound("The segment is not there, or not any more: load the playlist again."))
            }
            send(.file(segment.parts.map(\.bytes), range: head.headers.first(name: "Range")))
        case .part(let name, let number, let part):
            guard let stream = known(name) else { return }
            sendPart(part, of: number, stream, head)
        case .room(let name): followRoom(of: name, query, head)
        }
    }

    /// The stream with its segments; else that is answered.
    private func known(_ name: StreamName) -> LiveStream? {
        let isExpected = hub.expects(name)
        if isExpected { hub.relays.demand(name) }
        guard let stream = isExpected ? hub.streamToPlay(name) : hub.known(name), stream.hasBegun || isExpected else {
            send(.notFound("Nobody publishes this stream at the moment."))
            return nil
        }
        if stream.isPublished, let obstacle = stream.obstacle, obstacle != .nothingYet {
            send(.notFound(obstacle.sentence))
            return nil
        }
        return stream
    }

    // MARK: - HLS

    private func sendMediaPlaylist(of stream: LiveStream, _ query: HTTPQuery) {
        stream.segments.noteViewer(ObjectIdentifier(self))
        let (numberText, partText) = (query["_HLS_msn"], query["_HLS_part"])
        let number = numberText.flatMap { Int64($0) }
        let part = partText.flatMap { Int($0) }
        guard (numberText == nil) == (number == nil), (partText == nil) == (part == nil), part == nil || number != nil,
            part ?? 0 >= 0, number ?? 0 >= 0
        else { return send(.sentence(.badRequest, "_HLS_msn and _HLS_part want numbers, and a part a segment.")) }
        let window = stream.segments.window
        if let number, let next = window.next, number > next.segment + 2 {
            return send(.sentence(.badRequest, "Segment \(number) is too far ahead: \(next.segment) comes next."))
        }
        let patience = TimeAmount.milliseconds((window.target ?? 5000) * 3)
        wait(on: stream, atMost: patience) { window in
            window.isReady && (number.map { window.isEnded || window.has($0, part: part) } ?? true)
        } then: { [weak self] in
            // The newer value asks for the same of a playlist without date ranges.
            let isSkipping = ["YES", "v2"].contains(query["_HLS_skip"])
            self?.sendPlaylist(of: stream, stream.segments.window.playlist(skipping: isSkipping))
        }
    }

    private func sendPlaylist(of stream: LiveStream, _ text: String?) {
        guard let text else { return send(.notFound("There is nothing of this stream yet.")) }
        send(.playlist(session.map { PlaySessions.playlist(text, session: $0) } ?? text))
    }

    private func sendPart(_ part: Int, of number: Int64, _ stream: LiveStream, _ head: HTTPRequestHead) {
        let window = stream.segments.window
        let gone = "The part is not there, or not any more: load the playlist again."
        guard part >= 0, let next = window.next,
            number < next.segment || number == next.segment && part <= next.part
                || number == next.segment + 1 && part == 0
        else { return send(.notFound(gone)) }
        wait(on: stream, atMost: .milliseconds((window.target ?? 5000) * 3)) { window in
            window.isEnded || window.has(number, part: part)
        } then: { [weak self] in
            guard let segment = stream.segments.window.segment(number), segment.parts.indices.contains(part) else {
                self?.send(.notFound(gone))
                return
            }
            self?.send(.file([segment.parts[part].bytes], range: head.headers.first(name: "Range")))
        }
    }

    /// Holds the request until `isDue`.
    private func wait(
        on stream: LiveStream, atMost patience: TimeAmount, until isDue: @escaping (SegmentWindow) -> Bool,
        then go: @escaping () -> Void
    ) {
        // A publisher that is not there brings nothing more.
        guard stream.isPublished || isDue(stream.segments.window) || hub.expects(stream.name) else {
            return send(.notFound("Nobody publishes this stream at the moment."))
        }
        var isAnswered = false
        let end = stream.segments.wait(atMost: patience, until: isDue) { [weak self] isDue in
            isAnswered = true
            self?.endWait = nil
            guard let self, !isClosing else { return }
            if isDue { return go() }
            send(.sentence(.serviceUnavailable, "What was waited for did not come in time.", retryAfter: 1))
        }
        if !isAnswered { endWait = end }
    }

    // MARK: - Streams without an end

    private func carry(
        _ name: StreamName, _ query: HTTPQuery, _ head: HTTPRequestHead,
        as make: (LiveStream, HTTPHandler) -> StreamResponse
    ) {
        let asked = query["wait"].flatMap { Int64($0) }.map { max(0, min(30, $0)) }
        let patience = asked ?? (hub.expects(name) ? 15 : 0)
        let known = hub.known(name)
        // HEAD waits for nothing, and makes nothing.
        guard known?.isPublished == true || patience > 0 && head.method == .GET else {
            return send(.notFound("Nobody publishes this stream at the moment."))
        }
        let response = make(hub.streamToPlay(name), self)
        if let refusal = response.refusal { return send(refusal) }
        guard head.method == .GET else {
            write(response.head, isLast: true)
            return
        }
        self.response = response
        response.begin(within: patience > 0 ? .seconds(patience) : .seconds(15))
    }

    /// From now on the connection is the response's.
    func carry(_ response: any EndlessResponse) { self.response = response }

    /// The response has no more to say.
    func end(_ response: StreamResponse) {
        guard self.response === response else { return }
        self.response = nil
        finish()
    }

    /// The response had nothing to say.
    func refuse(_ response: StreamResponse, _ answer: HTTPAnswer) {
        guard self.response === response else { return }
        self.response = nil
        send(answer)
    }

    // MARK: - Writing

    var isWritable: Bool { !isClosing && isChannelWritable }

    var eventLoop: (any EventLoop)? { context?.eventLoop }

    private func headers(_ own: [(String, String)]) -> HTTPHeaders {
        var headers = HTTPHeaders([
            ("Server", "Bulkhead"), ("Access-Control-Allow-Origin", "*"),
            ("Access-Control-Expose-Headers", "Content-Length, Content-Range, Retry-After, Bulkhead-Time-Zero"),
            ("X-Content-Type-Options", "nosniff"),
        ])
        headers.add(contentsOf: own)
        // Of use to relays alone.
        if head?.headers.contains(name: FLVPlayer.marksHeader) == true {
            headers.add(name: FLVPlayer.markHeader, value: hub.mark)
        }
        if head?.isKeepAlive == false || isClosing { headers.add(name: "Connection", value: "close") }
        return headers
    }

    func send(_ answer: HTTPAnswer) {
        guard !isClosing, let version = head?.version else { return }
        var headers = headers(answer.headers)
        if answer.status != .noContent { headers.add(name: "Content-Length", value: "\(answer.byteCount)") }
        let response = HTTPResponseHead(version: version, status: answer.status, headers: headers)
        context?.write(wrapOutboundOut(.head(response)), promise: nil)
        if head?.method != .HEAD { for piece in answer.body { write(piece) } }
        finish()
    }

    /// The head of a response without a known end.
    /// - Parameter isLast: nothing follows, as HEAD wants it.
    func write(_ own: [(String, String)], isLast: Bool = false) {
        guard let head else { return }
        let response = HTTPResponseHead(version: head.version, status: .ok, headers: headers(own))
        guard isLast else {
            context?.write(wrapOutboundOut(.head(response)), promise: nil)
            return
        }
        // The end of what has no length would be written as a chunk, where nothing may follow.
        isClosing = true
        context?.writeAndFlush(wrapOutboundOut(.head(response))).assumeIsolated().whenComplete { [self] _ in
            context?.close(promise: nil)
        }
    }

    /// A body without a known end goes out in the chunked coding, which HTTP/1.0 does not know.
    var writesPieces: Bool { head.map { $0.version.major == 1 && $0.version.minor >= 1 } ?? false }

    /// Bytes of a body without a known end as they go out, past the encoder: framed where ``writesPieces``.
    func writeReady(_ bytes: ByteBuffer, isFlushed: Bool = false) {
        if encoding == nil {
            encoding = try? context?.pipeline.syncOperations.context(handlerType: HTTPResponseEncoder.self)
        }
        if isFlushed {
            encoding?.writeAndFlush(NIOAny(bytes), promise: nil)
        } else {
            encoding?.write(NIOAny(bytes), promise: nil)
        }
    }

    private func write(_ bytes: ByteBuffer) {
        pendingWrites += 1
        context?.write(wrapOutboundOut(.body(.byteBuffer(bytes)))).assumeIsolated().whenComplete { [self] _ in
            pendingWrites -= 1
            lastProgress = .now()
        }
    }

    func flush() { context?.flush() }

    private func finish() {
        isAnswering = false
        giveBack()
        lastProgress = .now()
        let isLast = head?.isKeepAlive == false
        isClosing = isClosing || isLast
        pendingWrites += 1
        context?.writeAndFlush(wrapOutboundOut(.end(nil))).assumeIsolated().whenComplete { [self] _ in
            pendingWrites -= 1
            lastProgress = .now()
            if isLast, !refusesBody { context?.close(promise: nil) }
        }
    }

    /// Says at once that a request's body is too long. The rest of it is thrown away for a moment: closing at once could take the
    /// answer from a peer that is still sending.
    private func refuseBody() {
        guard !isClosing else { return }
        refusesBody = true
        head?.headers.replaceOrAdd(name: "Connection", value: "close")
        send(.sentence(.payloadTooLarge, "The request's body is too long."))
        let channel = context?.channel
        context?.eventLoop.scheduleTask(in: Self.lingering) { channel?.close(promise: nil) }
    }

    func close(because reason: String) {
        guard !isClosing else { return }
        isClosing = true
        hub.send(.connectionFailed(peer: peer, reason: reason))
        context?.close(promise: nil)
    }
}
