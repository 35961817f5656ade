import BulkheadChatFormats
import Testing

/// The examples of RFC 6455, sections 1.3 and 5.7, and what a server must not do.
@Suite(.timeLimit(.minutes(1))) struct WebSocketClientTests {
    private static let answer = """
        HTTP/1.1 101 Switching Protocols\r
        Upgrade: websocket\r
        Connection: keep-alive, Upgrade\r
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r
        \r\n
        """

    private static func client(limit: Int = 1 << 20) -> WebSocketClient {
        WebSocketClient(host: "server.example:81", path: "/chat", key: Array("the sample nonce".utf8), limit: limit) {
            0x37FA_213D
        }
    }

    private static func opened(limit: Int = 1 << 20) throws -> WebSocketClient {
        var client = client(limit: limit)
        #expect(try events(&client, Array(answer.utf8)) == [.opened])
        return client
    }

    private static func events(
        _ client: inout WebSocketClient, _ bytes: [UInt8]
    ) throws -> [WebSocketClient.Event] {
        var events: [WebSocketClient.Event] = []
        try client.take(bytes) { events.append($0) }
        return events
    }

    @Test func theHandshakeIsTheRFCs() throws {
        let text = String(decoding: Self.client().start, as: UTF8.self)
        #expect(text.hasPrefix("GET /chat HTTP/1.1\r\nHost: server.example:81\r\n") && text.hasSuffix("\r\n\r\n"))
        #expect(text.contains("\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"))
        #expect(text.contains("\r\nSec-WebSocket-Version: 13\r\n") && !text.contains("Extensions"))
        _ = try Self.opened()
    }

    @Test(arguments: [
        (answer.replacing("s3pP", with: "s3pQ"), WebSocketError.wrongKey),
        (answer.replacing("101", with: "403"), .status(403)), (answer.replacing("HTTP/1.1", with: "ICY"), .notHTTP),
        (answer.replacing("Upgrade: websocket", with: "Upgrade: h2c"), .notUpgraded),
        (answer.replacing("keep-alive, Upgrade", with: "close"), .notUpgraded),
        (
            answer.replacing("\r\n\r\n", with: "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"),
            .notOffered
        ), ("HTTP/1.1 101 " + String(repeating: "x", count: 20_000), .headTooLong), ("\r\n\r\n", .notHTTP),
    ])
    func otherAnswersEndIt(answer: String, error: WebSocketError) {
        var client = Self.client()
        #expect(throws: error) { try Self.events(&client, Array(answer.utf8)) }
        // It takes nothing more.
        #expect(throws: Never.self) { try Self.events(&client, [1, 2, 3]) }
    }

    @Test func framesOfOursAreMasked() {
        let hello: [UInt8] = [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58]
        #expect(Self.client().frame(.text, Array("Hello".utf8)) == hello)
        #expect(Self.client().frame(.binary, [UInt8](repeating: 0, count: 256)).prefix(4) == [0x82, 0xFE, 1, 0])
        let long = Self.client().frame(.binary, [UInt8](repeating: 0, count: 65_536))
        #expect(long.prefix(10) == [0x82, 0xFF, 0, 0, 0, 0, 0, 1, 0, 0] && long.count == 14 + 65_536)
    }

    /// Whole and one byte at a time: pieces with a ping between them, long messages, a close.
    @Test(arguments: [1, 2, 7, 4096, 1 << 20]) func messagesAreReadHoweverTheyCome(size: Int) throws {
        let hello = Array("Hello".utf8)
        let long = [UInt8](repeating: 7, count: 65_536)
        let pieces: [[UInt8]] = [
            Array(Self.answer.utf8), [0x81, 5] + hello, [0x01, 3] + Array("Hel".utf8), [0x89, 5] + hello,
            [0x80, 2] + Array("lo".utf8), [0x82, 0x7E, 1, 0], [UInt8](repeating: 9, count: 256),
            [0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0] + long, [0x82, 0], [0x8A, 0],
            [0x88, 5, 0x03, 0xE8] + Array("bye".utf8),
            [0x81, 5] + hello,
        ]
        let stream = pieces.flatMap { $0 }
        var client = Self.client()
        var events: [WebSocketClient.Event] = []
        for start in stride(from: 0, to: stream.count, by: size) {
            events += try Self.events(&client, Array(stream[start..<min(start + size, stream.count)]))
        }
        let pong: [UInt8] = [0x8A, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58]
        #expect(
            events == [
                .opened, .message(hello, isText: true), .answer(pong), .message(hello, isText: true),
                .message([UInt8](repeating: 9, count: 256), isText: false), .message(long, isText: false),
                .message([], isText: false), .answer([0x88, 0x82, 0x37, 0xFA, 0x21, 0x3D, 0x34, 0x12]),
                .closed(1000, "bye"),
            ])
    }

    @Test(
        arguments: [
            ([0xC1, 0], WebSocketError.reservedBits), ([0x83, 0], .opcode(3)), ([0x8B, 0], .opcode(11)),
            ([0x81, 0x80, 0, 0, 0, 0], .masked), ([0x09, 0], .control), ([0x89, 0x7E, 0, 126], .control),
            ([0x88, 1, 3], .control), ([0x80, 0], .fragments), ([0x01, 0, 0x81, 0], .fragments),
            ([0x82, 0x7E, 4, 1], .messageTooLong),
            ([0x82, 0x7F, 255, 255, 255, 255, 255, 255, 255, 255], .messageTooLong),
            ([0x81, 2, 0xC3, 0x28], .notUTF8),
        ] as [([UInt8], WebSocketError)])
    func whatAServerMustNotDoEndsIt(bytes: [UInt8], error: WebSocketError) throws {
        var client = try Self.opened(limit: 1024)
        #expect(throws: error) { try Self.events(&client, bytes) }
    }

    /// Pieces that are short each, and together too long.
    @Test func theLimitIsThatOfTheMessage() throws {
        var client = try Self.opened(limit: 200)
        let piece = [UInt8](repeating: 0, count: 100)
        #expect(try Self.events(&client, [0x02, 100] + piece + [0x00, 100] + piece) == [])
        #expect(throws: WebSocketError.messageTooLong) { try Self.events(&client, [0x80, 1, 0]) }
    }
}
