import BulkheadFaults
import BulkheadTestSupport
import Foundation
import Testing

/// Servers and paths fail while on air; what the servers have together is the whole stream.
@Suite(.serialized, .timeLimit(.minutes(3))) struct LinkTests {
    /// A broadcast of the numbered test picture to `destinations`.
    private struct Course {
        let folder: TemporaryFolder
        let broadcast: RunningProcess

        init(seconds: Int, _ destinations: [String], in folder: TemporaryFolder) async throws {
            self.folder = folder
            broadcast = try BulkheadProgram.start(
                ["broadcast", "test"] + destinations + [
                    "--control", "unix:\(folder.path("c.sock"))", "--size", "640x360", "--video-bitrate", "800k",
                    "--preset", "ultrafast", "--keyframe-interval", "1", "--json", "--duration", "\(seconds)",
                ], environment: ["XDG_STATE_HOME": folder.path("state")])
        }

        var events: [ReportedEvent] { ReportedEvent.all(in: broadcast.outputText) }

        @discardableResult
        func event(
            _ code: String, link: Int = 1, lane: Int? = nil, count: Int = 1,
            sourceLocation: SourceLocation = #_sourceLocation
        ) async throws -> ReportedEvent {
            func found() -> [ReportedEvent] { events.filter { $0.isA(code, id: link, lane: lane) } }
            let came = await eventually(within: .seconds(30)) { found().count >= count || !broadcast.isRunning }
            return try #require(
                came && found().count >= count ? found().last : nil, "\(code)\n\(broadcast.outputText)",
                sourceLocation: sourceLocation)
        }

        /// The codes of a link's events, in order.
        func codes(link: Int = 1) -> [String] {
            events.filter { $0.part.role == "link" && $0.part.id == link }.map(\.code)
        }

        func command(_ arguments: String...) async throws -> (text: String, status: Int32) {
            let program = try BulkheadProgram.start(
                arguments + ["--attach", "unix:\(folder.path("c.sock"))"],
                environment: ["XDG_STATE_HOME": folder.path("state")])
            let status = await program.wait(timeout: .seconds(30))
            return (program.outputText + program.errorText, status)
        }

        func finish(sourceLocation: SourceLocation = #_sourceLocation) async {
            #expect(
                await broadcast.wait(timeout: .seconds(60)) == 0, "\(broadcast.errorText)\n\(broadcast.outputText)",
                sourceLocation: sourceLocation)
        }
    }

    private static let steps = ["link.saved", "link.cleared", "link.selected", "link.restored"]

    private static func recordings(_ folder: TemporaryFolder) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.url.path).filter { $0.hasSuffix(".flv") }.sorted()
            .map { folder.path($0) }
    }

    @Test(.enabled(if: NginxServer.isInstalled)) func killedServerThatComesBackMissesNothing() async throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let recording =
            "recorder all { record all; record_path \(folder.url.path); record_unique on; record_suffix -%s.flv; }"
        let first = try await NginxServer(application: recording)
        let course = try await Course(
            seconds: 9, ["--to", "rtmp://127.0.0.1:\(first.port)/live/key"], in: folder)
        try await course.event("link.accepted")
        await first.end(signal: SIGKILL)
        try await course.event("link.lost")
        // It stays away for a while, which is what happens here and no way to wait for anything.
        try await Task.sleep(for: .seconds(2))
        let second = try await NginxServer(application: recording, port: first.port)
        let back = Date().timeIntervalSince1970
        let restored = try await course.event("link.restored")
        print("on air \(Int((restored.time - back) * 1000)) ms after the server was back")
        await course.finish()
        await second.end()
        #expect(course.codes().filter { Self.steps.contains($0) } == Self.steps)
        let seen = try await RecordingPieces.numbers(Self.recordings(folder), width: 640, height: 360)
        #expect(Set(0..<270).subtracting(seen).sorted() == [])
    }

    @Test func blackholedPathGivesWayToTheNextServer() async throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let servers = [try await EmbeddedServer(), try await EmbeddedServer()]
        var viewers: [RecordingViewer] = []
        for (index, server) in servers.enumerated() {
            viewers.append(try RecordingViewer(server.url("a"), into: folder, name: "\(index).flv"))
            #expect(await server.hasViewer(of: "a"))
        }
        let path = try await FaultyPath.start(port: servers[0].port)
        let course = try await Course(
            seconds: 7, ["--to", "rtmp://127.0.0.1:\(path.port)/live/a", "--or", servers[1].url("a")], in: folder)
        try await course.event("link.accepted")
        // The first viewer has begun to write.
        #expect(await eventually(within: .seconds(30)) { FileManager.default.fileExists(atPath: folder.path("0.flv")) })
        let start = Date().timeIntervalSince1970
        try await path.set(.blackhole)
        let restored = try await course.event("link.restored")
        print("backup on air \(Int((restored.time - start) * 1000)) ms after the path was gone")
        #expect(restored.string("server")?.contains(":\(servers[1].port)/") == true)
        await course.finish()
        await path.stop()
        await viewers[1].finish()
        await viewers[0].stop()
        for server in servers { await server.end() }
        let codes = course.codes()
        #expect(codes.filter { Self.steps.contains($0) } == Self.steps, "\(course.broadcast.outputText)")
        #expect(codes.contains("link.stalled") && codes.contains("link.prepared"), "\(codes)")
        let seen = try await RecordingPieces.numbers(
            ["0.flv", "1.flv"].map { folder.path($0) }, width: 640, height: 360)
        #expect(Set(0..<210).subtracting(seen).sorted() == [])
    }

    /// A broadcast in no hurry brings no more than its link carries, also after a break: 40 seconds are made in about one,
    /// and a link holds 20.
    @Test func fastBroadcastWaitsForItsLink() async throws {
        let server = try await EmbeddedServer()
        let path = try await FaultyPath.start(port: server.port)
        try await path.set(.slow(bytesPerSecond: 150_000))
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let broadcast = try BulkheadProgram.start(
            [
                "broadcast", "test", "--fast", "--duration", "40", "--to", "rtmp://127.0.0.1:\(path.port)/live/a",
                "--size", "320x180", "--video-bitrate", "300k", "--preset", "ultrafast",
            ], environment: ["XDG_STATE_HOME": folder.path("state")])
        #expect(await eventually(within: .seconds(30)) { broadcast.errorText.contains("accepted the stream") })
        try await path.set(.refusing)
        #expect(await eventually(within: .seconds(30)) { broadcast.errorText.contains("trying again") })
        try await path.set(.open)
        try await path.set(.slow(bytesPerSecond: 400_000))
        #expect(await broadcast.wait(timeout: .seconds(60)) == 0, "\(broadcast.errorText)")
        #expect(broadcast.errorText.contains("1200 frames, 0 dropped"), "\(broadcast.errorText)")
        #expect(server.publishCount == 2)
        await path.stop()
        await server.end()
    }

    @Test func crawlingServerIsNothingToItsNeighbour() async throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let servers = [try await EmbeddedServer(), try await EmbeddedServer()]
        let viewer = try RecordingViewer(servers[1].url("a"), into: folder)
        #expect(await servers[1].hasViewer(of: "a"))
        let path = try await FaultyPath.start(port: servers[0].port, bufferByteCount: 16 << 10)
        let course = try await Course(
            seconds: 5, ["--to", "rtmp://127.0.0.1:\(path.port)/live/a", "--to", servers[1].url("a")], in: folder)
        try await course.event("link.connected", link: 1)
        try await course.event("link.connected", link: 2)
        try await path.set(.slow(bytesPerSecond: 1))
        try await course.event("link.stalled", link: 1)
        let (text, status) = try await course.command("link", "list", "--json")
        #expect(status == 0, "\(text)")
        let links = try JSONDecoder().decode([Link].self, from: Data(text.utf8))
        #expect(links.count == 2 && links[1].state == "publishing")
        #expect(links[1].queuedMilliseconds < 2000 && links[1].framesShed == 0 && links[1].reconnects == 0)
        try await path.set(.open)
        await course.finish()
        await path.stop()
        await viewer.finish()
        for server in servers { await server.end() }
        let seen = try await ViewedFrames.decode(viewer.path, width: 640, height: 360)
        #expect(seen.numbers.count == 150 && seen.lost == 0 && seen.isInOrder)
        #expect(
            course.codes(link: 2).allSatisfy {
                ["link.connected", "link.accepted", "link.stalled", "link.recovered"].contains($0)
            })
    }

    private struct Link: Decodable {
        let name: String
        let state: String
        let queuedMilliseconds: Int
        let framesShed: Int
        let reconnects: Int
    }

    @Test func linksComeAndGoWhileOnAir() async throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let servers = [try await EmbeddedServer(), try await EmbeddedServer(), try await EmbeddedServer()]
        let viewer = try RecordingViewer(servers[0].url("a"), into: folder, name: "a.flv")
        #expect(await servers[0].hasViewer(of: "a"))
        let course = try await Course(seconds: 600, ["--to", servers[0].url("a")], in: folder)
        try await course.event("link.connected")
        func expect(_ arguments: String...) async throws {
            let program = try BulkheadProgram.start(
                arguments + ["--attach", "unix:\(folder.path("c.sock"))"],
                environment: ["XDG_STATE_HOME": folder.path("state")])
            #expect(await program.wait(timeout: .seconds(30)) == 0, "\(arguments): \(program.errorText)")
        }
        // A redundant pair: both servers get the stream at once.
        try await expect(
            "link", "add", "--to", servers[1].url("b"), "--or", servers[2].url("c"), "--redundant")
        try await course.event("link.connected", link: 2, lane: 1)
        try await course.event("link.connected", link: 2, lane: 2)
        #expect(await eventually { servers[1].publishCount == 1 && servers[2].publishCount == 1 })
        try await expect("link", "pause", "1")
        try await course.event("link.paused")
        let (text, status) = try await course.command("link", "servers", "--probe")
        #expect(status == 0 && text.contains("link 2") && text.contains("by priority"), "\(text)")
        try await expect("link", "retry", "1")
        try await course.event("link.connected", count: 2)
        try await expect("link", "remove", "2")
        #expect(await eventually { (try? await course.command("link"))?.text.contains("link 2") == false })
        let (words, refusal) = try await course.command("link", "remove", "link")
        #expect(refusal == 75 && words.contains("the last link"), "\(words)")
        let (unknown, unknownStatus) = try await course.command("link", "pause", "7")
        #expect(unknownStatus == 64 && unknown.contains("there is no link 7"), "\(unknown)")
        // What could not be written is refused at once, and is no link that fails.
        let there = folder.path("there.flv")
        try Data([1]).write(to: URL(fileURLWithPath: there))
        for (path, words) in [(there, "exists already"), (folder.path("none/a.flv"), "does not exist")] {
            let (text, status) = try await course.command("link", "add", "--to", "file:\(path)")
            #expect(status == 73 && text.contains(words), "\(status) \(text)")
        }
        #expect(!course.codes(link: 3).contains("link.failed"))
        // It begins with the next keyframe.
        #expect(
            await eventually { (try? await course.command("link"))?.text.contains(#/[1-9]\d* frames sent/#) == true })
        try await expect("stop")
        await course.finish()
        await viewer.stop()
        for server in servers { await server.end() }
    }
}
