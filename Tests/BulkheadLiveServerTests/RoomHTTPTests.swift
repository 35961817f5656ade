import BulkheadLiveServer
import BulkheadMedia
import BulkheadTestSupport
import Foundation
import NIOCore
import NIOPosix
import Synchronization
import Testing

/// The room beside a stream over HTTP: what viewers are told, and what they write.
@Suite(.timeLimit(.minutes(2))) struct RoomHTTPTests {
    private final class Said: Sendable {
        let all = Mutex<[WrittenComment]>([])
        var texts: [String] { all.withLock { $0.map(\.text) } }
    }

    private func withRoom(
        _ change: (inout LiveServerOptions) -> Void = { _ in },
        _ body: (LiveServer, LocalPublisher, Said) async throws -> Void
    ) async throws {
        var options = LiveServerOptions()
        change(&options)
        let server = try await LiveServer.start(port: 0, options: options)
        let said = Said()
        let publisher = try server.publish(StreamName(app: "live", name: "main"), timeZero: 1_000_000) { words in
            said.all.withLock { $0.append(words) }
        }
        try await body(server, publisher, said)
        await server.stop()
    }

    private static func post(
        _ server: LiveServer, _ body: String, _ headers: [String] = ["Content-Type: application/json"]
    ) async throws -> String {
        let lines = ["POST /live/main/room HTTP/1.1", "Host: a:1", "Connection: close"] + headers
        return try await RawHTTP(port: server.port).ask(
            lines.joined(separator: "\r\n") + "\r\nContent-Length: \(body.utf8.count)\r\n\r\n" + body)
    }

    @Test func viewersFollowARoom() async throws {
        try await withRoom { server, publisher, _ in
            let raw = RawHTTP(port: server.port)
            #expect(try await raw.ask("GET /live/main/room HTTP/1.0\r\n\r\n").contains(" 404 "))
            publisher.show(room: Array(#"{"title":"Evening"}"#.utf8), isOpen: false)
            for number in Int64(1)...3 {
                publisher.add(comment: number, at: MediaTime(milliseconds: 40 * number), Array("{}".utf8))
            }
            let head = try await raw.ask("HEAD /live/main/room HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(head.contains("Content-Type: text/event-stream") && head.hasSuffix("\r\n\r\n"))
            let text = String(decoding: try await raw.first(650, of: "/live/main/room"), as: UTF8.self)
            #expect(text.contains(#"event: board"#) && text.contains(#"data: {"title":"Evening"}"#), "\(text)")
            #expect(text.contains("id: 1000000-2\nevent: comment\ndata: {\"number\":2,\"at\":1000080,\"comment\":{}}"))
            let request = "GET /live/main/room HTTP/1.1\r\nHost: a\r\nLast-Event-ID: 1000000-2\r\n\r\n"
            let rest = String(decoding: try await raw.exchange(request, limit: 480), as: UTF8.self)
            #expect(!rest.contains("\"number\":2") && rest.contains("\"number\":3"), "\(rest)")
            #expect(try await raw.get("/status").contains(#""room":true"#))
        }
    }

    @Test func viewersWriteWhereTheyMay() async throws {
        try await withRoom { server, publisher, said in
            #expect(try await Self.post(server, "{}").contains(" 404 "))
            publisher.show(room: Array("{}".utf8), isOpen: false)
            let words = #"{"id":"a1","author":"Ann","text":"good evening"}"#
            #expect(try await Self.post(server, words).contains(" 403 "))
            publisher.show(room: Array("{}".utf8), isOpen: true)
            #expect(try await Self.post(server, words).contains(" 202 "))
            #expect(said.texts == ["good evening"])
            let json = "Content-Type: application/json"
            // Another site's page, another type, another method.
            for other in ["Origin: http://evil.example", "Origin: null", "Sec-Fetch-Site: cross-site"] {
                let headers = [json, other]
                #expect(try await Self.post(server, words, headers).contains(" 403 "), "\(headers)")
            }
            #expect(try await Self.post(server, words, [json, "Origin: http://a:1"]).contains(" 202 "))
            #expect(try await Self.post(server, words, ["Content-Type: text/plain"]).contains(" 415 "))
            #expect(try await Self.post(server, words, []).contains(" 415 "))
            let put = "PUT /live/main/room HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            #expect(try await RawHTTP(port: server.port).ask(put).contains(" 405 "))
            // What is no comment.
            let long = String(repeating: "x", count: 101)
            for (bad, status) in [
                ("", 400), ("{", 400), ("[]", 400), (#"{"id":"a1"}"#, 400), (#"{"id":"","text":"x"}"#, 400),
                (#"{"id":"a b","text":"x"}"#, 400), (#"{"id":"a1","text":""}"#, 400),
                (#"{"id":"a1","text":" \n\t"}"#, 400), (#"{"id":"a1","text":"\ud800"}"#, 400),
                (#"{"id":"a1","text":"\#(long)"}"#, 413),
                (#"{"id":"a1","text":"x","author":"\#(long)"}"#, 413),
                (#"{"id":"a1","text":"\#(String(repeating: "x", count: 10_000))"}"#, 413),
            ] {
                let answer = try await Self.post(server, bad)
                #expect(answer.contains(" \(status) "), "\(bad.prefix(40)): \(answer)")
            }
            #expect(said.texts.count == 2)
            // Five in a quarter of a minute, of which two are gone.
            var statuses: [Bool] = []
            for number in 0..<6 {
                statuses.append(try await Self.post(server, #"{"id":"b\#(number)","text":"x"}"#).contains(" 202 "))
            }
            #expect(statuses.count { $0 } <= 4 && statuses.last == false)
            #expect(try await Self.post(server, words).contains(" 429 "))
        }
    }

    /// One that takes nothing is closed, and keeps nothing in memory beyond what all have.
    @Test func aViewerThatTakesNothingIsClosed() async throws {
        try await withRoom({ $0.playerStallTimeout = .seconds(1) }) { server, publisher, _ in
            publisher.show(room: Array("{}".utf8), isOpen: false)
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .channelOption(.autoRead, value: false)
                .channelOption(.socketOption(.so_rcvbuf), value: 4096)
                .connect(host: "127.0.0.1", port: server.port).get()
            try await channel.writeAndFlush(ByteBuffer(string: "GET /live/main/room HTTP/1.1\r\nHost: a\r\n\r\n")).get()
            let long = Array("\"\(String(repeating: "x", count: 15_000))\"".utf8)
            let raw = RawHTTP(port: server.port)
            #expect(try await eventually { try await raw.get("/status").contains(#""roomViewers":1"#) })
            var number: Int64 = 0
            // Until the sockets' buffers are full, and for a while more.
            let deadline = ContinuousClock.now + .seconds(60)
            var isClosed = false
            while !isClosed, ContinuousClock.now < deadline {
                for _ in 0..<50 {
                    number += 1
                    publisher.add(comment: number, at: .zero, long)
                }
                isClosed = try await raw.get("/status").contains(#""roomViewers":0"#)
            }
            #expect(isClosed)
            try await channel.close()
        }
    }
}
