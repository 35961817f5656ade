import BulkheadTestSupport
import Foundation
import Testing

/// `bulkhead probe` on streams and files, ours and others'.
@Suite(.serialized, .timeLimit(.minutes(3))) struct ProbeTests {
    private func probe(_ arguments: [String]) throws -> RunningProcess {
        try BulkheadProgram.start(["probe", "--json"] + arguments)
    }

    private func measured(_ process: RunningProcess) throws -> [String: Any] {
        let line = try #require(process.outputText.split(separator: "\n").last)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(object["kind"] as? String == "summary")
        return try #require(object["measured"] as? [String: Any])
    }

    private func number(_ object: [String: Any], _ group: String, _ name: String) -> Double? {
        ((object[group] as? [String: Any])?[name] as? NSNumber)?.doubleValue
    }

    @Test func aRecordingIsJudged() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path("out.flv")
        let broadcast = try BulkheadProgram.start([
            "broadcast", "test", "--to", "file:\(path)", "--duration", "5", "--fast", "--size", "360p", "--preset",
            "ultrafast", "--tune", "none", "--bframes", "2",
        ])
        #expect(await broadcast.wait(timeout: .seconds(30)) == 0)
        let probe = try probe(["file:\(path)", "--expect", "lost=0,repeated=0,backwards=0,jumps=0,av-offset<=20ms"])
        #expect(await probe.wait(timeout: .seconds(30)) == 0, "\(probe.outputText)")
        let report = try measured(probe)
        #expect(number(report, "numbers", "numbered") == 150)
        #expect(number(report, "numbers", "last") == 149)
        #expect(number(report, "video", "longestKeyframeIntervalSeconds") == 2)
        #expect((number(report, "sync", "beeps") ?? 0) >= 3)
    }

    @Test func aStreamWithoutNumbersIsCounted() async throws {
        let folder = try TemporaryFolder()
        let clip = try await MediaClip.make()
        try clip.flv.write(to: URL(fileURLWithPath: folder.path("clip.flv")))
        let probe = try probe([folder.path("clip.flv")])
        #expect(await probe.wait(timeout: .seconds(30)) == 0)
        let report = try measured(probe)
        #expect(number(report, "video", "accessUnits") == Double(clip.videoCount))
        #expect(report["numbers"] == nil)
    }

    /// A decoder that is killed in the middle costs nothing: what it had not answered is decoded again.
    @Test(.enabled(if: NginxServer.isInstalled))
    func anotherServersStreamIsWatchedWhileTheDecoderIsKilled() async throws {
        let server = try await NginxServer()
        let url = "rtmp://127.0.0.1:\(server.port)/live/a"
        let probe = try probe([url, "--duration", "6", "--wait", "20"])
        let broadcast = try BulkheadProgram.start([
            "broadcast", "test", "--to", url, "--duration", "20", "--size", "360p", "--preset", "ultrafast",
        ])
        for _ in 0..<2 {
            var decoder: Int32?
            #expect(
                await eventually(within: .seconds(20)) {
                    decoder = ProcessTable.children(of: probe.pid, named: "bulkhead-decoder").first
                    return decoder != nil
                })
            let pid = try #require(decoder)
            kill(pid, SIGKILL)
            #expect(await eventually { !ProcessTable.exists(pid) })
        }
        #expect(await probe.wait(timeout: .seconds(40)) == 0, "\(probe.errorText)")
        await broadcast.end(signal: SIGINT)
        await server.end()
        let report = try measured(probe)
        #expect(number(report, "numbers", "lost") == 0)
        #expect(number(report, "numbers", "unread") == 0)
        #expect((report["decoderRestarts"] as? NSNumber)?.intValue == 2, "\(report)")
    }

    /// The file is read before the decoder has said hello.
    @Test func shortRecordingIsMeasured() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path("out.flv")
        let broadcast = try BulkheadProgram.start([
            "broadcast", "test", "--to", "file:\(path)", "--duration", "1", "--fast", "--size", "360p", "--preset",
            "ultrafast",
        ])
        #expect(await broadcast.wait(timeout: .seconds(30)) == 0)
        let probe = try BulkheadProgram.start(["probe", path, "--expect", "lost=0,repeated=0"])
        #expect(await probe.wait(timeout: .seconds(30)) == 0, "\(probe.outputText) \(probe.errorText)")
        #expect(probe.outputText.contains("lost=0: ok"), "the result is standard output")
        #expect(!probe.errorText.contains("lost=0"))
    }

    /// The time is over before the patience is: all the same nothing came.
    @Test func streamThatIsNotThereIsNoSuccess() async throws {
        let server = try await EmbeddedServer()
        let probe = try probe([server.url("nobody"), "--duration", "1"])
        #expect(await probe.wait(timeout: .seconds(20)) == 66)
        #expect(probe.errorText.contains("nothing came"))
        await server.end()
    }

    @Test(
        arguments: [("rtmp://127.0.0.1:1/live/a", 66), ("/nonexistent.flv", 66), ("rtmp://127.0.0.1", 64)]
            as [(String, Int32)])
    func whatCanNotBeWatchedIsSaid(address: String, status: Int32) async throws {
        let probe = try probe([address, "--wait", "3"])
        #expect(await probe.wait(timeout: .seconds(20)) == status)
        #expect(probe.errorText.hasPrefix("bulkhead: "))
    }
}
