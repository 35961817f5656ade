import BulkheadCommands
import BulkheadDrill
import BulkheadEvents
import BulkheadModel
import BulkheadProbe
import BulkheadTestSupport
import Foundation
import Testing

@Suite(.timeLimit(.minutes(1))) struct DrillReportTests {
    private func measured() throws -> StreamReport {
        try JSONDecoder().decode(StreamReport.self, from: Data(StreamReportSample.json.utf8))
    }

    private func drill(seed: UInt64? = nil, linkCount: Int = 1) throws -> DrillReport {
        var fault = FaultRecord(
            fault: "encoder:kill@frame=150", isDone: true, action: "SIGKILL to process 7", seconds: 5, frame: 150)
        fault.death = Event(
            .encoder(7),
            .child(
                .died(
                    pid: 7, cause: "SIGKILL", frame: nil, uncommitted: nil, plugin: nil, call: nil,
                    standardError: "a <b> & \"c\"\u{1}\nsecond")), time: 0, mediaSeconds: 5)
        let links = try (1...linkCount).map { number in
            let verdicts = try Expectation.list("lost=0,repeated=0").map { try Verdict($0, in: measured()) }
            return DrillReport.Link(number: number, verdicts: verdicts, measured: try measured(), connections: 1)
        }
        return DrillReport(
            seed: seed, faults: [fault], links: links, undisturbedGapMilliseconds: 40, failure: nil, wallSeconds: 12.345
        )
    }

    @Test func xmlHasACaseForEachExpectationAndFault() throws {
        let text = JUnit.text(try drill(seed: 99), named: "bulkhead.drill")
        let parser = JUnitReader()
        #expect(parser.read(text))
        #expect(
            parser.cases == [
                "bulkhead.drill.broadcast ends well", "bulkhead.drill.fault encoder:kill@frame=150",
                "bulkhead.drill.expectation lost=0", "bulkhead.drill.expectation repeated=0",
            ])
        #expect(parser.failures == ["lost=0: FAILED, 3 (frames 155-157)"])
        #expect(parser.attributes["tests"] == "4")
        #expect(parser.attributes["failures"] == "1")
        #expect(text.contains("<property name=\"seed\" value=\"99\"/>"))
    }

    @Test func linksAreToldApart() throws {
        let report = try drill(linkCount: 2)
        let parser = JUnitReader()
        #expect(parser.read(JUnit.text(report, named: "bulkhead.drill")))
        #expect(parser.failures.count == 2)
        #expect(parser.cases.contains("bulkhead.drill.expectation link 2: lost=0"))
        #expect(report.lines.contains("link 2: lost=0: FAILED, 3 (frames 155-157)"))
    }

    /// Several drills in one job are told apart; one that could not be held is an error, not an empty file.
    @Test func drillThatCouldNotBeHeldIsAnError() {
        let text = JUnit.text("no server answers at <a>", named: "night \"2\"")
        let parser = JUnitReader()
        #expect(parser.read(text))
        #expect(parser.cases == ["night &quot;2&quot;.broadcast is held"])
        #expect(parser.attributes["tests"] == "1" && parser.attributes["errors"] == "1")
        #expect(text.contains("<error message=\"no server answers at &lt;a&gt;\"/>"))
    }

    @Test func casesHaveTimes() throws {
        var report = try drill()
        report.faults[0].backAfterSeconds = 0.25
        let text = JUnit.text(report, named: "bulkhead.drill")
        #expect(text.contains("name=\"encoder:kill@frame=150\" time=\"0.25\""))
        #expect(text.contains("name=\"lost=0\" time=\"10.00\""))
        #expect(text.contains("name=\"ends well\" time=\"12.35\"") || text.contains("time=\"12.34\""))
    }

    @Test func textIsMadeFitForXML() {
        #expect(JUnit.escaped("a<b> & \"c\"\u{1}\u{FFFE}\nä") == "a&lt;b&gt; &amp; &quot;c&quot;&#10;ä")
    }

    @Test func theReportNamesFramesAndDeaths() throws {
        let lines = try drill(seed: 99).lines
        #expect(
            lines.first
                == "encoder:kill@frame=150: SIGKILL to process 7 at frame 150, 5.00 s; encoder: ended: SIGKILL")
        #expect(lines.contains("lost=0: FAILED, 3 (frames 155-157)"))
        #expect(lines.contains("    second"))
        #expect(lines.contains("seed 99: the same faults again with --random --seed 99 and the same other flags"))
        #expect(lines.last == "FAILED: 1 of 2 expectations hold, 1 of 1 faults done")
    }

    @Test(
        arguments: [
            ([0..<100, 100..<200], 0, 200, []), ([0..<100, 90..<200], 0, 150, []), ([100..<200, 0..<100], 0, 200, []),
            ([0..<100, 103..<200], 0, 200, [100...102]), ([5..<100], 0, 110, [0...4, 100...109]),
            ([5..<100], 5, 100, []),
            ([], 0, 3, [0...2]), ([], 0, 0, []),
        ] as [([Range<Int64>], Int64, Int64, [ClosedRange<Int64>])])
    func whatNoFileHasIsMissing(
        runs: [Range<Int64>], first: Int64, end: Int64, missing: [ClosedRange<Int64>]
    ) {
        #expect(DrillReport.Recording.missing(in: runs, from: first, to: end) == missing)
    }

    @Test func whatARecordingLacksIsSaid() throws {
        var report = try drill()
        report.recording = .init(files: 2, unreadable: 1, frames: 300, missing: [5...7, 9...9])
        #expect(
            report.lines.contains(
                "recording: 2 files, 1 of them on a disk that can't be read; frames up to 299, 4 missing"))
        #expect(report.recording?.lack == "the recording lacks 4 frames, the first ones 5 to 7")
        let json = String(decoding: try JSONEncoder().encode(report.recording), as: UTF8.self)
        #expect(json.contains("[[5,7],[9,9]]"))
    }

    @Test func aFaultThatWasNotDoneFailsTheDrill() throws {
        var report = try drill()
        report.links[0].verdicts = []
        #expect(report.passed)
        report.faults[0].isDone = false
        #expect(!report.passed)
        report.faults = []
        report.failure = "the drill was interrupted"
        #expect(!report.passed)
    }
}

/// What a reader of JUnit files takes out of one.
private final class JUnitReader {
    private(set) var cases: [String] = []
    private(set) var failures: [String] = []
    private(set) var attributes: [String: String] = [:]

    /// False for text that is no well-formed XML, as far as this small reader sees.
    func read(_ text: String) -> Bool {
        var open: [String] = []
        for piece in text.split(separator: "<").dropFirst() {
            guard let end = piece.firstIndex(of: ">") else { return false }
            let tag = piece[..<end]
            if tag.hasPrefix("?") { continue }
            if tag.hasPrefix("/") {
                guard open.popLast() == String(tag.dropFirst()) else { return false }
                continue
            }
            let name = String(tag.prefix { $0.isLetter || $0 == "-" })
            if !tag.hasSuffix("/") { open.append(name) }
            let values = Self.values(tag)
            switch name {
            case "testsuites": attributes = values
            case "testcase": cases.append("\(values["classname"] ?? "") \(values["name"] ?? "")")
            case "failure": failures.append(values["message"] ?? "")
            default: break
            }
        }
        return open.isEmpty
    }

    private static func values(_ tag: Substring) -> [String: String] {
        var values: [String: String] = [:]
        for match in tag.matches(of: #/([a-z]+)="([^"]*)"/#) { values[String(match.1)] = String(match.2) }
        return values
    }
}
