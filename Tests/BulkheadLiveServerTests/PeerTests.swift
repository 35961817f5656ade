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
    let length = (clip.packets.map(\.dts).max() ?? .zero) + MediaTime(milliseconds: 40)
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

@Suite(.serialized) struct PeerTests {
    @Test(.timeLimit(.minutes(1))) func ffprobeReadsWhatOurPublisherSends() async throws {
        let clip = try await MediaClip.make()
        let log = EventLog()
        let server = try await LiveServer.start(port: 0, onEvent: log.append)
        let publisher = try await RTMPPublisher.connect(
            to: IngestTarget("\(server.address)/live", key: "key"), group: MultiThreadedEventLoopGroup.singleton)
        let sending = Task { try await publish(clip, with: publisher) }
        let probe = try RunningProcess(
            "ffprobe",
            [
                "-v", "error", "-show_entries", "stream=codec_name,width,height", "-of", "csv=p=0",
                "\(server.address)/live/key",
            ])
        #expect(await probe.wait() == 0)
        #expect(probe.outputText.contains("h264,320,180"), "\(probe.errorText)")
        #expect(probe.outputText.contains("aac"))
        sending.cancel()
        await publisher.close(goodbye: true)
        #expect(await eventually { log.publishEnds.count == 1 })
        #expect(log.publishEnds.first?.reason == .unpublished)
        await server.stop()
    }

    @Test(.enabled(if: NginxServer.isInstalled), .timeLimit(.minutes(1)))
    func nginxTakesWhatOurPublisherSends() async throws {
        let clip = try await MediaClip.make()
        let nginx = try await NginxServer()
        let address = "rtmp://127.0.0.1:\(nginx.port)/live"
        let publisher = try await RTMPPublisher.connect(
            to: IngestTarget(address, key: "key"), group: MultiThreadedEventLoopGroup.singleton)
        let sending = Task { try await publish(clip, with: publisher) }
        let probe = try RunningProcess(
            "ffprobe",
            ["-v", "error", "-show_entries", "stream=codec_name,width,height", "-of", "csv=p=0", "\(address)/key"])
        #expect(await probe.wait() == 0)
        #expect(probe.outputText.contains("h264,320,180"), "\(probe.errorText)")
        #expect(probe.outputText.contains("aac"))
        #expect(publisher.statistics.acknowledgement != nil)
        sending.cancel()
        await publisher.close(goodbye: true)
        await nginx.end()
    }
}
