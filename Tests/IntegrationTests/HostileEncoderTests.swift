import BulkheadChildRuntime
import BulkheadMedia
import BulkheadSystem
import BulkheadTestSupport
import BulkheadWire
import Foundation
import Synchronization
import Testing

/// What an encoder may do that has connected by itself and means no good.
enum Hostility: String, CaseIterable {
    /// Frames that it has been told nothing of.
    case answersForStrangers
    /// The same frame again.
    case answersTwice
    /// A frame in the middle, and no IDR.
    case startsInTheMiddle
    /// Access units that are none.
    case sendsNoAccessUnits
    /// Bytes that are no message.
    case talksGarbage
    /// A message that is longer than any may be.
    case sendsTooMuch
    /// The same sound without end.
    case floods
    /// Says that it has flushed, unasked.
    case flushesUnasked
    /// Refuses settings that every encoder takes.
    case refuses
    /// Says that it is ready, and nothing more.
    case neverAnswers
    /// Says hello, and nothing more.
    case neverGetsReady
    /// Describes itself twice.
    case isReadyTwice
    /// Leaves with work in its hands.
    case hangsUp
}

/// Such an encoder, on a thread of its own.
private final class HostileEncoder: Sendable {
    private let end = Mutex<String?>(nil)

    /// How it came to its end, or nil.
    var ending: String? { end.withLock { $0 } }

    init(_ hostility: Hostility, _ path: String) {
        let thread = Thread { [self] in
            do {
                try Self.play(hostility, path)
                end.withLock { $0 = "left" }
            } catch { end.withLock { $0 = "\(error)" } }
        }
        thread.start()
    }

    /// Parameter sets that FFmpeg takes, of a stream that never comes.
    private static let ready = EncoderReply.ready(
        avcConfiguration: [1, 66, 0xC0, 31, 0xFF, 0xE1, 0, 4, 0x67, 66, 0xC0, 31, 1, 0, 1, 0x68],
        audioSpecificConfig: [0x11, 0x90], maximumDelay: 0, reorderDepth: 0)

    private static func unit(_ frame: Int64, idr: Bool, _ bytes: [UInt8]? = nil) -> EncoderReply {
        .accessUnit(
            AccessUnit(
                frame: frame, isIDR: idr, isDisposable: false,
                bytes: bytes ?? [0, 0, 0, 3, idr ? 0x65 : 0x41, 0x88, 0x80]))
    }

    private static func play(_ hostility: Hostility, _ path: String) throws {
        let socket = try WireSocket(connectingTo: path)
        try socket.greet(as: .encoder)
        var given = 0
        while true {
            guard var received = try socket.receive(EncoderRequest.self, timeoutMilliseconds: 30_000) else { return }
            received.descriptor.take()?.close()
            switch (hostility, received.message) {
            case (.refuses, .configure): try socket.send(EncoderReply.refused(Refusal(.settings, "no")))
            case (.neverGetsReady, .configure): break
            case (_, .configure): try socket.send(ready)
            case (_, .encode(let frame, _, _)):
                given += 1
                guard try !answer(hostility, socket, frame, given: given) else { return }
            default: break
            }
        }
    }

    /// True when it leaves.
    private static func answer(
        _ hostility: Hostility, _ socket: WireSocket, _ frame: Int64, given: Int
    ) throws -> Bool {
        switch hostility {
        case .answersForStrangers: try socket.send(unit(frame + 1000, idr: true))
        case .answersTwice: for _ in 0..<2 { try socket.send(unit(frame, idr: true)) }
        case .startsInTheMiddle: if given == 2 { try socket.send(unit(frame, idr: false)) }
        case .sendsNoAccessUnits: try socket.send(unit(frame, idr: true, [0, 0, 1, 0, 0x65]))
        case .talksGarbage: try socket.send(Garbage(type: 0x21, byteCount: 9))
        case .sendsTooMuch: try socket.send(Garbage(type: 0x21, byteCount: WireFrame.maximumPayloadByteCount + 1))
        case .floods: while true { try socket.send(EncoderReply.audioPacket(block: -1, bytes: [1, 2, 3])) }
        case .flushesUnasked: try socket.send(EncoderReply.flushed)
        case .isReadyTwice: try socket.send(ready)
        case .hangsUp: return true
        case .neverAnswers, .refuses, .neverGetsReady: break
        }
        return false
    }
}

/// A message that makes no sense.
private struct Garbage: WireMessage {
    let type: UInt16
    let byteCount: Int

    init(type: UInt16, byteCount: Int) {
        self.type = type
        self.byteCount = byteCount
    }

    init(_ frame: WireFrame) throws(WireError) { throw .unknownType(frame.type) }

    var frame: WireFrame { WireFrame(type: type, payload: [UInt8](repeating: 9, count: byteCount)) }
}

/// A master that waits for an encoder takes whoever connects, and survives all of them.
@Suite(.serialized, .timeLimit(.minutes(3))) struct HostileEncoderTests {
    @Test(arguments: Hostility.allCases)
    func broadcastLivesOnWithTheNext(hostility: Hostility) async throws {
        let folder = try TemporaryFolder()
        let output = folder.path("out.flv")
        let control = folder.path("c.sock")
        let broadcast = try BulkheadProgram.start(
            [
                "broadcast", "test", "--to", "file:\(output)", "--only", "plugins", "--control", "unix:\(control)",
                "--size", "640x360", "--video-bitrate", "800k", "--preset", "ultrafast", "--json",
            ], environment: ["XDG_STATE_HOME": folder.path("state")])
        #expect(await eventually(within: .seconds(20)) { broadcast.outputText.contains("\"encoder.waiting\"") })

        let hostile = HostileEncoder(hostility, control + ".encoder")
        if hostility == .neverAnswers {
            // It may be in a debugger: it stays until another one comes, and a moment longer than that is not patience.
            #expect(await eventually(within: .seconds(20)) { broadcast.outputText.contains("\"timeline.on-air\"") })
        } else {
            #expect(await eventually(within: .seconds(20)) { broadcast.outputText.contains("\"encoder.died\"") })
        }
        var encoder: RunningProcess?
        #expect(
            await eventually(within: .seconds(30)) {
                if encoder?.isRunning != true {
                    encoder = try? RunningProcess(
                        BulkheadProgram.path("bulkhead-encoder"), ["--connect", "unix:\(control).encoder"])
                }
                let pid = encoder?.pid ?? 0
                return await eventually(within: .seconds(1)) {
                    ReportedEvent.all(in: broadcast.outputText).contains { $0.isA("encoder.ready") && $0.pid == pid }
                }
            }, "\(broadcast.outputText)")
        #expect(await eventually { hostile.ending != nil }, "it was let go")
        let size = { (try? FileManager.default.attributesOfItem(atPath: output)[.size] as? Int) ?? 0 }
        let before = size()
        #expect(await eventually(within: .seconds(20)) { size() > before + 30_000 })

        let stop = try BulkheadProgram.start(["stop", "--attach", "unix:\(control)"])
        #expect(await stop.wait() == 0)
        #expect(await broadcast.wait(timeout: .seconds(30)) == 0, "\(broadcast.errorText)")
        #expect(await encoder?.wait() == 0)
        #expect(try await ViewedPackets.list(output).backwardSteps == 0)
        // One picture of its own has gone out where it answered as it should at first.
        guard hostility != .answersTwice else { return }
        let seen = try await ViewedFrames.decode(output, width: 640, height: 360)
        #expect(seen.isInOrder && seen.unreadable == 0 && seen.numbers.count > 10)
    }
}
