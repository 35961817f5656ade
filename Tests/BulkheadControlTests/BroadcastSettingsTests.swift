import BulkheadControl
import BulkheadEvents
import BulkheadMedia
import BulkheadModel
import BulkheadTestSupport
import Foundation
import Testing

@Suite(.timeLimit(.minutes(2))) struct BroadcastSettingsTests {
    private static func full() throws -> BroadcastSettings {
        BroadcastSettings(
            inputs: [InputSettings(url: "/a/ä b.mp4", format: "mp4", loops: true), InputSettings(url: "test")],
            destinations: [
                DestinationSettings(url: "rtmps://h/app", streamKey: "k\"\n\\🎥", tlsAuthorityFile: "/ca.pem"),
                DestinationSettings(url: "file:/tmp/a.flv"),
            ], canvas: try #require(Canvas(width: 854, height: 480)), frameRate: try #require(FrameRate("29.97")),
            videoBitsPerSecond: .max, audioBitsPerSecond: 96_000, preset: "fast", tune: "", profile: "main",
            keyframeIntervalSeconds: 0.5, bframes: 3, bufferMilliseconds: 0, encoderThreads: 255,
            plugins: [PluginChoice("/p.so", parameters: ["a": "1"])], durationSeconds: 1.5, isFast: true,
            children: .plugins, slateAfterSeconds: 0.25)
    }

    private static func plain() throws -> BroadcastSettings {
        BroadcastSettings(
            inputs: [], destinations: [], canvas: try #require(Canvas("720p")), frameRate: try #require(FrameRate(30)))
    }

    @Test func settingsGoOverTheControlSocket() throws {
        for settings in [try Self.full(), try Self.plain()] {
            let line = JSONLine.encode(ControlRequest.broadcast(settings))
            #expect(line.last == 0x0A)
            // One line, whatever the texts hold.
            #expect(line.filter { $0 == 0x0A }.count == 1)
            guard case .broadcast(let read) = try JSONLine.decode(ControlRequest.self, from: line.dropLast()) else {
                Issue.record("another request came out")
                return
            }
            #expect(read == settings)
        }
    }

    @Test func whatTheControlSocketBringsIsCheckedBeforeItIsCountedWith() throws {
        var good = try Self.plain()
        good.inputs = [InputSettings(url: "test")]
        good.destinations = [DestinationSettings(url: "file:/a.flv")]
        #expect(throws: Never.self) { try good.checkRanges() }
        let changes: [(String, (inout BroadcastSettings) -> Void)] = [
            ("input", { $0.inputs = [] }), ("to", { $0.destinations = [] }),
            ("backup", { $0.inputs[0].backup = BackupSettings([]) }),
            ("backup", { $0.inputs[0].backup = BackupSettings([InputSettings(url: "-")]) }),
            (
                "backup",
                {
                    $0.inputs[0].backup = BackupSettings([InputSettings(url: "test")])
                    $0.inputs[0].backup?.startMilliseconds = .max
                }
            ),
            (
                "backup",
                {
                    $0.inputs[0].backup = BackupSettings([InputSettings(url: "test")])
                    $0.inputs[0].backup?.inputs[0].backup = BackupSettings([InputSettings(url: "test")])
                }
            ),
            (
                "backup",
                {
                    $0.inputs[0].backup = BackupSettings([InputSettings(url: "test")])
                    $0.inputs[0].backup?.conditions = [
                        SwitchCondition(.queue(longerThanMilliseconds: 1), milliseconds: 0)
                    ]
                }
            ),
            ("watch", { $0.watch = [SwitchCondition(.noData, milliseconds: 1)] }),
            ("video-bitrate", { $0.videoBitsPerSecond = 0 }),
            ("audio-bitrate", { $0.audioBitsPerSecond = .max }),
            ("keyframe-interval", { $0.keyframeIntervalSeconds = 1e300 }), ("bframes", { $0.bframes = 17 }),
            ("buffer", { $0.bufferMilliseconds = .max }), ("encoder-threads", { $0.encoderThreads = .max }),
            ("slate-after", { $0.slateAfterSeconds = -1e300 }),
            ("patience", { $0.patienceSeconds = .nan }),
            ("duration", { $0.durationSeconds = .nan }),
            ("duration", { $0.durationSeconds = 1e300 }),
        ]
        for (name, change) in changes {
            var bad = good
            change(&bad)
            let error = #expect(throws: BroadcastError.self) { try bad.checkRanges() }
            #expect(error?.kind == .control && error?.problem.contains(name) == true)
        }
    }

    @Test(arguments: [
        ("8192x4320", "30", true), ("8192x8192", "1", false), ("1920x1080", "240", true), ("8192x4320", "240", false),
        ("16x16", "1", true),
    ])
    func whatH264HasNoLevelForIsRefused(size: String, rate: String, isFine: Bool) throws {
        var settings = try Self.plain()
        settings.canvas = try #require(Canvas(size))
        settings.frameRate = try #require(FrameRate(rate))
        if isFine {
            #expect(throws: Never.self) { try settings.checkLevel() }
        } else {
            #expect(throws: BroadcastError.self) { try settings.checkLevel() }
        }
    }

    @Test func sizeAndRateAreWrittenAsPeopleWriteThem() throws {
        let data = try JSONEncoder().encode(try Self.full())
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(object["canvas"] as? String == "854x480")
        #expect(object["frameRate"] as? String == "30000/1001")
        #expect(object["children"] as? String == "plugins")
    }

    @Test(arguments: [
        ("\"854x480\"", "\"851x480\""), ("\"30000/1001\"", "\"0\""), ("\"30000/1001\"", "30"),
        ("\"plugins\"", "\"everything\""), ("255", "256"), ("\"isFast\":true", "\"isFast\":1"),
        ("\"videoBitsPerSecond\":4294967295", "\"videoBitsPerSecond\":-1"), ("\"videoBitsPerSecond\"", "\"bits\""),
    ])
    func impossibleSettingsAreRefused(old: String, new: String) throws {
        let text = String(decoding: JSONLine.encode(try Self.full()), as: UTF8.self)
        let changed = text.replacingOccurrences(of: old, with: new)
        try #require(changed != text)
        #expect(throws: DecodingError.self) {
            try JSONLine.decode(BroadcastSettings.self, from: Array(changed.utf8))
        }
    }

    @Test func refusalNamesTheValue() {
        #expect { try JSONLine.decode(Canvas.self, from: Array("\"12x\"".utf8)) } throws: { error in
            "\(error)".contains("12x")
        }
        #expect { try JSONLine.decode(FrameRate.self, from: Array("\"fast\"".utf8)) } throws: { error in
            "\(error)".contains("fast")
        }
    }
}

@Suite(.timeLimit(.minutes(2))) struct ControlLineTests {
    @Test func requestsAreReadBack() throws {
        for request in [ControlRequest.status, .stop, .events] {
            let line = JSONLine.encode(request)
            #expect(line.last == 0x0A)
            let read = try JSONLine.decode(ControlRequest.self, from: line.dropLast())
            #expect("\(read)" == "\(request)")
        }
    }

    @Test func repliesAreReadBack() throws {
        let event = Event(
            .encoder(7, .standby), .child(.said(text: "line\nbreak", severity: .warning)), time: 1.5)
        let line = JSONLine.encode(ControlReply.event(event))
        #expect(line.filter { $0 == 0x0A }.count == 1)
        guard case .event(let read) = try JSONLine.decode(ControlReply.self, from: line.dropLast()) else {
            Issue.record("another reply came out")
            return
        }
        #expect(read == event)
        guard
            case .status(nil, masterPID: 42) = try JSONLine.decode(
                ControlReply.self, from: JSONLine.encode(ControlReply.status(nil, masterPID: 42)))
        else {
            Issue.record("another reply came out")
            return
        }
    }

    @Test(arguments: [
        "", "{}", "null", "[]", "{\"dance\":{}}", "{\"request\":\"dance\"}", "{\"request\":", "\u{0}",
        "{\"request\":\"broadcast\"}", "{\"request\":\"broadcast\",\"settings\":{}}", "{\"status\":{}}",
    ])
    func whatIsNoRequestIsRefused(text: String) {
        #expect(throws: (any Error).self) { try JSONLine.decode(ControlRequest.self, from: Array(text.utf8)) }
    }

    @Test func randomLinesNeverTrap() throws {
        var random = SeededGenerator(seed: 3)
        let line = JSONLine.encode(
            ControlRequest.broadcast(
                BroadcastSettings(
                    inputs: [InputSettings(url: "test")], destinations: [], canvas: try #require(Canvas("720p")),
                    frameRate: try #require(FrameRate(30)))))
        var refused = 0
        for _ in 0..<300 {
            var bytes = line
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
            }
            do { _ = try JSONLine.decode(ControlRequest.self, from: bytes) } catch { refused += 1 }
        }
        #expect(refused > 100)
    }
}
