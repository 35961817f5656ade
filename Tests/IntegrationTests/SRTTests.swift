import BulkheadTestSupport
import Foundation
import Glibc
import Testing

/// SRT with peers that this was not written against: FFmpeg and srt-live-transmit, as callers and as listeners.
@Suite(.serialized, .timeLimit(.minutes(3))) struct SRTTests {
    private static func broadcast(_ arguments: [String], seconds: Int? = nil) throws -> RunningProcess {
        try BulkheadProgram.start(
            ["broadcast"] + arguments + [
                "--size", "640x360", "--video-bitrate", "800k", "--preset", "ultrafast", "--keyframe-interval", "1",
                "--json",
            ] + (seconds.map { ["--duration", "\($0)"] } ?? []))
    }

    private static func event(_ code: String, of broadcast: RunningProcess, count: Int = 1) async -> ReportedEvent? {
        func found() -> [ReportedEvent] { ReportedEvent.all(in: broadcast.outputText).filter { $0.code == code } }
        _ = await eventually(within: .seconds(40)) { found().count >= count || !broadcast.isRunning }
        return found().count >= count ? found().last : nil
    }

    /// A listener of srt-live-transmit, which writes what comes and takes the next caller when one has gone.
    private static func receiver(_ port: Int, _ parameters: String = "", into file: String) throws -> RunningProcess {
        try RunningProcess(
            "sh",
            [
                "-c",
                "exec srt-live-transmit -q 'srt://127.0.0.1:\(port)?mode=listener\(parameters)' file://con "
                    + ">'\(file)'",
            ])
    }

    /// Ten seconds are for servers that had the stream.
    @Test func aListenerThatNobodyCallsIsNotWaitedForAtTheEnd() async throws {
        let broadcast = try Self.broadcast([
            "test", "--to", "srt://127.0.0.1:0?mode=listener", "--to", "file:/dev/null",
        ])
        _ = try #require(await Self.event("link.listening", of: broadcast), "\(broadcast.outputText)")
        let begin = ContinuousClock.now
        kill(broadcast.pid, SIGINT)
        _ = await broadcast.wait(timeout: .seconds(30))
        #expect(ContinuousClock.now - begin < .seconds(8), "\(broadcast.outputText)")
    }

    @Test func aListenerOfFFmpegHasEveryPicture() async throws {
        let folder = try TemporaryFolder()
        let port = try FreePort.take(.udp)
        let ffmpeg = try RunningProcess(
            "ffmpeg",
            [
                "-v", "error", "-nostdin", "-i", "srt://127.0.0.1:\(port)?mode=listener&passphrase=0123456789ab", "-c",
                "copy", "-f", "mpegts", folder.path("out.ts"),
            ])
        let broadcast = try Self.broadcast(
            [
                "test", "--to",
                "srt://127.0.0.1:\(port)?passphrase=0123456789ab&pbkeylen=32&streamid=publish:live:u:secret77",
                "--patience", "20",
            ], seconds: 4)
        #expect(await broadcast.wait(timeout: .seconds(60)) == 0, "\(broadcast.errorText)\n\(broadcast.outputText)")
        #expect(await ffmpeg.wait() == 0, "\(ffmpeg.errorText)")
        let viewed = try await ViewedFrames.decode(folder.path("out.ts"), width: 640, height: 360)
        #expect(viewed.lost == 0 && viewed.isInOrder && viewed.unreadable == 0 && viewed.numbers.count > 90)
        #expect(viewed.numbers.first == 0)
        let codes = ReportedEvent.all(in: broadcast.outputText).map(\.code)
        #expect(codes.contains("srt.started") && codes.contains("link.connected") && codes.contains("link.accepted"))
        let told = broadcast.outputText + broadcast.errorText
        #expect(!told.contains("0123456789ab") && !told.contains("secret77"))
    }

    /// Somebody throws datagrams at the port before and while it is called.
    @Test func aCallerIsServedThroughAFlood() async throws {
        let folder = try TemporaryFolder()
        let broadcast = try Self.broadcast(["test", "--to", "srt://127.0.0.1:0?mode=listener&streamid=view"])
        let event = try #require(await Self.event("link.listening", of: broadcast), "\(broadcast.outputText)")
        let address = try #require(event.string("address"))
        let port = try #require(address.split(separator: ":").last.flatMap { Int($0) })
        let flood = try RunningProcess(
            "python3",
            [
                "-c",
                "import os,socket,time\ns=socket.socket(socket.AF_INET,socket.SOCK_DGRAM)\n"
                    + "while True:\n for i in range(50): s.sendto((b'\\x80\\0\\0\\0' if i%2 else b'')+os.urandom(i*20+1),"
                    + "('127.0.0.1',\(port)))\n time.sleep(0.01)",
            ])
        let stranger = try RunningProcess(
            "timeout",
            ["-s", "KILL", "3", "srt-live-transmit", "-q", "srt://127.0.0.1:\(port)?streamid=other", "file://con"])
        _ = await stranger.wait()
        #expect(stranger.output.isEmpty)
        let ffmpeg = try RunningProcess(
            "ffmpeg",
            [
                "-v", "error", "-nostdin", "-i", "srt://127.0.0.1:\(port)?streamid=view", "-t", "3", "-c", "copy", "-f",
                "mpegts", folder.path("out.ts"),
            ])
        #expect(await ffmpeg.wait(timeout: .seconds(40)) == 0, "\(ffmpeg.errorText)\n\(broadcast.outputText)")
        await flood.end()
        let viewed = try await ViewedFrames.decode(folder.path("out.ts"), width: 640, height: 360)
        #expect(viewed.lost == 0 && viewed.isInOrder && viewed.unreadable == 0 && viewed.numbers.count > 40)
        // The caller has gone: the next is waited for at the same port.
        #expect(await Self.event("link.lost", of: broadcast) != nil)
        await broadcast.end()
    }

    @Test func aWrongPassphraseIsSaidInOneSentence() async throws {
        let folder = try TemporaryFolder()
        let port = try FreePort.take(.udp)
        let receiver = try Self.receiver(port, "&passphrase=0123456789ab", into: folder.path("out.ts"))
        for (passphrase, words) in [("?passphrase=ba9876543210", "another passphrase"), ("", "do not both have")] {
            let broadcast = try BulkheadProgram.start([
                "broadcast", "test", "--to", "srt://127.0.0.1:\(port)\(passphrase)", "--patience", "10",
            ])
            #expect(await broadcast.wait(timeout: .seconds(60)) != 0)
            #expect(broadcast.errorText.contains(words), "\(broadcast.errorText)")
            #expect(!broadcast.errorText.contains("ba9876543210"))
        }
        await receiver.end()
    }

    /// An input is told as much as a link.
    @Test(arguments: [("passphrase=ba9876543210", "another passphrase"), ("", "do not both have")])
    func anInputIsToldWhyItIsRefused(parameters: String, words: String) async throws {
        let sender = try Self.broadcast([
            "test", "--to", "srt://127.0.0.1:0?mode=listener&passphrase=0123456789ab",
        ])
        let event = try #require(await Self.event("link.listening", of: sender), "\(sender.outputText)")
        let port = try #require(event.string("address")?.split(separator: ":").last.flatMap { Int($0) })
        let folder = try TemporaryFolder()
        let show = try Self.broadcast([
            "srt://127.0.0.1:\(port)?\(parameters)", "--to", "file:\(folder.path("out.flv"))",
        ])
        #expect(await show.wait(timeout: .seconds(60)) != 0)
        let told = show.outputText + show.errorText
        #expect(told.contains(words), "\(told)")
        #expect(!told.contains("ba9876543210"))
        await sender.end()
    }

    /// Whoever kills the process that sends costs a connection, and no picture.
    @Test func killsOfTheSenderLoseNoPicture() async throws {
        let folder = try TemporaryFolder()
        let port = try FreePort.take(.udp)
        let receiver = try Self.receiver(port, into: folder.path("out.ts"))
        let broadcast = try Self.broadcast(["test", "--to", "srt://127.0.0.1:\(port)", "--patience", "20"])
        for round in 1...3 {
            #expect(await Self.event("link.accepted", of: broadcast, count: round) != nil, "\(broadcast.outputText)")
            let sender = try #require(ProcessTable.children(of: broadcast.pid, named: "bulkhead-srt").first)
            kill(sender, SIGKILL)
            #expect(await Self.event("link.restored", of: broadcast, count: round) != nil, "\(broadcast.outputText)")
        }
        #expect(await Self.event("link.accepted", of: broadcast, count: 4) != nil)
        await broadcast.end(signal: SIGINT)
        #expect(await eventually { ProcessTable.children(of: broadcast.pid, named: "bulkhead-srt").isEmpty })
        await receiver.end()
        let viewed = try await ViewedFrames.decode(
            folder.path("out.ts"), width: 640, height: 360, ignoresTimes: true, toleratesDamage: true)
        // A GOP that was begun before is given again: numbers go back, and none is missing.
        let numbers = Set(viewed.numbers.compactMap { $0 })
        let last = try #require(numbers.max())
        #expect(numbers.count == Int(last) + 1, "\(Set(0...last).subtracting(numbers).sorted())")
        #expect(ReportedEvent.all(in: broadcast.outputText).count { $0.code == "srt.died" } == 3)
    }

    /// From SRT to RTMP: they are servers of one link.
    @Test func anotherProtocolTakesOver() async throws {
        let folder = try TemporaryFolder()
        let server = try await EmbeddedServer()
        let port = try FreePort.take(.udp)
        let receiver = try Self.receiver(port, into: folder.path("out.ts"))
        let broadcast = try Self.broadcast([
            "test", "--to", "srt://127.0.0.1:\(port)", "--or", server.url("a"), "--patience", "20",
        ])
        #expect(await Self.event("link.accepted", of: broadcast) != nil, "\(broadcast.outputText)")
        await receiver.end(signal: SIGKILL)
        let restored = await Self.event("link.restored", of: broadcast)
        #expect(restored?.string("server")?.hasPrefix("rtmp://") == true, "\(broadcast.outputText)")
        await broadcast.end(signal: SIGINT)
        await server.end()
    }

    /// By both ways, with a passphrase.
    @Test(arguments: [true, false]) func anInputIsRead(isCalled: Bool) async throws {
        let folder = try TemporaryFolder()
        let port = try FreePort.take(.udp)
        let passphrase = "passphrase=0123456789ab"
        let input = (isCalled ? "listen:" : "") + "srt://127.0.0.1:\(port)?\(passphrase)&latency=200"
        let broadcast = try Self.broadcast([input, "--to", "file:\(folder.path("out.flv"))"])
        let ffmpeg = try RunningProcess(
            "ffmpeg",
            [
                "-v", "error", "-nostdin", "-re", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25", "-c:v",
                "libx264",
                "-preset", "ultrafast", "-g", "25", "-f", "mpegts",
                "srt://127.0.0.1:\(port)?mode=\(isCalled ? "caller&connect_timeout=30000" : "listener")&\(passphrase)",
            ])
        #expect(await Self.event("source.opened", of: broadcast) != nil, "\(broadcast.outputText)\(ffmpeg.errorText)")
        await ffmpeg.end()
        await broadcast.end(signal: SIGINT)
        #expect(!(broadcast.outputText + broadcast.errorText).contains("0123456789ab"))
    }
}
