import BulkheadCommands
import BulkheadModel
import Foundation
import Testing

/// Command lines that fail at once, with the exit codes of README.md, "Ending, and exit codes".
@Suite(.timeLimit(.minutes(1))) struct CommandLineTests {
    static let wrong: [[String]] = [
        ["nonsense"], ["broadcast", "test", "--to", "rtmp://a/b/c", "--video-bitrate", "-5"],
        ["broadcast", "test", "--to", "rtmp://a/b/c", "--config", "/nonexistent.yaml"], ["set", "fps=25"],
        ["restart", "everything"], ["status", "--attach", "tcp:1"], ["link", "add", "--to", "http://a/b"],
        ["probe", "http://a/b/c"], ["probe", "a.flv", "--expect", "lost"], ["serve", "--listen", "nowhere"],
        ["audio", "set", "mic", "gain=loud"], ["audio", "set", "mic"], ["audio", "program", "ceiling=3"],
        ["recording", "cut", "a.mp4", "2:00", "1:00", "-o", "b.mp4"],
        ["recording", "cut", "a.mp4", "x", "1", "-o", "b.mp4"],
        ["recording", "cut", "a.mp4", "1:60", "3:00", "-o", "b.mp4"], ["recording", "join", "a.mp4"],
        ["serve", "--pull", "http://a/b/c"],
        ["serve", "--pull", "rtmp://a/b"], ["serve", "--push", "rtmp://a/b/c"],
        ["serve", "--hook", "on_fire=http://a/"],
        ["serve", "--hook", "on_play=ftp://a/"], ["serve", "--max-bandwidth", "much"], ["serve", "--max-players", "0"],
        ["serve", "--max-connections", "0"], ["serve", "--max-connections-per-address", "0"],
    ]

    @Test(arguments: wrong) func wrongWordsEndWith64(arguments: [String]) async {
        #expect(await BulkheadCommand.run(arguments) == 64, "\(arguments)")
    }

    /// Continuous integration systems know 2 as "used wrongly".
    @Test(arguments: [
        ["drill", "--fault", "encoder:dance@5s"], ["drill", "--nonsense"], ["drill", "--expect", "lost"],
        ["drill", "--duration", "soon"], ["drill", "--fps", "0"], ["drill", "--seed", "-1"],
        ["drill", "--links", "0"], ["drill", "--fault"],
    ]) func wrongDrillsEndWith2(arguments: [String]) async {
        #expect(await BulkheadCommand.run(arguments) == 2, "\(arguments)")
    }

    /// No master is there: nothing was asked of it.
    @Test(arguments: [
        ["status"], ["stop"], ["deaths"], ["set", "preset=fast"], ["restart", "encoder"], ["link"],
        ["link", "pause", "main"],
        ["audio"], ["audio", "set", "mic", "gain=-6"], ["audio", "program", "loudness=off"],
        ["link", "servers"], ["link", "add", "--to", "rtmp://a/b/c"], ["plugin", "remove", "logo"],
        ["plugin", "move", "logo", "2"], ["plugin", "set", "logo", "x=1"], ["plugin", "pardon", "logo"],
    ]) func withoutAMasterTheyEndWith75(arguments: [String]) async {
        #expect(await BulkheadCommand.run(arguments + ["--attach", "unix:/nonexistent/m.sock"]) == 75, "\(arguments)")
    }

    @Test(arguments: ["/nonexistent/in.mp4", "/tmp", "file:/nonexistent/in.mkv"])
    func inputsThatAreNotThereEndWith66(input: String) async {
        #expect(await BulkheadCommand.run(["broadcast", input, "--to", "rtmp://a/b/c"]) == 66)
    }

    @Test(arguments: ["show", "check", "repair"]) func recordingsThatAreNotThereEndWith66(command: String) async throws
    {
        #expect(await BulkheadCommand.run(["recording", command, "/nonexistent/show.mp4"]) == 66)
        let folder = try TemporaryFolder()
        let file = try folder.write("no MP4", to: "text.mp4")
        #expect(await BulkheadCommand.run(["recording", command, file]) == 66)
    }

    @Test func emptyFileIsNoInput() async throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("", to: "empty.mp4")
        #expect(await BulkheadCommand.run(["broadcast", file, "--to", "rtmp://a/b/c"]) == 66)
    }

    @Test func missingPluginEndsWith67() async {
        let arguments = ["broadcast", "test", "--to", "rtmp://a/b/c", "--plugin", "/nonexistent/p.so"]
        #expect(await BulkheadCommand.run(arguments) == 67)
    }

    @Test func missingProgramsEndWith72() async {
        #expect(await BulkheadCommand.run(["probe", "/nonexistent.flv", "--libexec", "/nonexistent"]) == 72)
    }

    @Test func fileThatCanNotBeWrittenEndsWith73() async {
        // Known before the drill begins.
        #expect(await BulkheadCommand.run(["drill", "--duration", "5", "--junit", "/nonexistent/report.xml"]) == 73)
    }

    // MARK: the one line

    /// Whatever failed, it is one line without what steers a terminal.
    @Test(arguments: ErrorCode.allCases) func failuresAreOneCleanLine(code: ErrorCode) {
        let facts = Dictionary(uniqueKeysWithValues: code.parameters.map { ($0, "7\n\u{1B}[2J") })
        let line = BulkheadCommand.failure(
            BroadcastError(code: code, facts, "it is\u{7} wrong\nhere", advice: "do\tthis"))
        #expect(line.hasPrefix("bulkhead: it is  wrong here; "))
        #expect(line.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F })
        #expect(!line.contains("; ;") && !line.hasSuffix("; "))
    }
}
