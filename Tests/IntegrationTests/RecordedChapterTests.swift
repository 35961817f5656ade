import BulkheadTestSupport
import Foundation
import Testing

/// Marks, scenes and takeovers of a broadcast, with the real programs, and their deaths.
@Suite(.timeLimit(.minutes(3))) struct RecordedChapterTests {
    /// The chapters of a file as FFmpeg shows them.
    private static func chapters(_ path: String) async throws -> [(start: Double, title: String)] {
        let probe = try RunningProcess("ffprobe", ["-v", "error", "-show_chapters", "-of", "json", path])
        #expect(await probe.wait(timeout: .seconds(20)) == 0 && probe.errorText.isEmpty, "\(probe.errorText)")
        struct Answer: Decodable {
            struct Chapter: Decodable {
                struct Tags: Decodable { let title: String }
                let start: String
                let tags: Tags

                enum CodingKeys: String, CodingKey {
                    case start = "start_time"
                    case tags
                }
            }
            let chapters: [Chapter]
        }
        let answer = try JSONDecoder().decode(Answer.self, from: Data(probe.outputText.utf8))
        return answer.chapters.map { (Double($0.start) ?? -1, $0.tags.title) }
    }

    /// An encoder and a recorder die, and no chapter is lost, neither in the recording nor in what is made of it.
    @Test func whatIsNotedSurvivesDeaths() async throws {
        let folder = try TemporaryFolder()
        let claims = try TemporaryFolder()
        let path = folder.path("a.mp4")
        let broadcast = try BulkheadProgram.start(
            [
                "broadcast", "test", "color:#1e90ff", "--layout", "single", "--size", "320x180", "--fps", "25",
                "--preset", "ultrafast", "--keyframe-interval", "1", "--record", path, "--replay", "1m",
                "--replay-path", folder.path("replay.mp4"), "--json", "--control", "unix:\(folder.path("c"))",
            ],
            environment: [
                "BULKHEAD_FAULTS": "recorder:trap@40,encoder:trap@70", "BULKHEAD_FAULT_CLAIMS": claims.url.path,
            ])
        func events() -> [ReportedEvent] { ReportedEvent.all(in: broadcast.outputText) }
        func waits(for code: String) async -> Bool {
            await eventually(within: .seconds(60)) { events().contains { $0.code == code } }
        }
        func command(_ words: String...) async throws -> String {
            let process = try BulkheadProgram.start(words + ["--attach", "unix:\(folder.path("c"))"])
            #expect(await process.wait(timeout: .seconds(30)) == 0, "\(process.errorText)")
            return process.outputText
        }
        func frame(of text: String) throws -> Double {
            let event = events().first { $0.code == "timeline.marked" && $0.string("text") == text }
            return try #require(event?.number("frame"))
        }
        #expect(await waits(for: "timeline.on-air"), "\(broadcast.errorText)")
        let answer = try await command("recording", "mark", "goal 1:0")
        let first = try frame(of: "goal 1:0")
        #expect(answer.hasPrefix("marked goal 1:0 at 0:00:0") && answer.contains("frame \(Int(first))"), "\(answer)")
        #expect(await waits(for: "recorder.died"))
        #expect(await waits(for: "encoder.took-over"))
        _ = try await command("scene", "take", "2")
        _ = try await command("recording", "mark", "the end")
        _ = try await command("recording", "save-replay")
        _ = try await command("stop")
        #expect(await broadcast.wait(timeout: .seconds(30)) == 0, "\(broadcast.errorText)")
        let taken = try #require(events().first { $0.code == "timeline.taken" }?.number("frame"))
        let death = try #require(events().first { $0.isA("encoder.died") })
        // Where nothing waited for the encoder that died, the next one begins with the frame that it is told to have begun with.
        let begun = events().first { $0.code == "encoder.took-over" }?.number("frame")
        let takeover = try #require(death.number("frame") ?? begun)
        let expected: [(Double, String)] = [
            (first / 25, "goal 1:0"), (takeover / 25, "Takeover: the encoder ended: \(death.string("cause") ?? "")"),
            (taken / 25, "Scene: source 2"), (try frame(of: "the end") / 25, "the end"),
        ]
        func check(_ path: String, from start: Double = 0, _ expected: [(Double, String)]) async throws {
            let chapters = try await Self.chapters(path)
            #expect(chapters.map(\.title) == expected.map(\.1), "\(path): \(chapters)")
            for (found, wanted) in zip(chapters, expected) {
                // A mark of the end may be later than the last picture.
                #expect(abs(found.start - wanted.0 + start) < 0.06, "\(path): \(found) \(wanted)")
            }
        }
        try await check(path, expected)
        let sound = try BulkheadProgram.start(["recording", "check", path])
        #expect(await sound.wait(timeout: .seconds(20)) == 0, "\(sound.outputText)")
        for (words, made) in [
            (["join", path, "-o"], "joined.mp4"), (["repair", path, "-o"], "repaired.mp4"),
            (["cut", path, "0.02", "60", "-o"], "cut.mp4"),
        ] {
            let process = try BulkheadProgram.start(["recording"] + words + [folder.path(made)])
            #expect(await process.wait(timeout: .seconds(20)) == 0, "\(made): \(process.errorText)")
            try await check(folder.path(made), from: made == "cut.mp4" ? 0.02 : 0, expected)
        }
        // What was noted at pictures that had not been encoded yet is not in it.
        let replay = try await Self.chapters(folder.path("replay.mp4"))
        #expect(replay.count >= 2 && replay.map(\.title) == Array(expected.map(\.1).prefix(replay.count)))
    }
}
