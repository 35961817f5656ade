import BulkheadTestSupport
import Foundation
import Glibc
import Testing

/// What the people who run a library do every day: services, `doctor`, backups.
@Suite(.timeLimit(.minutes(3))) struct OperationTests {
    private let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private func write(_ name: String, _ text: String, mode: Int = 0o600) throws {
        try text.write(toFile: folder.path(name), atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: folder.path(name))
    }

    private func doctor(_ arguments: [String], clock: String? = nil) async throws -> (code: Int32, text: String) {
        let words = [BulkheadProgram.path("bulkhead-library"), "doctor"] + arguments
        let doctor =
            try clock.map { try RunningProcess("faketime", ["-f", $0] + words) } ?? RunningProcess("env", words)
        let code = await doctor.wait(timeout: .seconds(60))
        return (code, doctor.outputText)
    }

    @Test func doctorSaysWhatIsWrongAndWhatToDo() async throws {
        let (nodePort, centrePort) = (try FreePort.take(), try FreePort.take())
        try write("key", "a key of a node and its centre\n")
        try write("upload.key", "a key of those who upload\n", mode: 0o644)
        try write(
            "node.yaml",
            """
            id: berlin
            folder: recordings
            listen: 127.0.0.1:\(nodePort)
            key-file: key
            upload-key-file: upload.key
            centre: http://127.0.0.1:\(centrePort)
            """)
        try write(
            "centre.yaml",
            """
            folder: centre
            listen: 127.0.0.1:\(centrePort)
            nodes:
              - {id: berlin, address: "http://127.0.0.1:\(nodePort)", key-file: key}
            """)
        let node = ["--config", folder.path("node.yaml")]
        var (code, text) = try await doctor(node)
        #expect(code == 1 && text.contains("WRONG   upload key") && text.contains("chmod 600"), "\(text)")
        #expect(text.contains("WRONG   centre") && text.contains("connection refused; start it"), "\(text)")
        try write("upload.key", "a key of those who upload\n")
        let centre = try await LibraryUnderTest(["centre", "--config", folder.path("centre.yaml")])
        let berlin = try await LibraryUnderTest(["node", "--config", folder.path("node.yaml")])
        (code, text) = try await doctor(node)
        #expect(code == 0 && !text.contains("WRONG"), "\(text)")
        for line in ["folder", "tables", "disk", "key", "upload key", "centre", "clock", "trust", "films"] {
            #expect(text.contains("ok      \(line): "), "\(line): \(text)")
        }
        #expect(text.contains("nginx: "))
        (code, text) = try await doctor(["--config", folder.path("centre.yaml"), "--json"])
        #expect(code == 0 && text.contains(#""state":"ok","subject":"node berlin""#), "\(text)")
        // Clocks that differ, and a key that differs.
        (code, text) = try await doctor(node, clock: "+90s")
        #expect(code == 1 && text.contains("WRONG   clock: 90 s") || text.contains("WRONG   clock: 91 s"), "\(text)")
        try write("key", "a key of somebody else altogether\n")
        (code, text) = try await doctor(node)
        #expect(
            code == 1 && text.contains("WRONG   trust") && text.contains("the centre's file must name berlin"),
            "\(text)")
        await berlin.process.end()
        (code, text) = try await doctor(["--config", folder.path("centre.yaml")])
        #expect(code == 1 && text.contains("WRONG   node berlin"), "\(text)")
        await centre.process.end()
    }

    /// As docs/library.md says: a copy by sqlite3 while the library runs, put back later.
    @Test func backupIsPutBack() async throws {
        let place = folder.url.path
        let settings = "folder: .\nlisten: 127.0.0.1:0\n"
        try write(".serve.yaml", settings)
        let first = try await LibraryUnderTest(["serve", "--config", folder.path(".serve.yaml")])
        try MadeRecording(seconds: 1).write(to: place, named: "a.mp4")
        #expect(try await eventually { try await first.names() == ["a"] })
        let backup = try RunningProcess(
            "sqlite3", [folder.path(".library/node.sqlite"), ".backup '\(folder.path(".backup.sqlite"))'"])
        #expect(await backup.wait() == 0, "\(backup.errorText)")
        try MadeRecording(seconds: 1).write(to: place, named: "b.mp4")
        #expect(try await eventually { try await first.names() == ["a", "b"] })
        unlink(folder.path("a.mp4"))
        #expect(try await eventually { try await first.names() == ["b"] })
        await first.process.end()
        for name in ["node.sqlite", "node.sqlite-wal", "node.sqlite-shm"] { unlink(folder.path(".library/\(name)")) }
        try FileManager.default.copyItem(
            atPath: folder.path(".backup.sqlite"), toPath: folder.path(".library/node.sqlite"))
        let restored = try LibraryUnderTest.start(["restored", "--folder", place])
        #expect(await restored.wait() == 0, "\(restored.errorText)")
        let second = try await LibraryUnderTest(["serve", "--config", folder.path(".serve.yaml")])
        let isSettled = try await eventually(within: .seconds(30)) {
            let status = try await second.get("/node/status").object()
            return status["unpublished"] as? Int == 0 && status["signal"] as? String == "sent"
        }
        #expect(isSettled)
        #expect(try await second.names() == ["b"])
        await second.process.end()
        // A central database that is gone is filled by the nodes.
        for name in ["centre.sqlite", "centre.sqlite-wal", "centre.sqlite-shm"] {
            unlink(folder.path(".library/\(name)"))
        }
        let third = try await LibraryUnderTest(["serve", "--config", folder.path(".serve.yaml")])
        #expect(try await eventually { try await third.names() == ["b"] })
        await third.process.end()
    }

    @Test func serviceManagerIsTold() async throws {
        let manager = try NotifySocket(nil)
        let library = try await LibraryUnderTest(
            ["serve", "--folder", folder.url.path, "--listen", "127.0.0.1:0"],
            environment: ["NOTIFY_SOCKET": manager.address])
        var told = ""
        func hears(_ line: String) -> Bool {
            while let message = manager.receive() { told += message + "\n" }
            return told.contains(line)
        }
        #expect(await eventually { hears("READY=1") } && !told.contains("STOPPING"))
        await library.process.end()
        #expect(await eventually { hears("STOPPING=1") })
    }
}
