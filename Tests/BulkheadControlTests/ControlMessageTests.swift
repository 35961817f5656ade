import BulkheadControl
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
        "", "{}", "[]", "{\"set\":{}}", "{\"set\":{\"_0\":{\"size\":641}}}",
        "{\"restart\":{\"_0\":\"master\"}}", "{\"set\":{\"_0\":{\"bframes\":-1}}}",
        "{\"set\":{\"_0\":{\"videoBitsPerSecond\":99999999999}}}", "\u{0}",
    ])
    func nonsenseIsRefused(line: String) {
        #expect(throws: (any Error).self) { try JSONLine.decode(ControlRequest.self, from: Array(line.utf8)) }
    }
}
