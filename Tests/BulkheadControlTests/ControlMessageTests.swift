import BulkheadControl
import BulkheadDanmaku
import BulkheadEvents
import BulkheadMedia
import BulkheadModel
import Foundation
import Testing

/// Requests and replies go over the control socket as lines, and come back as they were.
@Suite(.timeLimit(.minutes(2))) struct ControlMessageTests {
    /// The value after a passage over the socket.
    private static func passed<Value: Codable>(_ value: Value) throws -> Value {
        let line = JSONLine.encode(value)
        #expect(line.last == 0x0A)
        #expect(line.count { $0 == 0x0A } == 1)
        return try JSONLine.decode(Value.self, from: line.dropLast())
    }

    @Test func changesCarryOnlyWhatIsChanged() throws {
        #expect(String(decoding: JSONLine.encode(SettingsChange()), as: UTF8.self) == "{}\n")
        let change = try SettingsChange(["preset": "slow", "size": "640x360", "bframes": "0"])
        guard case .set(let passed) = try Self.passed(ControlRequest.set(change)) else {
            Issue.record("another request")
            return
        }
        #expect(passed == change && passed.words.count == 3)
    }

    @Test(arguments: RestartablePart.allCases)
    func restartNamesItsPart(part: RestartablePart) throws {
        guard case .restart(let passed) = try Self.passed(ControlRequest.restart(part)) else {
            Issue.record("another request")
            return
        }
        #expect(passed == part)
    }

    @Test func deathsComeBackWhole() throws {
        let json = """
            {"time":1,"part":{"role":"encoder","id":7,"name":"encoder","duty":"on-air"},"pid":5,"cause":"signal 11","detectedWithinMilliseconds":1,\
            "framesLate":2,"standardError":"line one\\nline two","recoveredAfterMilliseconds":12.5}
            """
        let record = try JSONLine.decode(DeathRecord.self, from: Array(json.utf8))
        guard case .deaths(let passed) = try Self.passed(ControlReply.deaths([record, record])) else {
            Issue.record("another reply")
            return
        }
        #expect(passed == [record, record])
        #expect(passed[0].mediaSeconds == nil && passed[0].frame == nil)
    }

    @Test(arguments: [
        "", "{}", "[]", #"{"request":"set"}"#, #"{"request":"set","changes":{"size":641}}"#,
        #"{"request":"restart","part":"master"}"#, #"{"request":"set","changes":{"bframes":-1}}"#,
        #"{"request":"set","changes":{"videoBitsPerSecond":99999999999}}"#, "\u{0}",
        #"{"request":"plugin.move","name":"a"}"#, #"{"request":"link.add"}"#, #"{"request":"link.pause","link":1}"#,
    ])
    func nonsenseIsRefused(line: String) {
        #expect(throws: (any Error).self) { try JSONLine.decode(ControlRequest.self, from: Array(line.utf8)) }
    }

    /// The keys are written out: what stands in a line is what docs/control.md says.
    @Test func linesAreAsTheyAreDocumented() {
        let line = JSONLine.encode(ControlLine(ControlRequest.restart(.encoder), id: 7))
        #expect(String(decoding: line, as: UTF8.self) == #"{"id":7,"part":"encoder","request":"restart"}"# + "\n")
        let done = JSONLine.encode(ControlLine(ControlReply.done, id: 7))
        #expect(String(decoding: done, as: UTF8.self) == #"{"id":7,"reply":"done"}"# + "\n")
        let error = BroadcastError(code: .fileExists, ["path": "/a"], "it exists", advice: "move it")
        let failed = JSONLine.encode(ControlLine(ControlReply.failed(error)))
        #expect(
            String(decoding: failed, as: UTF8.self) == #"{"error":{"advice":"move it","code":"file.exists","#
                + #""parameters":{"path":"/a"},"problem":"it exists"},"reply":"failed"}"# + "\n")
        #expect(String(decoding: JSONLine.encode(ControlGreeting()), as: UTF8.self) == "{\"bulkhead-control\":1}\n")
    }

    static let requests: [ControlRequest] = [
        .status, .stop, .events, .deaths, .restart(.source), .servers(link: nil, isMeasured: true),
        .servers(link: "main", isMeasured: false),
        .plugin(.add(PluginChoice("frei0r:glow", parameters: ["blur": "0.3"]), position: 2)),
        .plugin(.add(PluginChoice("/a.so"), position: nil)), .plugin(.remove(name: "glow")),
        .plugin(.move(name: "glow", position: 1)),
        .plugin(.set(name: "glow", parameters: ["blur": "1"], folder: "/home")),
        .plugin(.enable(name: "glow", true)), .plugin(.enable(name: "glow", false)), .plugin(.reload(name: "glow")),
        .plugin(.pardon(name: "glow")), .link(.add(DestinationSettings(url: "rtmp://a/b", streamKey: "k"))),
        .link(.remove("1")), .link(.pause("main")), .link(.retry("main")), .link(.retry("main", from: 12.4)),
        .link(.move("main", server: "2")), .room, .comments(count: nil), .comments(count: 5),
        .changeRoom(.set(fields)), .changeRoom(.pin(RoomPin(comment: "1", seconds: 60))), .changeRoom(.unpin),
        .changeRoom(.say(RoomSaying("hello"))), .changeRoom(.block(RoomBlock(words: ["spoiler"]))),
        .changeRoom(.unblock(RoomBlock(users: ["troll"]))), .changeRoom(.clear(isAll: true)),
        .reload(nil), .reload(ConfigurationText(name: "a.yaml", text: "input: test")), .foresee(.reload(nil)),
        .timetable(count: nil), .timetable(count: 3), .summary, .foresee(.scene(.prepare("talk"))),
        .foresee(.link(.add(DestinationSettings(url: "rtmp://a/b", streamKey: "k")))),
        .program, .drill(pid: 4712, .freeze),
    ]

    private static var fields: RoomFields {
        var fields = RoomFields()
        (fields.title, fields.size, fields.modes) = ("Evening show", 40, [.scroll, .top])
        return fields
    }

    @Test(arguments: requests)
    func requestsComeBackAsTheyWere(request: ControlRequest) throws {
        #expect(try Self.passed(request) == request)
        let numbered = try Self.passed(ControlLine(request, id: -3))
        #expect(numbered.id == -3 && numbered.content == request)
    }

    /// A newer version may add keys; a newer code has the general meaning of its kind.
    @Test func whatANewerVersionAddsIsPassedOver() throws {
        let line = Array(#"{"request":"status","colour":"red"}"#.utf8)
        #expect(try JSONLine.decode(ControlRequest.self, from: line) == .status)
        let error = Array(#"{"code":"destinations.half-failed","problem":"p"}"#.utf8)
        let read = try JSONLine.decode(BroadcastError.self, from: error)
        #expect(read.code == .someDestinations && read.kind == .someDestinations && read.parameters.isEmpty)
        #expect(ErrorCode(known: "gone.mad") == .internal && ErrorCode(known: "") == .internal)
    }

    @Test(arguments: BroadcastError.Kind.allCases)
    func generalCodesKeepTheirKind(kind: BroadcastError.Kind) {
        #expect(BroadcastError(kind, "p").kind == kind)
        #expect(ErrorCode(generalOf: kind).parameters.isEmpty)
    }
}
