import ArgumentParser
import BulkheadCommands
import BulkheadModel
import BulkheadTestSupport
import Foundation
import Testing

@Suite(.timeLimit(.minutes(1))) struct BackupWordsTests {
    private static func plan(_ arguments: [String]) throws -> BroadcastSettings {
        let options = try BroadcastOptions.parse(arguments + ["--to", "rtmp://h/live/k"])
        return try BroadcastPlan(try options.allWords(), environmentKey: nil).settings
    }

    @Test func flagsAreReadForTheOneInput() throws {
        let folder = try TemporaryFolder()
        let loop = folder.path + "/loop.mp4"
        try Data([1]).write(to: URL(fileURLWithPath: loop))
        let settings = try Self.plan([
            "rtmp://cam/live/a", "--backup", "listen:rtmp://0.0.0.0:1936/in", "--backup", loop, "--backup-when",
            "fps < 80% for 3s", "--backup-when", "black 5s", "--backup-when", "bitrate < 500k for 5s", "--backup-when",
            "drops > 10 in 5s", "--backup-return", "stay", "--backup-cold",
        ])
        let backup = try #require(settings.inputs.first?.backup)
        #expect(backup.inputs.map(\.url) == ["listen:rtmp://0.0.0.0:1936/in", loop])
        #expect(backup.inputs.map(\.loops) == [false, true])
        #expect(
            backup.conditions.map { "\($0)" } == [
                "fps < 80% for 3s", "black 5s", "bitrate < 500k for 5s", "drops > 10 in 5s",
            ])
        #expect(backup.policy == .stay && backup.isCold)
        #expect(
            try Self.plan(["test", "--backup", "test"]).inputs[0].backup?.conditions == [
                SwitchCondition(.noData, milliseconds: 1000)
            ])
        #expect(try Self.plan(["test"]).inputs[0].backup == nil)
    }

    @Test func configurationFileNamesThemForEachInput() throws {
        let folder = try TemporaryFolder()
        let file = folder.path + "/show.yml"
        try """
        inputs:
          - test
          - name: camera
            input: rtmp://cam/live/a
            backups: [rtmp://cam/live/b, "color:blue"]
            when: [no-data 2s, silence 10s]
            return: best
            times: {clear: 1s, dwell: 2s, longest-dwell: 1m, start: 3s}
        """.write(toFile: file, atomically: true, encoding: .utf8)
        let inputs = try Self.plan(["--config", file]).inputs
        #expect(inputs[0].backup == nil)
        let backup = try #require(inputs[1].backup)
        #expect(backup.inputs.map(\.url) == ["rtmp://cam/live/b", "color:blue"] && backup.policy == .best)
        #expect((backup.clearMilliseconds, backup.dwellMilliseconds) == (1000, 2000))
        #expect((backup.longestDwellMilliseconds, backup.startMilliseconds) == (60_000, 3000))
    }

    static let wrong: [(arguments: [String], problem: String)] = [
        (["test", "--backup-when", "black 5s"], "there is none"),
        (["test", "--backup", "-"], "standard input"),
        (["test", "--backup", "/no/such.mp4"], "there is no file"),
        (["test", "--backup", "test", "--backup-when", "queue > 3s"], "not known of an input"),
        (["test", "--backup", "test", "--backup-when", "bitrate < 50% for 5s"], "not known of an input"),
        (["test", "--backup", "test", "--backup-when", "often"], "is no condition"),
        (["test", "--backup", "test", "--backup-return", "now"], "does not say when to return"),
        (["test", "color:blue", "--backup", "test"], "does not say which of 2 inputs"),
        (["test", "--backup", "test", "--fast", "--duration", "1"], "--fast has no use for a backup"),
    ]

    @Test(arguments: wrong) func whatIsWrongIsToldInOneLine(row: (arguments: [String], problem: String)) {
        let error = #expect(throws: BroadcastError.self) { try Self.plan(row.arguments) }
        #expect(error?.problem.contains(row.problem) == true, "\(error?.problem ?? "")")
    }
}
