import ArgumentParser
import BulkheadCommands
import BulkheadMaster
import BulkheadMedia
import BulkheadModel
import Foundation
import Testing

@Suite(.timeLimit(.minutes(1))) struct BroadcastPlanTests {
    static func plan(_ arguments: String..., key: String? = nil) throws -> BroadcastPlan {
        try plan(all: arguments, key: key)
    }

    /// The plan that `arguments` make.
    static func plan(all arguments: [String], key: String? = nil) throws -> BroadcastPlan {
        try BroadcastPlan(BroadcastOptions.parse(arguments).words, environmentKey: key)
    }

    /// The error that `arguments` end with.
    static func failure(_ arguments: [String], key: String? = nil) throws -> BroadcastError? {
        do {
            _ = try BroadcastPlan(BroadcastOptions.parse(arguments).words, environmentKey: key)
            return nil
        } catch let error as BroadcastError {
            return error
        }
    }

    @Test func replayHasAPlaceOfItsOwn() throws {
        let to = ["test", "--to", "rtmp://a.example/live/k"]
        func plan(_ flags: [String]) throws -> BroadcastPlan {
            try BroadcastPlan(BroadcastOptions.parse(to + flags).words)
        }
        #expect(try plan([]).settings.replayPath == nil)
        let kept = try plan(["--replay", "1m"]).settings
        #expect(kept.replaySeconds == 60)
        #expect(kept.replayPath?.hasSuffix("/replay-%Y%m%d-%H%M%S.mp4") == true)
        #expect(try plan(["--replay", "60", "--replay-path", "/r/a.mp4"]).settings.replayPath == "/r/a.mp4")
        #expect(try Self.failure(to + ["--replay-path", "/r/a.mp4"])?.problem.contains("nothing is kept") == true)
        #expect(try Self.failure(to + ["--replay", "60", "--replay-path", "a.flv"])?.advice.contains(".mp4") == true)
        #expect(try Self.failure(to + ["--replay", "11m"])?.problem.contains("--replay") == true)
    }

    @Test func littleIsNeeded() throws {
        let plan = try Self.plan("test", "--to", "rtmp://127.0.0.1/live/key")
        let canvas = try #require(Canvas(width: 1280, height: 720))
        let rate = try #require(FrameRate(30))
        var expected = BroadcastSettings(
            inputs: [InputSettings(url: "test")],
            destinations: [DestinationSettings(url: "rtmp://127.0.0.1/live/key")], canvas: canvas, frameRate: rate)
        (expected.sizeFollowsInput, expected.rateFollowsInput) = (true, true)
        #expect(plan.settings == expected)
        let sized = try Self.plan("test", "--to", "rtmp://127.0.0.1/live/key", "--size", "1280x720")
        #expect(sized.settings.sizeFollowsInput == nil && sized.settings.rateFollowsInput == true)
        #expect(plan.mode == .create)
        #expect(plan.controlPath == nil)
        #expect(!plan.isJSON)
    }

    @Test func leastBitrateAboveTheBitrateIsRefused() throws {
        let error = try Self.failure(
            ["test", "--to", "rtmp://127.0.0.1/live/key", "--video-bitrate", "1M", "--min-bitrate", "2M"])
        #expect(
            error?.kind == .usage && error?.problem.contains("min-bitrate is 2M") == true, "\(error?.problem ?? "")")
        let same = try Self.failure(
            ["test", "--to", "rtmp://127.0.0.1/live/key", "--video-bitrate", "1M", "--min-bitrate", "1M"])
        #expect(same == nil)
    }

    @Test func spaceOfRecordingsIsRead() throws {
        func recording(_ words: String...) throws -> RecordingSettings? {
            try BroadcastPlan(BroadcastOptions.parse(["test", "--record", "/r/a-%F.mp4"] + words).words).settings
                .recordings?.first
        }
        let standard = try #require(try recording())
        #expect(standard.floorByteCount == nil && standard.floorPercent == nil && !standard.removes)
        #expect(try recording("--record-floor", "500M")?.floorByteCount == 500_000_000)
        #expect(try recording("--record-floor", "0")?.floorByteCount == 0)
        #expect(try recording("--record-floor", "2.5%")?.floorPercent == 2.5)
        let kept = try #require(try recording("--record-keep", "30d", "--record-keep-size", "1.5TB"))
        #expect(kept.keepSeconds == 30 * 86_400 && kept.keepByteCount == 1_500_000_000_000)
        for words in [
            ["--record-floor", "101%"], ["--record-floor=-1"], ["--record-floor", "x"], ["--record-keep", "400d"],
            ["--record-keep", "0s"], ["--record-keep-size", "1k"], ["--record", "/r/a.flv", "--record-keep", "1d"],
            ["--record", "/r/a-%q.mp4", "--record-keep", "1d"],
        ] {
            #expect(try Self.failure(["test", "--record", "/r/a.mp4"] + words)?.kind == .usage, "\(words)")
        }
    }

    @Test func matroskaIsMadeOfARecording() throws {
        let error = try Self.failure(["test", "--record", "/r/a.mkv"])
        #expect(error?.kind == .usage)
        #expect(error?.advice.contains("bulkhead recording export /r/a.mp4 -o /r/a.mkv") == true)
    }

    @Test func drawnInputsAreRead() throws {
        let to = ["--to", "rtmp://127.0.0.1/live/key"]
        let urls = [
            "color:#1e90ff80", "color:Black,name=back", "title:Hello, world\\nhttps://example.com", "title:x,name=t",
        ]
        let inputs = try BroadcastPlan(BroadcastOptions.parse(urls + to).words, environmentKey: nil).settings.inputs
        #expect(
            inputs.map(\.url) == [
                "color:#1e90ff80", "color:Black", "title:Hello, world\nhttps://example.com", "title:x",
            ])
        #expect(inputs.map(\.name) == [nil, "back", nil, "t"])
        for word in [
            "color:", "color:puce", "color:#12", "title:", "title: ", "title:" + String(repeating: "x", count: 501),
        ] {
            let error = try Self.failure([word] + to)
            #expect(error?.kind == .usage && error?.advice.isEmpty == false, "\(word.prefix(20))")
        }
        // As fast as it goes, one that stands would never end.
        #expect(try Self.failure(["title:x", "--fast"] + to)?.advice == "add --duration")
        #expect(try Self.failure(["title:x", "--fast", "--duration", "1"] + to) == nil)
    }

    @Test func slateIsDrawnOrRead() throws {
        let to = ["test", "--to", "rtmp://127.0.0.1/live/key"]
        let plan = try BroadcastPlan(
            BroadcastOptions.parse(
                to + ["--slate-text", "Back\\nsoon", "--slate-logo", "/dev/null", "--slate-clock"]
            ).words, environmentKey: nil)
        #expect(plan.settings.slateText == "Back\nsoon" && plan.settings.slateLogoPath == "/dev/null")
        #expect(plan.settings.slateClock == true && plan.settings.slatePath.isEmpty)
        #expect(try Self.failure(to + ["--slate-logo", "/nonexistent.png"])?.problem.contains("--slate-logo") == true)
        #expect(try Self.failure(to + ["--slate", "/dev/null", "--slate-clock"])?.kind == .usage)
        #expect(try Self.failure(to + ["--slate", "/dev/null", "--no-slate-clock"]) == nil)
    }

    @Test func everythingCanBeSet() throws {
        let plan = try Self.plan(
            "--size", "720p", "--fps", "29.97", "--video-bitrate", "6M", "--audio-bitrate", "160k", "--preset", "fast",
            "--tune", "none", "--profile", "main", "--keyframe-interval", "2.5", "--bframes", "2", "--buffer", "1.5s",
            "--encoder-threads", "2", "--duration", "1m30s", "--slate-after", "5", "--fast", "--json", "--control",
            "unix:/tmp/c.sock", "--libexec", "/opt/b", "--input-format", "auto", "--input-format", "x11grab", "--to",
            "rtmps://h/app/key", "--to", "file:/tmp/o.flv", "--tls-ca", "/dev/null", "test", ":0")
        let settings = plan.settings
        #expect(settings.canvas == Canvas(width: 1280, height: 720))
        #expect(settings.frameRate == FrameRate(30_000, 1001))
        #expect(settings.videoBitsPerSecond == 6_000_000)
        #expect(settings.audioBitsPerSecond == 160_000)
        #expect((settings.preset, settings.tune, settings.profile) == ("fast", "", "main"))
        #expect(settings.keyframeIntervalSeconds == 2.5)
        #expect(settings.bframes == 2)
        #expect(settings.bufferMilliseconds == 1500)
        #expect(settings.encoderThreads == 2)
        #expect(settings.durationSeconds == 90)
        #expect(settings.slateAfterSeconds == 5)
        #expect(settings.isFast)
        #expect(
            settings.inputs == [InputSettings(url: "test"), InputSettings(url: ":0", format: "x11grab")])
        #expect(
            settings.destinations == [
                DestinationSettings(url: "rtmps://h/app/key", tlsAuthorityFile: "/dev/null"),
                DestinationSettings(url: "file:/tmp/o.flv"),
            ])
        #expect(plan.controlPath == "/tmp/c.sock")
        #expect(plan.libexec == "/opt/b")
        #expect(plan.isJSON)
    }

    @Test func relativePathsBecomeAbsolute() throws {
        let folder = try TemporaryFolder()
        let here = FileManager.default.currentDirectoryPath
        let input = try folder.write("media", to: "in.mp4")
        let up = String(repeating: "../", count: here.split(separator: "/").count)
        let plan = try Self.plan(up + input.dropFirst(), "--loop", "--to", "file:out.flv", "--control", "unix:c.sock")
        #expect(plan.settings.inputs == [InputSettings(url: input, loops: true)])
        #expect(plan.settings.destinations.map(\.url) == ["file:\(here)/out.flv"])
        #expect(plan.controlPath == "\(here)/c.sock")
    }

    @Test func wordsBehindToAreInputsUnlessTheyAreAddresses() throws {
        let plan = try Self.plan("--to", "rtmp://a/b/c", "file:/tmp/o.flv", "test")
        #expect(plan.settings.inputs.map(\.url) == ["test"])
        #expect(plan.settings.destinations.map(\.url) == ["rtmp://a/b/c", "file:/tmp/o.flv"])
    }

    @Test func onlyFilesLoop() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("media", to: "in.mp4")
        let plan = try Self.plan(file, "alsa:default", "--loop", "--to", "rtmp://a/b/c")
        #expect(plan.settings.inputs.map(\.loops) == [true, false])
    }

    @Test func pluginsHaveParameters() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("", to: "p.so")
        let plan = try Self.plan("test", "--plugin", "\(file),width=8,colour=a=b", "--to", "rtmp://a/b/c")
        #expect(
            plan.settings.plugins == [
                PluginChoice(
                    file, name: "p", parameters: ["width": "8", "colour": "a=b"], folder: FilePaths.workingFolder)
            ])
    }

    // MARK: modes

    @Test func modesComeFromTheirFlags() throws {
        let to = ["test", "--to", "rtmp://a/b/c"]
        func mode(_ arguments: String...) throws -> RunMode {
            try BroadcastPlan(BroadcastOptions.parse(to + arguments).words).mode
        }
        #expect(try mode("--mode", "create") == .create)
        #expect(try mode("--attach", "unix:/m") == .attach(path: "/m"))
        #expect(try mode("--mode", "attach", "--attach", "unix:/m") == .attach(path: "/m"))
        #expect(try mode("--only", "encoder") == .selected(.encoder))
        #expect(try mode("--mode", "selected", "--only", "plugins") == .selected(.plugins))
        let plan = try BroadcastPlan(BroadcastOptions.parse(to + ["--only", "plugins"]).words)
        #expect(plan.settings.children == .plugins)
    }

    @Test(arguments: [
        (["--mode", "selected"], "add --only encoder or --only plugins"),
        (["--mode", "attach"], "add --attach unix:PATH"),
        (["--mode", "create", "--only", "encoder"], "--mode selected"),
        (["--mode", "create", "--attach", "unix:/m"], "--mode attach"),
        (["--only", "encoder", "--attach", "unix:/m"], "leave one of them away"),
        (["--only", "both"], "--only takes encoder or plugins"),
        (["--only", "encoder", "--only", "plugins"], "without --only the master creates all children"),
        (["--only", "encoder", "--plugin", "border"], "leave one of them away"),
        (["--mode", "solo"], "create, attach or selected"),
        (["--attach", "/m"], "--attach unix:PATH"),
        (["--attach", "unix:/m", "--control", "unix:/c"], "leave one of them away"),
    ])
    func contradictoryModesAreRefused(arguments: [String], advice: String) throws {
        let error = try Self.failure(["test", "--to", "rtmp://a/b/c"] + arguments)
        #expect(error?.kind == .usage)
        #expect(error?.description.contains(advice) == true, "\(error?.description ?? "no error")")
    }

    // MARK: mistakes

    @Test(arguments: [
        ([], "there is no input"),
        (["test"], "there is no destination"),
        (["test", "--to", "rtmp://a/b/c", "--size", "1281x720"], "--size \"1281x720\""),
        (["test", "--to", "rtmp://a/b/c", "--fps", "0"], "--fps \"0\""),
        (["test", "--to", "rtmp://a/b/c", "--video-bitrate", "5"], "--video-bitrate \"5\""),
        (["test", "--to", "rtmp://a/b/c", "--video-bitrate", "1000M"], "2500k, 6M"),
        (["test", "--to", "rtmp://a/b/c", "--audio-bitrate", "5M"], "16k to 512k"),
        (["test", "--to", "rtmp://a/b/c", "--profile", "high10"], "baseline, main or high"),
        (["test", "--to", "rtmp://a/b/c", "--bframes", "17"], "0 to 16"),
        (["test", "--to", "rtmp://a/b/c", "--profile", "baseline", "--bframes", "1"], "no B-frames"),
        (["test", "--to", "rtmp://a/b/c", "--keyframe-interval", "0"], "0.1 to 60 seconds"),
        (["test", "--to", "rtmp://a/b/c", "--buffer", "60001"], "--buffer \"60001\""),
        (["test", "--to", "rtmp://a/b/c", "--duration", "soon"], "1m30s"),
        (["test", "--to", "rtmp://a/b/c", "--duration", "0"], "--duration \"0\""),
        (["test", "--to", "rtmp://a/b/c", "--fast"], "add --duration"),
        (["test", "--to", "rtmp://a/b/c", "--loop"], "leave --loop away"),
        (["test", "x", "--to", "rtmp://a/b/c", "--input-format", "y"], "one for each input"),
        (["-", "--to", "rtmp://a/b/c", "--attach", "unix:/m"], "standard input"),
        (["-", "-", "--to", "rtmp://a/b/c"], "named twice"),
        (["test", "--to", "http://a/b/c"], "destination 1 can't be broadcast to: it begins with http://"),
        (["test", "--to", "rtmp:/a/b/c"], "destination 1 has one slash"),
        (["rtmps:/a/b/c", "--to", "file:/tmp/o.flv"], "input 1 is an address with one slash"),
        (["test", "--to", "file:out.mp4"], "file:OUT.flv"),
        (["test", "--to", "rtmp:///b/c"], "no usable host"),
        (["test", "--to", "rtmps://a/b/c", "--tls-ca", "/nonexistent/ca.pem"], "check --tls-ca"),
        (["test", "--to", "rtmp://a/b/c", "--plugin", "/dev/null,width"], "has no value"),
    ])
    func mistakesAreRefusedInOneLine(arguments: [String], phrase: String) throws {
        let error = try Self.failure(arguments)
        let line = error.map { BulkheadCommand.failure($0) } ?? "no error"
        #expect(error?.kind == .usage, "\(line)")
        #expect(line.contains(phrase), "\(line)")
        #expect(!line.contains("\n"))
    }

    @Test(arguments: [
        ("/nonexistent/in.mp4", "there is no file /nonexistent/in.mp4"), ("/tmp", "/tmp is a folder"),
    ])
    func inputsThatCannotBeReadAreNamed(input: String, phrase: String) throws {
        let error = try Self.failure([input, "--to", "rtmp://a/b/c"])
        #expect(error?.kind == .input)
        #expect(error?.problem == phrase)
    }

    @Test func aMissingPluginIsNamed() throws {
        let error = try Self.failure(["test", "--to", "rtmp://a/b/c", "--plugin", "/nonexistent/p.so"])
        #expect(error?.kind == .plugin)
        #expect(error?.problem.contains("/nonexistent/p.so") == true)
    }
}
