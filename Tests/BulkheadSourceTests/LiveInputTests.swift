import BulkheadMedia
import BulkheadSystem
import BulkheadTestSupport
import BulkheadWire
import Foundation
import Testing

@Suite(.timeLimit(.minutes(2))) struct LiveInputTests {
    let folder: MediaFolder

    init() throws { folder = try MediaFolder() }

    private static let live =
        "-re -f lavfi -i testsrc2=s=320x180:r=30 -re -f lavfi -i sine=f=440:r=48000 \(MediaFolder.x264) "
        + "-tune zerolatency -g 15 -c:a aac -f mpegts"

    private func publish(_ target: String) throws -> RunningProcess {
        try MediaFolder.ffmpeg(Self.live.split(separator: " ").map(String.init) + [target])
    }

    /// Whether a socket of this machine listens at a port of 127.0.0.1 (proc(5), /proc/net/tcp: state 0A is LISTEN).
    private func isListening(_ port: Int) throws -> Bool {
        let address = "0100007F:" + String(format: "%04X", port)
        return try String(contentsOfFile: "/proc/net/tcp", encoding: .utf8).split(separator: "\n").contains { line in
            let fields = line.split(separator: " ")
            return fields.count > 3 && fields[1] == address && fields[3] == "0A"
        }
    }

    @Test func networkStreamIsLiveAndTellsWhenItIsSilent() throws {
        let port = try FreePort.take()
        let source = try SourceUnderTest("tcp://127.0.0.1:\(port)?listen=1", inputFormat: "mpegts")
        try #require(try eventuallyOnThisThread { try isListening(port) }, "the source listens")
        let publisher = try publish("tcp://127.0.0.1:\(port)")
        defer { publisher.endOnThisThread() }
        try source.play(until: { $0.shots.count >= 20 })
        #expect(source.take.description?.isLive == true)
        #expect(source.take.description?.duration == -1)
        kill(publisher.pid, SIGSTOP)
        let before = source.take.waitingCount
        try source.play(until: { $0.waitingCount >= before + 3 })
        kill(publisher.pid, SIGCONT)
        let count = source.take.shots.count
        try source.play(until: { $0.shots.count >= count + 10 })
        let steps = zip(source.take.shots, source.take.shots.dropFirst()).map { $1.pts - $0.pts }
        #expect(steps.allSatisfy { $0 > 0 })
        // In the middle of waiting, the end of the socket is seen at once.
        kill(publisher.pid, SIGSTOP)
        source.child.hangUp()
        #expect(try source.child.waitForExit().status == 0)
    }

    @Test func pipeIsReadAsItFills() throws {
        let pipe = folder["pipe"]
        try #require(mkfifo(pipe, 0o600) == 0)
        let writer = try MediaFolder.ffmpeg(
            Self.live.split(separator: " ").map(String.init) + ["-y", pipe])
        defer { writer.endOnThisThread() }
        let source = try SourceUnderTest(pipe)
        try source.play(until: { $0.shots.count >= 30 })
        #expect(source.take.shots.count >= 30)
        #expect(source.take.description?.isLive == false)
    }

    /// What a pipe has brought goes out, although the source wants more of it, and waits.
    @Test func pipeThatFallsSilentWithholdsNothing() throws {
        _ = try folder.make(
            "film.ts", "\(MediaFolder.picture(2)) \(MediaFolder.sound(2)) \(MediaFolder.x264) -g 15 -c:a aac")
        let pipe = folder["silent"]
        try #require(mkfifo(pipe, 0o600) == 0)
        // Open for reading too: it neither waits for the source, nor comes to an end.
        let descriptor = open(pipe, O_RDWR | O_NONBLOCK | O_CLOEXEC)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        let film = try folder.bytes(of: "film.ts")
        // F_SETPIPE_SZ, which Glibc does not show: all of it has room.
        _ = fcntl(descriptor, 1031, 1 << 20)
        try #require(write(descriptor, film, film.count) == film.count)
        let source = try SourceUnderTest(pipe)
        // It fills the slots that it has, and reads on for the sound, to what is the end for now.
        source.keepsSlots = true
        try source.play(until: { $0.samples.count / 2 > 80_000 })
        try #require(
            eventuallyOnThisThread {
                var unread: CInt = 0
                return ioctl(descriptor, UInt(FIONREAD), &unread) == 0 && unread == 0
            })
        try source.lendAgain()
        // The demuxer and the parser each keep the last picture, whose end they know by what follows.
        try source.play(until: { $0.shots.count >= 58 })
        #expect(source.take.shots.count >= 58)
    }

    /// A pipe that brings half a second and then nothing is opened by it, and goes on when more comes.
    @Test func pipeThatFallsSilentAtItsStartIsOpenedAndGoesOn() throws {
        _ = try folder.make(
            "film.ts", "\(MediaFolder.picture(2)) \(MediaFolder.sound(2)) \(MediaFolder.x264) -g 15 -c:a aac")
        let pipe = folder["early"]
        try #require(mkfifo(pipe, 0o600) == 0)
        let descriptor = open(pipe, O_RDWR | O_NONBLOCK | O_CLOEXEC)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        let film = try folder.bytes(of: "film.ts")
        // F_SETPIPE_SZ.
        _ = fcntl(descriptor, 1031, 1 << 20)
        let beginning = film.count / 4 / 188 * 188
        try #require(write(descriptor, film, beginning) == beginning)
        let source = try SourceUnderTest(pipe)
        try source.play(until: { $0.shots.count >= 8 })
        #expect(source.take.description?.picture?.width == 320)
        let rest = Array(film[beginning...])
        try #require(write(descriptor, rest, rest.count) == rest.count)
        // One picture may be damaged where the end was none.
        try source.play(until: { $0.shots.count >= 55 })
        #expect(source.take.shots.count >= 55 && source.take.failure == nil)
    }

    /// What a camera gives bare is opened by what there is of it: nothing follows the first second here.
    @Test func bareStreamThroughAPipeOpensWithinASecondOfIt() throws {
        let words = "-v error -f lavfi -i testsrc2=size=640x360:rate=25:duration=1 -c:v libx264 -tune zerolatency -y"
        let bare = folder["bare.h264"]
        let status = try MediaFolder.ffmpeg(words.split(separator: " ").map(String.init) + [bare]).waitOnThisThread()
        try #require(status == 0)
        let pipe = folder["bare"]
        try #require(mkfifo(pipe, 0o600) == 0)
        let writer = try RunningProcess("/bin/sh", ["-c", "exec > '\(pipe)'; cat '\(bare)'; exec sleep 300"])
        defer { writer.endOnThisThread() }
        let source = try SourceUnderTest(pipe)
        try source.play(until: { $0.description != nil })
        #expect(source.take.description?.picture?.width == 640)
        try source.play(until: { $0.shots.count >= 10 })
        #expect(source.take.shots.count >= 10)
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/Xvfb")))
    func screenIsGrabbed() throws {
        // It chooses a display that is free, and says which once it answers there.
        let server = try RunningProcess(
            "/usr/bin/Xvfb", ["-displayfd", "1", "-screen", "0", "640x480x24", "-nolisten", "tcp"])
        defer { server.endOnThisThread() }
        try #require(
            eventuallyOnThisThread(within: .seconds(20)) { server.outputText.contains("\n") },
            "the number of Xvfb's display: \(server.errorText)")
        let display = server.outputText
        let source = try SourceUnderTest("x11::\(display.trimmingCharacters(in: .whitespacesAndNewlines))")
        try source.play(until: { $0.shots.count >= 10 })
        let description = try #require(source.take.description)
        #expect(description.hasVideo && !description.hasAudio && description.isLive)
        #expect(source.take.shots.count >= 10)
    }

    @Test func versionIsPrinted() throws {
        let run = ProgramRun(
            productFolder + "/bulkhead-source", ["--version"], environment: ProcessInfo.processInfo.environment)
        let end = try run.run(keeping: .output(mostBytes: 4096), within: .seconds(60))
        #expect(end.text.hasPrefix("bulkhead-source \(BulkheadVersion.build)"))
        #expect(end.cause == .ended(.exited(code: 0)))
    }
}
