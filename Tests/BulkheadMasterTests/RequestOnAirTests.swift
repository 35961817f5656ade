import BulkheadChildren
import BulkheadControl
import BulkheadEvents
import BulkheadMaster
import BulkheadMedia
import BulkheadModel
import BulkheadTestSupport
import Dispatch
import Foundation
import Glibc
import Testing

/// A master with a broadcast that really runs, asked as applications ask.
@Suite(.serialized, .timeLimit(.minutes(2))) struct RequestOnAirTests {
    /// Clients block: they run on threads of their own.
    private static func ask(_ request: ControlRequest, at path: String) async throws -> ControlReply? {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue(label: "client").async {
                continuation.resume(
                    with: Result {
                        let client = try ControlClient(path: path)
                        client.limitWaiting(toSeconds: 20)
                        try client.send(request)
                        while let reply = try client.receive() {
                            if case .event = reply { continue }
                            return reply
                        }
                        return nil
                    })
            }
        }
    }

    private static func settings(_ folder: TemporaryFolder) throws -> BroadcastSettings {
        BroadcastSettings(
            inputs: [InputSettings(url: "test")],
            destinations: [DestinationSettings(url: "file:\(folder.path("out.flv"))")],
            canvas: try #require(Canvas(width: 64, height: 64)), frameRate: try #require(FrameRate(25)),
            videoBitsPerSecond: 200_000, preset: "ultrafast")
    }

    private func withMaster(_ body: (MasterControl, String, TemporaryFolder) async throws -> Void) async throws {
        setenv("XDG_STATE_HOME", BulkheadProgram.runtimeFolder + "/state", 1)
        let folder = try TemporaryFolder()
        let path = folder.path("run/master.sock")
        let master = try MasterControl(programs: Programs(folder: BulkheadProgram.folder), controlPath: path)
        async let served: Void = master.serve { _ in }
        #expect(await eventually { FileManager.default.fileExists(atPath: path) })
        try await body(master, path, folder)
        await master.shutDown()
        try await served
        #expect(!FileManager.default.fileExists(atPath: path))
        withExtendedLifetime(folder) {}
    }

    /// The code of the error that a request is answered with; nil for another answer.
    private func refusal(of request: ControlRequest, at path: String) async throws -> ErrorCode? {
        guard case .failed(let error)? = try await Self.ask(request, at: path) else { return nil }
        return error.code
    }

    private func isDone(_ request: ControlRequest, at path: String) async throws -> Bool {
        if case .done? = try await Self.ask(request, at: path) { true } else { false }
    }

    @Test(arguments: [
        ControlRequest.stop, .set(SettingsChange()), .restart(.source), .keyframe, .plugin(.remove(name: "x")),
        .servers(link: nil, isMeasured: false),
    ])
    func requestWithoutABroadcastIsRefused(request: ControlRequest) async throws {
        try await withMaster { _, path, _ in
            let code = try await refusal(of: request, at: path)
            #expect(code == .notOnAir)
        }
    }

    @Test func requestsAreCarriedOutAndAnswered() async throws {
        try await withMaster { master, path, folder in
            let settings = try Self.settings(folder)
            async let ended = Self.broadcast(settings, at: path)
            #expect(
                await eventually(within: .seconds(30)) {
                    let status = await master.status()
                    return status.map { $0.frames > 5 && $0.children.allSatisfy { $0.state == .ready } } ?? false
                })
            let second = try await refusal(of: .broadcast(settings), at: path)
            #expect(second == .broadcastRunning, "one at a time")

            let pid = await Self.child(.source, master)?.pid
            #expect(try await isDone(.restart(.source), at: path))
            #expect(await eventually { await Self.child(.source, master).map { $0.pid != pid } ?? false })

            #expect(try await isDone(.keyframe, at: path))
            let mode = await master.status()?.mode
            #expect(mode == ModeInForce(.attach, address: "unix:\(path)"))

            let change = try SettingsChange(["video-bitrate": "300k"])
            #expect(try await isDone(.set(change), at: path))
            #expect(await eventually { await master.status()?.encoderBitsPerSecond == 300_000 })

            #expect(try await refusal(of: .plugin(.remove(name: "none")), at: path) != nil)
            #expect(try await refusal(of: .link(.pause("none")), at: path) != nil)
            guard case .servers(let servers)? = try await Self.ask(.servers(link: nil, isMeasured: false), at: path)
            else {
                Issue.record("no servers are told")
                return
            }
            #expect(servers.isEmpty, "a file has none")

            #expect(try await isDone(.stop, at: path))
            guard case .ended(let summary)? = try await ended else {
                Issue.record("the broadcast did not end well")
                return
            }
            #expect(summary.status.framesCommitted > 5)
        }
    }

    private static func child(_ role: Part.Role, _ master: MasterControl) async -> ChildStatus? {
        await master.status()?.children.first { $0.part.role == role }
    }

    /// Hands a broadcast over and waits for its end.
    private static func broadcast(_ settings: BroadcastSettings, at path: String) async throws -> ControlReply? {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue(label: "application").async {
                continuation.resume(
                    with: Result {
                        let client = try ControlClient(path: path)
                        try client.send(.broadcast(settings))
                        while let reply = try client.receive() {
                            switch reply {
                            case .ended, .failed: return reply
                            default: continue
                            }
                        }
                        return nil
                    })
            }
        }
    }
}
