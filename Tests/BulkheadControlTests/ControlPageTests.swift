import BulkheadControl
import BulkheadDanmaku
import BulkheadEvents
import BulkheadMedia
import BulkheadModel
import Foundation
import Testing

/// docs/control.md and the code say the same.
@Suite(.timeLimit(.minutes(2))) struct ControlPageTests {
    private static func page() throws -> String {
        let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return try String(contentsOf: package.appendingPathComponent("docs/control.md"), encoding: .utf8)
    }

    /// The rows of the tables below the heading `section` that begin with a word in code font.
    private static func rows(_ section: String) throws -> [String] {
        let sections = try page().components(separatedBy: "\n## ")
        let body = try #require(sections.first { $0.hasPrefix(section + "\n") })
        return body.split(separator: "\n").filter { $0.hasPrefix("| `") }.map(String.init)
    }

    private static func code(_ words: [String]) -> String { words.map { "`\($0)`" }.joined(separator: ", ") }

    private static func row(_ word: ControlRequest.Word) -> String {
        let keys = word.keys.map { word.optionalKeys.contains($0) ? "(`\($0.rawValue)`)" : "`\($0.rawValue)`" }
        return "| `\(word.rawValue)` | \(keys.joined(separator: ", ")) | \(code(word.answers.map(\.rawValue))) "
            + "| \(word.meaning) |"
    }

    private static func row(_ word: ControlReply.Word) -> String {
        "| `\(word.rawValue)` | \(code(word.keys.map(\.rawValue))) | \(word.meaning) |"
    }

    private static func row(_ error: ErrorCode) -> String {
        "| `\(error.rawValue)` | \(code(error.parameters)) | \(error.meaning) |"
    }

    @Test func requestsAreThoseOfTheCode() throws {
        #expect(try Self.rows("Requests") == ControlRequest.Word.allCases.map(Self.row))
    }

    @Test func repliesAreThoseOfTheCode() throws {
        #expect(try Self.rows("Replies") == ControlReply.Word.allCases.map(Self.row))
    }

    @Test func errorsAreThoseOfTheCode() throws {
        #expect(try Self.rows("Errors") == ErrorCode.allCases.map(Self.row))
    }

    @Test func everyKeyIsExplainedOnce() throws {
        let keys = try Self.rows("Keys of lines").map { String($0.split(separator: "`")[1]) }
        #expect(keys == ControlKey.allCases.map(\.rawValue))
    }

    @Test func boundsAreThoseOfTheCode() throws {
        let limits = ControlLimits()
        let page = try Self.page()
        func row(_ words: String, _ value: Int, _ error: ErrorCode) -> String {
            "| \(words) | \(value.formatted(.number.locale(Locale(identifier: "en_US")))) | `\(error.rawValue)` |"
        }
        for row in [
            row("bytes in a line", limits.lineByteCount, .lineTooLong),
            row("requests a second, as many at once after a pause", limits.requestsPerSecond, .tooManyRequests),
            row("requests without an answer", limits.unansweredRequests, .tooManyUnanswered),
            row("bytes that wait for the client", limits.outgoingByteCount, .notReading),
            row("connections", ControlServer.mostConnections, .tooManyConnections),
            row("connections of groups", ControlServer.mostGroupConnections, .tooManyConnections),
        ] {
            #expect(page.contains(row), "\(row)")
        }
    }

    // MARK: examples

    private static func examples(_ key: String) throws -> [String] {
        try page().split(separator: "\n").filter { $0.hasPrefix("{\"\(key)\"") }.map(String.init)
    }

    /// A line is read, and written again, without anything being lost or added.
    private static func check<Content: Codable & Sendable>(_ line: String, as _: Content.Type) throws -> Content {
        let read = try JSONLine.decode(ControlLine<Content>.self, from: Array(line.utf8))
        let written = try JSONSerialization.jsonObject(with: Data(JSONLine.encode(read)))
        let given = try JSONSerialization.jsonObject(with: Data(line.utf8))
        #expect(written as? NSDictionary == given as? NSDictionary, "\(line)")
        return read.content
    }

    @Test func everyRequestHasAnExampleThatCanBeRead() throws {
        let words = try Self.examples("request").map { try Self.check($0, as: ControlRequest.self).word }
        #expect(Set(words) == Set(ControlRequest.Word.allCases))
    }

    @Test func everyReplyHasAnExampleThatCanBeRead() throws {
        let words = try Self.examples("reply").map { try Self.check($0, as: ControlReply.self).word }
        #expect(Set(words) == Set(ControlReply.Word.allCases))
    }

    @Test func greetingIsTheCurrentOne() throws {
        let line = try #require(try Self.examples("bulkhead-control").first)
        #expect(try JSONLine.decode(ControlGreeting.self, from: Array(line.utf8)) == ControlGreeting())
    }

    // MARK: values

    /// Values in which nothing that may be missing is missing.
    private static func values() throws -> [(String, any Encodable)] {
        let canvas = try #require(Canvas("720p"))
        var destination = DestinationSettings(url: "rtmp://a/b")
        destination.alternatives = [ServerSettings(url: "rtmp://c/d")]
        var settings = BroadcastSettings(
            inputs: [InputSettings(url: "test", name: "guest")], destinations: [destination], canvas: canvas,
            frameRate: try #require(FrameRate(30)), bframes: 2, plugins: [PluginChoice("frei0r:glow")],
            durationSeconds: 1)
        settings.minimumVideoBitsPerSecond = 1
        (settings.inputs[0].video, settings.inputs[0].audio) = (.number(1), .language("fra"))
        var backup = BackupSettings([InputSettings(url: "/a/loop.mp4")])
        backup.isCold = true
        settings.inputs[0].backup = backup
        settings.watch = [SwitchCondition(.black, milliseconds: 5000)]
        settings.switchPath = "/a/switch.yml"
        settings.timetable = Timetable(
            zone: "UTC", entries: [TimetableEntry(at: try CronSchedule("@daily"), changes: [], text: "nothing")])
        var controlRoom = ControlRoomSettings("127.0.0.1:8087")
        (controlRoom.passwordPath, controlRoom.lookPasswordPath) = ("/a/password", "/a/look")
        controlRoom.certificate = CertificateFiles(certificate: "/c.pem", key: "/k.pem")
        (controlRoom.clientAuthorityPath, controlRoom.allowsDrills) = ("/a/ca.pem", true)
        settings.controlRoom = controlRoom
        let server = LinkServerStatus(
            name: "a", priority: 0, weight: 1, state: .well, roundTripMilliseconds: 1, lastError: "")
        var link = LinkStatus(name: "link 1", destination: "a", state: .publishing)
        link.server = "a"
        link.rule = "priority"
        link.reason = "first"
        link.acknowledgedSeconds = 1
        link.roundTripMilliseconds = 1
        link.servers = [server]
        link.srt = SRTStatus(latencyMilliseconds: 120)
        link.alarms = [SwitchCondition(.keyframes(fartherThanMilliseconds: 4000), milliseconds: 0)]
        var status = BroadcastStatus(
            state: .onAir,
            children: [
                ChildStatus(part: .encoder(1), pid: 1, state: .ready, restarts: 0, lastEnd: "", build: "1")
            ], links: [link], secondsOnAir: 1, frames: 1, framesCommitted: 1, framesUncommitted: 0, framesRepeated: 0,
            framesSkipped: 0, framesUnfiltered: 0, framesSlated: 0, standby: "warm", framesPerSecond: 30,
            bitsPerSecond: 1, encoderBitsPerSecond: 1, showing: .picture, encoderAddress: "",
            plugins: [
                PluginStatus(name: "glow", plugin: "frei0r:glow", state: .quarantined, secondsLeft: 1, pid: 1)
            ])
        status.inputs = [
            InputStatus(id: 1, name: "source", state: .ready, summary: "a test", isShown: true, isHeard: true)
        ]
        status.inputs?[0].backupOf = 2
        status.inputs?[0].bitsPerSecond = 1
        status.inputs?[0].packetsDropped = 1
        status.inputs?[0].roundTripMilliseconds = 1
        status.inputs?[0].backup = InputBackupStatus(
            way: .backup, mode: .auto, phase: "working", abnormal: SwitchCondition(.black, milliseconds: 1),
            ready: [.main], last: SwitchTimes(detect: 1, stop: 0, start: 0, firstIDR: 0))
        var output = OutputStatus(
            blackSeconds: 0, frozenSeconds: 1, silentSeconds: 0, clippedSeconds: 0,
            alarms: [SwitchCondition(.black, milliseconds: 1)])
        (output.shortTermLoudness, output.integratedLoudness) = (-23, -23)
        (output.canvas, output.wantedCanvas) = (canvas, canvas)
        (output.keyframeSeconds, output.bitsPerSecond) = (2, 1)
        status.output = output
        var item = SceneItem("guest")
        item.border = SceneBorder(width: .pixels(4))
        settings.layout = .grid
        settings.scenes = [Scene("talk", [item])]
        status.scenes = [SceneStatus(scene: Scene("talk", [item]), isShown: true, isPrepared: false)]
        status.scene = "talk"
        status.configuration = ConfigurationStatus(path: "/a.yaml", flags: ["input"])
        status.hasSent = true
        var rule = NoticeRule()
        (rule.holdSeconds, rule.repeatSeconds, rule.limitSeconds) = (1, 1, 1)
        (rule.fileByteCount, rule.keptFiles) = (4096, 1)
        rule.rate = NoticeRule.Rate(count: 1, seconds: 1)
        rule.summary = NoticeRule.TimeOfDay(minutes: 480)
        settings.notices = [
            NoticeTarget(url: "https://a/b", name: "ops", codes: ["link.*"], secret: "key", rule: rule)
        ]
        status.notices = [NoticeTargetStatus(name: "ops", delivered: 1, waiting: 1, lost: 1, problem: "it is away")]
        settings.loudnessTarget = -16
        var (strip, program) = (StripSettings(), ProgramSoundSettings())
        strip.ducking = DuckingSettings(under: "mic")
        program.target = LoudnessTarget()
        status.sound = ProgramSoundStatus(
            settings: program, levels: ProgramLevels(),
            strips: [StripStatus(input: 1, name: "music", settings: strip, levels: StripLevels(), isHeard: true)])
        settings.recordings = [
            RecordingSettings(
                path: "/r/a.mp4", segmentSeconds: 1, segmentByteCount: 1, fallbackFolder: "/f", reportSeconds: 1,
                floorByteCount: 1, floorPercent: 1, keepSeconds: 1, keepByteCount: 1)
        ]
        status.recordings = [
            RecordingStatus(
                name: "recording", path: "/r/a.mp4", segments: 1, seconds: 1, writtenBytes: 1, durableBytes: 1,
                freeBytes: 1, bytesPerSecond: 1, fullInSeconds: 1, framesDurable: 1, framesLeftOut: 1,
                waitingSeconds: 1, isFallback: true,
                troubles: [
                    RecordingTroubleStatus(trouble: .full, subject: .media, path: "/r/a.mp4", text: "", seconds: 1)
                ])
        ]
        settings.recordsTracks = true
        settings.origin = ":8080"
        settings.originCertificate = CertificateFiles(certificate: "/c.pem", key: "/k.pem")
        (settings.replaySeconds, settings.replayPath) = (60, "/r/replay.mp4")
        (settings.name, settings.resume) = ("evening", ResumeWish())
        status.replay = ReplayStatus(seconds: 1, wantedSeconds: 1, bytes: 1, mostBytes: 1, saving: 1)
        var fields = RoomFields()
        (fields.platform, fields.room, fields.title, fields.category, fields.notice) = ("p", "r", "t", "c", "n")
        (fields.isShown, fields.font, fields.size, fields.color, fields.opacity) = (true, "f", 30, 1, 1)
        (fields.scrollSeconds, fields.standSeconds, fields.area, fields.density) = (8, 5, 1, 9)
        (fields.modes, fields.blockedWords, fields.blockedUsers) = ([.top], ["w"], ["u"])
        (fields.boardPosition, fields.boardSize, fields.boardWidth, fields.boardBox) = (.topRight, 30, 0.5, 0.5)
        fields.viewers = true
        settings.room = RoomSettings("main", fields: fields)
        var record = RoomRecord(canvas)
        record.apply(fields)
        let comment = RoomComment(
            id: "1", source: "room", authorID: "2", author: "ann", text: "hello", place: CommentPlace(x: 0, y: 0),
            color: 1,
            sentMilliseconds: 1)
        let paid = PaidComment(comment, amountMicros: 1, currency: "EUR", from: 0, until: 2)
        _ = record.take(paid: paid, at: .zero, now: 1)
        record.pin(comment, until: 5)
        record.note(ChatGap(source: "room", from: 1, until: 2))
        var channel = ChannelStatus(name: "ann")
        channel.problem = "it is away"
        var room = RoomReport(record, name: "main", path: "/s/main.json", channels: [channel], problem: "full")
        room.recordings = status.recordings
        settings.chats = [
            ChatTarget(
                "ann", .irc, servers: [.init(host: "h", port: 1, isSecure: true)], channel: "c", nick: "n")
        ]
        let entry = RoomLogEntry(1, comment, time: 1, paid: paid, isReplayed: true)
        status.timelineFramesPerSecond = 30
        (status.canvas, status.frameRate) = (canvas, FrameRate(30))
        status.mode = ModeInForce(.selected, only: .encoder, address: "unix:/a")
        let death = DeathRecord(
            time: 1, mediaSeconds: 1, part: .encoder(7, .onAir), pid: 1, cause: "SIGSEGV", frame: 1,
            detectedWithinMilliseconds: 1, recoveredAfterMilliseconds: 1, framesLate: 1, standardError: "",
            plugin: "glow")
        let report = LinkServersReport(link: "link 1", rule: "priority", servers: [server], choice: "a", reason: "")
        let day = DaySummary(deaths: ["encoder 1"], reconnections: ["main 1"], worst: "w")
        return [
            ("settings", settings), ("broadcast", status), ("deaths", death), ("links", report), ("room", room),
            ("comments", entry), ("summary", SummaryReport(lastDay: day, sinceStart: day, troubles: ["a"])),
            ("thumbnails", Thumbnail(input: 1, jpeg: [0xFF], content: [0, 0, 1, 1])),
        ]
    }

    private static func keys(of value: Any) -> Set<String> {
        if let list = value as? [Any] { return list.reduce(into: []) { $0.formUnion(keys(of: $1)) } }
        guard let object = value as? [String: Any] else { return [] }
        return object.reduce(into: []) { all, member in
            all.insert(member.key)
            // Their members have names of the user's choice.
            if member.key != "parameters" { all.formUnion(keys(of: member.value)) }
        }
    }

    @Test func everyKeyOfAValueIsExplained() throws {
        var explained: [String: Set<String>] = [:]
        for row in try Self.rows("Keys of values") {
            let words = row.split(separator: "`").enumerated().filter { $0.offset % 2 == 1 }.map { String($0.element) }
            let places = row.split(separator: "|")[1]
            for word in words where places.contains("`\(word)`") { explained[word, default: []].insert(words[0]) }
        }
        for (place, value) in try Self.values() {
            let object = try JSONSerialization.jsonObject(with: Data(JSONLine.encode(value)))
            let missing = Self.keys(of: object).subtracting(explained[place] ?? [])
            #expect(missing.isEmpty, "docs/control.md does not explain \(missing.sorted()) in \(place)")
        }
    }
}
