import BulkheadSystem
import BulkheadTestSupport
import Foundation
import Testing

/// A master that can have no thread and no child any more, as where a plugin holds all that a control group may have.
@Suite(.serialized, .timeLimit(.minutes(2)), .enabled(if: ThreadShortage.isPossible))
struct ThreadShortageTests {
    @Test func theMasterNeedsNone() async throws {
        let folder = try TemporaryFolder()
        let output = folder.path("out.flv")
        let control = "unix:" + folder.path("c.sock")
        let broadcast = try BulkheadProgram.start([
            "broadcast", "test", "--to", "file:\(output)", "--size", "320x180", "--video-bitrate", "300k", "--preset",
            "ultrafast", "--plugin", BulkheadProgram.path("libBorder.so") + ",width=4", "--control", control, "--json",
        ])
        let events = { ReportedEvent.all(in: broadcast.outputText) }
        let hasStandbys = await eventually(within: .seconds(30)) {
            events().count { $0.code == "encoder.ready" } >= 2 && events().count { $0.code == "plugin-host.ready" } >= 2
        }
        #expect(hasStandbys, "\(broadcast.outputText)")
        // Threads of libdispatch's that had nothing to do are gone after five seconds.
        let end = MonotonicTime.now.advanced(by: .seconds(7))
        _ = await eventually(within: .seconds(20)) { .now > end }
        let shortage = try #require(ThreadShortage(of: broadcast.pid))

        // What takes a thread is refused.
        for destination in ["rtmp://127.0.0.1:9/live/key", "file:\(folder.path("more.flv"))"] {
            let link = try BulkheadProgram.start(["link", "add", "--to", destination, "--attach", control])
            #expect(await link.wait() == 70, "\(link.errorText)")
            #expect(link.errorText.contains("needs a thread"), "\(link.errorText)")
        }
        // What takes none goes on.
        let status = try BulkheadProgram.start(["status", "--attach", control])
        #expect(await status.wait() == 0, "\(status.errorText)")
        let encoders = ProcessTable.children(of: broadcast.pid, named: "bulkhead-encoder")
        let hosts = ProcessTable.children(of: broadcast.pid, named: "bulkhead-plugin-host")
        for child in [encoders.min(), hosts.min()] { kill(try #require(child), SIGKILL) }
        let hasTakenOver = await eventually(within: .seconds(10)) {
            let codes = Set(events().map(\.code))
            return codes.isSuperset(of: ["encoder.recovered", "plugin-host.took-over"])
        }
        #expect(hasTakenOver, "\(broadcast.outputText)")
        let size = { (try? FileManager.default.attributesOfItem(atPath: output)[.size] as? Int) ?? 0 }
        let before = size()
        #expect(await eventually(within: .seconds(10)) { size() > before + 20_000 })

        // Ctrl-C is heard.
        kill(broadcast.pid, SIGINT)
        #expect(await broadcast.wait(timeout: .seconds(20)) == 0, "\(broadcast.errorText)")
        withExtendedLifetime(shortage) {}
        let seen = try await ViewedFrames.decode(output, width: 320, height: 180)
        #expect(seen.isInOrder && seen.unreadable == 0)
    }
}
