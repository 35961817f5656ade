import BulkheadFaults
import BulkheadLibraryPlayer
import BulkheadSystem
import BulkheadTestSupport
import Foundation
import Glibc
import Synchronization
import Testing

/// Live rooms at two servers, the first of which fails: players go on with the other one.
@Suite(.serialized, .timeLimit(.minutes(4))) struct RoomFailoverTests {
    /// Two nodes with a live server each, a broadcast to both, and a path that fails on command before the nearer server.
    private final class Stage {
        let library: LibraryStage
        let path: FaultyPath
        let servers: [RunningProcess]
        let broadcast: RunningProcess
        var address: String { library.address("centre") + "/#live/live/show" }

        init() async throws {
            library = try LibraryStage(["near", "far"])
            var servers: [RunningProcess] = []
            var ports: [Int] = []
            for _ in library.nodes {
                let port = try FreePort.take()
                servers.append(try BulkheadProgram.start(["serve", "--listen", "127.0.0.1:\(port)", "--json"]))
                ports.append(port)
            }
            self.servers = servers
            for server in servers {
                #expect(await eventually(within: .seconds(20)) { server.outputText.contains("server.ready") })
            }
            path = try await FaultyPath.start(port: ports[0])
            var options = LibraryStage.Options()
            options.prefixes = "127.0.0.0/8 near far"
            for (place, node) in library.nodes.enumerated() {
                options.lines[node] = "live: http://127.0.0.1:\(ports[place])"
                let seen = place == 0 ? path.port : ports[place]
                options.nodeWords[node] = "live: \"http://127.0.0.1:\(seen)\""
            }
            try library.configure(options)
            try library.startAll()
            broadcast = try BulkheadProgram.start(
                ["broadcast", "test", "--size", "160x90", "--fps", "10", "--keyframe-interval", "1"]
                    + ports.flatMap { ["--to", "rtmp://127.0.0.1:\($0)/live/show"] })
            let centre = library.address("centre")
            let areThere = await eventually(within: .seconds(30)) {
                let reply = try? await LibraryUnderTest.get(centre + "/live/live/show")
                let candidates = (try? reply?.object()["candidates"]) as? [[String: Any]]
                return candidates?.count == 2 && candidates?.first?["node"] as? String == "near"
            }
            try #require(areThere, "\(broadcast.errorText)")
        }

        func end() async {
            await broadcast.end()
            for server in servers { await server.end() }
            await library.killAll()
            await path.stop()
        }
    }

    /// What came of a room.
    private final class Heard: Sendable {
        let pieces = Mutex<(began: [(node: String, before: String?, after: Duration)], messages: Int)>(([], 0))
        private let last = Mutex(MonotonicTime.now)

        func take(_ piece: RoomPlayback.Piece) {
            let now = MonotonicTime.now
            let wait = last.withLock { last in
                defer { last = now }
                return Duration.nanoseconds(now.since(last))
            }
            pieces.withLock { pieces in
                switch piece {
                case .began(let node, _, let before): pieces.began.append((node, before, wait))
                case .message: pieces.messages += 1
                }
            }
        }

        var nodes: [String] { pieces.withLock { $0.began.map(\.node) } }
        var count: Int { pieces.withLock { $0.messages } }
    }

    enum End: CaseIterable { case reset, silence, killed }

    @Test(arguments: End.allCases) func nextServerGoesOnWithinTwoSeconds(end: End) async throws {
        let stage = try await Stage()
        let address = try #require(RoomAddress(stage.address))
        let heard = Heard()
        let watching = Task {
            try await RoomPlayback(address) { _ in }.run { piece in
                heard.take(piece)
                return true
            }
        }
        #expect(await eventually(within: .seconds(20)) { heard.count > 30 })
        #expect(heard.nodes == ["near"])
        switch end {
        case .reset:
            try await stage.path.set(.refusing)
            await stage.path.reset()
        case .silence: try await stage.path.set(.blackhole)
        case .killed: kill(stage.servers[0].pid, SIGKILL)
        }
        #expect(await eventually(within: .seconds(20)) { heard.nodes.count > 1 })
        let count = heard.count
        #expect(await eventually(within: .seconds(20)) { heard.count > count + 30 })
        #expect(heard.nodes == ["near", "far"])
        let second = try #require(heard.pieces.withLock { $0.began.dropFirst().first })
        #expect(second.before?.hasPrefix("near ") == true, "\(second.before ?? "")")
        #expect(second.after < .seconds(2), "\(second.after)")
        watching.cancel()
        try await watching.value
        await stage.end()
    }

    @Test(arguments: [FaultyPath.Condition.refusing, .blackhole, .stalled])
    func deadNearestServerIsPassedAtTheStart(condition: FaultyPath.Condition) async throws {
        let stage = try await Stage()
        try await stage.path.set(condition)
        let address = try #require(RoomAddress(stage.address))
        let heard = Heard()
        let said = Mutex<[PlaybackHappening]>([])
        // It ends by itself when no more is wanted.
        try await RoomPlayback(address, tell: { happening in said.withLock { $0.append(happening) } }).run { piece in
            heard.take(piece)
            return heard.count < 30
        }
        #expect(heard.nodes == ["far"], "\(said.withLock { $0 })")
        await stage.end()
    }

    /// The commands as people type them: one file of two servers, and a viewer that counts; both end with the room.
    @Test func commandsGoOnWithTheNextServerAndEndWithTheRoom() async throws {
        let stage = try await Stage()
        let output = stage.library.folder.path("room.flv")
        let play = try BulkheadProgram.start(["play", stage.address, "--output", output])
        let probe = try BulkheadProgram.start(["probe", stage.address, "--no-decode", "--json"])
        #expect(await eventually(within: .seconds(20)) { play.errorText.contains("plays from near") })
        #expect(await eventually(within: .seconds(20)) { probe.outputText.contains("near (") })
        func size() -> Int { (try? FileManager.default.attributesOfItem(atPath: output)[.size] as? Int) ?? 0 }
        // Some pictures of each: sound alone has a third of this a second.
        #expect(await eventually(within: .seconds(20)) { size() > 10_000 })
        try await stage.path.set(.blackhole)
        #expect(await eventually(within: .seconds(20)) { play.errorText.contains("plays from far") })
        let before = size()
        #expect(await eventually(within: .seconds(20)) { size() > before + 10_000 })
        #expect(await eventually(within: .seconds(20)) { probe.outputText.contains("far (") })
        await stage.broadcast.end()
        #expect(await play.wait(timeout: .seconds(30)) == 0, "\(play.errorText)")
        #expect(await probe.wait(timeout: .seconds(30)) == 0, "\(probe.errorText)")
        #expect(probe.outputText.contains("\"reconnects\":1"), "\(probe.outputText)")
        let times = try RunningProcess(
            "ffprobe", ["-v", "error", "-select_streams", "v", "-show_entries", "packet=dts", "-of", "csv=p=0", output])
        #expect(await times.wait() == 0 && times.errorText.isEmpty, "\(times.errorText)")
        let stamps = times.outputText.split(separator: "\n").compactMap { Int($0.prefix { $0 != "," }) }
        // In milliseconds: rising, and without a hole where the server changed.
        let steps = zip(stamps, stamps.dropFirst()).map { $1 - $0 }
        #expect(stamps.count > 10 && steps.allSatisfy { (1...500).contains($0) }, "\(stamps)")
        await stage.end()
    }

    @Test func whatNobodyHasIsSaidSo() async throws {
        let stage = try LibraryStage(["berlin"])
        try stage.configure()
        try stage.startAll()
        #expect(await eventually(within: .seconds(20)) { (try? await stage.get("centre", "/health").status) == 200 })
        let play = try BulkheadProgram.start([
            "play", stage.address("centre") + "/#live/live/nobody", "--output", "/dev/null",
        ])
        #expect(await play.wait(timeout: .seconds(30)) == 66)
        #expect(play.errorText.contains("no tracker knows the room live/nobody"), "\(play.errorText)")
        await stage.killAll()
    }
}
