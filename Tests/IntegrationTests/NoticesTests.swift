import BulkheadSystem
import BulkheadTestSupport
import Foundation
import Glibc
import Testing

/// Notices of a real broadcast, at a receiver that is away now and then.
@Suite(.serialized, .timeLimit(.minutes(3))) struct NoticesTests {
    private static func arguments(_ folder: TemporaryFolder, _ targets: [String]) -> [String] {
        [
            "broadcast", "test", "--to", "file:\(folder.path("out.flv"))", "--size", "320x180", "--fps", "30",
            "--preset", "ultrafast", "--control", "unix:\(folder.path("master.sock"))",
        ] + targets.flatMap { ["--notify", $0] }
    }

    private static func types(_ receiver: NoticeReceiver, _ path: String, status: Int? = nil) -> [String] {
        receiver.requests.filter { $0.path == path && (status ?? $0.status) == $0.status }.compactMap { request in
            let object = try? JSONSerialization.jsonObject(with: Data(request.body.utf8)) as? [String: Any]
            return object?["type"] as? String
        }
    }

    /// The encoder dies, the receiver is away, the notifier is killed: each death of an encoder arrives, signed.
    @Test func noNoticeIsLostWhileReceiverAndNotifierAreAway() async throws {
        let folder = try TemporaryFolder()
        let receiver = try await NoticeReceiver()
        let key = folder.path("key")
        try Data("secret words\n".utf8).write(to: URL(fileURLWithPath: key))
        let address = "http://127.0.0.1:\(receiver.port)"
        let broadcast = try BulkheadProgram.start(
            Self.arguments(
                folder, ["\(address)/deaths,events=encoder.died,secret-file=\(key),name=ops", "\(address)/trouble"]))
        #expect(await eventually(within: .seconds(30)) { broadcast.errorText.contains("standby encoder: ready") })
        func kill(_ program: String) async {
            var pids: [Int32] = []
            _ = await eventually(within: .seconds(30)) {
                pids = ProcessTable.children(of: broadcast.pid, named: program)
                return !pids.isEmpty
            }
            if let pid = pids.first { _ = Glibc.kill(pid, SIGKILL) }
        }
        await kill("bulkhead-encoder")
        #expect(await eventually(within: .seconds(30)) { Self.types(receiver, "/deaths").first == "encoder.died" })
        receiver.answer(503)
        await kill("bulkhead-encoder")
        #expect(await eventually(within: .seconds(30)) { Self.types(receiver, "/deaths", status: 503).count >= 1 })
        #expect(await eventually(within: .seconds(30)) { broadcast.errorText.contains("ops takes no notices") })
        await kill("bulkhead-notifier")
        #expect(await eventually(within: .seconds(30)) { broadcast.errorText.contains("notifier: ended: SIGKILL") })
        receiver.answer(200)
        #expect(await eventually(within: .seconds(30)) { broadcast.errorText.contains("ops takes notices again") })
        #expect(
            await eventually(within: .seconds(30)) {
                Self.types(receiver, "/deaths", status: 200).filter { $0 == "encoder.died" }.count == 2
            })
        #expect(Self.types(receiver, "/trouble", status: 200).contains("encoder.died"))
        let taken = receiver.requests.filter {
            $0.path == "/deaths" && $0.status == 200 && $0.body.contains(#""type":"encoder.died""#)
        }
        #expect(Set(taken.compactMap { $0.headers["webhook-id"] }).count == 2)
        for request in taken {
            let id = request.headers["webhook-id"] ?? ""
            let time = request.headers["webhook-timestamp"] ?? ""
            let code = SHA256.authenticationCode(
                key: Array("secret words".utf8), Array("\(id).\(time).\(request.body)".utf8))
            #expect(request.headers["webhook-signature"] == "v1,\(Data(code).base64EncodedString())")
        }
        _ = Glibc.kill(broadcast.pid, SIGTERM)
        #expect(await broadcast.wait(timeout: .seconds(30)) == 0, "\(broadcast.errorText)")
        #expect(broadcast.errorText.contains(" 0 dropped"), "\(broadcast.errorText)")
        #expect(!broadcast.errorText.contains("/deaths"))
        try await receiver.close()
    }

    @Test func theMastersDeathIsTold() async throws {
        let folder = try TemporaryFolder()
        let receiver = try await NoticeReceiver()
        let broadcast = try BulkheadProgram.start(
            Self.arguments(folder, ["http://127.0.0.1:\(receiver.port)/x", "http://127.0.0.1:1/never"]))
        #expect(await eventually(within: .seconds(30)) { broadcast.errorText.contains("timeline: on air") })
        #expect(await eventually(within: .seconds(30)) { broadcast.errorText.contains("notifier: ready") })
        let notifier = try #require(ProcessTable.children(of: broadcast.pid, named: "bulkhead-notifier").first)
        let pid = broadcast.pid
        _ = Glibc.kill(pid, SIGKILL)
        _ = await broadcast.wait(timeout: .seconds(30))
        #expect(await eventually(within: .seconds(30)) { Self.types(receiver, "/x").contains("master.died") })
        #expect(receiver.requests.contains { $0.body.contains(#""pid":\#(pid)"#) })
        // It does not outlive its last words for long, also where nobody takes them.
        #expect(await eventually(within: .seconds(40)) { !ProcessTable.exists(notifier) })
        try await receiver.close()
    }

    @Test func aCleanEndIsNoDeathAndWaitsForTheLastNotice() async throws {
        let folder = try TemporaryFolder()
        let receiver = try await NoticeReceiver()
        let broadcast = try BulkheadProgram.start(
            Self.arguments(folder, ["http://127.0.0.1:\(receiver.port)/x,events=timeline.ending+master.*"])
                + ["--duration", "1s"])
        #expect(await broadcast.wait(timeout: .seconds(60)) == 0, "\(broadcast.errorText)")
        #expect(Self.types(receiver, "/x") == ["timeline.ending"])
        try await receiver.close()
    }

    @Test(arguments: [
        ("ftp://h/x", "takes an address of HTTP"), ("http://h/SECRET,level=loud", "level=loud"),
        ("http://h/SECRET,events=a b", "events="), ("http://h/SECRET,secret-file=/nonexistent", "/nonexistent"),
        ("http://h/SECRET,name=", "name="),
    ])
    func whatIsNoTargetIsToldInOneLine(word: String, told: String) async throws {
        let folder = try TemporaryFolder()
        let broadcast = try BulkheadProgram.start(Self.arguments(folder, [word]))
        #expect(await broadcast.wait(timeout: .seconds(30)) == 64)
        #expect(broadcast.errorText.contains(told), "\(broadcast.errorText)")
        #expect(!broadcast.errorText.contains("SECRET"))
        #expect(broadcast.errorText.split(separator: "\n").count == 1)
    }
}
