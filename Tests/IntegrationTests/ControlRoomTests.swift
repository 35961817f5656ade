import BulkheadTestSupport
import Foundation
import Glibc
import Testing

/// The control room beside a real broadcast, as people's tools meet it.
@Suite(.serialized, .timeLimit(.minutes(5))) struct ControlRoomTests {
    @Test func stateEventsAndMetricsAreServedToThoseWhoKnowThePassword() async throws {
        let stage = try await ControlRoomStage()
        var answers = ""
        for path in [
            "/", "/page.js", "/player.js", "/style.css", "/api/status", "/api/events", "/metrics", "/program.mp4",
            "/api/access", "/api/deaths", "/api/room", "/api/thumbnails",
        ] {
            #expect(try await stage.ask(path, password: nil).status == 401, "\(path)")
        }
        let page = try await stage.ask("/")
        #expect(page.status == 200 && page.text.contains("<title>Bulkhead control room</title>"))
        let status = try await stage.ask("/api/status")
        #expect(status.text.contains(#""isReached":true"#) && status.text.contains(#""state":"on air""#))
        let metrics = try await stage.ask("/metrics")
        #expect(
            metrics.text.contains("bulkhead_on_air 1\n") && metrics.text.contains("bulkhead_link_up{link=\"link\"} 1"))
        if FileManager.default.isExecutableFile(atPath: "/usr/bin/promtool") {
            try metrics.text.write(toFile: stage.folder.path("metrics"), atomically: true, encoding: .utf8)
            let check = try RunningProcess(
                "sh", ["-c", "promtool check metrics < \"$0\"", stage.folder.path("metrics")])
            #expect(await check.wait() == 0, "\(check.errorText)\(check.outputText)")
        }
        answers += page.text + status.text + metrics.text

        let taken = try await stage.post(#"{"request":"scene.take","scene":"both"}"#)
        #expect(taken.status == 200 && taken.text.contains(#""reply":"changed""#), "\(taken)")
        #expect(try await stage.ask("/api/status").text.contains(#""scene":"both""#))
        let refused = try await stage.post(#"{"request":"scene.take","scene":"nowhere"}"#)
        #expect(refused.status == 409 && refused.text.contains("there is no scene nowhere"))
        for (line, code) in [(#"{"request":"stop"}"#, 403), ("{", 400), (#"{"request":"nope"}"#, 400)] {
            #expect(try await stage.post(line).status == code, "\(line)")
        }
        #expect(try await stage.ask("/api/requests", ["-d", #"{"request":"status"}"#]).status == 415)
        #expect(try await stage.ask("/api/requests").status == 405)
        #expect(try await stage.ask("/nothing").status == 404)
        let all = try await stage.post(#"{"request":"servers"}"#)
        answers += taken.text + refused.text + all.text + (try await stage.post(#"{"request":"deaths"}"#)).text

        // Events, and what was missed of them.
        let events = try await stage.ask("/api/events?last=100", ["-m", "2", "-N"]).text
        #expect(events.contains(#""code":"timeline.taken""#) && events.contains("retry: 1000"))
        let ids = events.matches(of: /id: (\S+)/).map { String($0.1) }
        try #require(ids.count >= 3, "\(events)")
        let missed = try await stage.ask(
            "/api/events", ["-m", "2", "-N", "-H", "Last-Event-ID: \(ids[ids.count - 3])"])
        #expect(missed.text.matches(of: /id: (\S+)/).prefix(2).map { String($0.1) } == ids.suffix(2))
        #expect(!missed.text.contains("event: gap"))
        let other = try await stage.ask("/api/events", ["-m", "1", "-N", "-H", "Last-Event-ID: other-7"])
        #expect(other.text.contains("event: gap"))
        answers += events + missed.text + other.text
        #expect(!answers.contains(ControlRoomStage.key))
        await stage.end()
        let said = (stage.room?.outputText ?? "") + (stage.room?.errorText ?? "")
        #expect(!said.contains(ControlRoomStage.key) && !said.contains(ControlRoomStage.password))
    }

    /// Two passwords, over TLS: one steers, the other one looks. Without --allow-drills nobody kills anything.
    @Test func thoseWhoLookChangeNothing() async throws {
        let stage = try await ControlRoomStage(isSecure: true)
        let (steering, looking) = (ControlRoomStage.password, ControlRoomStage.lookPassword)
        func post(_ line: String, _ password: String) async throws -> (status: Int, text: String) {
            try await stage.ask(
                "/api/requests", ["-H", "Content-Type: application/json", "-d", line], password: password)
        }
        #expect(try await stage.ask("/api/access").text.contains(#""maySteer":true"#))
        let access = try await stage.ask("/api/access", password: looking)
        #expect(access.text.contains(#"{"mayDrill":false,"maySteer":false}"#), "\(access)")
        for path in ["/", "/api/status", "/api/deaths", "/api/room", "/metrics"] {
            #expect(try await stage.ask(path, password: looking).status == 200, "\(path)")
        }
        #expect(try await post(#"{"request":"deaths"}"#, looking).status == 200)
        for line in [#"{"request":"scene.take","scene":"both"}"#, #"{"request":"link.pause","link":"1"}"#] {
            let answer = try await post(line, looking)
            #expect(answer.status == 403 && answer.text.contains("for looking"), "\(answer)")
        }
        let drill = try await post(#"{"request":"drill","pid":\#(stage.broadcast.pid),"fault":"kill"}"#, steering)
        #expect(drill.status == 403 && drill.text.contains("--allow-drills"), "\(drill)")
        #expect(try await post(#"{"request":"scene.take","scene":"both"}"#, steering).status == 200)
        // The program, as any player takes it.
        let path = stage.folder.path("program.mp4")
        _ = try await stage.ask("/program.mp4?wait=20", ["-m", "6", "-N", "-o", path], password: looking)
        let probe = try RunningProcess(
            "ffprobe", ["-v", "error", "-show_entries", "stream=codec_name,width", "-of", "csv=p=0", path])
        #expect(await probe.wait() == 0, "\(probe.errorText)")
        #expect(probe.outputText.contains("h264,320") && probe.outputText.contains("aac"), "\(probe.outputText)")
        await stage.end()
    }

    @Test func helpIsThere() async throws {
        let help = try BulkheadProgram.start(["control", "--help"])
        #expect(await help.wait() == 0 && help.outputText.contains("--look-password-file"), "\(help.errorText)")
    }

    /// Only children of the broadcast are killed, and never the master.
    @Test func drillsAreForChildrenAlone() async throws {
        let stage = try await ControlRoomStage(allowsDrills: true)
        for pid in [Int(stage.broadcast.pid), Int(getpid()), 1, -1, 0] {
            let answer = try await stage.post(#"{"request":"drill","pid":\#(pid),"fault":"kill"}"#)
            #expect(answer.status == 409 && answer.text.contains("usage.unknown-child"), "\(pid) \(answer)")
        }
        #expect(try await stage.post(#"{"request":"drill","pid":1,"fault":"marry"}"#).status == 400)
        let status = try await stage.ask("/api/status").text
        let child = try #require(
            status.firstMatch(of: /"duty":"on-air","id":\d+,"name":"encoder","role":"encoder"},"pid":(\d+)/)?.1,
            "\(status)")
        let frozen = try await stage.post(#"{"request":"drill","pid":\#(child),"fault":"freeze"}"#)
        #expect(frozen.status == 200, "\(frozen)")
        #expect(
            try await eventually(within: .seconds(30)) {
                try await stage.ask("/api/deaths").text.contains(#""pid":\#(child)"#)
            })
        await stage.end()
    }

    /// The HTTP API, held to its description by a program that others have written.
    @Test(.enabled(if: access(ControlRoomTests.path(".build/python-schema/requirements.txt"), R_OK) == 0))
    func answersAreThoseOfTheDescription() async throws {
        let stage = try await ControlRoomStage()
        let schema = try RunningProcess(
            "env",
            [
                "PYTHONPATH=\(Self.path(".build/python-schema"))", "PYTHONDONTWRITEBYTECODE=1", "python3", "-c",
                "from schemathesis.cli import schemathesis; schemathesis()", "run",
                Self.path("docs/control-room.openapi.yaml"), "--url", "http://127.0.0.1:\(stage.port)",
                "--auth", "any:\(ControlRoomStage.password)", "--seed", "7", "--phases", "coverage,fuzzing",
                "--max-examples", "12",
                // They have no end.
                "--exclude-path", "/api/events", "--exclude-path", "/program.mp4",
                "--checks",
                "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
                "--generation-database", "none", "--suppress-health-check", "all", "--no-color",
            ], in: stage.folder.url)
        let code = await schema.wait(timeout: .seconds(200))
        #expect(code == 0, "\(schema.outputText.suffix(6000)) \(schema.errorText.suffix(2000))")
        #expect(
            schema.outputText.contains("Operations:       7 selected / 9 total"), "\(schema.outputText.prefix(2000))")
        #expect(try await stage.ask("/api/status").text.contains(#""isReached":true"#))
        #expect(!schema.outputText.contains(ControlRoomStage.key))
        await stage.end()
    }

    private static func path(_ name: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent(name).path
    }

    @Test func pagesFromElsewhereAreRefused() async throws {
        let stage = try await ControlRoomStage()
        for (header, code) in [
            ("Host: evil.example", 421), ("Host: 127.0.0.1.evil.example:80", 421), ("Origin: http://evil.example", 403),
            ("Origin: null", 403), ("Sec-Fetch-Site: cross-site", 403), ("Host: localhost:1", 200),
            ("Origin: http://127.0.0.1:\(stage.port)", 200),
        ] { #expect(try await stage.ask("/api/status", ["-H", header]).status == code, "\(header)") }
        // Wrong passwords: five are looked at.
        for _ in 0..<5 { #expect(try await stage.ask("/api/status", password: "wrong password").status == 401) }
        #expect(try await stage.ask("/api/status").status == 429)
        await stage.end()
    }

    @Test func streamDecksSteerTheProgram() async throws {
        let stage = try await ControlRoomStage()
        let deck = try await stage.peer("obsws")
        let expected = [
            "wrong password": #""refused""#, "version": #""30.2.3""#,
            "scenes": #"["slides","camera","both","wide"]"#, "scene": #""both""#, "scene event": "true",
            "unknown scene": "600", "inputs": #"["camera","slides"]"#, "mute": "true", "mute event": "true",
            "volume": "-6.5", "item": "false", "stream": "true", "stopped": "false", "stopped event": "true",
            "stop again": "501", "started event": "true", "started": "true", "key": #""""#, "preview": #""wide""#,
            "not yet": #""both""#, "taken": #""wide""#, "frames": "true", "unknown": "204", "replay": "604",
            "vendor event": "true", "canvas": "[320,180,25,1]", "no picture": "604",
            "picture": #"["data:image/png;base64",[160,90]] ["data:image/jpg;base64","ffd8ff"]"#,
        ]
        for (step, value) in expected { #expect(deck[step] == value, "\(step)") }
        let simple = try await stage.peer("simple")
        for (step, value) in [
            "identified": "true", "volume": "-6.5", "batch": "[100,100,204] [100,100,204,100]", "variables": "[100]",
            "empty": "[]", "vendor": #""deaths""#, "meters": "true",
        ] { #expect(simple[step] == value, "\(step)") }

        // One of its commands, as a shell has it.
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let command = try RunningProcess(
            "env",
            [
                "PYTHONPATH=\(root.path)/.build/python", "PYTHONDONTWRITEBYTECODE=1", "python3", "-c",
                "import sys, obs_cli; sys.exit(obs_cli.main())", "-H", "127.0.0.1", "-P", "\(stage.port)", "-p",
                ControlRoomStage.password, "scene", "switch", "both",
            ])
        #expect(await command.wait() == 0, "\(command.errorText)")
        #expect(try await stage.ask("/api/status").text.contains(#""scene":"both""#))
        await stage.end()
    }

    @Test func thoseWhoBreakTheRulesAreClosed() async throws {
        let stage = try await ControlRoomStage()
        let strangers = try await stage.peer("strangers")
        for (step, value) in [
            "foreign page": "403", "foreign host": "421", "own page": "null", "binary on JSON": "4002",
            "not identified": "4007", "subprotocol": #""obswebsocket.json""#, "identify twice": "4008",
            "10 MiB": "true", "null id": "null", "never reads": #""closed""#,
            "wrong passwords": "[4009,4009,4009,4009,4009,4009]", "then the right one": "4009",
        ] { #expect(strangers[step] == value, "\(step)") }
        #expect(stage.room?.isRunning == true && stage.broadcast.isRunning)
        await stage.end()
    }

    /// A broadcast's own is killed, three times: another one follows, and neither the program nor the link hears of it.
    @Test func deathOfTheControlRoomCostsNothing() async throws {
        let stage = try await ControlRoomStage(isOwn: true)
        let broadcast = stage.broadcast
        for count in 1...3 {
            var rooms: [Int32] = []
            #expect(
                await eventually(within: .seconds(30)) {
                    rooms = ProcessTable.children(of: broadcast.pid, named: "bulkhead-control")
                    return rooms.count == 1
                })
            kill(try #require(rooms.first), SIGKILL)
            #expect(
                await eventually(within: .seconds(40)) {
                    broadcast.outputText.split(separator: #""master.control-room-ready""#).count == count + 2
                }, "\(broadcast.outputText.suffix(2000))")
        }
        // The port was any that is free: the last one is told.
        let port = try #require(ControlRoomStage.port(in: broadcast.outputText))
        let curl = try RunningProcess(
            "curl", ["-s", "-u", "any:\(ControlRoomStage.password)", "http://127.0.0.1:\(port)/metrics"])
        await curl.wait()
        #expect(curl.outputText.contains("bulkhead_on_air 1\n"))
        // A busy machine may skip a frame, whoever dies.
        for lost in ["slated", "unfiltered"] {
            #expect(curl.outputText.contains("bulkhead_frames_lost_total{reason=\"\(lost)\"} 0\n"), "\(lost)")
        }
        #expect(curl.outputText.contains("bulkhead_link_reconnects_total{link=\"link\"} 0\n"))
        await stage.end()
        #expect(!broadcast.outputText.contains(ControlRoomStage.password))
    }

    @Test func startsAreRefusedWithOneSentence() async throws {
        let folder = try TemporaryFolder()
        let open = folder.path("open")
        #expect(
            FileManager.default.createFile(
                atPath: open, contents: Data("long enough".utf8), attributes: [.posixPermissions: 0o644]))
        let socket = ["--attach", "unix:\(folder.path("none.sock"))"]
        for (arguments, words) in [
            (["--listen", "0.0.0.0:0"], "needs a password of yours"),
            (["--listen", "0.0.0.0:0", "--no-password"], "needs a password of yours"),
            (["--password-file", open], "others may read"),
            (["--password-file", folder.path("none")], "can't be opened"),
            (["--listen", "nowhere"], "--listen wants"),
        ] {
            let program = try BulkheadProgram.start(["control"] + arguments + socket)
            #expect(await program.wait() == 64)
            let text = program.errorText
            #expect(text.contains(words) && text.split(separator: "\n").count == 1, "\(text)")
        }
        let broadcast = try BulkheadProgram.start([
            "broadcast", "test", "--to", "file:\(folder.path("a.flv"))", "--control-room", "0.0.0.0:8087",
        ])
        #expect(await broadcast.wait() == 64)
        #expect(broadcast.errorText.contains("which needs a password"), "\(broadcast.errorText)")
    }

    /// Without a broadcast it says so, and finds the one that begins later.
    @Test func broadcastMayBeginLater() async throws {
        let folder = try TemporaryFolder()
        let socket = "unix:\(folder.path("m.sock"))"
        let room = try BulkheadProgram.start([
            "control", "--listen", "127.0.0.1:0", "--attach", socket, "--no-password",
        ])
        #expect(await eventually(within: .seconds(20)) { ControlRoomStage.port(in: room.outputText) != nil })
        let port = try #require(ControlRoomStage.port(in: room.outputText))
        func status() async throws -> String {
            let curl = try RunningProcess("curl", ["-s", "http://127.0.0.1:\(port)/api/status"])
            await curl.wait()
            return curl.outputText
        }
        #expect(try await status().contains(#""isReached":false"#))
        let broadcast = try BulkheadProgram.start([
            "broadcast", "test", "--to", "file:\(folder.path("a.flv"))", "--size", "320x180", "--fps", "25", "--preset",
            "ultrafast", "--control", socket,
        ])
        #expect(try await eventually(within: .seconds(30)) { try await status().contains(#""state":"on air""#) })
        await broadcast.end()
        #expect(try await eventually(within: .seconds(20)) { try await status().contains(#""isReached":false"#) })
        await room.end()
        #expect(await room.wait() == 0)
    }
}
