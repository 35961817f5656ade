import BulkheadChatFormats
import BulkheadDanmaku
import BulkheadMedia
import BulkheadModel

extension FuzzSubject {
    /// What an IRC server sends.
    static let irc = FuzzSubject(name: "irc", maximumByteCount: 16_384) { bytes in
        for dialect in [IRCSession.Settings.Dialect.standard, .twitch] {
            func actions(_ pieces: [[UInt8]]) throws -> [IRCSession.Action] {
                var cursor = ChatCursor()
                cursor.advance(to: RoomComment(id: "1", source: "", author: "", text: "", sentMilliseconds: 5))
                var session = IRCSession(
                    IRCSession.Settings(
                        dialect, source: "irc", channel: "room", nick: "n", password: "p",
                        account: dialect == .twitch ? "" : "a"),
                    cursor: cursor, connection: "c")
                var reader = LineReader()
                let read = pieces.flatMap { reader.take($0) }.flatMap { session.handle($0, now: 9) }
                let settled = session.settle(now: 9) + session.settle(now: 10)
                try rule(session.state != .joined || session.isCaughtUp, "what was missed is waited for without end")
                return read + settled
            }
            let whole = try actions([bytes])
            try rule(whole == actions(bytes.pieces), "what is done depends on how the bytes come")
            for action in whole {
                switch action {
                case .send(let message):
                    // Bytes: as characters, "\r\n" is one, and a form feed is a newline that IRC does not know.
                    let line = Array(message.line.utf8)
                    try rule(
                        line.suffix(2) == [0x0D, 0x0A] && !line.dropLast(2).contains { [0, 0x0A, 0x0D].contains($0) },
                        "a server's words make a line of ours end early")
                case .gap(let from, let until): try rule(from <= until, "a gap ends before it begins")
                case .paid(_, let amount, _): try rule(amount > 0, "nothing was paid")
                default: break
                }
            }
        }
    }

    /// What a bridge of JSON lines sends.
    static let bridge = FuzzSubject(name: "bridge", maximumByteCount: 16_384) { bytes in
        func actions(_ pieces: [[UInt8]]) -> [BridgeSession.Action] {
            var session = BridgeSession(channel: "c", token: "", source: "b", cursor: nil, connection: "c")
            var reader = LineReader()
            return pieces.flatMap { reader.take($0) }.flatMap { session.handle($0, now: 9) }
        }
        let whole = actions([bytes])
        try rule(whole == actions(bytes.pieces), "what is done depends on how the bytes come")
        for case .paid(_, let amount, _, _) in whole { try rule(amount >= 0, "a negative amount was paid") }
    }

    /// What a server of Douyu sends; what is read of texts can be written and read again.
    static let douyu = FuzzSubject(name: "douyu", maximumByteCount: 16_384) { bytes in
        func actions(_ pieces: [[UInt8]]) -> [ChatAction] {
            var session = DouyuSession(room: "288016", source: "d", connection: "c")
            return pieces.flatMap { session.take($0, at: moment) }
        }
        try rule(actions([bytes]) == actions(bytes.pieces), "what is done depends on how the bytes come")
        let pairs = STT.read(String(decoding: bytes, as: UTF8.self))
        let written = STT.write(pairs.map { ($0.key, $0.value) })
        try rule(STT.read(written) == pairs, "pairs that were read are others when they are written")
    }

    /// What a server sends by a WebSocket, behind the answer to its handshake where the first byte is odd.
    static let websocket = FuzzSubject(name: "websocket", maximumByteCount: 16_384) { bytes in
        let stream = (bytes.first ?? 0) & 1 == 1 ? sampleHandshake + bytes.dropFirst() : bytes
        let (whole, error) = webSocketEvents([stream])
        try rule((whole, error) == webSocketEvents(stream.pieces), "what is read depends on how the bytes come")
        for case .message(let message, let isText) in whole {
            try rule(message.count <= 4096, "a message is longer than its limit")
            try rule(!isText || String(validating: message, as: UTF8.self) != nil, "a text is no UTF-8")
        }
        for case .answer(let frame) in whole {
            try rule(frame.count <= 131 && frame[1] & 0x80 != 0, "an answer is too long, or not masked")
        }
    }

    /// What Bilibili sends in a frame, behind the way in. What is packed counts as its bytes turned round.
    static let bilibili = FuzzSubject(name: "bilibili", maximumByteCount: 16_384) { bytes in
        var session = BilibiliSession(
            BilibiliSession.Settings(application: "1", words: "a b c"), source: "b", cursor: nil, connection: "c",
            unpack: { bytes, limit in bytes.count > limit ? nil : bytes.reversed() }, nonce: { "n" },
            makeSocket: { WebSocketClient(host: $0, path: $1, key: sampleKey, limit: 1 << 20) { 0 } })
        let start =
            #"{"code":0,"data":{"game_info":{"game_id":"g"},"websocket_info":{"auth_body":"","wss_link":["wss://h/"]}}}"#
        _ = session.begin(ChatTarget.Server(host: "h", port: 443, isSecure: true), at: moment)
        _ = session.answered(ChatAnswer("start", status: 200, body: Array(start.utf8)), at: moment)
        _ = session.opened(at: moment)
        _ = session.take(sampleHandshake, at: moment)
        let reply = BilibiliPacket(.authReply, body: Array(#"{"code":0}"#.utf8)).bytes
        let joining = session.take([0x82, UInt8(reply.count)] + reply, at: moment)
        try rule(joining.contains(.joined), "the room was not joined")
        let length = bytes.count
        let actions = session.take([0x82, 126, UInt8(length >> 8), UInt8(length & 0xFF)] + bytes, at: moment)
        for case .paid(_, let amount, _, let seconds) in actions {
            try rule(amount > 0 && seconds.map { $0 > 0 && $0 <= 86_400 } ?? true, "what was paid is out of range")
        }
        let ends = actions.filter { if case .ended = $0 { true } else { false } }
        try rule(ends.count <= 1 && (ends.isEmpty || actions.last == ends[0]), "something comes behind the end")
    }

    /// What the API of YouTube answers.
    static let youtube = FuzzSubject(name: "youtube", maximumByteCount: 16_384) { bytes in
        for status in [200, 400, 403] {
            var session = YouTubeSession(channel: "chat", key: "k", source: "y", cursor: nil)
            _ = session.begin(ChatTarget.Server(host: "h", port: 443, isSecure: true), at: moment)
            let actions = session.answered(ChatAnswer("list", status: status, body: bytes), at: moment)
            for case .paid(_, let amount, _, _) in actions { try rule(amount > 0, "nothing was paid") }
            for case .token(let token) in actions { try rule(token.utf8.count <= 4096, "a token is too long") }
            let isOver = actions.contains {
                if case .refused = $0 { true } else if case .ended = $0 { true } else { false }
            }
            try rule(isOver == (session.due == nil), "it does not know when to ask next")
        }
    }

    /// What the stream of YouTube's API gives.
    static let stream = FuzzSubject(name: "youtube-stream", maximumByteCount: 16_384) { bytes in
        func actions(_ pieces: [[UInt8]]) -> [ChatAction] {
            var session = YouTubeSession(channel: "chat", key: "k", source: "y", cursor: nil)
            _ = session.begin(ChatTarget.Server(host: "h", port: 443, isSecure: true), at: moment)
            _ = session.answered(ChatAnswer("list", status: 200, body: Array("{}".utf8)), at: moment)
            return pieces.flatMap { session.streamed($0, at: moment) }
        }
        let whole = actions([bytes])
        try rule(whole == actions(bytes.pieces), "what is done depends on how the bytes come")
        for case .paid(_, let amount, _, _) in whole { try rule(amount > 0, "nothing was paid") }
    }

    /// The file of a room's record: whatever it holds, the program can go on with it, or says that it can't.
    static let room = FuzzSubject(name: "room", maximumByteCount: 16_384) { bytes in
        guard var record = try? JSONLine.decode(RoomRecord.self, from: bytes), record.isOfThisVersion,
            let canvas = Canvas(width: 1280, height: 720)
        else { return }
        record.change(to: canvas)
        record.beginTimeline(at: .zero, now: 1_790_000_000_000)
        _ = record.take(
            RoomComment(id: "new", source: "irc", author: "a", text: "hello"), at: .zero, now: 1_790_000_000_000)
        _ = record.advance(to: MediaTime(nanoseconds: 1_000_000_000), now: 1_790_000_001_000)
        let again = try JSONLine.decode(RoomRecord.self, from: JSONLine.encode(record))
        try rule(again.isOfThisVersion, "a record that was read can't be read again")
    }
}

private func webSocketEvents(_ pieces: [[UInt8]]) -> ([WebSocketClient.Event], WebSocketError?) {
    var client = WebSocketClient(host: "h", path: "/", key: sampleKey, limit: 4096) { 0x37FA_213D }
    var events: [WebSocketClient.Event] = []
    do throws(WebSocketError) {
        for piece in pieces { try client.take(piece) { events.append($0) } }
        return (events, nil)
    } catch { return (events, error) }
}

private let moment = ChatMoment(wall: 9, steady: 9)
/// That of RFC 6455, section 1.3, and the answer to it.
private let sampleKey = Array("the sample nonce".utf8)
private let sampleHandshake = Array(
    """
    HTTP/1.1 101 Switching Protocols\r
    Upgrade: websocket\r
    Connection: Upgrade\r
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r
    \r\n
    """.utf8)
