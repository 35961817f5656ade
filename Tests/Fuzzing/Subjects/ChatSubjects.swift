import BulkheadChatFormats
import BulkheadDanmaku
import BulkheadMedia
import BulkheadModel

extension FuzzSubject {
    /// What an IRC server sends.
    static let irc = FuzzSubject(name: "irc", maximumByteCount: 16_384) { bytes in
        func actions(_ pieces: [[UInt8]]) -> [IRCSession.Action] {
            var cursor = ChatCursor()
            cursor.advance(to: RoomComment(id: "1", source: "", author: "", text: "", sentMilliseconds: 5))
            var session = IRCSession(
                IRCSession.Settings(source: "irc", channel: "room", nick: "n", password: "p", account: "a"),
                cursor: cursor, connection: "c")
            var reader = LineReader()
            return pieces.flatMap { reader.take($0) }.flatMap { session.handle($0, now: 9) } + session.settle(now: 9)
        }
        let whole = actions([bytes])
        try rule(whole == actions(bytes.pieces), "what is done depends on how the bytes come")
        for case .send(let message) in whole {
            let line = message.line
            try rule(
                line.hasSuffix("\r\n") && line.dropLast().allSatisfy { !$0.isNewline || $0 == "\r\n" },
                "a server's words make a line of ours end early")
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
