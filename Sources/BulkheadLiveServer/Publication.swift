import BulkheadRTMP
import NIOCore

/// One message stream on which a connection publishes.
final class Publication {
    private static let windowSeconds: Int64 = 5
    /// Of so many messages one at least has to be of a stream.
    private static let noiseShare = 10

    let stream: LiveStream
    private var judge = StreamJudge()
    private var videoMessageCount = 0
    private var audioMessageCount = 0
    private var byteCount = 0
    private var lastMedia = NIODeadline.now()
    /// Since noise was looked for last.
    private var noise = (start: NIODeadline.now(), count: 0, mediaCount: 0)
    /// What it was found to have sent instead of a stream, in messages.
    private var noiseCount = 0
    private var windowStart = NIODeadline.now()
    private var windowByteCount = 0

    init(stream: LiveStream) { self.stream = stream }

    /// Counts a message.
    /// - Returns: whether players are to have it.
    func takes(_ message: Message) -> Bool {
        if message.type == .video { videoMessageCount += 1 }
        if message.type == .audio { audioMessageCount += 1 }
        byteCount += message.payload.readableBytes
        windowByteCount += message.payload.readableBytes
        switch judge.judge(message) {
        case .media:
            lastMedia = .now()
            noise.mediaCount += 1
            return true
        case .other: return true
        case .noise:
            noise.count += 1
            return false
        }
    }

    /// Why it counts as idle.
    var idleReason: String {
        noiseCount == 0
            ? "the publisher sent nothing"
            : "the publisher sent no stream that is known: \(noiseCount) messages that are no picture or sound of one"
    }

    /// The rule that the publisher breaks, if any.
    func fault(at now: NIODeadline, options: LiveServerOptions) -> PublishSummary.Reason? {
        let patience = TimeAmount(options.publisherIdleTimeout)
        if now - lastMedia > patience {
            noiseCount = noise.count
            return .idle
        }
        if now - noise.start > patience {
            defer { noise = (now, 0, 0) }
            guard noise.count < noise.mediaCount * Self.noiseShare || noise.count == 0 else {
                noiseCount = noise.count
                return .idle
            }
        }
        guard now - windowStart >= .seconds(Self.windowSeconds) else { return nil }
        defer { (windowStart, windowByteCount) = (now, 0) }
        guard let limit = options.publisherBitsPerSecondLimit else { return nil }
        return windowByteCount / Int(Self.windowSeconds) > limit / 8 ? .overBitrate : nil
    }

    func summary(_ reason: PublishSummary.Reason) -> PublishSummary {
        PublishSummary(
            reason: reason, videoMessageCount: videoMessageCount, audioMessageCount: audioMessageCount,
            byteCount: byteCount)
    }
}
