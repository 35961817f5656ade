import BulkheadFaults
import BulkheadTestSupport
import Foundation
import Testing

/// A real nginx-rtmp that pulls from `bulkhead serve`, under a viewer, with a switch that watches it.
@Suite(.serialized, .timeLimit(.minutes(4)), .enabled(if: NginxServer.isInstalled)) struct SwitchTests {
    /// What is done to the way at work.
    enum Fault: String, CaseIterable {
        /// The origin is killed.
        case kill
        /// The port that is pulled from refuses everybody.
        case block
        /// The origin stands still.
        case freeze
        /// Nothing comes through to the origin's players, and nothing is answered.
        case blackhole
        /// The origin gets less than half of what it should pass on.
        case throttle

        /// What is met first.
        var condition: String { self == .throttle ? "fps < 50% for 3s" : "no-data 1s" }

        /// One in each run of the tests; the others where they are asked for: each takes its ten seconds.
        static let tested = ProcessInfo.processInfo.environment["BULKHEAD_SWITCH_FAULTS"] == nil ? [.kill] : allCases
    }

    /// The parts, from the camera to the viewer.
    private final class House {
        let folder: TemporaryFolder
        let nginx: NginxServer
        var origin: EmbeddedServer
        /// From the origin to the server that pulls.
        let path: FaultyPath
        /// From the broadcast to the origin, and to the server that is pushed to.
        let feed: FaultyPath
        let pushed: FaultyPath
        let broadcast: RunningProcess
        let configuration: String
        let control: String
        private(set) var switching: RunningProcess

        init(
            preferred: String, condition: String = "no-data 1s", pull: (Ports) throws -> String = { _ in "" }
        ) async throws {
            folder = try TemporaryFolder()
            origin = try await EmbeddedServer()
            path = try await FaultyPath.start(port: origin.port)
            // Small buffers: a slow path is felt at once.
            feed = try await FaultyPath.start(port: origin.port, bufferByteCount: 4096)
            let hook = try FreePort.take()
            nginx = try await NginxServer(
                application: "on_play http://127.0.0.1:\(hook)/; on_publish_done http://127.0.0.1:\(hook)/;")
            pushed = try await FaultyPath.start(port: nginx.port)
            control = folder.path("c")
            let server = "rtmp://127.0.0.1:\(nginx.port)/live/show"
            broadcast = try BulkheadProgram.start([
                "broadcast", "test", "--size", "320x180", "--preset", "ultrafast", "--keyframe-interval", "1", "--to",
                "rtmp://127.0.0.1:\(feed.port)/live/show", "--to", "rtmp://127.0.0.1:\(pushed.port)/live/show",
                "--patience", "5m", "--control", "unix:\(control)",
            ])
            let (control, broadcast) = (self.control, broadcast)
            guard await eventually({ FileManager.default.fileExists(atPath: control) }) else {
                throw NginxServer.StartError.notStarted(broadcast.errorText)
            }
            configuration = folder.path("switch.yml")
            try """
            broadcast: unix:\(control)
            preferred: \(preferred)
            policy: return
            when: [\(condition), report missing 20 periods]
            watch: \(server)
            push: {link: 2}
            pull: {source: "rtmp://127.0.0.1:\(path.port)/live/show"\(try pull(Ports(folder: folder, server: server)))}
            hook: 127.0.0.1:\(hook)
            control: unix:\(folder.path("s"))
            times: {period: 200ms, dwell: 1s, clear: 0s}
            """.write(toFile: configuration, atomically: true, encoding: .utf8)
            switching = try Self.startSwitch(configuration, folder)
        }

        /// What a pull by request needs to know.
        struct Ports {
            let folder: TemporaryFolder
            let server: String
        }

        private static func startSwitch(_ configuration: String, _ folder: TemporaryFolder) throws -> RunningProcess {
            try BulkheadProgram.start(
                ["switch", "run", "--config", configuration, "--json"],
                environment: ["XDG_STATE_HOME": folder.path("state")])
        }

        /// The switch process dies, and the next one is started.
        func replaceSwitch() async throws {
            await switching.end(signal: SIGKILL)
            switching = try Self.startSwitch(configuration, folder)
        }

        var viewer: String { "rtmp://127.0.0.1:\(nginx.port)/live/show" }

        /// How often the switch has said `code` with these words on the line.
        func count(_ code: String, _ words: String...) -> Int {
            switching.outputText.split(separator: "\n").count { line in
                line.contains("\"code\":\"\(code)\"") && words.allSatisfy { line.contains($0) }
            }
        }

        /// Waits until `way` is at work, for the `times`-th time.
        func works(_ way: String, _ words: String = "values", times: Int = 1) async -> Bool {
            await eventually(within: .seconds(40)) {
                self.count("switch.working", "\"way\":\"\(way)\"", words) >= times
            }
        }

        func end() async {
            await switching.end(signal: SIGINT)
            await broadcast.end(signal: SIGINT)
            await origin.end()
            for path in [path, feed, pushed] { await path.stop() }
            await nginx.end()
        }
    }

    /// Waits until the viewer has got `bytes` more.
    private func grows(_ viewer: RecordingViewer, by bytes: Int = 15_000) async -> Bool {
        func size() -> Int {
            (try? FileManager.default.attributesOfItem(atPath: viewer.path)[.size] as? Int) ?? 0
        }
        let before = size()
        return await eventually(within: .seconds(30)) { size() >= before + bytes }
    }

    /// All pictures between the first and the last that the viewer has seen, in whatever order and however often.
    private func expectNoHole(_ viewer: RecordingViewer, _ house: House) async throws {
        let seen = try await ViewedFrames.decode(viewer.path, width: 320, height: 180, ignoresTimes: true)
        let numbers = Set(seen.numbers.compactMap { $0 })
        let (first, last) = (try #require(numbers.min()), try #require(numbers.max()))
        let missing = (first...last).filter { !numbers.contains($0) }
        #expect(missing.isEmpty, "\(missing) of \(first)...\(last); \(house.switching.outputText)")
        #expect(seen.unreadable == 0)
    }

    @Test(arguments: Fault.tested)
    func pullThatFailsGivesWayToThePushAndBackUnderOneViewer(fault: Fault) async throws {
        let house = try await House(preferred: "pull", condition: fault.condition)
        #expect(await house.works("pull"), "\(house.switching.outputText) \(house.switching.errorText)")
        let viewer = try RecordingViewer(house.viewer, into: house.folder)
        #expect(await grows(viewer))

        // A blip that is shorter than its condition does nothing.
        Foundation.kill(house.origin.pid, SIGSTOP)
        #expect(await grows(viewer, by: 0))
        Foundation.kill(house.origin.pid, SIGCONT)
        #expect(await grows(viewer))
        #expect(house.count("switch.switching") == 0, "\(house.switching.outputText)")

        let port = house.origin.port
        switch fault {
        case .kill: await house.origin.end(signal: SIGKILL)
        case .block: try await house.path.set(.refusing)
        case .freeze: Foundation.kill(house.origin.pid, SIGSTOP)
        case .blackhole: try await house.path.set(.blackhole)
        case .throttle: try await house.feed.set(.slow(bytesPerSecond: 6000))
        }
        #expect(await house.works("push", fault.condition), "\(house.switching.outputText)")
        #expect(await grows(viewer))
        switch fault {
        case .kill: house.origin = try await EmbeddedServer(port: port)
        case .block, .blackhole: try await house.path.set(.open)
        case .throttle: try await house.feed.set(.open)
        case .freeze: Foundation.kill(house.origin.pid, SIGCONT)
        }
        #expect(await house.works("pull", "policy"), "\(house.switching.outputText)")
        #expect(await grows(viewer))
        await viewer.stop()
        #expect(house.count("switch.switching") == 2, "\(house.switching.outputText)")
        await house.end()
        // A link that can't keep up leaves pictures out: the hole is in what the origin has.
        if fault != .throttle { try await expectNoHole(viewer, house) }
    }

    /// The other direction: the server can't be pushed to any more.
    @Test(.enabled(if: Fault.tested.count > 1)) func pushThatFailsGivesWayToThePull() async throws {
        let house = try await House(preferred: "push")
        #expect(await house.works("push"), "\(house.switching.outputText) \(house.switching.errorText)")
        let viewer = try RecordingViewer(house.viewer, into: house.folder)
        #expect(await grows(viewer))
        try await house.pushed.set(.refusing)
        #expect(await house.works("pull", "no-data 1s"), "\(house.switching.outputText)")
        #expect(await grows(viewer))
        try await house.pushed.set(.open)
        #expect(await house.works("push", "policy"), "\(house.switching.outputText)")
        #expect(await grows(viewer))
        await viewer.stop()
        await house.end()
    }

    /// A server with MediaMTX's routes, which pulls by FFmpeg.
    @Test func pullByRequestIsStartedAndStopped() async throws {
        let port = try FreePort.take()
        var fake: RunningProcess?
        let house = try await House(preferred: "push") { ports in
            let script = ports.folder.path("server.py")
            try Self.routes.write(toFile: script, atomically: true, encoding: .utf8)
            fake = try RunningProcess("python3", [script, "\(port)", ports.server])
            let api = "http://127.0.0.1:\(port)/v3/config/paths"
            return #", start: {url: "\#(api)/add/${app}/${stream}", body: '{"source":"${source}"}'}"#
                + #", stop: {method: DELETE, url: "\#(api)/delete/${app}/${stream}"}"#
        }
        #expect(await house.works("push"), "\(house.switching.outputText) \(house.switching.errorText)")
        let viewer = try RecordingViewer(house.viewer, into: house.folder)
        #expect(await grows(viewer))
        let socket = ["--socket", "unix:\(house.folder.path("s"))"]
        #expect(try await BulkheadProgram.start(["switch", "pull"] + socket).wait() == 0)
        #expect(await house.works("pull", "hand"), "\(house.switching.outputText)")
        #expect(await grows(viewer))
        #expect(try await BulkheadProgram.start(["switch", "push"] + socket).wait() == 0)
        #expect(await house.works("push", "hand"), "\(house.switching.outputText)")
        #expect(await grows(viewer))
        await viewer.stop()
        await house.end()
        await fake?.end()
        let calls = fake?.outputText.split(separator: "\n").map(String.init) ?? []
        #expect(calls.contains("POST /v3/config/paths/add/live/show 200"), "\(calls) \(fake?.errorText ?? "")")
        #expect(calls.last == "DELETE /v3/config/paths/delete/live/show 200")
    }

    private static let routes = """
        import http.server, json, subprocess, sys

        pulls = {}

        class Routes(http.server.BaseHTTPRequestHandler):
            def answer(self, status, body=b"{}"):
                print(self.command, self.path, status, flush=True)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                name = self.path.removeprefix("/v3/config/paths/add/")
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if name in pulls:
                    return self.answer(400)
                pulls[name] = subprocess.Popen(
                    ["ffmpeg", "-v", "error", "-nostdin", "-analyzeduration", "500000", "-copyts", "-i", body["source"],
                     "-c", "copy", "-f", "flv", sys.argv[2]])
                self.answer(200)

            def do_DELETE(self):
                pull = pulls.pop(self.path.removeprefix("/v3/config/paths/delete/"), None)
                if pull is None:
                    return self.answer(404)
                pull.kill()
                pull.wait()
                self.answer(200)

            def log_message(self, *words):
                pass

        http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Routes).serve_forever()
        """

    /// Switched by hand, both ways, and over the death of the switch process itself.
    @Test func handSwitchesAndTheNextProcessKnowsTheWay() async throws {
        let house = try await House(preferred: "push")
        #expect(await house.works("push"), "\(house.switching.outputText) \(house.switching.errorText)")
        let viewer = try RecordingViewer(house.viewer, into: house.folder)
        #expect(await grows(viewer))
        let socket = ["--socket", "unix:\(house.folder.path("s"))"]
        #expect(try await BulkheadProgram.start(["switch", "pull"] + socket).wait() == 0)
        #expect(await house.works("pull", "hand"), "\(house.switching.outputText)")
        #expect(await grows(viewer))
        #expect(try await BulkheadProgram.start(["switch", "push"] + socket).wait() == 0)
        #expect(await house.works("push", "hand"), "\(house.switching.outputText)")
        #expect(await grows(viewer))

        try await house.replaceSwitch()
        #expect(await house.works("push", "beginning"), "\(house.switching.outputText) \(house.switching.errorText)")
        #expect(await grows(viewer))
        let status = try BulkheadProgram.start(["switch", "status", "--json"] + socket)
        #expect(await status.wait() == 0)
        #expect(status.outputText.contains(#""mode":"push""#) && status.outputText.contains(#""way":"push""#))
        await viewer.stop()
        await house.end()
        try await expectNoHole(viewer, house)
        #expect(house.broadcast.errorText.contains("ended after"), "\(house.broadcast.errorText)")
    }
}
