package import BulkheadDanmaku
import FoundationEssentials

/// A client's side of one connection to a room by Bilibili's open platform (open-live.bilibili.com): a game is started over HTTP,
/// which gives the addresses of WebSockets and what is said there first.
///
/// Two heartbeats keep it, one over HTTP and one on the socket. A game that was started before is ended first, or the platform
/// refuses the next one for a while: so its id is what the next connection goes on with. Nothing is kept for who was away.
package struct BilibiliSession: PlatformSession {
    /// Who we are, and in whose room; all but the number is secret.
    package struct Settings: Hashable, Sendable {
        /// The number of the application.
        package var application: Int64
        package var accessKey: String
        package var secret: String
        /// The anchor's identity code.
        package var identityCode: String

        /// - Parameter words: access key, its secret and the anchor's identity code, with blanks between.
        package init?(application: String, words: String) {
            let parts = words.split(separator: " ").map(String.init)
            guard let number = Int64(application), number > 0, parts.count == 3 else { return nil }
            (self.application, accessKey, secret, identityCode) = (number, parts[0], parts[1], parts[2])
        }
    }

    private enum State: Hashable {
        /// The game before is being ended.
        case clearing
        case starting
        /// The socket is being opened.
        case connecting
        /// What the platform gave is being shown to the socket's server.
        case authenticating
        case joined, ended
    }

    private struct Start: Decodable {
        struct Payload: Decodable {
            let gameInfo: Game
            let websocketInfo: Sockets
            let anchorInfo: Anchor?
        }
        struct Game: Decodable { let gameId: String }
        struct Sockets: Decodable {
            let authBody: String
            let wssLink: [String]
        }
        struct Anchor: Decodable { let openId: String? }
        let code: Int
        let message: String?
        let data: Payload?
    }

    private struct Code: Decodable {
        let code: Int
        let message: String?
    }

    /// In milliseconds: between heartbeats over HTTP, and on the socket.
    private static let (gameInterval, socketInterval): (Int64, Int64) = (20_000, 30_000)
    /// Heartbeats over HTTP in a row that may fail: the platform takes a game for closed after a minute without.
    private static let mostFailures = 3
    private static let mostLinks = 16
    private static let longestText = 4096

    private let settings: Settings?
    private let source: String
    private let cursor: ChatCursor?
    private let unpack: @Sendable ([UInt8], Int) -> [UInt8]?
    private let nonce: @Sendable () -> String
    private let makeSocket: @Sendable (_ host: String, _ path: String) -> WebSocketClient

    private var state = State.clearing
    private var server = ChatTarget.Server(host: "", port: 0, isSecure: true)
    private var game: String?
    private var authentication = ""
    /// Addresses that have not been tried yet.
    private var links: [BilibiliLink] = []
    private var socket: WebSocketClient?
    private var events: BilibiliEvents
    private var gameBeatAt: Int64?
    private var socketBeatAt: Int64?
    private var failures = 0

    /// - Parameters:
    ///   - settings: nil where they can't be read, which is refused.
    ///   - source: what comments of this connection are called in the record.
    ///   - cursor: how far the connection before has got; nil where there was none. Its token is the game before.
    ///   - unpack: of zlib, as ``BilibiliPacket/read(_:unpack:)`` takes it.
    ///   - nonce: a word that no other request has.
    ///   - makeSocket: a client for a host and a path.
    package init(
        _ settings: Settings?, source: String, cursor: ChatCursor?, connection: String,
        unpack: @escaping @Sendable ([UInt8], Int) -> [UInt8]?,
        nonce: @escaping @Sendable () -> String = { "\(UInt64.random(in: 0...UInt64.max))" },
        makeSocket: @escaping @Sendable (String, String) -> WebSocketClient = {
            WebSocketClient(host: $0, path: $1, limit: BilibiliPacket.longest)
        }
    ) {
        self.settings = settings
        self.source = source
        self.cursor = cursor
        self.unpack = unpack
        self.nonce = nonce
        self.makeSocket = makeSocket
        events = BilibiliEvents(source: source, connection: connection)
    }

    package var due: Int64? { [gameBeatAt, socketBeatAt].compactMap { $0 }.min() }

    // MARK: HTTP

    package mutating func begin(_ server: ChatTarget.Server, at now: ChatMoment) -> [ChatAction] {
        self.server = server
        guard let settings else { return refuse("the access key, its secret or the identity code is missing") }
        if let before = cursor?.pageToken, !before.isEmpty { return [end(before, of: settings, at: now)] }
        return start(settings, at: now)
    }

    private mutating func start(_ settings: Settings, at now: ChatMoment) -> [ChatAction] {
        struct Body: Encodable {
            let code: String
            let appId: Int64
        }
        state = .starting
        let body = Body(code: settings.identityCode, appId: settings.application)
        return [request("start", body, settings, at: now)]
    }

    private func end(_ game: String, of settings: Settings, at now: ChatMoment) -> ChatAction {
        struct Body: Encodable {
            let appId: Int64
            let gameId: String
        }
        return request("end", Body(appId: settings.application, gameId: game), settings, at: now)
    }

    private func request(
        _ name: String, _ body: some Encodable, _ settings: Settings, at now: ChatMoment
    ) -> ChatAction {
        let bytes = (try? BilibiliJSON.encoder.encode(body)).map { Array($0) } ?? []
        let signature = BilibiliSignature(accessKey: settings.accessKey, secret: settings.secret)
        let headers = signature.headers(body: bytes, seconds: now.wall / 1000, nonce: nonce())
        return .request(ChatHTTPRequest(name, server, path: "/v2/app/\(name)", headers: headers, body: bytes))
    }

    package mutating func answered(_ answer: ChatAnswer, at now: ChatMoment) -> [ChatAction] {
        guard let settings else { return [] }
        switch (answer.name, state) {
        // Whatever came of it: a game that is over already is no trouble.
        case ("end", .clearing): return start(settings, at: now)
        case ("start", .starting): return started(answer)
        case ("heartbeat", .joined): return heartbeatAnswered(answer)
        default: return []
        }
    }

    private mutating func started(_ answer: ChatAnswer) -> [ChatAction] {
        guard let status = answer.status else { return finish(answer.problem) }
        guard status != 401, status != 403 else { return refuse("the platform answers HTTP \(status)") }
        guard let start = try? BilibiliJSON.decoder.decode(Start.self, from: Data(answer.body)) else {
            guard status == 200, let code = try? BilibiliJSON.decoder.decode(Code.self, from: Data(answer.body)),
                code.code != 0
            else { return finish("the platform answers HTTP \(status), and nothing that can be read") }
            return notStarted(code.code, code.message)
        }
        guard start.code == 0 else { return notStarted(start.code, start.message) }
        guard let data = start.data, !data.gameInfo.gameId.isEmpty else {
            return finish("the platform started no game")
        }
        let texts = [data.gameInfo.gameId, data.websocketInfo.authBody]
        guard texts.allSatisfy({ $0.utf8.count <= Self.longestText }) else { return finish("the answer is too long") }
        game = data.gameInfo.gameId
        authentication = data.websocketInfo.authBody
        events.anchor = data.anchorInfo?.openId ?? ""
        links = data.websocketInfo.wssLink.prefix(Self.mostLinks).compactMap { BilibiliLink($0) }
        return [.reached, .token(data.gameInfo.gameId)] + connect(after: "the platform gave no address")
    }

    /// 7001 and 7002 say that a game of before is still open; 5xxx, 4004 and 4009 that it is worth another try. The rest of 4xxx,
    /// and whatever concerns codes and rights, stays as it is until a person changes something.
    private mutating func notStarted(_ code: Int, _ message: String?) -> [ChatAction] {
        let words = CommentText.clean(message ?? "")
        let text = "the platform refuses to start, with code \(code)" + (words.isEmpty ? "" : ": \(words)")
        switch code {
        case 4004, 4009, 5000...5003, 7001...7003: return finish(text)
        default: return refuse(text)
        }
    }

    private mutating func heartbeatAnswered(_ answer: ChatAnswer) -> [ChatAction] {
        let code = try? BilibiliJSON.decoder.decode(Code.self, from: Data(answer.body)).code
        switch code {
        case 0:
            failures = 0
            return []
        case 7003: return finish("the platform has closed the game (7003)")
        default:
            failures += 1
            guard failures >= Self.mostFailures else { return [] }
            return finish("\(failures) heartbeats were not taken")
        }
    }

    // MARK: the socket

    /// To the next address.
    private mutating func connect(after reason: String) -> [ChatAction] {
        guard !links.isEmpty else { return finish(reason) }
        let link = links.removeFirst()
        state = .connecting
        socket = makeSocket(link.hostWithPort, link.path)
        return [.connect(link.server)]
    }

    package mutating func opened(at now: ChatMoment) -> [ChatAction] {
        guard state == .connecting, let socket else { return [] }
        return [.send(socket.start)]
    }

    package mutating func closed(_ reason: String, at now: ChatMoment) -> [ChatAction] {
        switch state {
        case .connecting, .authenticating: connect(after: reason)
        case .ended: []
        case .clearing, .starting, .joined: finish(reason)
        }
    }

    package mutating func take(_ bytes: [UInt8], at now: ChatMoment) -> [ChatAction] {
        guard var socket else { return [] }
        var actions: [ChatAction] = []
        var received: [WebSocketClient.Event] = []
        var problem: String?
        do throws(WebSocketError) { try socket.take(bytes) { received.append($0) } } catch { problem = "\(error)" }
        self.socket = socket
        for event in received where state != .ended && self.socket != nil {
            actions += handle(event, at: now)
        }
        if let problem, state != .ended, self.socket != nil { actions += closed(problem, at: now) }
        return actions
    }

    private mutating func handle(_ event: WebSocketClient.Event, at now: ChatMoment) -> [ChatAction] {
        switch event {
        case .opened:
            state = .authenticating
            return send(BilibiliPacket(.auth, body: Array(authentication.utf8)))
        case .answer(let bytes): return [.send(bytes)]
        case .closed(let code, _):
            socket = nil
            return closed("the server closed the WebSocket (\(code))", at: now)
        case .message(let bytes, _):
            do throws(ChatFormatError) {
                let packets = try BilibiliPacket.read(bytes, unpack: unpack)
                return packets.flatMap { state == .ended || socket == nil ? [] : handle($0, at: now) }
            } catch {
                return finish("\(error)")
            }
        }
    }

    private func send(_ packet: BilibiliPacket) -> [ChatAction] {
        socket.map { [.send($0.frame(.binary, packet.bytes))] } ?? []
    }

    private mutating func handle(_ packet: BilibiliPacket, at now: ChatMoment) -> [ChatAction] {
        switch packet.operation {
        case .authReply where state == .authenticating: return authenticated(packet, at: now)
        case .message where state == .joined:
            switch events.read(packet.body, game: game ?? "") {
            case .over: return finish("the platform has stopped sending")
            case .actions(let actions): return actions
            }
        case .heartbeat, .heartbeatReply, .message, .auth, .authReply: return []
        }
    }

    private mutating func authenticated(_ packet: BilibiliPacket, at now: ChatMoment) -> [ChatAction] {
        guard let code = try? BilibiliJSON.decoder.decode(Code.self, from: Data(packet.body)).code else {
            return finish("the server's answer to the token can't be read")
        }
        guard code == 0 else {
            let text = "the server does not take the platform's token (\(code))"
            return code == -101 ? refuse(text) : finish(text)
        }
        state = .joined
        links = []
        gameBeatAt = now.steady.addingReportingOverflow(Self.gameInterval).partialValue
        var actions: [ChatAction] = [.chosen, .joined]
        if let last = cursor?.lastMilliseconds, last < now.wall { actions.append(.gap(from: last, until: now.wall)) }
        return actions + beat(at: now)
    }

    // MARK: time

    /// A sign of life on the socket.
    private mutating func beat(at now: ChatMoment) -> [ChatAction] {
        socketBeatAt = now.steady.addingReportingOverflow(Self.socketInterval).partialValue
        return send(BilibiliPacket(.heartbeat))
    }

    package mutating func ping(at now: ChatMoment) -> [ChatAction] { state == .joined ? beat(at: now) : [] }

    package mutating func wake(at now: ChatMoment) -> [ChatAction] {
        guard state == .joined, let settings, let game else { return [] }
        var actions: [ChatAction] = []
        if let at = socketBeatAt, at <= now.steady { actions += beat(at: now) }
        if let at = gameBeatAt, at <= now.steady {
            struct Body: Encodable { let gameId: String }
            gameBeatAt = now.steady.addingReportingOverflow(Self.gameInterval).partialValue
            actions.append(request("heartbeat", Body(gameId: game), settings, at: now))
        }
        return actions
    }

    // MARK: the end

    package func farewell(at now: ChatMoment) -> [ChatAction] {
        guard let settings, let game else { return [] }
        return [end(game, of: settings, at: now)]
    }

    private mutating func over() {
        state = .ended
        socket = nil
        (gameBeatAt, socketBeatAt) = (nil, nil)
    }

    private mutating func finish(_ reason: String) -> [ChatAction] {
        over()
        return [.ended(reason)]
    }

    private mutating func refuse(_ reason: String) -> [ChatAction] {
        over()
        return [.refused(reason)]
    }
}
