import BulkheadTestSupport
import Foundation
import Testing

/// What bash proposes, asked as a person does who presses Tab.
@Suite(.serialized, .timeLimit(.minutes(4)), .enabled(if: FileManager.default.isExecutableFile(atPath: "/bin/bash")))
struct CompletionTests {
    /// The proposals for the last of `words`, which may be empty.
    private func proposals(_ words: [String], in folder: TemporaryFolder) async throws -> Set<String> {
        let quoted = words.map { "'\($0)'" }.joined(separator: " ")
        let line = words.joined(separator: " ")
        // The script that is installed; the functions that it needs of bash-completion are its own.
        let script = """
            PATH="\(BulkheadProgram.folder):$PATH"
            source <(bulkhead --generate-completion-script bash)
            COMP_WORDS=(\(quoted)); COMP_CWORD=\(words.count - 1); COMP_LINE='\(line)'; COMP_POINT=\(line.utf8.count)
            function=$(complete -p bulkhead | sed 's/.*-F \\([^ ]*\\).*/\\1/')
            "$function" bulkhead '\(words.last ?? "")' '\(words.dropLast().last ?? "")' 2>/dev/null
            printf '%s\\n' "${COMPREPLY[@]}"
            """
        let bash = try RunningProcess(
            "env", ["XDG_RUNTIME_DIR=\(folder.url.path)", "bash", "--norc", "-c", script], in: folder.url)
        #expect(await bash.wait() == 0, "\(bash.errorText)")
        return Set(bash.outputText.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) })
    }

    @Test func filesAndValuesAreProposed() async throws {
        let folder = try TemporaryFolder()
        for name in ["film.mp4", "show.yaml"] { try Data("x".utf8).write(to: URL(fileURLWithPath: folder.path(name))) }
        #expect(try await proposals(["bulkhead", "broadcast", "fi"], in: folder).contains("film.mp4"))
        #expect(try await proposals(["bulkhead", "broadcast", "--config", "s"], in: folder).contains("show.yaml"))
        #expect(try await proposals(["bulkhead", "broadcast", "--rule", "la"], in: folder).contains("latency"))
        #expect(try await proposals(["bulkhead", "broadcast", "--preset", "veryf"], in: folder).contains("veryfast"))
        #expect(try await proposals(["bulkhead", "restart", ""], in: folder).isSuperset(of: ["encoder", "source"]))
        #expect(try await proposals(["bulkhead", "bro"], in: folder).contains("broadcast"))
        withExtendedLifetime(folder) {}
    }

    @Test func linksOfTheRunningBroadcastAreProposed() async throws {
        let folder = try TemporaryFolder()
        let broadcast = try BulkheadProgram.start(
            [
                "broadcast", "test", "--to", "file:\(folder.path("a.flv"))", "--to", "file:\(folder.path("b.flv"))",
                "--size", "360p", "--preset", "ultrafast",
            ], environment: ["XDG_RUNTIME_DIR": folder.url.path])
        #expect(
            try await eventually(within: .seconds(60)) {
                try await proposals(["bulkhead", "link", "pause", ""], in: folder).isSuperset(of: ["1", "2"])
            })
        await broadcast.end()
    }
}
