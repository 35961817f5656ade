import BulkheadFLV
import BulkheadLiveServer
import BulkheadMedia
import BulkheadRTMP
import BulkheadRTMPTransport
import BulkheadTestSupport
import Foundation
import NIOCore
import NIOPosix
import Synchronization
import Testing

/// What happened at a server, for tests to wait on.
final class EventLog: Sendable {
    private let events = Mutex<[LiveServerEvent]>([])

    var all: [LiveServerEvent] { events.withLock { $0 } }

    func append(_ event: LiveServerEvent) { events.withLock { $0.append(event) } }

    func count(where matches: (LiveServerEvent) -> Bool) -> Int { all.count(where: matches) }

    var publishCount: Int { count { if case .publishStarted = $0 { true } else { false } } }
    var playCount: Int { count { if case .playStarted = $0 { true } else { false } } }
    var publishEnds: [PublishSummary] {
        all.compactMap { if case .publishEnded(_, _, let summary) = $0 { summary } else { nil } }
    }
}

/// Sends a clip at its own pace, over and over, until cancelled.
func publish(_ clip: MediaClip, with publisher: RTMPPublisher, rounds: Int = .max) async throws {
    publisher.send(configuration: clip.configuration)
    let start = ContinuousClock.now
    let length = MediaTime(milliseconds: 40 * Int64(clip.videoCount))
    for round in 0..<rounds {
        let shift = MediaTime(milliseconds: length.milliseconds * Int64(round))
        for packet in clip.packets {
            try await ContinuousClock().sleep(until: start + .milliseconds((packet.dts + shift).milliseconds))
            let moved = Packet(
                kind: packet.kind, dts: packet.dts + shift, pts: packet.pts + shift, bytes: packet.bytes)
            guard publisher.send(packet: moved) == .queued else { return }
        }
    }
}

@Suite(.serialized, .timeLimit(.minutes(2))) struct PeerTests {
    @Test(.timeLimit(.minutes(1))) func ffprobeReadsWhatOurPublisherSends() async throws {
        let clip = try await MediaClip.make()
        let log = EventLog()
        let server = try await LiveServer.start(port: 0, onEvent: log.append)
        let publisher = try await RTMPPublisher.connect(
            to: IngestTarget("\(server.address)/live", key: "key"), group: MultiThreadedEventLoopGroup.singleton)
        let sending = Task { try await publish(clip, with: publisher) }
        let probe = try RunningProcess(
            "ffprobe", Self.probeArguments("\(server.address)/live/key"))
        #expect(await probe.wait() == 0)
        #expect(probe.outputText.contains("h264,320,180"), "\(probe.errorText)")
        #expect(probe.outputText.contains("aac"))
        sending.cancel()
        await publisher.close(goodbye: true)
        #expect(await eventually { log.publishEnds.count == 1 })
        #expect(log.publishEnds.first?.reason == .unpublished)
        await server.stop()
    }

    /// Its questions are short and their answers would have to be kept: a server's memory for the asking.
    @Test(.timeLimit(.minutes(1))) func aPeerThatAsksOnAndOnWithoutReadingIsClosed() async throws {
        let log = EventLog()
        let server = try await LiveServer.start(port: 0, onEvent: log.append)
        let target = try IngestTarget("\(server.address)/live", key: "key")
        // C0, C1 and C2, whose content nobody checks.
        var bytes = ByteBuffer(bytes: [3] + [UInt8](repeating: 0, count: 2 * 1536))
        var encoder = ChunkEncoder()
        let connect = Command("connect", transactionID: 1, .object(["app": "live"]))
        try encoder.encode(connect.message(on: 0), on: .command, into: &bytes)
        let question = Command("_checkbw", transactionID: 2, .null).message(on: 0)
        for _ in 0..<20_000 { try encoder.encode(question, on: .command, into: &bytes) }
        let peer = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.autoRead, value: false).connect(host: target.host, port: target.port).get()
        peer.writeAndFlush(bytes, promise: nil)
        #expect(
            await eventually {
                log.count {
                    if case .connectionFailed(_, let reason) = $0 { reason.contains("reading") } else { false }
                } == 1
            })
        try? await peer.close()
        await server.stop()
    }

    /// MPEG-TS in video messages: the peer is told of with the reason, and not kept as a publisher for ever.
    @Test(.timeLimit(.minutes(1))) func aPublisherOfWhatIsNoStreamIsClosedWithTheReason() async throws {
        let log = EventLog()
        var options = LiveServerOptions()
        options.publisherIdleTimeout = .milliseconds(500)
        let server = try await LiveServer.start(port: 0, options: options, onEvent: log.append)
        let target = try IngestTarget("\(server.address)/live", key: "key")
        // C0, C1 and C2, whose content nobody checks.
        var bytes = ByteBuffer(bytes: [3] + [UInt8](repeating: 0, count: 2 * 1536))
        var encoder = ChunkEncoder()
        for (command, streamID) in [
            (Command("connect", transactionID: 1, .object(["app": "live"])), MessageStreamID(0)),
            (Command("createStream", transactionID: 2, .null), 0),
            (Command("publish", transactionID: 3, .null, "key", "live"), 1),
        ] {
            try encoder.encode(command.message(on: streamID), on: .command, into: &bytes)
        }
        for second in [UInt8(0x40), 0x41, 0x01, 0x00, 0x1F] {
            let packet = Message(
                type: .video, streamID: 1, timestampMilliseconds: 0,
                payload: ByteBuffer(bytes: [0x47, second, 0x10] + [UInt8](repeating: 0xFF, count: 97)))
            try encoder.encode(packet, on: .video, into: &bytes)
        }
        let peer = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: target.host, port: target.port).get()
        peer.writeAndFlush(bytes, promise: nil)
        #expect(
            await eventually(within: .seconds(20)) {
                log.count {
                    if case .connectionFailed(_, let reason) = $0 {
                        reason.contains("no stream that is known: 5")
                    } else {
                        false
                    }
                } == 1
            })
        try? await peer.close()
        await server.stop()
    }

    @Test(.enabled(if: NginxServer.isInstalled), .timeLimit(.minutes(1)))
    func nginxTakesWhatOurPublisherSends() async throws {
        let clip = try await MediaClip.make()
        let nginx = try await NginxServer()
        let address = "rtmp://127.0.0.1:\(nginx.port)/live"
        var options = PublishOptions()
        options.windowByteCount = 10_000
        let publisher = try await RTMPPublisher.connect(
            to: IngestTarget(address, key: "key"), options: options, group: MultiThreadedEventLoopGroup.singleton)
        let sending = Task { try await publish(clip, with: publisher) }
        let probe = try RunningProcess("ffprobe", Self.probeArguments("\(address)/key"))
        #expect(await probe.wait() == 0)
        #expect(probe.outputText.contains("h264,320,180"), "\(probe.errorText)")
        #expect(probe.outputText.contains("aac"))
        #expect(publisher.statistics.acknowledgement != nil && publisher.statistics.isAccepted)
        await #expect {
            _ = try await RTMPPublisher.connect(
                to: IngestTarget(address, key: "key"), group: MultiThreadedEventLoopGroup.singleton)
        } throws: { "\($0)".contains("Already publishing") }
        sending.cancel()
        await publisher.close(goodbye: true)
        await nginx.end()
    }

    private static func probeArguments(_ address: String) -> [String] {
        [
            "-v", "error", "-analyzeduration", "1500000", "-show_entries", "stream=codec_name,width,height", "-of",
            "csv=p=0", address,
        ]
    }

    /// Publishers of others at our server, read by players of others.
    @Test(.timeLimit(.minutes(1)), arguments: ["ffmpeg", "rtmp2sink"])
    func peersPublishAndPlay(publisher: String) async throws {
        let clip = try await MediaClip.make(seconds: 8)
        let folder = try TemporaryFolder()
        try clip.flv.write(to: URL(fileURLWithPath: folder.path("clip.flv")))
        let log = EventLog()
        let server = try await LiveServer.start(port: 0, onEvent: log.append)
        let address = "\(server.address)/live/key"
        let process =
            publisher == "ffmpeg"
            ? try RunningProcess(
                "ffmpeg",
                ["-v", "error", "-re", "-i", "clip.flv", "-c", "copy", "-f", "flv", address], in: folder.url)
            : try RunningProcess(
                "gst-launch-1.0",
                ("-q filesrc location=clip.flv ! flvdemux name=d d.video ! queue ! h264parse ! identity sync=true "
                    + "! m.video flvmux streamable=true name=m ! rtmp2sink location=\(address) d.audio ! queue "
                    + "! aacparse ! m.audio").split(separator: " ").map(String.init), in: folder.url)
        #expect(await eventually { log.publishCount == 1 }, "\(process.errorText)")
        let probe = try RunningProcess("ffprobe", Self.probeArguments(address))
        let dump = try RunningProcess("rtmpdump", ["-q", "--live", "-r", address, "-o", folder.path("dump.flv")])
        let viewer = try RunningProcess(
            "gst-launch-1.0",
            [
                "-q", "rtmp2src", "location=\(address)", "num-buffers=30", "!", "filesink",
                "location=\(folder.path("gst.flv"))",
            ])
        #expect(await probe.wait() == 0)
        #expect(probe.outputText.contains("h264,320,180") && probe.outputText.contains("aac"), "\(probe.errorText)")
        #expect(!probe.outputText.contains("text"))
        #expect(await viewer.wait() == 0)
        await process.end(signal: SIGINT)
        await dump.wait()
        for name in ["dump.flv", "gst.flv"] {
            let file = try RunningProcess("ffprobe", Self.probeArguments(folder.path(name)))
            #expect(await file.wait() == 0)
            #expect(file.outputText.contains("h264,320,180"), "\(name): \(file.outputText) \(file.errorText)")
        }
        await server.stop()
    }

    /// FFmpeg reads pictures without a gap across 0xFFFFFF ms, through our server and through nginx.
    @Test(.timeLimit(.minutes(1)), arguments: NginxServer.isInstalled ? [false, true] : [false])
    func timestampsPassTheWall(throughNginx: Bool) async throws {
        let clip = try await MediaClip.make(bitsPerSecond: 3_000_000)
        let server = try await LiveServer.start(port: 0)
        let nginx = throughNginx ? try await NginxServer() : nil
        let address = nginx.map { "rtmp://127.0.0.1:\($0.port)" } ?? server.address
        var options = PublishOptions()
        let wall: Int64 = 0xFF_FFFF
        options.origin = MediaTime(milliseconds: 2500 - wall)
        let publisher = try await RTMPPublisher.connect(
            to: IngestTarget("\(address)/live", key: "key"), options: options,
            group: MultiThreadedEventLoopGroup.singleton)
        let sending = Task { try await publish(clip, with: publisher) }
        let viewer = try RunningProcess(
            "ffmpeg",
            ["-v", "error", "-nostdin", "-analyzeduration", "1500000", "-copyts", "-i", "\(address)/live/key"]
                + ["-map", "0:v", "-c", "copy", "-frames:v", "100", "-f", "framecrc", "-"])
        #expect(await viewer.wait() == 0, "\(viewer.errorText)")
        // Lines such as "0, 16777215, 16777255, 40, 5000, 0x1234"; lines of "#" are comments.
        let times = viewer.outputText.split(separator: "\n").filter { !$0.hasPrefix("#") }.compactMap { line in
            line.split(separator: ",").dropFirst().first.flatMap { Int64($0.drop { $0 == " " }) }
        }
        #expect(times.count == 100)
        #expect((times.first ?? .max) < wall && (times.last ?? 0) > wall)
        #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 == 40 }, "\(times)")
        sending.cancel()
        await publisher.close(goodbye: true)
        await nginx?.end()
        await server.stop()
    }
}
