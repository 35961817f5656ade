import BulkheadSystem
import BulkheadTestSupport
import Foundation
import Glibc
import Testing

/// The overlay of a real broadcast: whoever draws it, the pixels are the same.
@Suite(.serialized, .timeLimit(.minutes(4))) struct DanmakuTests {
    private static func arguments(_ file: String, _ more: [String]) -> [String] {
        [
            "broadcast", "test", "--to", "file:\(file)", "--size", "640x360", "--fps", "30", "--preset", "ultrafast",
            "--encoder-threads", "1", "--standby", "warm", "--room", "evening",
        ] + more
    }

    /// A checksum of each picture in a file.
    private static func pictures(_ file: String) async throws -> [String] {
        let ffmpeg = try RunningProcess(
            "ffmpeg", ["-loglevel", "error", "-i", file, "-map", "0:v", "-f", "framemd5", "-"])
        #expect(await ffmpeg.wait(timeout: .seconds(60)) == 0, "\(ffmpeg.errorText)")
        return ffmpeg.outputText.split(separator: "\n").filter { !$0.hasPrefix("#") }.map {
            String($0.split(separator: ",").last ?? "").trimmingCharacters(in: .whitespaces)
        }
    }

    /// A room in which comments stand, left by a master that was killed.
    private static func leaveRoom(_ folder: TemporaryFolder) async throws {
        let control = "unix:\(folder.path("master.sock"))"
        let first = try BulkheadProgram.start(
            arguments(folder.path("first.flv"), ["--control", control]),
            environment: ["XDG_STATE_HOME": folder.path("state")])
        #expect(await eventually(within: .seconds(30)) { first.errorText.contains("timeline: on air") })
        for words in [
            ["set", "stand=60s", "size=80", "title=Evening 晚间", "notice=Be kind"],
            ["pin", "Read the rules", "--by", "Ann"], ["say", "Hello 你好 🎉", "--mode", "top"],
            ["say", "مرحبا بالعالم", "--mode", "bottom", "--color", "#ffcc00"], ["set", "opacity=0.8"],
        ] {
            let command = try BulkheadProgram.start(["room"] + words + ["--attach", control])
            #expect(await command.wait(timeout: .seconds(30)) == 0, "\(command.errorText)")
        }
        _ = Glibc.kill(first.pid, SIGKILL)
        _ = await first.wait(timeout: .seconds(30))
    }

    /// The host is killed in the middle: its successor is told all that it had been, and draws the same.
    @Test func theOverlayIsTheSamePixelForPixelWhenTheHostIsKilled() async throws {
        let folder = try TemporaryFolder()
        try await Self.leaveRoom(folder)
        let frames = 900
        func run(_ name: String, plugin: Bool, kills: Bool) async throws -> [String] {
            let state = folder.path("state-\(name)")
            try FileManager.default.copyItem(atPath: folder.path("state"), toPath: state)
            let file = folder.path("\(name).flv")
            let broadcast = try BulkheadProgram.start(
                Self.arguments(
                    file,
                    ["--fast", "--duration", "\(frames / 30)s"]
                        + (plugin ? ["--plugin", "danmaku", "--plugin", "room"] : [])),
                environment: ["XDG_STATE_HOME": state])
            if kills {
                func size() -> Int {
                    (try? FileManager.default.attributesOfItem(atPath: file)[.size] as? Int) ?? 0
                }
                #expect(
                    await eventually(within: .seconds(60)) {
                        size() > 50_000 && broadcast.errorText.contains("standby plugin host: ready")
                    })
                // The older one is on air.
                let hosts = ProcessTable.children(of: broadcast.pid, named: "bulkhead-plugin-host")
                _ = Glibc.kill(try #require(hosts.min()), SIGKILL)
            }
            #expect(await broadcast.wait(timeout: .seconds(120)) == 0, "\(broadcast.errorText)")
            if kills { #expect(broadcast.errorText.contains("plugin host: ended: SIGKILL"), "\(broadcast.errorText)") }
            return try await Self.pictures(file)
        }
        // Where a standby waits no picture passes it by.
        let undisturbed = try await run("undisturbed", plugin: true, kills: false)
        let killed = try await run("killed", plugin: true, kills: true)
        let bare = try await run("bare", plugin: false, kills: false)
        #expect(undisturbed.count == frames && killed.count == frames && bare.count == frames)
        // Encoding is lossy: from a picture that differs on, all would.
        let differing = zip(undisturbed, killed).enumerated().filter { $0.element.0 != $0.element.1 }.map(\.offset)
        #expect(differing.isEmpty, "\(differing.prefix(5))")
        #expect(zip(undisturbed, bare).allSatisfy { $0 != $1 }, "comments are on each picture")
    }
}
