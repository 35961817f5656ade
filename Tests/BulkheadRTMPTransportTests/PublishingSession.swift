import BulkheadMedia
import BulkheadRTMP
import BulkheadRTMPTransport
import BulkheadTestSupport
import NIOPosix
import Synchronization

/// A publisher that sends small pictures and sound until it is ended, and what it has told.
final class PublishingSession: Sendable {
    let publisher: RTMPPublisher
    private let log = SharedLog()
    private let tasks: [Task<Void, Never>]
    /// When it began to send.
    let start = ContinuousClock.now

    /// Nil only if this program's own numbers were wrong.
    static let configuration: StreamConfiguration? = {
        guard let canvas = Canvas(width: 320, height: 180), let frameRate = FrameRate(30) else { return nil }
        return StreamConfiguration(
            canvas: canvas, frameRate: frameRate, videoBitsPerSecond: 800_000, audioBitsPerSecond: 128_000,
            avcConfiguration: [1, 0x42, 0xC0, 0x1E, 0xFF, 0xE0, 0], audioSpecificConfig: [0x11, 0x90])
    }()

    /// - Parameters:
    ///   - first: the DTS of the first picture, in milliseconds.
    ///   - byteCount: of each picture, 30 of them a second.
    init(_ publisher: RTMPPublisher, first: Int64 = 0, byteCount: Int = 3000, sends: Bool = true) {
        let log = log
        let sending = Task {
            guard sends else { return }
            if let configuration = Self.configuration { publisher.send(configuration: configuration) }
            for number in 0..<Int64.max {
                publisher.send(packet: Self.picture(number, at: first + number * 1000 / 30, byteCount: byteCount))
                publisher.send(packet: Self.sound(at: first + number * 1000 / 30))
                do { try await Task.sleep(for: .milliseconds(33)) } catch { return }
            }
        }
        let following = Task {
            for await event in publisher.events { log.events.withLock { $0.append(event) } }
        }
        tasks = [sending, following]
        self.publisher = publisher
    }

    private final class SharedLog: Sendable { let events = Mutex<[PublishEvent]>([]) }

    var events: [PublishEvent] { log.events.withLock { $0 } }

    /// How it ended; nil while it has not.
    var end: PublishEnd? { publisher.statistics.end }

    var error: PublishError? { if case .failed(let error)? = end { error } else { nil } }

    func finish(goodbye: Bool = false) async {
        tasks[0].cancel()
        await publisher.close(goodbye: goodbye)
        for task in tasks { await task.value }
    }

    static func picture(_ number: Int64, at milliseconds: Int64, byteCount: Int = 3000) -> Packet {
        let time = MediaTime(milliseconds: milliseconds)
        return Packet(
            kind: .video(isIDR: number % 30 == 0, isDisposable: false), dts: time, pts: time,
            bytes: [0, 0, 0, 1, 0x65] + [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: byteCount))
    }

    static func sound(at milliseconds: Int64) -> Packet {
        let time = MediaTime(milliseconds: milliseconds)
        return Packet(kind: .audio, dts: time, pts: time, bytes: [UInt8](repeating: 0x21, count: 300))
    }
}
