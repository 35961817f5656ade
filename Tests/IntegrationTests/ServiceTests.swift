import BulkheadTestSupport
import Foundation
import Glibc
import Testing

/// A broadcast as a service: what its manager is told, and the units that ship.
@Suite(.serialized, .timeLimit(.minutes(3))) struct ServiceTests {
    @Test func theManagerIsToldOfTheCourse() async throws {
        let folder = try TemporaryFolder()
        let manager = try NotifySocket(nil)
        let broadcast = try BulkheadProgram.start(
            [
                "broadcast", "test", "--size", "320x180", "--preset", "ultrafast", "--to",
                "file:\(folder.path("out.flv"))", "--control", "unix:\(folder.path("c"))",
            ],
            environment: [
                "XDG_STATE_HOME": folder.path("state"), "NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "600000",
            ])
        var told: [String] = []
        func count(_ line: String) -> Int {
            while let message = manager.receive() { told.append(message) }
            return told.count { $0.split(separator: "\n").contains(Substring(line)) }
        }
        #expect(await eventually(within: .seconds(30)) { count("READY=1") == 1 }, "\(broadcast.errorText)")
        #expect(broadcast.errorText.contains("on air"))
        #expect(await eventually(within: .seconds(30)) { count("WATCHDOG=1") >= 4 })
        // Nobody else speaks for it.
        for child in ["bulkhead-source", "bulkhead-encoder", "bulkhead-plugin-host"] {
            for pid in ProcessTable.children(of: broadcast.pid, named: child) {
                let environment = (try? String(contentsOfFile: "/proc/\(pid)/environ", encoding: .utf8)) ?? ""
                #expect(!environment.contains("NOTIFY_SOCKET") && !environment.contains("WATCHDOG"))
            }
        }
        // Nor does a master that hangs.
        _ = Glibc.kill(broadcast.pid, SIGSTOP)
        _ = count("")
        let before = told.count
        try await Task.sleep(for: .milliseconds(700))
        #expect(count("STOPPING=1") == 0 && told.count == before)
        _ = Glibc.kill(broadcast.pid, SIGCONT)
        #expect(
            await eventually(within: .seconds(30)) {
                _ = count("WATCHDOG=1"); return told.count > before
            })
        _ = Glibc.kill(broadcast.pid, SIGTERM)
        #expect(await broadcast.wait() == 0, "\(broadcast.errorText)")
        #expect(count("STOPPING=1") == 1 && count("READY=1") == 1)
    }

    private static let verifier = "/usr/bin/systemd-analyze"

    /// systemd itself reads the units; what it does not know of them it says.
    @Test(
        .enabled(if: access(verifier, X_OK) == 0), arguments: ["system", "user"],
        ["bulkhead@evening", "bulkhead-library@node"])
    func systemdUnderstandsTheUnits(kind: String, name: String) async throws {
        let folder = try TemporaryFolder()
        let unit = folder.path("\(name).service")
        let source =
            URL(fileURLWithPath: #filePath).deletingLastPathComponent().path
            + "/../../Packaging/systemd/\(kind)/\(name.prefix { $0 != "@" })@.service"
        let text = try String(contentsOfFile: source, encoding: .utf8)
        // The program is where it is built.
        try FileManager.default.createDirectory(atPath: folder.path("bin"), withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: folder.path("bin/bulkhead"), withDestinationPath: BulkheadProgram.path("bulkhead"))
        try Data(text.replacing("@PREFIX@", with: folder.url.path).utf8).write(to: URL(fileURLWithPath: unit))
        let verify = try RunningProcess(
            "env",
            [
                "XDG_RUNTIME_DIR=\(folder.url.path)", "HOME=\(folder.url.path)", Self.verifier, "verify",
                "--man=no", "--\(kind)", unit,
            ])
        let status = await verify.wait(timeout: .seconds(60))
        let complaints = verify.errorText.split(separator: "\n").filter { $0.contains("bulkhead") }
        #expect(status == 0 && complaints.isEmpty, "\(verify.errorText)")
    }
}
