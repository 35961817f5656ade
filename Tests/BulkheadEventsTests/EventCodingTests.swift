import BulkheadEvents
import BulkheadModel
import BulkheadSystem
import BulkheadTestSupport
import Foundation
import Testing

/// What docs/events.md promises to readers and to writers of other versions.
@Suite(.timeLimit(.minutes(1))) struct EventCodingTests {
    private static func part(_ role: Part.Role) -> Part {
        switch role {
        case .master: .master
        case .timeline: .timeline
        case .encoder: .encoder(7, .standby)
        case .slateEncoder: .slateEncoder(9)
        case .source: .source(1, name: "source 1")
        case .pluginHost: .pluginHost(3)
        case .mixer: .mixer(4, .standby)
        case .notifier: .notifier(5)
        case .recorder: .recorder(5, name: "recorder of recording")
        case .recording: .recording(1, name: "recording")
        case .plugin: .plugin(2, name: "logo")
        case .link: .link(1, name: "main", lane: 2)
        case .viewer: .viewer
        case .server: .server
        case .room: .room
        case .chat: .chat(6)
        case .origin: .origin(7)
        case .srt: .srt(8, name: "main")
        case .channel: .channel(1, name: "chat ann")
        case .switch: .switch(name: "main")
        case .output: .output
        case .timetable: .timetable
        case .reporter, .unknown: .reporter
        }
    }

    @Test(arguments: HappeningTests.samples)
    func everyEventSurvivesALine(role: Part.Role, happening: Happening) throws {
        for mediaSeconds in [nil, 12.4] {
            let event = Event(Self.part(role), happening, time: 1_790_000_000.25, mediaSeconds: mediaSeconds)
            let line = JSONLine.encode(event)
            #expect(try JSONLine.decode(Event.self, from: line) == event)
            let object = try #require(try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
            #expect(object["code"] as? String == happening.code(for: role))
            #expect(object["level"] as? String == happening.level.rawValue)
            #expect((object["mediaSeconds"] == nil) == (mediaSeconds == nil))
            #expect(
                object.keys.allSatisfy { ["time", "mediaSeconds", "part", "code", "level", "values"].contains($0) })
        }
    }

    /// "A newer version may add codes, keys and roles: readers skip what they don't know."
    @Test(arguments: [
        #""quantum":{"spin":0.5}"#, #""quantum":[1,2]"#, #""quantum":null"#, #""quantum":[["a"]]"#, #""quantum":"x""#,
        #""quantum":[{"a":1}]"#,
    ])
    func keysOfANewerVersionAreSkippedWhateverTheyHold(key: String) throws {
        let line = """
            {"time":1,"part":{"role":"encoder","id":7,"name":"encoder","duty":"on-air"},"code":"encoder.ready",\
            "level":"notice","values":{"pid":12,\(key)},"mood":"good"}
            """
        let event = try JSONLine.decode(Event.self, from: Array(line.utf8))
        #expect(event.happening == .child(.ready(pid: 12, plugins: nil)))
    }

    @Test(arguments: [
        ("encoder.exploded", "error", Happening.Level.error), ("teleporter.disk-full", "warning", .warning),
        ("encoder.ready", "notice", .notice), ("encoder.died.twice", "catastrophe", .notice), ("", "error", .error),
    ])
    func codesOfANewerVersionAreKeptAsTheyAre(code: String, level: String, expected: Happening.Level) throws {
        // `encoder.ready` lacks the process that this version needs.
        let line = """
            {"time":1,"part":{"role":"teleporter","id":1,"name":"tape"},"code":"\(code)","level":"\(level)",\
            "values":{"text":"hm"}}
            """
        let event = try JSONLine.decode(Event.self, from: Array(line.utf8))
        #expect(event.code == code && event.level == expected && event.part.role == .unknown)
        #expect(event.happening.values == [.text: "hm"])
        guard case .unknown = event.happening else {
            Issue.record("an unknown code was read as \(event.happening)")
            return
        }
        #expect(try JSONLine.decode(Event.self, from: JSONLine.encode(event)) == event)
    }

    @Test(arguments: ["time", "part", "code", "values"]) func whatEveryEventHasIsNeeded(key: String) throws {
        let event = Event(.timeline, .timeline(.onAir), time: 1)
        var object = try #require(
            try JSONSerialization.jsonObject(with: Data(JSONLine.encode(event))) as? [String: Any])
        object[key] = nil
        let data = try JSONSerialization.data(withJSONObject: object)
        #expect(throws: DecodingError.self) { try JSONLine.decode(Event.self, from: data) }
    }

    /// Every value of every code, left out and of another type: named in the error, or optional and missing.
    @Test(arguments: HappeningTests.samples)
    func missingAndWrongValuesAreFound(role: Part.Role, happening: Happening) throws {
        let code = happening.code(for: role)
        let object = try #require(
            try JSONSerialization.jsonObject(with: JSONEncoder().encode(happening.values)) as? [String: Any])
        for key in happening.values.keys {
            var without = object
            without[key.rawValue] = nil
            let values = try JSONLine.decode(Values.self, from: try JSONSerialization.data(withJSONObject: without))
            do throws(HappeningError) {
                let read = try Happening(code: code, values: values)
                #expect(!read.values.keys.contains(key) && read != happening)
            } catch { #expect(error == .missingValue(key)) }
            for wrong in [["a", "b"] as Any, true, "words of another kind", 1.5] {
                var changed = object
                changed[key.rawValue] = wrong
                let values = try JSONLine.decode(Values.self, from: try JSONSerialization.data(withJSONObject: changed))
                do throws(HappeningError) {
                    let read = try Happening(code: code, values: values)
                    #expect(read.values[key] == values[key])
                } catch { #expect(error == .wrongValue(key)) }
            }
        }
    }

    /// JSON has no infinities: a fact that is none is 0, and the event is still one.
    @Test(arguments: [Double.infinity, -.infinity, .nan]) func factsThatAreNoNumberAreZero(number: Double) throws {
        let values: Values = [.seconds: number]
        #expect(JSONLine.text(values) == #"{"seconds":0}"#)
    }
}

@Suite(.timeLimit(.minutes(1))) struct EventValueTests {
    static let rows: [(String, EventValue)] = [
        ("12", .integer(12)), ("-9223372036854775808", .integer(.min)), ("9223372036854775807", .integer(.max)),
        ("1.5", .number(1.5)), ("1e300", .number(1e300)), ("true", .bool(true)), ("false", .bool(false)),
        (#""""#, .string("")), (#""1""#, .string("1")), (#"["a","b"]"#, .strings(["a", "b"])), ("[]", .strings([])),
    ]

    @Test(arguments: rows) func valuesArePlainJSON(text: String, value: EventValue) throws {
        #expect(try JSONLine.decode(EventValue.self, from: Array(text.utf8)) == value)
        #expect(try JSONLine.decode(EventValue.self, from: JSONLine.encode(value)) == value)
    }

    /// A whole number of seconds comes as an integer, and is still a number of seconds.
    @Test func wholeNumbersAreNumbers() throws {
        #expect(Double(EventValue.integer(3)) == 3 && Double(EventValue.number(2.5)) == 2.5)
        #expect(Double(EventValue.string("3")) == nil && Double(EventValue.bool(true)) == nil)
        #expect(Int(EventValue.number(3)) == nil && Int(EventValue.integer(3)) == 3)
        #expect(Int32(EventValue.integer(Int64(Int32.max) + 1)) == nil)
        #expect(Int32(EventValue.integer(Int64(Int32.min))) == .min)
    }

    @Test func wordsOfOtherVersionsAreNone() {
        #expect(StallSign(EventValue.string("not-reading")) == .notReading)
        #expect(StallSign(EventValue.string("notReading")) == nil && StallSign(EventValue.integer(1)) == nil)
        #expect(Duty(EventValue.string("twin")) == .twin && Duty(EventValue.string("")) == nil)
    }

    @Test func nilIsLeftOut() throws {
        let none: String? = nil
        let values: Values = [.pid: 7, .text: none]
        #expect(values.keys == [.pid] && values[.text] == nil)
        let pid: Int32 = try values.required(.pid)
        #expect(pid == 7)
        #expect(throws: HappeningError.missingValue(.text)) { let _: String = try values.required(.text) }
        #expect(throws: HappeningError.wrongValue(.pid)) { let _: String? = try values.optional(.pid) }
    }
}

/// Any order of deaths and returns, against a list that is kept as simply as can be.
@Suite(.timeLimit(.minutes(1))) struct DeathRecordModelTests {
    private struct Model {
        var deaths: [(pid: Int32, place: DeathRecords.Place, since: Int, recovered: Double?)] = []
    }

    private static func record(_ pid: Int32) -> DeathRecord {
        DeathRecord(
            time: 0, part: .encoder(ChildID(Int(pid))), pid: pid, cause: "SIGKILL", detectedWithinMilliseconds: 1,
            framesLate: 0, standardError: "")
    }

    @Test(arguments: [1, 2, 3] as [UInt64]) func recordsAreThoseOfTheModel(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var records = DeathRecords()
        var model = Model()
        let start = MonotonicTime.now
        let places = (1...4).flatMap { post in
            [Duty.onAir, .standby].map { DeathRecords.Place(PostID(post), $0) }
        }
        var milliseconds = 0
        for pid in 1...1500 as ClosedRange<Int32> {
            milliseconds += Int.random(in: 0...50, using: &random)
            let now = start.advanced(by: .milliseconds(milliseconds))
            let place = places[Int.random(in: places.indices, using: &random)]
            if Int.random(in: 0..<3, using: &random) == 0 {
                let closed = records.close(place, now)
                var expected: [Int32] = []
                let kept = max(0, model.deaths.count - DeathRecords.limit)
                for index in model.deaths.indices.dropFirst(kept)
                where model.deaths[index].place == place && model.deaths[index].recovered == nil {
                    model.deaths[index].recovered = Double(milliseconds - model.deaths[index].since)
                    expected.append(model.deaths[index].pid)
                }
                #expect(closed.map(\.pid) == expected)
                #expect(closed.allSatisfy { $0.recoveredAfterMilliseconds != nil })
            } else {
                records.add(Self.record(pid), at: place, now)
                model.deaths.append((pid, place, milliseconds, nil))
            }
            let last = model.deaths.suffix(DeathRecords.limit)
            #expect(records.all.map(\.pid) == last.map(\.pid))
            #expect(records.all.map(\.recoveredAfterMilliseconds) == last.map(\.recovered))
            #expect(records.unrecovered.map(\.pid) == last.filter { $0.recovered == nil }.map(\.pid))
            #expect(records.count == model.deaths.count)
        }
        #expect(records.count > 2 * DeathRecords.limit)
    }

    @Test func recordSurvivesALineWithAndWithoutWhatMayBeMissing() throws {
        var record = Self.record(7)
        #expect(try JSONLine.decode(DeathRecord.self, from: JSONLine.encode(record)) == record)
        #expect(
            JSONLine.text(record)?.contains("plugin") == false && JSONLine.text(record)?.contains("frame\"") == false)
        record.mediaSeconds = 12.5
        record.frame = .max
        record.plugin = "logo"
        record.recoveredAfterMilliseconds = 84.25
        record.standardError = "a\u{1B}[31m\nb\u{0}"
        #expect(try JSONLine.decode(DeathRecord.self, from: JSONLine.encode(record)) == record)
    }
}
