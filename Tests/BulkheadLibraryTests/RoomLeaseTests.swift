import BulkheadTestSupport
import Foundation
import Glibc
import Testing

/// Live rooms of nodes at the trackers: there while their leases live, and gone after.
@Suite(.serialized, .timeLimit(.minutes(3))) struct RoomLeaseTests {
    private func rooms(_ stage: LibraryStage, at part: String) async throws -> [String] {
        try await LibraryUnderTest.get(stage.address(part) + "/live").list().compactMap { $0["room"] as? String }
    }

    private func room(_ stage: LibraryStage, _ name: String, at part: String) async throws -> [[String: Any]] {
        let reply = try await LibraryUnderTest.get(stage.address(part) + "/live/\(name)")
        guard reply.status == 200 else { return [] }
        return try #require(try reply.object()["candidates"] as? [[String: Any]])
    }

    /// A recording that grows is a room of its node: until it is finished, or its node has died.
    @Test func growingRecordingIsARoomWhileItsLeaseLives() async throws {
        let stage = try LibraryStage(["berlin", "paris"], trackers: ["t2"])
        try stage.configure()
        try stage.startAll()
        for node in stage.nodes {
            try MadeRecording(seconds: 6, isFinished: false).write(to: stage.folder.path(node), named: "\(node).mp4")
        }
        let areThere = await eventually(within: .seconds(30)) {
            let (first, second) = (try? await rooms(stage, at: "centre"), try? await rooms(stage, at: "t2"))
            guard first?.count == 2, first == second else { return false }
            for name in first ?? [] where (try? await room(stage, name, at: "t2"))?.isEmpty != false { return false }
            return true
        }
        try #require(areThere)
        let names = try await rooms(stage, at: "t2")
        var nodes: [String: String] = [:]
        for name in names {
            let candidate = try #require(try await room(stage, name, at: "t2").first)
            nodes[try #require(candidate["node"] as? String)] = name
            let hls = try #require(candidate["hls"] as? String)
            #expect(hls.contains("/media/\(name)/index.m3u8?token="))
            #expect(try await LibraryUnderTest.get(hls).text.contains("PLAYLIST-TYPE:EVENT"))
        }
        // Off the air at once where the recording has ended: it is read as finished when nobody writes to it.
        let (dead, done) = (try #require(nodes["berlin"]), try #require(nodes["paris"]))
        await stage.kill("berlin")
        let isGone = try await eventually(within: .seconds(10)) {
            let (first, second) = (try await rooms(stage, at: "centre"), try await rooms(stage, at: "t2"))
            return !first.contains(dead) && !second.contains(dead)
        }
        #expect(isGone)
        #expect(try await room(stage, dead, at: "t2").isEmpty)
        #expect(
            try await eventually(within: .seconds(30)) { try await !rooms(stage, at: "t2").contains(done) })
        await stage.killAll()
    }

    /// Streams of a live server beside the node, at the address that the centre's configuration has.
    @Test func streamOfALiveServerIsARoom() async throws {
        let stage = try LibraryStage(["berlin"])
        let serve = try BulkheadProgram.start(["serve", "--listen", "127.0.0.1:0", "--json"])
        #expect(await eventually(within: .seconds(20)) { serve.outputText.contains("server.ready") })
        let port = try #require(serve.outputText.firstMatch(of: #/rtmp://127\.0\.0\.1:?(\d*)/#)?.1)
        let server = "http://127.0.0.1:\(port.isEmpty ? "1935" : port)"
        var options = LibraryStage.Options()
        options.lines["berlin"] = "live: \(server)"
        options.nodeWords["berlin"] = "live: \"\(server)\""
        try stage.configure(options)
        try stage.startAll()
        let broadcast = try BulkheadProgram.start([
            "broadcast", "test", "--to", "rtmp://\(server.dropFirst(7))/live/show", "--size", "160x90", "--fps", "10",
            "--keyframe-interval", "1",
        ])
        // Its node's heartbeat may come a moment later than the room.
        let isThere = await eventually(within: .seconds(30)) {
            (try? await room(stage, "live/show", at: "centre"))?.isEmpty == false
        }
        #expect(isThere, "\(broadcast.errorText) \(stage.processes["berlin"]?.outputText ?? "")")
        #expect(try await rooms(stage, at: "centre") == ["live/show"])
        let candidate = try #require(try await room(stage, "live/show", at: "centre").first)
        #expect(candidate["hls"] as? String == "\(server)/live/show/index.m3u8")
        #expect(candidate["rtmp"] as? String == "rtmp://\(server.dropFirst(7))/live/show")
        let lead = try await LibraryUnderTest.get(stage.address("centre") + "/live/live/show.flv")
        #expect(lead.status == 302 && lead.headers["location"] == "\(server)/live/show.flv")
        await broadcast.end()
        #expect(try await eventually(within: .seconds(10)) { try await rooms(stage, at: "centre").isEmpty })
        #expect(try await LibraryUnderTest.get(stage.address("centre") + "/live/live/show").status == 404)
        await stage.killAll()
        await serve.end()
    }

    /// Whoever knows a name could publish under it.
    @Test func streamWhoseNameIsAKeyIsNoRoom() async throws {
        let serve = try BulkheadProgram.start([
            "serve", "--listen", "127.0.0.1:0", "--json", "--stream-key", "a-secret-name",
        ])
        #expect(await eventually(within: .seconds(20)) { serve.outputText.contains("server.ready") })
        let port = try #require(serve.outputText.firstMatch(of: #/rtmp://127\.0\.0\.1:?(\d*)/#)?.1)
        let server = "127.0.0.1:\(port.isEmpty ? "1935" : port)"
        let broadcast = try BulkheadProgram.start([
            "broadcast", "test", "--to", "rtmp://\(server)/live/a-secret-name", "--size", "160x90", "--fps", "10",
        ])
        #expect(await eventually(within: .seconds(30)) { serve.outputText.contains("server.publish-started") })
        let folder = try TemporaryFolder()
        let library = try await LibraryUnderTest([
            "serve", "--folder", folder.url.path, "--listen", "127.0.0.1:0", "--live", "http://\(server)",
        ])
        #expect(await eventually(within: .seconds(20)) { library.process.outputText.contains("their names are keys") })
        #expect(try await library.get("/live").list().isEmpty)
        await broadcast.end()
        await library.process.end()
        await serve.end()
    }

    /// A node that is to be stopped gets no other players, where somebody else has the recording.
    @Test func drainedNodeGetsNoPlayers() async throws {
        let stage = try LibraryStage(["berlin", "paris"])
        try stage.configure()
        let made = try MadeRecording(seconds: 1)
        for node in stage.nodes { try made.write(to: stage.folder.path(node), named: "show.mp4") }
        try stage.startAll()
        _ = try await stage.find("show", nodes: 2)
        func drain(_ words: String...) async throws {
            let command = try LibraryUnderTest.start(["drain", "--folder", stage.folder.path("berlin")] + words)
            #expect(await command.wait() == 0, "\(command.errorText)")
        }
        try await drain()
        let found = try await stage.find("show", nodes: 1)
        #expect((found["candidates"] as? [[String: Any]])?.first?["node"] as? String == "paris")
        await stage.kill("paris")
        let isLast = try await eventually(within: .seconds(15)) {
            let candidates = try await stage.find("show", nodes: 1)["candidates"] as? [[String: Any]]
            return candidates?.first?["why"] as? String == "it takes no others, and nobody else has it"
        }
        #expect(isLast)
        try await drain("--off")
        let isBack = try await eventually(within: .seconds(15)) {
            let candidates = try await stage.find("show", nodes: 1)["candidates"] as? [[String: Any]]
            return (candidates?.first?["why"] as? String)?.contains("load") == true
        }
        #expect(isBack)
        await stage.killAll()
    }
}
