import BulkheadChildren
import BulkheadControl
import BulkheadEvents
import BulkheadMaster
import BulkheadMedia
import BulkheadModel
import BulkheadTestSupport
import Dispatch
import Foundation
import Synchronization
import Testing

/// A master on a reactor of its own, with clients at its socket, and without a child: there are no programs to start.
@Suite(.timeLimit(.minutes(1))) struct MasterControlTests {
    /// A master that serves in a folder of its own until the body is done.
    private struct Served: Sendable {
        let control: MasterControl
        let path: String
        let folder: String
        let codes: Mutexed

        /// The conversation of one client, on a thread of its own.
        func client<Value: Sendable>(
            _ body: @escaping @Sendable (ControlClient) throws -> Value
        ) async throws -> Value {
            let path = path
            return try await withCheckedThrowingContinuation { continuation in
                DispatchQueue(label: "client").async {
                    continuation.resume(
                        with: Result {
                            let client = try ControlClient(path: path)
                            client.limitWaiting(toSeconds: 20)
                            return try body(client)
                        })
                }
            }
        }
    }

    /// The codes of events, in order.
    private final class Mutexed: Sendable {
        private let codes = Mutex<[String]>([])
        func add(_ code: String) { codes.withLock { $0.append(code) } }
        var all: [String] { codes.withLock { $0 } }
    }

    private static func serving(_ body: @Sendable (Served) async throws -> Void) async throws {
        let temporary = try TemporaryFolder()
        let folder = temporary.url.path
        let path = folder + "/run/m.sock"
        let control = try MasterControl(programs: Programs(folder: folder + "/nowhere"), controlPath: path)
        let codes = Mutexed()
        let serving = Task { () async -> BroadcastError? in
            do throws(BroadcastError) {
                try await control.serve { codes.add($0.code) }
                return nil
            } catch { return error }
        }
        let isListening = await eventually { codes.all.contains("master.listening") }
        #expect(isListening)
        do {
            try await body(Served(control: control, path: path, folder: folder, codes: codes))
        } catch {
            await control.shutDown()
            _ = await serving.value
            throw error
        }
        await control.shutDown()
        #expect(await serving.value == nil)
        #expect(!FileManager.default.fileExists(atPath: path), "the socket goes with its master")
    }

    private static func settings(_ change: (inout BroadcastSettings) -> Void = { _ in }) throws -> BroadcastSettings {
        var settings = BroadcastSettings(
            inputs: [InputSettings(url: "test")], destinations: [DestinationSettings(url: "file:/dev/null")],
            canvas: try #require(Canvas(width: 64, height: 36)), frameRate: try #require(FrameRate(25)))
        change(&settings)
        return settings
    }

    /// The next reply to `request` that is no event.
    private static func reply(to request: ControlRequest, from client: ControlClient) throws -> ControlReply? {
        try client.send(request)
        while let reply = try client.receive() {
            if case .event = reply { continue }
            return reply
        }
        return nil
    }

    // MARK: a master without a broadcast

    @Test func idleMasterSaysWhoItIs() async throws {
        try await Self.serving { master in
            let reply = try await master.client { try Self.reply(to: .status, from: $0) }
            guard case .status(nil, masterPID: getpid())? = reply else {
                Issue.record("\(String(describing: reply))")
                return
            }
            guard case .deaths(let deaths)? = try await master.client({ try Self.reply(to: .deaths, from: $0) }) else {
                Issue.record("no deaths")
                return
            }
            #expect(deaths.isEmpty)
            #expect(await master.control.status() == nil)
        }
    }

    /// docs/control.md: what needs a broadcast fails with a code of its own.
    @Test func whatNeedsABroadcastFailsWithItsCode() async throws {
        let requests: [ControlRequest] = [
            .stop, .set(try SettingsChange(["preset": "fast"])), .restart(.encoder), .restart(.plugins),
            .restart(.source),
            .plugin(.remove(name: "logo")), .plugin(.pardon(name: "logo")), .link(.pause("main")),
            .link(.add(DestinationSettings(url: "file:/a.flv"))), .servers(link: nil, isMeasured: true),
        ]
        try await Self.serving { master in
            let codes = try await master.client { client in
                try requests.map { request -> ErrorCode? in
                    guard case .failed(let error)? = try Self.reply(to: request, from: client) else { return nil }
                    return error.code
                }
            }
            #expect(codes == requests.map { _ in .notOnAir })
        }
    }

    @Test func twoClientsAreServedAtOnce() async throws {
        try await Self.serving { master in
            let path = master.path
            try await master.client { first in
                let second = try ControlClient(path: path)
                second.limitWaiting(toSeconds: 20)
                try first.send(.status, id: 1)
                try second.send(.status, id: 2)
                #expect(try second.receiveLine()?.id == 2 && first.receiveLine()?.id == 1)
            }
        }
    }

    // MARK: a broadcast that can't be

    /// Numbers from another process are checked before they are counted with.
    @Test func settingsOutOfRangeNeverBegin() async throws {
        let bad: [(BroadcastSettings, ErrorCode)] = [
            (try Self.settings { $0.inputs = [] }, .settingOutOfRange),
            (try Self.settings { $0.destinations = [] }, .settingOutOfRange),
            (try Self.settings { $0.videoBitsPerSecond = .max }, .settingOutOfRange),
            (try Self.settings { $0.slateAfterSeconds = -1 }, .settingOutOfRange),
            (try Self.settings { ($0.profile, $0.bframes) = ("baseline", 2) }, .settingsConflict),
        ]
        try await Self.serving { master in
            let codes = try await master.client { client in
                try bad.map { settings, _ -> ErrorCode? in
                    guard case .failed(let error)? = try Self.reply(to: .broadcast(settings), from: client) else {
                        return nil
                    }
                    return error.code
                }
            }
            #expect(codes == bad.map(\.1))
            #expect(!master.codes.all.contains("master.broadcast-failed"), "nothing was begun")
        }
    }

    /// Where the programs are missing, the broadcast fails and the master goes on: it tells the client and its events.
    @Test func brokenInstallationIsToldAndTheMasterGoesOn() async throws {
        let settings = try Self.settings()
        try await Self.serving { master in
            for _ in 0..<2 {
                let error = try await master.client { client -> BroadcastError? in
                    guard case .failed(let error)? = try Self.reply(to: .broadcast(settings), from: client) else {
                        return nil
                    }
                    return error
                }
                #expect(error?.code == .noProgram && error?.kind == .installation)
                #expect(error?.problem.contains("bulkhead-source") == true)
            }
            let hasFailed = await eventually {
                master.codes.all.filter { $0 == "master.broadcast-failed" }.count == 2
            }
            #expect(hasFailed)
            let reply = try await master.client { try Self.reply(to: .status, from: $0) }
            guard case .status(nil, masterPID: _)? = reply else {
                Issue.record("\(String(describing: reply))")
                return
            }
        }
    }

    /// An application that has asked for events is told of the failure like any other.
    @Test func eventsGoToWhoAskedForThem() async throws {
        let settings = try Self.settings()
        try await Self.serving { master in
            let path = master.path
            let codes = try await master.client { watcher -> [String] in
                guard case .done? = try Self.reply(to: .events, from: watcher) else { return [] }
                // Asked for twice, each comes once.
                guard case .done? = try Self.reply(to: .events, from: watcher) else { return [] }
                let other = try ControlClient(path: path)
                other.limitWaiting(toSeconds: 20)
                _ = try Self.reply(to: .broadcast(settings), from: other)
                try watcher.send(.status)
                var codes: [String] = []
                while let reply = try watcher.receive() {
                    guard case .event(let event) = reply else { break }
                    codes.append(event.code)
                }
                return codes
            }
            #expect(codes.filter { $0 == "master.broadcast-failed" }.count == 1)
        }
    }

    @Test func doublePluginNamesAreRefused() async throws {
        let settings = try Self.settings {
            $0.plugins = [PluginChoice("a", name: "logo"), PluginChoice("b", name: "logo")]
        }
        try await Self.serving { master in
            let reply = try await master.client { try Self.reply(to: .broadcast(settings), from: $0) }
            guard case .failed(let error)? = reply else {
                Issue.record("\(String(describing: reply))")
                return
            }
            #expect(error.code == .pluginNameTwice && error.parameters == ["name": "logo"])
        }
    }

    // MARK: the master of one broadcast

    @Test func ownBroadcastWithoutProgramsFails() async throws {
        let folder = try TemporaryFolder()
        let control = try MasterControl(programs: Programs(folder: folder.url.path), controlPath: nil)
        let settings = try Self.settings()
        do throws(BroadcastError) {
            _ = try await control.broadcast(settings) { _ in }
            Issue.record("a broadcast without an encoder's program went on air")
        } catch { #expect(error.code == .noProgram) }
        #expect(await control.status() == nil)
    }

    /// An encoder that is started by hand has to find the master.
    @Test func waitingForAnEncoderNeedsASocket() async throws {
        let control = try MasterControl(programs: Programs(folder: "/nowhere"), controlPath: nil)
        let settings = try Self.settings { $0.children = .plugins }
        do throws(BroadcastError) {
            _ = try await control.broadcast(settings) { _ in }
            Issue.record("there is no way for an encoder to connect")
        } catch { #expect(error.code == .noControlSocket && error.kind == .usage) }
    }

    @Test func addressThatIsTakenIsSaid() async throws {
        try await Self.serving { master in
            let second = try MasterControl(programs: Programs(folder: "/nowhere"), controlPath: master.path)
            do throws(BroadcastError) {
                try await second.serve { _ in }
                Issue.record("two masters listen at one path")
            } catch {
                #expect(error.code == .addressInUse && error.parameters["address"] == "unix:\(master.path)")
            }
            // The first one is still there.
            let reply = try await master.client { try Self.reply(to: .status, from: $0) }
            #expect(reply != nil)
        }
    }

    /// The usual place for the socket may be read-only: the broadcast matters more than commands to it.
    @Test(arguments: [true, false]) func broadcastGoesOnWithoutASocketThatNobodyAskedFor(isRequired: Bool) async throws
    {
        let control = try MasterControl(
            programs: Programs(folder: "/nowhere"), controlPath: "/proc/nowhere/m.sock", isControlRequired: isRequired)
        let settings = try Self.settings()
        let codes = Mutexed()
        do throws(BroadcastError) {
            _ = try await control.broadcast(settings) { codes.add($0.code) }
            Issue.record("a broadcast without an encoder's program went on air")
        } catch { #expect(error.code == (isRequired ? .addressUnusable : .noProgram)) }
        #expect(codes.all.contains("master.unreachable") == !isRequired)
    }

    /// A signal may come while everything is only being made.
    @Test func endThatCameFirstEndsAtOnce() async throws {
        let folder = try TemporaryFolder()
        let control = try MasterControl(programs: Programs(folder: "/nowhere"), controlPath: folder.path("m.sock"))
        await control.shutDown()
        let codes = Mutexed()
        try await control.serve { codes.add($0.code) }
        #expect(codes.all == ["master.listening"])
        #expect(!FileManager.default.fileExists(atPath: folder.path("m.sock")))
    }

    @Test func stopBeforeABroadcastEndsItBeforeItBegins() async throws {
        let control = try MasterControl(programs: Programs(folder: "/nowhere"), controlPath: nil)
        await control.stop()
        let settings = try Self.settings()
        let codes = Mutexed()
        let summary = try await control.broadcast(settings) { codes.add($0.code) }
        #expect(summary.status.frames == 0 && !codes.all.contains("timeline.on-air"))
    }
}
