import BulkheadTestSupport
import Foundation
import Testing

/// The examples, as a reader runs them.
@Suite(.serialized, .timeLimit(.minutes(2))) struct ExampleTests {
    private static let examples = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Examples")

    /// Every folder of `Examples/`: a new one is run without being named here.
    static let names: [String] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: examples.path)) ?? []
        return names.filter { FileManager.default.isExecutableFile(atPath: examples.path + "/\($0)/run") }.sorted()
    }()

    /// Runs an example for two seconds with the programs beside the tests.
    private static func run(_ name: String, _ arguments: [String] = []) async throws -> (text: String, status: Int32) {
        let program = try RunningProcess(
            "env",
            [
                "BULKHEAD=\(BulkheadProgram.path("bulkhead"))", "XDG_RUNTIME_DIR=\(BulkheadProgram.runtimeFolder)",
                "PORT=0", examples.path + "/\(name)/run", "2",
            ] + arguments)
        let status = await program.wait(timeout: .seconds(60))
        return (program.outputText + program.errorText, status)
    }

    @Test func thereAreExamples() { #expect(Self.names.count >= 5) }

    @Test(arguments: names.filter { $0 != "two-destinations" && $0 != "library" })
    func exampleIsOnAirAndEndsWell(name: String) async throws {
        let (text, status) = try await Self.run(name)
        #expect(status == 0, "\(text)")
        #expect(text.contains("on air"), "\(text)")
        #expect(text.contains(#/open rtmp:\S+|ffplay .*rtmp:\S+/#), "it says where it can be seen: \(text)")
        #expect(!text.contains(" error "), "\(text)")
    }

    @Test(.enabled(if: geteuid() == 0)) func libraryPlaysOnMachinesOfItsOwnAndLeavesNothing() async throws {
        let (text, status) = try await Self.run("library")
        #expect(status == 0, "\(text)")
        let named = try #require(
            text.firstMatch(of: #/has "[^"]+" at (\w+) \((.*?)\), (\w+) \((.*?)\)\n/#), "\(text)")
        let reasons = [String(named.1): String(named.2), String(named.3): String(named.4)]
        #expect(Set(reasons.keys) == ["berlin", "paris"], "rome has nothing: \(text)")
        let berlin = try #require(reasons["berlin"], "\(text)")
        #expect(berlin.hasPrefix("nearest to 10.88.0.0/24; "), "\(text)")
        // The nearest first; on a machine that is behind with everything, a heartbeat may be too.
        let isWell = !berlin.contains("a heartbeat is overdue")
        #expect(!isWell || named.1 == "berlin", "\(text)")
        // The one that was named first, or the next one, with what was wrong with the first.
        let played = try #require(text.firstMatch(of: #/plays from (\w+), /#), "\(text)").1
        #expect(reasons.keys.contains(String(played)), "\(text)")
        let isPassed = text.split(separator: "\n").contains { $0.contains(" s: \(named.1) ") }
        #expect(played == named.1 || isPassed, "\(text)")
        let left = try RunningProcess("/usr/sbin/ip", ["netns", "list"])
        await left.wait()
        let tag = try #require(text.firstMatch(of: #/library\d+/#)?.0)
        #expect(!left.outputText.contains(tag), "\(left.outputText)")
    }

    @Test func twoDestinationsAreRecorded() async throws {
        let folder = try TemporaryFolder()
        let recording = folder.path("recording.flv")
        let (text, status) = try await Self.run("two-destinations", [recording])
        #expect(status == 0, "\(text)")
        let frames = try RunningProcess(
            "ffprobe",
            [
                "-v", "error", "-select_streams", "v", "-count_packets", "-show_entries", "stream=nb_read_packets",
                "-of", "csv=p=0", recording,
            ])
        await frames.wait()
        #expect(Int(frames.outputText.trimmingCharacters(in: .whitespacesAndNewlines)).map { $0 >= 48 } ?? false)
    }
}
