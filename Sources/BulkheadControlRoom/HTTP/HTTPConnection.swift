import BulkheadControl
import BulkheadControlFormats
import BulkheadDanmaku
import BulkheadModel
import NIOCore
import NIOHTTP1
import Synchronization

/// One connection of HTTP: a request and its answer after the other, or events without an end.
final class HTTPConnection: Sendable {
    /// The longest body of a request, in bytes.
    private static let longestBody = 64 << 10
    private static let longestTarget = 2048
    /// How long the rest of a body that is too long may come.
    private static let lingering = TimeAmount.seconds(2)
    private static let mostRequests = 50.0
    /// A page that leaves so much unread begins anew, and is told what it has missed.
    private static let mostWaiting = 512
    /// The events that a page which begins may ask for.
    private static let mostLatest = 500

    private let channel: RoomServer.HTTPChannel
    private let watch: RoomWatch
    private let room: ControlRoom
    private let gate: Gatekeeper
    private let seats: Seats
    private let screen: ProgramScreen
    private let isVouchedFor: Bool

    typealias Outbound = NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>

    init(
        _ channel: RoomServer.HTTPChannel, _ watch: RoomWatch, room: ControlRoom, gate: Gatekeeper, seats: Seats,
        screen: ProgramScreen, isVouchedFor: Bool
    ) {
        self.isVouchedFor = isVouchedFor
        self.screen = screen
        self.channel = channel
        self.watch = watch
        self.room = room
        self.gate = gate
        self.seats = seats
    }

    func serve() async throws {
        try await channel.executeThenClose { inbound, outbound in
            var limit = RequestLimit(perSecond: Self.mostRequests)
            var head: HTTPRequestHead?
            var body: [UInt8] = []
            var refusesBody = false
            for try await part in inbound {
                switch part {
                case .head(let new):
                    (head, body) = (new, [])
                    // What is too long by its own word is not waited for.
                    if let length = new.headers.first(name: "Content-Length").flatMap({ Int($0) }),
                        length > Self.longestBody
                    {
                        try await refuseBody(of: new, outbound)
                        refusesBody = true
                        break
                    }
                    guard new.uri.utf8.count <= Self.longestTarget else {
                        try await write(.sentence(.uriTooLong, "The address is too long."), new, outbound)
                        return
                    }
                case .body(let bytes):
                    guard !refusesBody else { break }
                    guard body.count + bytes.readableBytes <= Self.longestBody else {
                        guard let head else { return }
                        try await refuseBody(of: head, outbound)
                        refusesBody = true
                        break
                    }
                    body += bytes.readableBytesView
                case .end:
                    guard let request = head, !refusesBody else { return }
                    head = nil
                    await limit.wait()
                    guard try await answer(request, body, outbound) else { return }
                }
            }
        }
    }

    /// Says at once that a body is too long. The rest of it is thrown away for a moment: closing at once could take the answer from
    /// a client that is still sending.
    private func refuseBody(of head: HTTPRequestHead, _ outbound: Outbound) async throws {
        var head = head
        head.headers.replaceOrAdd(name: "Connection", value: "close")
        try await write(
            .sentence(.payloadTooLarge, "A request has at most \(Self.longestBody) bytes."), head, outbound)
        channel.channel.eventLoop.scheduleTask(in: Self.lingering) { [channel = channel.channel] in
            channel.close(promise: nil)
        }
    }

    /// - Returns: whether the connection goes on.
    private func answer(_ head: HTTPRequestHead, _ body: [UInt8], _ outbound: Outbound) async throws -> Bool {
        let parts = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let path = String(parts.first ?? "")
        let rights: ControlRoomRequest.Rights
        switch gate.judge(head, peer: channel.channel.peerName, isVouchedFor: isVouchedFor) {
        case .refused(let refusal): return try await write(RoomAnswer(refusal), head, outbound)
        case .admitted(let admitted): rights = admitted
        }
        if path == "/api/requests" {
            let answer = head.method == .POST ? await request(head, body, rights) : Self.notAllowed("POST")
            return try await write(answer, head, outbound)
        }
        guard head.method == .GET || head.method == .HEAD else {
            return try await write(Self.notAllowed("GET"), head, outbound)
        }
        switch path {
        case "/api/events" where head.method == .GET:
            try await follow(head, Self.query(parts.count > 1 ? parts[1] : ""), outbound)
            return false
        case "/program.mp4" where head.method == .GET:
            let response = ProgramResponse(channel: channel.channel, watch: watch, screen: screen)
            let query = parts.count > 1 ? String(parts[1]) : ""
            if try await response.play(query, to: outbound) { return false }
            let answer = RoomAnswer.sentence(.notFound, "There is no program on air at the moment.")
            return try await write(answer, head, outbound)
        case "/api/status":
            let snapshot = await room.fresh()
            return try await write(.json(snapshot.json.utf8), head, outbound)
        case "/api/access": return try await write(.json(JSONLine.encode(rights).dropLast()), head, outbound)
        case "/api/deaths": return try await write(await deaths(), head, outbound)
        case "/api/thumbnails": return try await write(await thumbnails(), head, outbound)
        case "/api/room": return try await write(await liveRoom(), head, outbound)
        case "/metrics":
            let text = await room.metrics(connections: seats.count)
            return try await write(
                RoomAnswer(
                    .ok, [("Content-Type", MetricsText.contentType), ("Cache-Control", "no-store")], Array(text.utf8)),
                head, outbound)
        case "/" where head.headers.contains(name: "Upgrade"):
            return try await write(
                .sentence(.badRequest, "This is no opening handshake of WebSocket."), head, outbound)
        default:
            let answer = RoomPage.answer(path) ?? .sentence(.notFound, "There is nothing under this address.")
            return try await write(answer, head, outbound)
        }
    }

    private static func query(_ text: Substring) -> [Substring: Substring] {
        var fields: [Substring: Substring] = [:]
        for pair in text.split(separator: "&") {
            let words = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if let name = words.first { fields[name] = words.count > 1 ? words[1] : "" }
        }
        return fields
    }

    private static func notAllowed(_ method: String) -> RoomAnswer {
        .sentence(.methodNotAllowed, "This address takes \(method) alone.", [("Allow", method)])
    }

    /// A line of the control protocol, and its reply.
    private func request(
        _ head: HTTPRequestHead, _ body: [UInt8], _ rights: ControlRoomRequest.Rights
    ) async -> RoomAnswer {
        // A form of a page from elsewhere can't say that it sends JSON.
        let type = head.headers.first(name: "Content-Type")?.split(separator: ";").first?.lowercased()
        guard type == "application/json" else {
            return .sentence(.unsupportedMediaType, "A request is JSON: say so with Content-Type: application/json.")
        }
        guard let request = ControlRoomRequest(json: body) else {
            return .sentence(.badRequest, "The body is no request of the control protocol.")
        }
        if let refusal = request.refusal(for: rights) { return .sentence(.forbidden, refusal) }
        guard let reply = await room.ask(request.request) else {
            return Self.silence
        }
        let status: HTTPResponseStatus = reply.word == .failed ? .conflict : .ok
        return .json(JSONLine.encode(reply).dropLast(), status)
    }

    // MARK: what many pages ask for

    private static let silence = RoomAnswer.sentence(
        .serviceUnavailable, "The broadcast does not answer: try again in a moment.")

    private func deaths() async -> RoomAnswer {
        guard let reply = await room.shared(.deaths) else { return Self.silence }
        return .json(JSONLine.encode(reply).dropLast())
    }

    private func thumbnails() async -> RoomAnswer {
        guard let reply = await room.shared(.thumbnails) else { return Self.silence }
        let status: HTTPResponseStatus = reply.word == .failed ? .conflict : .ok
        return .json(JSONLine.encode(reply).dropLast(), status)
    }

    private struct RoomLine: Encodable {
        let room: RoomReport
        let comments: [RoomLogEntry]
    }

    /// How many comments a page is given.
    private static let mostComments = 50

    private func liveRoom() async -> RoomAnswer {
        guard let reply = await room.shared(.room),
            let comments = await room.shared(.comments(count: Self.mostComments))
        else { return Self.silence }
        guard case .room(let report) = reply, case .comments(let entries) = comments else {
            return .sentence(.notFound, "The broadcast has no room.")
        }
        return .json(JSONLine.encode(RoomLine(room: report, comments: entries)).dropLast())
    }

    // MARK: events

    /// Events as they come (HTML, section 9.2), from the place that the page has read up to.
    private func follow(
        _ head: HTTPRequestHead, _ query: [Substring: Substring], _ outbound: Outbound
    ) async throws {
        let (pieces, outbox) = AsyncStream.makeStream(
            of: String.self, bufferingPolicy: .bufferingOldest(Self.mostWaiting))
        let watch = watch
        watch.isListening.store(true, ordering: .relaxed)
        let epoch = await room.ring.epoch
        let tell: @Sendable (RoomNews) -> Void = { news in
            let piece: String
            switch news {
            case .event(let entry): piece = Self.piece(entry, epoch)
            case .status(let json): piece = "event: status\ndata: \(json)\n\n"
            case .obs: return
            }
            watch.waiting.add(1, ordering: .relaxed)
            if case .enqueued = outbox.yield(piece) { return }
            watch.waiting.subtract(1, ordering: .relaxed)
            outbox.finish()
        }
        let place = head.headers.first(name: "Last-Event-ID") ?? query["after"].map(String.init)
        let latest = query["last"].flatMap { Int($0) }.map { min(max($0, 0), Self.mostLatest) }
        let listener = RoomListener(kind: .page, wantsStatus: query["status"] != nil, tell: tell)
        // What a page begins with is written before anything else is told.
        var beginning = "retry: 1000\n\n"
        let (number, missed, hasGap) = await room.add(listener, after: place)
        if hasGap { beginning += "event: gap\ndata: {}\n\n" }
        for entry in missed { beginning += Self.piece(entry, epoch) }
        if place == nil, let latest {
            for entry in await room.latest(latest) { beginning += Self.piece(entry, epoch) }
        }
        let beat = channel.channel.eventLoop.scheduleRepeatedTask(initialDelay: .seconds(15), delay: .seconds(15)) {
            _ in
            watch.waiting.add(1, ordering: .relaxed)
            if case .enqueued = outbox.yield(": \n\n") { return }
            watch.waiting.subtract(1, ordering: .relaxed)
        }
        channel.channel.closeFuture.whenComplete { _ in outbox.finish() }
        defer {
            beat.cancel()
            outbox.finish()
        }
        do {
            let answer = RoomAnswer(.ok, [("Content-Type", "text/event-stream"), ("Cache-Control", "no-store")])
            try await outbound.write(.head(answer.headWithoutLength))
            try await outbound.write(.body(.byteBuffer(ByteBuffer(string: beginning))))
            for await piece in pieces {
                try await outbound.write(.body(.byteBuffer(ByteBuffer(string: piece))))
                watch.waiting.subtract(1, ordering: .relaxed)
            }
        } catch {
            await room.remove(number)
            throw error
        }
        await room.remove(number)
    }

    private static func piece(_ entry: EventRing.Entry, _ epoch: String) -> String {
        "id: \(epoch)-\(entry.number)\ndata: \(entry.json)\n\n"
    }

    // MARK: writing

    @discardableResult
    private func write(
        _ answer: RoomAnswer, _ request: HTTPRequestHead, _ outbound: Outbound
    ) async throws -> Bool {
        try await outbound.write(.head(answer.head(closes: !request.isKeepAlive)))
        if request.method != .HEAD { try await outbound.write(.body(.byteBuffer(ByteBuffer(bytes: answer.body)))) }
        try await outbound.write(.end(nil))
        return request.isKeepAlive
    }
}
