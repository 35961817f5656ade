import BulkheadTestSupport
import Foundation
import Glibc
import Testing

/// SRT over a network that loses datagrams, to those who stop, and with whoever sends or receives killed meanwhile. In a network of
/// the test's own.
@Suite(.serialized, .timeLimit(.minutes(4)), .enabled(if: NetworkNamespace.isAvailable)) struct SRTFaultTests {
    private static let port = 9000
    /// Of a hundred datagrams, in each direction.
    private static let loss = 5
    private static let latency = "latency=400"

    private let folder: TemporaryFolder
    private let network: NetworkNamespace
    private var control: String { "unix:\(folder.path("control"))" }
    private var other: String { folder.path("other.flv") }

    init() async throws {
        folder = try TemporaryFolder()
        network = try await NetworkNamespace()
    }

    /// A listener that writes what comes, and takes the next caller when one has gone.
    private func receiver(into file: String) throws -> RunningProcess {
        try network.start(
            "sh",
            [
                "-c",
                // What it has given out is in the file, also when it is killed.
                "exec stdbuf -o0 srt-live-transmit -q 'srt://127.0.0.1:\(Self.port)?mode=listener&\(Self.latency)' file://con "
                    + ">'\(folder.path(file))'",
            ])
    }

    /// Sends to ``port``, and to a file that is to notice nothing.
    private func broadcast() throws -> RunningProcess {
        try network.bulkhead([
            "broadcast", "test", "--to", "srt://127.0.0.1:\(Self.port)?\(Self.latency)", "--to", "file:\(other)",
            "--patience", "20", "--control", control, "--size", "640x360", "--fps", "25", "--video-bitrate", "800k",
            "--preset", "ultrafast", "--keyframe-interval", "1", "--json",
        ])
    }

    private static func events(_ process: RunningProcess, _ code: String) -> [ReportedEvent] {
        ReportedEvent.all(in: process.outputText).filter { $0.code == code }
    }

    private static func event(_ code: String, of process: RunningProcess, count: Int = 1) async -> Bool {
        await eventually(within: .seconds(60)) { events(process, code).count >= count || !process.isRunning }
            && events(process, code).count >= count
    }

    /// One of the lists of a broadcast's status.
    private func status(_ list: String) async throws -> [[String: Any]] {
        let process = try network.bulkhead(["status", "--json", "--attach", control])
        guard await process.wait(timeout: .seconds(30)) == 0 else { return [] }
        let status = try JSONSerialization.jsonObject(with: process.output) as? [String: Any]
        return status?[list] as? [[String: Any]] ?? []
    }

    /// The figures of the first link's, or the first input's, connection by SRT.
    private func figures(_ list: String) async throws -> [String: Any] {
        try await status(list).first?["srt"] as? [String: Any] ?? [:]
    }

    /// The file beside the lossy path has every picture, and its link has noticed nothing.
    private func expectOtherUnharmed(_ broadcast: RunningProcess) async throws {
        let viewed = try await ViewedFrames.decode(other, width: 640, height: 360)
        #expect(viewed.lost == 0 && viewed.isInOrder && viewed.unreadable == 0 && viewed.numbers.count > 50)
        let troubled = ReportedEvent.all(in: broadcast.outputText).filter {
            $0.part.role == "link" && $0.part.id == 2
                && ["link.lost", "link.stalled", "link.shed", "link.failed"].contains($0.code)
        }
        #expect(troubled.isEmpty, "\(troubled)")
    }

    /// Which of the numbers up to the highest are in none of the files.
    private func numbers(in file: String) async throws -> Set<UInt32> {
        let viewed = try await ViewedFrames.decode(
            folder.path(file), width: 640, height: 360, ignoresTimes: true, toleratesDamage: true)
        return Set(viewed.numbers.compactMap { $0 })
    }

    private func missing(in files: [String]) async throws -> [UInt32] {
        var seen: Set<UInt32> = []
        for file in files { seen.formUnion(try await numbers(in: file)) }
        let last = try #require(seen.max())
        return Set(0...last).subtracting(seen).sorted()
    }

    @Test func aPathThatLosesPacketsLosesNoPicture() async throws {
        try await network.lose(percent: Self.loss, of: Self.port)
        let receiver = try receiver(into: "out.ts")
        let broadcast = try broadcast()
        #expect(await Self.event("link.accepted", of: broadcast), "\(broadcast.outputText)")
        #expect(
            try await eventually(within: .seconds(40)) {
                let counted = try await figures("links")
                return (counted["packetsLost"] as? Int ?? 0) > 20 && (counted["packetsRetransmitted"] as? Int ?? 0) > 20
            })
        let counted = try await figures("links")
        #expect(counted["latencyMilliseconds"] as? Int == 400 && counted["packetsDropped"] as? Int == 0, "\(counted)")
        #expect(Self.events(broadcast, "link.lost").isEmpty, "\(broadcast.outputText)")
        await broadcast.end(signal: SIGINT)
        await receiver.end()
        try await expectOtherUnharmed(broadcast)
        // The last pictures may have been on their way to one who gives none out before the latency is over.
        #expect(try await missing(in: ["out.ts"]).isEmpty)
        await network.end()
    }

    /// It stops for longer than SRT waits for a sign of life, and goes on.
    @Test func aReceiverThatStopsHasWhatItMissedWhenItGoesOn() async throws {
        let receiver = try receiver(into: "out.ts")
        let broadcast = try broadcast()
        #expect(await Self.event("link.accepted", of: broadcast), "\(broadcast.outputText)")
        kill(receiver.pid, SIGSTOP)
        #expect(await Self.event("link.lost", of: broadcast), "\(broadcast.outputText)")
        kill(receiver.pid, SIGCONT)
        #expect(await Self.event("link.restored", of: broadcast), "\(broadcast.outputText)")
        #expect(await Self.event("link.accepted", of: broadcast, count: 2), "\(broadcast.outputText)")
        await broadcast.end(signal: SIGINT)
        await receiver.end()
        try await expectOtherUnharmed(broadcast)
        #expect(try await missing(in: ["out.ts"]).isEmpty)
        await network.end()
    }

    /// Its library takes everything until it is full, because the program behind it does not.
    @Test func aReceiverThatReadsNothingHoldsUpItsLinkAlone() async throws {
        // What it gives out goes to a pipe that nobody reads.
        let pipe = folder.path("pipe")
        try #require(mkfifo(pipe, 0o600) == 0)
        let reader = open(pipe, O_RDWR | O_CLOEXEC)
        try #require(reader >= 0)
        defer { close(reader) }
        let receiver = try network.start(
            "sh",
            [
                "-c",
                "exec srt-live-transmit -q 'srt://127.0.0.1:\(Self.port)?mode=listener&\(Self.latency)&rcvbuf=200000&fc=128' "
                    + "file://con >'\(pipe)'",
            ])
        let broadcast = try broadcast()
        #expect(await Self.event("link.accepted", of: broadcast), "\(broadcast.outputText)")
        #expect(await Self.event("link.stalled", of: broadcast), "\(broadcast.outputText)")
        #expect(await Self.event("link.saved", of: broadcast), "\(broadcast.outputText)")
        await broadcast.end(signal: SIGINT)
        await receiver.end(signal: SIGKILL)
        try await expectOtherUnharmed(broadcast)
        await network.end()
    }

    /// Waits for a picture of a second after the server has accepted the stream for the `count`th time.
    private func expectPictures(in file: String, behind count: Int, of broadcast: RunningProcess) async throws {
        let accepted = try #require(Self.events(broadcast, "link.accepted").dropFirst(count - 1).first?.mediaSeconds)
        #expect(
            try await eventually(within: .seconds(60)) {
                try await numbers(in: file).contains { Double($0) > 25 * (accepted + 1) }
            }, "\(broadcast.outputText)")
    }

    @Test func killsOnALossyPathLoseNoPictureThatWasRead() async throws {
        try await network.lose(percent: Self.loss, of: Self.port)
        var receiver = try receiver(into: "out-1.ts")
        let broadcast = try broadcast()
        #expect(await Self.event("link.accepted", of: broadcast), "\(broadcast.outputText)")
        let sender = try #require(ProcessTable.children(of: broadcast.pid, named: "bulkhead-srt").first)
        kill(sender, SIGKILL)
        #expect(await Self.event("link.accepted", of: broadcast, count: 2), "\(broadcast.outputText)")
        // It stays with the old connection for 5 s, while its library takes what comes by the next: by then it has read that.
        try await expectPictures(in: "out-1.ts", behind: 2, of: broadcast)
        await receiver.end(signal: SIGKILL)
        #expect(await Self.event("link.lost", of: broadcast, count: 2), "\(broadcast.outputText)")
        receiver = try self.receiver(into: "out-2.ts")
        #expect(await Self.event("link.accepted", of: broadcast, count: 3), "\(broadcast.outputText)")
        // All that had waited has been read, and more.
        try await expectPictures(in: "out-2.ts", behind: 3, of: broadcast)
        await broadcast.end(signal: SIGINT)
        await receiver.end()
        try await expectOtherUnharmed(broadcast)
        // What a program that is killed has not read of what its library has acknowledged is lost: its last pictures, and no other.
        let read = try #require(try await numbers(in: "out-1.ts").max())
        let missing = try await missing(in: ["out-1.ts", "out-2.ts"])
        #expect(
            missing.allSatisfy { (read + 1...read + 25).contains($0) },
            "\(missing) behind \(read) of \(broadcast.outputText)")
        await network.end()
    }

    /// More is lost than the latency leaves time for: the backup stands in, and the input is shown again once the path is well.
    @Test func anInputThatLosesTooMuchIsBacked() async throws {
        let file = folder.path("show.yml")
        try """
        inputs:
          - name: camera
            input: "listen:srt://127.0.0.1:\(Self.port)?latency=20"
            backups: ["color:blue"]
            when: "drops > 10 in 5s"
            times: {clear: 1s, dwell: 1s, start: 60s}
        size: 640x360
        fps: 25
        preset: ultrafast
        """.write(toFile: file, atomically: true, encoding: .utf8)
        let show = try network.bulkhead([
            "broadcast", "--config", file, "--to", "file:\(folder.path("show.flv"))", "--control", control, "--json",
        ])
        let sender = try network.bulkhead([
            "broadcast", "test", "--to", "srt://127.0.0.1:\(Self.port)?latency=20", "--patience", "60", "--size",
            "640x360", "--fps", "25", "--video-bitrate", "800k", "--preset", "ultrafast", "--keyframe-interval", "1",
        ])
        func ways() -> [String] { Self.events(show, "switch.working").compactMap { $0.string("way") } }
        // It may have begun with the backup.
        #expect(
            await eventually(within: .seconds(60)) {
                Self.events(show, "source.opened").contains { $0.part.id == 1 } && ways().last ?? "main" == "main"
            }, "\(show.outputText)")
        let known = ways().count
        try await network.lose(percent: 40, of: Self.port)
        #expect(await eventually(within: .seconds(60)) { ways().count > known }, "\(show.outputText)")
        let away = Self.events(show, "switch.working").last
        #expect(away?.string("way") == "backup" && away?.string("cause") == "drops > 10 in 5s")
        #expect(
            try await eventually(within: .seconds(30)) {
                (try await status("inputs").first?["packetsDropped"] as? Int ?? 0) > 10
            })
        try await network.heal()
        #expect(await eventually(within: .seconds(60)) { ways().last == "main" }, "\(show.outputText)")
        await show.end(signal: SIGINT)
        await sender.end(signal: SIGINT)
        await network.end()
    }

    /// What comes by SRT tells how it comes, and comes back when either side is killed.
    @Test func anInputShowsItsFiguresAndOutlivesKills() async throws {
        try await network.lose(percent: Self.loss, of: Self.port)
        let show = try network.bulkhead([
            "broadcast", "listen:srt://127.0.0.1:\(Self.port)?\(Self.latency)", "--to",
            "file:\(folder.path("show.flv"))",
            "--control", control, "--size", "640x360", "--preset", "ultrafast", "--json",
        ])
        let sender = try network.bulkhead([
            "broadcast", "test", "--to", "srt://127.0.0.1:\(Self.port)?\(Self.latency)", "--patience", "60", "--size",
            "640x360", "--fps", "25", "--video-bitrate", "800k", "--preset", "ultrafast", "--keyframe-interval", "1",
            "--json",
        ])
        #expect(await Self.event("source.opened", of: show), "\(show.outputText)\(sender.outputText)")
        func counts() async throws -> Bool {
            try await eventually(within: .seconds(60)) {
                guard let input = try await status("inputs").first, let figures = input["srt"] as? [String: Any] else {
                    return false
                }
                return (figures["packetsLost"] as? Int ?? 0) > 5 && (figures["packetsRetransmitted"] as? Int ?? 0) > 5
                    && figures["latencyMilliseconds"] as? Int == 400 && (input["bitsPerSecond"] as? Int ?? 0) > 100_000
                    && (input["roundTripMilliseconds"] as? Double ?? 0) > 0
            }
        }
        #expect(try await counts(), "\(show.outputText)")
        let words = try network.bulkhead(["status", "--attach", control])
        #expect(await words.wait() == 0)
        #expect(words.outputText.contains("SRT 400 ms latency"), "\(words.outputText)")
        for program in ["bulkhead-srt", "bulkhead-source"] {
            let parent = program == "bulkhead-srt" ? sender.pid : show.pid
            let opened = Self.events(show, "source.opened").count
            let child = try #require(ProcessTable.children(of: parent, named: program).first)
            kill(child, SIGKILL)
            #expect(await Self.event("source.opened", of: show, count: opened + 1), "\(show.outputText)")
            #expect(try await counts(), "\(program): \(show.outputText)")
        }
        await show.end(signal: SIGINT)
        await sender.end(signal: SIGINT)
        let viewed = try await ViewedFrames.decode(folder.path("show.flv"), width: 640, height: 360)
        #expect(viewed.isInOrder && viewed.numbers.count > 100)
        await network.end()
    }
}
