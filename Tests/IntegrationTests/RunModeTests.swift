import BulkheadSystem
import BulkheadTestSupport
import Foundation
import Testing

/// The three run modes, with real processes.
@Suite(.serialized, .timeLimit(.minutes(3))) struct RunModeTests {
    private static let small = ["--size", "640x360", "--video-bitrate", "800k", "--preset", "ultrafast"]

    /// What a command prints and how it ends.
    private func run(_ arguments: [String]) async throws -> (text: String, status: Int32) {
        let program = try BulkheadProgram.start(arguments)
        let status = await program.wait(timeout: .seconds(30))
        return (program.outputText + program.errorText, status)
    }

    private func isOnAir(_ address: String) async throws -> Bool {
        try await run(["status", "--attach", address, "--json"]).text.contains("\"on air\"")
    }

    /// Whether the broadcast has sent off more than `count` pictures.
    private func hasSent(_ count: Int, _ address: String) async throws -> Bool {
        struct Status: Decodable { let framesCommitted: Int }
        let text = try await run(["status", "--attach", address, "--json"]).text
        guard let status = try? JSONDecoder().decode(Status.self, from: Data(text.utf8)) else { return false }
        return status.framesCommitted > count
    }

    @Test func attachedApplicationMayDie() async throws {
        let folder = try TemporaryFolder()
        let address = "unix:\(folder.path("run/master.sock"))"
        let output = folder.path("out.flv")
        let master = try BulkheadProgram.start(["master", "--listen", address])
        #expect(await eventually { FileManager.default.fileExists(atPath: folder.path("run/master.sock")) })
        let mode = try FileManager.default.attributesOfItem(atPath: folder.path("run"))[.posixPermissions] as? Int
        #expect(mode == 0o700)

        let application = try BulkheadProgram.start(
            ["broadcast", "test", "--to", "file:\(output)", "--attach", address] + Self.small)
        #expect(try await eventually(within: .seconds(20)) { try await isOnAir(address) })
        for name in ["bulkhead-encoder", "bulkhead-plugin-host"] {
            // With the encoder comes its standby.
            #expect(!ProcessTable.children(of: master.pid, named: name).isEmpty, "the master created the \(name)")
            #expect(ProcessTable.children(of: application.pid, named: name).isEmpty)
        }
        await application.end(signal: SIGKILL)
        #expect(try await isOnAir(address))
        // However slow the machine: what is looked at below is there to be looked at.
        #expect(try await eventually(within: .seconds(30)) { try await hasSent(10, address) })

        let second = try await run([
            "broadcast", "test", "--to", "file:\(folder.path("second.flv"))", "--attach", address,
        ])
        #expect(second.status == 75)
        #expect(try await run(["stop", "--attach", address]).status == 0)
        #expect(try await eventually { try await !isOnAir(address) })
        let seen = try await ViewedFrames.decode(output, width: 640, height: 360)
        #expect(seen.lost == 0 && seen.isInOrder && seen.unreadable == 0 && seen.numbers.count > 5)

        // The master takes the next broadcast.
        let third = try await run(
            ["broadcast", "test", "--to", "file:\(folder.path("third.flv"))", "--attach", address, "--duration", "1"]
                + Self.small)
        #expect(third.status == 0, "\(third.text)")
        await master.end()
        #expect(!FileManager.default.fileExists(atPath: folder.path("run/master.sock")))
    }

    /// A signal that comes while the master is only being made is not forgotten.
    @Test(arguments: [5, 20, 40, 80]) func earlySignalEndsTheMaster(milliseconds: Int) async throws {
        let folder = try TemporaryFolder()
        let path = folder.path("run/master.sock")
        let master = try BulkheadProgram.start(["master", "--listen", "unix:\(path)"])
        // The moment is what is tried here; nothing is waited for.
        try await Task.sleep(for: .milliseconds(milliseconds))
        kill(master.pid, SIGTERM)
        // Foundation reports the signal's number for a process that it has ended, before it could catch it.
        #expect([0, SIGTERM].contains(await master.wait(timeout: .seconds(10))))
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func liveMasterIsNotReplacedAndADeadOneIs() async throws {
        let folder = try TemporaryFolder()
        let address = "unix:\(folder.path("run/master.sock"))"
        let first = try BulkheadProgram.start(["master", "--listen", address])
        #expect(await eventually { FileManager.default.fileExists(atPath: folder.path("run/master.sock")) })
        let refused = try await run(["master", "--listen", address])
        #expect(refused.status == 75)
        #expect(refused.text.contains("\(first.pid)"), "\(refused.text)")
        await first.end(signal: SIGKILL)
        #expect(FileManager.default.fileExists(atPath: folder.path("run/master.sock")))
        let next = try BulkheadProgram.start(["master", "--listen", address])
        #expect(
            try await eventually {
                try await run(["status", "--attach", address, "--json"]).text.contains("\(next.pid)")
            })
        await next.end()
    }

    @Test func selectedWithPluginsWaitsForAnEncoder() async throws {
        let folder = try TemporaryFolder()
        let control = folder.path("run/control.sock")
        let output = folder.path("out.flv")
        let broadcast = try BulkheadProgram.start(
            ["broadcast", "test", "--to", "file:\(output)", "--only", "plugins", "--control", "unix:\(control)"]
                + Self.small)
        #expect(await eventually(within: .seconds(20)) { broadcast.errorText.contains("waiting for an encoder") })
        let address = try #require(broadcast.errorText.firstMatch(of: #/--connect (unix:\S+)/#)).1
        // One that says nothing keeps no encoder out.
        let silent = try LocalSocket.connect(to: String(address.dropFirst("unix:".count))).release()
        defer { close(silent) }
        #expect(ProcessTable.children(of: broadcast.pid, named: "bulkhead-encoder").isEmpty)
        #expect(
            await eventually { ProcessTable.children(of: broadcast.pid, named: "bulkhead-plugin-host").count == 1 })

        let encoderPath = BulkheadProgram.path("bulkhead-encoder")
        let encoder = try RunningProcess(encoderPath, ["--connect", String(address)])
        #expect(await eventually(within: .seconds(20)) { broadcast.errorText.contains("on air") })
        let surplus = try RunningProcess(encoderPath, ["--connect", String(address)])
        #expect(await surplus.wait() == 1)
        #expect(surplus.errorText.contains("turned it away: another encoder, process \(encoder.pid),"))
        await encoder.end(signal: SIGKILL)
        let successor = try RunningProcess(encoderPath, ["--connect", String(address)])
        #expect(
            await eventually(within: .seconds(20)) {
                broadcast.errorText.split(separator: "\n").count { $0.contains("encoder: ready") } == 2
            })
        #expect(try await run(["stop", "--attach", "unix:\(control)"]).status == 0)
        #expect(await broadcast.wait() == 0)
        #expect(await successor.wait() == 0)
        let seen = try await ViewedFrames.decode(output, width: 640, height: 360)
        #expect(seen.isWhole(accordingTo: broadcast.errorText) && !seen.numbers.isEmpty, "\(seen.numbers)")
    }

    @Test func selectedWithEncoderHasNoPluginHost() async throws {
        let folder = try TemporaryFolder()
        let output = folder.path("out.flv")
        let broadcast = try BulkheadProgram.start(
            ["broadcast", "test", "--to", "file:\(output)", "--only", "encoder", "--duration", "2"] + Self.small)
        #expect(await eventually(within: .seconds(20)) { broadcast.errorText.contains("on air") })
        #expect(ProcessTable.children(of: broadcast.pid, named: "bulkhead-plugin-host").isEmpty)
        // The encoder, and its standby.
        #expect(await eventually { ProcessTable.children(of: broadcast.pid, named: "bulkhead-encoder").count == 2 })
        #expect(await broadcast.wait() == 0)
    }

    @Test func nextBroadcastOfAMasterBeginsItsTimeAnew() async throws {
        struct Line: Decodable {
            struct Part: Decodable { let role: String, id: Int }
            let code: String, mediaSeconds: Double?, part: Part
        }
        let folder = try TemporaryFolder()
        let address = "unix:\(folder.path("run/master.sock"))"
        let master = try BulkheadProgram.start(["master", "--listen", address])
        #expect(await eventually { FileManager.default.fileExists(atPath: folder.path("run/master.sock")) })
        var encoders: [Set<Int>] = []
        for number in 0..<2 {
            let broadcast = try await run(
                ["broadcast", "test", "--to", "file:\(folder.path("\(number).flv"))", "--attach", address, "--json"]
                    + ["--duration", "1"] + Self.small)
            #expect(broadcast.status == 0, "\(broadcast.text)")
            let lines = broadcast.text.split(separator: "\n").compactMap {
                try? JSONDecoder().decode(Line.self, from: Data($0.utf8))
            }
            let start = try #require(lines.firstIndex { $0.code == "timeline.on-air" })
            #expect(lines[..<start].allSatisfy { $0.mediaSeconds == nil }, "\(broadcast.text)")
            encoders.append(Set(lines.filter { $0.code == "encoder.started" }.map(\.part.id)))
        }
        #expect(!encoders[0].isEmpty && !encoders[1].isEmpty && encoders[0].isDisjoint(with: encoders[1]))
        await master.end(signal: SIGINT)
    }

    /// Ctrl-C: everything on its way is sent, then the goodbye; no process is left.
    @Test func interruptEndsCleanly() async throws {
        let folder = try TemporaryFolder()
        let output = folder.path("out.flv")
        let broadcast = try BulkheadProgram.start(["broadcast", "test", "--to", "file:\(output)"] + Self.small)
        #expect(await eventually(within: .seconds(20)) { broadcast.errorText.contains("on air") })
        let children = ["bulkhead-encoder", "bulkhead-source", "bulkhead-plugin-host"].flatMap {
            ProcessTable.children(of: broadcast.pid, named: $0)
        }
        #expect(children.count >= 3)
        kill(broadcast.pid, SIGINT)
        #expect(await broadcast.wait() == 0, "\(broadcast.errorText)")
        for pid in children { #expect(!ProcessTable.exists(pid)) }
        let seen = try await ViewedFrames.decode(output, width: 640, height: 360)
        #expect(seen.isWhole(accordingTo: broadcast.errorText), "\(seen.numbers)")
    }
}
