import BulkheadMP4
import BulkheadSystem
import BulkheadTestSupport
import Foundation
import Testing

/// Old segments are removed, and nothing else is.
@Suite(.timeLimit(.minutes(3))) struct RetentionTests {
    private static let pattern = "show-%Y%m%d-%H%M%S.mp4"

    private func broadcast(_ folder: TemporaryFolder, _ words: [String]) throws -> RunningProcess {
        try BulkheadProgram.start(
            [
                "broadcast", "test", "--size", "320x180", "--fps", "25", "--preset", "ultrafast", "--video-bitrate",
                "2M",
                "--keyframe-interval", "1s", "--record", folder.path(Self.pattern), "--json", "--control",
                "unix:\(folder.path("c"))",
            ] + words)
    }

    private func names(_ folder: TemporaryFolder) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder.url.path)) ?? []).sorted()
    }

    private func segments(_ folder: TemporaryFolder) -> [String] {
        names(folder).filter { $0.hasPrefix("show-") && $0.hasSuffix(".mp4") }
    }

    private func removed(_ process: RunningProcess, _ why: String) -> [String] {
        ReportedEvent.all(in: process.outputText).filter {
            $0.code == "recording.removed" && $0.string("removal") == why
        }.compactMap { $0.string("path").map { URL(filePath: $0).lastPathComponent } }
    }

    @Test func oldSegmentsGoAndOthersStay() async throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        // Names that fit, and files that are none of ours.
        let foreign = "show-20010101-000000.mp4"
        try Data("somebody's notes".utf8).write(to: URL(filePath: folder.path(foreign)))
        let first = try broadcast(folder, ["--record-segment", "1s", "--record-keep-size", "150KB"])
        #expect(await eventually(within: .seconds(60)) { self.segments(folder).count > 2 }, "\(first.errorText)")
        let held = try #require(segments(folder).first { $0 != foreign })
        let descriptor = open(folder.path(held), O_RDONLY | O_CLOEXEC)
        try #require(descriptor >= 0)
        FileHold.read(descriptor)
        try FileManager.default.copyItem(atPath: folder.path(held), toPath: folder.path("copy.mp4"))
        #expect(await eventually(within: .seconds(60)) { self.removed(first, "size").count > 1 }, "\(first.errorText)")
        #expect(segments(folder).contains(held))
        close(descriptor)
        #expect(await eventually(within: .seconds(60)) { self.removed(first, "size").contains(held) })
        kill(first.pid, SIGINT)
        #expect(await first.wait(timeout: .seconds(30)) == 0)
        let left = names(folder)
        for name in removed(first, "size") {
            #expect(!left.contains(name) && !left.contains(name + ".index"))
        }
        #expect(left.contains("copy.mp4") && left.contains(foreign))
        let kept = segments(folder).filter { $0 != foreign }
        #expect(kept.count > 1 && kept.allSatisfy { left.contains($0 + ".index") })
        // What a crash has left is not removed: the head of a file in fragments.
        let torn = "show-20020202-000000.mp4"
        var bytes = try Data(contentsOf: URL(filePath: folder.path(kept[0])))
        bytes.replaceSubrange(0..<FragmentWriter.openHead.count, with: FragmentWriter.openHead)
        try bytes.write(to: URL(filePath: folder.path(torn)))
        let longAgo = Date(timeIntervalSince1970: 1_000_000_000)
        try FileManager.default.setAttributes([.modificationDate: longAgo], ofItemAtPath: folder.path(torn))
        // The next broadcast with the same pattern removes by age what the first has left.
        #expect(await eventually { self.isOld(folder.path(kept.last ?? "")) })
        let comments = folder.path(kept[0] + ".comments.jsonl")
        try Data("{}\n".utf8).write(to: URL(filePath: comments))
        let second = try broadcast(folder, ["--record-keep", "1s", "--duration", "3"])
        #expect(await second.wait(timeout: .seconds(60)) == 0, "\(second.errorText)")
        #expect(Set(removed(second, "age")).isSuperset(of: kept))
        #expect(!FileManager.default.fileExists(atPath: comments))
        #expect(segments(folder).contains(torn))
        #expect(segments(folder).contains(foreign) && names(folder).contains("copy.mp4"))
    }

    /// The file's blocks are more than its bytes while it is written, and no more at its end.
    @Test func blocksAreTakenAheadAndGivenBack() async throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        func facts(_ name: String) -> (byteCount: Int, blockByteCount: Int) {
            var facts = stat()
            guard stat(folder.path(name), &facts) == 0 else { return (0, 0) }
            return (Int(facts.st_size), Int(facts.st_blocks) * 512)
        }
        let process = try broadcast(folder, [])
        #expect(await eventually(within: .seconds(60)) { self.segments(folder).count == 1 }, "\(process.errorText)")
        let name = try #require(segments(folder).first)
        #expect(await eventually(within: .seconds(30)) { facts(name).byteCount > 50_000 })
        let during = facts(name)
        kill(process.pid, SIGINT)
        #expect(await process.wait(timeout: .seconds(30)) == 0)
        let after = facts(name)
        #expect(after.byteCount >= during.byteCount && after.blockByteCount < after.byteCount + 65_536)
        withKnownIssue("this file system takes no blocks ahead, or has little space", isIntermittent: true) {
            #expect(during.blockByteCount > during.byteCount + 500_000)
        }
    }

    private func isOld(_ path: String) -> Bool {
        let facts = try? FileManager.default.attributesOfItem(atPath: path)
        return (facts?[.modificationDate] as? Date).map { Date().timeIntervalSince($0) > 3 } ?? true
    }
}
