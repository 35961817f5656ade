import BulkheadFaults
import BulkheadSystem
import BulkheadTestSupport
import Foundation
import Glibc
import Testing

/// Chats of a real broadcast: what is written comes into the room's log once, whoever dies.
@Suite(.serialized, .timeLimit(.minutes(4))) struct ChatTests {
    private static func start(_ folder: TemporaryFolder, _ chats: [String]) throws -> RunningProcess {
        try BulkheadProgram.start(
            [
                "broadcast", "test", "--to", "file:\(folder.path("\(UUID().uuidString).flv"))", "--size", "320x180",
                "--fps", "30", "--preset", "ultrafast", "--standby", "off", "--room", "evening",
                "--control", "unix:\(folder.path("master.sock"))",
            ] + chats.flatMap { ["--chat", $0] }, environment: ["XDG_STATE_HOME": folder.path("state")])
    }

    private static func log(_ folder: TemporaryFolder) -> [String] {
        let path = folder.path("state/bulkhead/rooms/evening.jsonl")
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").compactMap { line in
            let entry = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            return (entry?["comment"] as? [String: Any])?["text"] as? String
        }
    }

    private static func kill(_ program: String, of broadcast: RunningProcess) async {
        var pids: [Int32] = []
        _ = await eventually(within: .seconds(30)) {
            pids = ProcessTable.children(of: broadcast.pid, named: program)
            return !pids.isEmpty
        }
        if let pid = pids.first { _ = Glibc.kill(pid, SIGKILL) }
    }

    /// The connection, the chat process and the master die; the media links hear nothing of it.
    @Test func eachLineIsInTheLogOnceWhoeverDies() async throws {
        let folder = try TemporaryFolder()
        let server = try await IRCServer()
        let path = try await FaultyPath.start(port: server.port)
        let speaker = try #require(IRCClient(port: server.port))
        #expect(speaker.join(as: "speaker"))
        let chat = "irc://127.0.0.1:\(path.port)/room,name=irc"
        let first = try Self.start(folder, [chat])
        #expect(await eventually(within: .seconds(30)) { first.errorText.contains("chat irc: joined at") })
        var said = 0
        func say() {
            said += 1
            speaker.say("line \(said)")
        }
        say()
        #expect(await eventually(within: .seconds(30)) { Self.log(folder).contains("line 1") })
        try await path.set(.refusing)
        #expect(await eventually(within: .seconds(30)) { first.errorText.contains("chat irc: lost:") })
        say()
        try await path.set(.open)
        #expect(await eventually(within: .seconds(60)) { first.errorText.contains("chat irc: back at") })
        #expect(first.errorText.contains("answers again") && first.errorText.contains("is chosen"))
        #expect(await eventually(within: .seconds(30)) { Self.log(folder).contains("line 2") })
        await Self.kill("bulkhead-chat", of: first)
        say()
        #expect(await eventually(within: .seconds(60)) { Self.log(folder).contains("line 3") })
        let links = first.errorText.split(separator: "\n").filter { $0.contains("link") && !$0.contains("chat irc") }
        #expect(!links.contains { $0.contains("saved") || $0.contains("lost") }, "\(links)")
        _ = Glibc.kill(first.pid, SIGKILL)
        _ = await first.wait(timeout: .seconds(30))
        say()
        let second = try Self.start(folder, [chat])
        #expect(await eventually(within: .seconds(60)) { Self.log(folder).contains("line 4") })
        say()
        #expect(await eventually(within: .seconds(30)) { Self.log(folder).contains("line 5") })
        #expect(Self.log(folder).sorted() == (1...5).map { "line \($0)" })
        #expect(!second.errorText.contains("comments may be missing"), "\(second.errorText)")
        _ = Glibc.kill(second.pid, SIGTERM)
        #expect(await second.wait(timeout: .seconds(30)) == 0, "\(second.errorText)")
        await path.stop()
    }

    /// The bridge of docs/chat-bridge.md, as it stands there.
    @Test func theBridgeOfThePageWorks() async throws {
        let folder = try TemporaryFolder()
        let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("docs/chat-bridge.md")
        let text = try String(contentsOf: page, encoding: .utf8)
        let start = try #require(text.range(of: "```python\n")).upperBound
        let end = try #require(text.range(of: "```", range: start..<text.endIndex)).lowerBound
        let port = try FreePort.take()
        let script = text[start..<end].replacingOccurrences(of: "7000", with: "\(port)")
        #expect(text[start..<end].split(separator: "\n").count <= 25)
        try Data(script.utf8).write(to: URL(fileURLWithPath: folder.path("bridge.py")))
        let fifo = folder.path("typed")
        #expect(mkfifo(fifo, 0o600) == 0)
        let writing = open(fifo, O_RDWR | O_CLOEXEC)
        defer { close(writing) }
        func type(_ line: String) { _ = (line + "\n").withCString { write(writing, $0, strlen($0)) } }
        let bridge = try RunningProcess("sh", ["-c", "exec python3 '\(folder.path("bridge.py"))' < '\(fifo)'"])
        type("Ann: hello")
        let broadcast = try Self.start(folder, ["lines:127.0.0.1:\(port),name=page"])
        #expect(await eventually(within: .seconds(60)) { Self.log(folder) == ["hello"] })
        type("Bob: 你好")
        #expect(await eventually(within: .seconds(30)) { Self.log(folder) == ["hello", "你好"] })
        await Self.kill("bulkhead-chat", of: broadcast)
        type("Ann: still here")
        #expect(await eventually(within: .seconds(60)) { Self.log(folder) == ["hello", "你好", "still here"] })
        // Gone before its successor: one that still reads would take the next line with it.
        await bridge.end(signal: SIGKILL)
        #expect(!bridge.isRunning)
        #expect(await eventually(within: .seconds(60)) { broadcast.errorText.contains("chat page: lost:") })
        let again = try RunningProcess("sh", ["-c", "exec python3 '\(folder.path("bridge.py"))' < '\(fifo)'"])
        type("Ann: back")
        #expect(await eventually(within: .seconds(60)) { Self.log(folder).last == "back" })
        // It had kept nothing.
        #expect(await eventually(within: .seconds(30)) { broadcast.errorText.contains("comments may be missing") })
        #expect(Self.log(folder).count == 4)
        _ = Glibc.kill(broadcast.pid, SIGTERM)
        #expect(await broadcast.wait(timeout: .seconds(30)) == 0, "\(broadcast.errorText)")
        await again.end()
    }

    /// A minute's backlog behind a break is in the log, and on the picture is only what is young, or was paid for.
    @Test func aBacklogDoesNotBurstOntoThePicture() async throws {
        let folder = try TemporaryFolder()
        let port = try FreePort.take()
        let script = """
            import json, socket, time
            server = socket.create_server(("127.0.0.1", \(port)))
            def serve(*lines):
                connection, _ = server.accept()
                connection.recv(4096)
                connection.sendall(b"".join(json.dumps(line).encode() + b"\\n" for line in lines))
                return connection
            now = int(time.time() * 1000)
            first = serve({"ready": True, "resumed": True}, {"id": "first", "text": "first", "time": now})
            while not open("\(folder.path("go"))", "a+").tell():
                time.sleep(0.02)
            first.close()
            now = int(time.time() * 1000)
            old = [{"id": "o%d" % n, "text": "old %d" % n, "time": now - 60000 + n * 100} for n in range(500)]
            young = [{"id": "y%d" % n, "text": "young %d" % n, "time": now - 900 + n * 100} for n in range(9)]
            paid = [{"id": "p%d" % n, "text": "paid %d" % n, "time": now - 50000, "amount": 5, "seconds": s}
                    for n, s in enumerate([20, 600])]
            serve(*old, *paid, *young, {"ready": True, "resumed": True}).recv(1)
            """
        // The first connection ends when its process is given the sign, and the second one brings the backlog.
        let bridge = try RunningProcess("python3", ["-c", script])
        let broadcast = try Self.start(folder, ["lines:127.0.0.1:\(port),name=page"])
        #expect(await eventually(within: .seconds(60)) { Self.log(folder) == ["first"] })
        try Data("go".utf8).write(to: URL(fileURLWithPath: folder.path("go")))
        #expect(await eventually(within: .seconds(60)) { Self.log(folder).count == 512 })
        #expect(Set(Self.log(folder)).count == 512)
        func counts() async throws -> [String: Int] {
            let command = try BulkheadProgram.start(
                ["room", "show", "--json", "--attach", "unix:\(folder.path("master.sock"))"])
            #expect(await command.wait(timeout: .seconds(30)) == 0)
            let room = try JSONSerialization.jsonObject(with: Data(command.outputText.utf8)) as? [String: Any]
            var counts = (room?["counts"] as? [String: Int]) ?? [:]
            counts["paid"] = (room?["paid"] as? [Any])?.count
            return counts
        }
        // What finds no place waits for a second at most. The first, one that was paid for, and of the young ones all where the
        // machine is quick.
        let shown = 3...11
        #expect(
            await eventually(within: .seconds(20)) {
                shown.contains((try? await counts()["shown"]) ?? 0)
            })
        let last = try await counts()
        #expect(last["paid"] == 1 && last["shed"] == 0 && last["merged"] == 0, "\(last)")
        #expect(broadcast.errorText.contains("with 511 comments from before"), "\(broadcast.errorText)")
        _ = Glibc.kill(broadcast.pid, SIGTERM)
        #expect(await broadcast.wait(timeout: .seconds(30)) == 0, "\(broadcast.errorText)")
        _ = Glibc.kill(bridge.pid, SIGTERM)
    }

    @Test func whatIsNotWantedIsToldAndNotHammered() async throws {
        let folder = try TemporaryFolder()
        let port = try FreePort.take()
        let script = """
            import socket
            server = socket.create_server(("127.0.0.1", \(port)))
            count = 0
            while True:
                connection, _ = server.accept()
                count += 1
                open("\(folder.path("count"))", "w").write(str(count))
                connection.recv(4096)
                connection.sendall(b'{"refused":"wrong token"}\\n')
                connection.recv(4096)
            """
        let bridge = try RunningProcess("python3", ["-c", script])
        let broadcast = try Self.start(folder, ["lines:127.0.0.1:\(port),name=door"])
        #expect(
            await eventually(within: .seconds(60)) { broadcast.errorText.contains("does not want it: wrong token") })
        try await Task.sleep(for: .seconds(2))
        #expect(try String(contentsOfFile: folder.path("count"), encoding: .utf8) == "1")
        _ = Glibc.kill(broadcast.pid, SIGTERM)
        #expect(await broadcast.wait(timeout: .seconds(30)) == 0, "\(broadcast.errorText)")
        _ = Glibc.kill(bridge.pid, SIGTERM)
    }

    /// A certificate that nobody vouches for is no server of ours, until a person says so.
    @Test func certificatesAreChecked() async throws {
        let folder = try TemporaryFolder()
        let identity = try await TLSIdentity(in: folder)
        let (key, certificate) = (identity.key, identity.certificate)
        let port = try FreePort.take()
        let script = """
            import socket, ssl, threading
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain("\(certificate)", "\(key)")
            server = socket.create_server(("127.0.0.1", \(port)))
            def serve(connection):
                try:
                    connection = context.wrap_socket(connection, server_side=True)
                    for line in connection.makefile():
                        if line.startswith("CAP LS"):
                            connection.sendall(b":s CAP * LS :\\r\\n")
                        elif line.startswith("CAP :END"):
                            connection.sendall(b":s 001 x :hi\\r\\n:s 422 x :none\\r\\n")
                        elif line.startswith("JOIN"):
                            connection.sendall(b":s 366 x #room :end\\r\\n:ann!a@b PRIVMSG #room :hello\\r\\n")
                except OSError:
                    pass
            while True:
                threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
            """
        let server = try RunningProcess("python3", ["-c", script])
        let chat = "ircs://localhost:\(port)/room"
        let broadcast = try Self.start(folder, ["\(chat),name=trusted,tls-ca=\(certificate)", "\(chat),name=strange"])
        #expect(await eventually(within: .seconds(60)) { Self.log(folder) == ["hello"] })
        #expect(broadcast.errorText.contains("chat trusted: joined at localhost:\(port)"))
        #expect(
            await eventually(within: .seconds(30)) {
                broadcast.errorText.contains("chat strange: localhost:\(port) can't be joined: its certificate")
            }, "\(broadcast.errorText)")
        _ = Glibc.kill(broadcast.pid, SIGTERM)
        #expect(await broadcast.wait(timeout: .seconds(30)) == 0, "\(broadcast.errorText)")
        _ = Glibc.kill(server.pid, SIGTERM)
    }

    /// Three platforms beside each other: the chat process dies and all go on, what they are to be continued by is in the record, no
    /// secret is anywhere, and the platform that wants to be told of the end is.
    @Test func platformsGoOnWhoeverDies() async throws {
        let folder = try TemporaryFolder()
        let identity = try await TLSIdentity(in: folder)
        let (bilibili, youtube) = (
            try ChatPeer("bilibili", identity: identity), try ChatPeer("youtube", identity: identity)
        )
        let douyu = try ChatPeer("douyu-server")
        let keys = folder.path("bilibili.key")
        try Data("AK\nSECRET\nABCDEF\n".utf8).write(to: URL(fileURLWithPath: keys))
        let key = folder.path("youtube.key")
        try Data("KEY\n".utf8).write(to: URL(fileURLWithPath: key))
        let trusted = "tls-ca=\(identity.certificate)"
        let broadcast = try Self.start(
            folder,
            [
                "douyu://127.0.0.1:\(try await douyu.port)/288016",
                "bilibili://localhost:\(try await bilibili.port)/1234567890,password-file=\(keys),\(trusted)",
                "youtube://localhost:\(try await youtube.port)/6p_JM-I7FUg,password-file=\(key),\(trusted)",
            ])
        let wanted = ["three", "line 6", "line 8"]
        #expect(
            await eventually(within: .seconds(60)) { Set(Self.log(folder)).isSuperset(of: wanted) },
            "\(broadcast.errorText)")
        let before = Self.log(folder).sorted()
        await Self.kill("bulkhead-chat", of: broadcast)
        #expect(await eventually(within: .seconds(60)) { bilibili.lines.contains("beat 5") }, "\(broadcast.errorText)")
        // The successor ended the game of the one that was killed, and began its own.
        let asked = bilibili.lines.filter { $0.hasPrefix("/v2/app/") }.suffix(2)
        #expect(asked == ["/v2/app/end game-4", "/v2/app/start"])
        #expect(await eventually(within: .seconds(30)) { youtube.lines.last == "page T8" })
        let record = try String(contentsOfFile: folder.path("state/bulkhead/rooms/evening.json"), encoding: .utf8)
        #expect(record.contains(#""pageToken":"game-"#) && record.contains(#""pageToken":"T8""#))
        _ = Glibc.kill(broadcast.pid, SIGTERM)
        #expect(await broadcast.wait(timeout: .seconds(30)) == 0, "\(broadcast.errorText)")
        #expect(bilibili.lines.last == "/v2/app/end game-5", "\(bilibili.lines)")
        // Gifts and comments without an id may be there again; all others are not.
        let lines = Self.log(folder).filter { $0.hasPrefix("line") }
        #expect(lines.sorted() == before.filter { $0.hasPrefix("line") })
        for secret in ["SECRET", "ABCDEF", "\"AK\"", "KEY"] {
            #expect(!broadcast.errorText.contains(secret) && !record.contains(secret))
        }
    }
}
