import BulkheadChildren
import BulkheadFrames
import BulkheadMedia
import BulkheadSystem
import BulkheadTimeline
import BulkheadWire

/// All that two encoders must be told alike to write streams that fit together.
struct EncodingSettings: Hashable, Sendable {
    var video: VideoSettings
    var audioBitsPerSecond: UInt32
}

/// The master's face of one encoder process. It lives on the reactor's thread.
///
/// Frames are given without waiting for an answer; answers come through the callbacks, in decoding order.
final class EncoderStub {
    /// What an encoder says of itself once x264 and AAC are open.
    struct Ready: Hashable {
        let avcConfiguration: [UInt8]
        let audioSpecificConfig: [UInt8]
        /// How many frames it may hold before it must answer.
        let maximumDelay: Int
        let reorderDepth: UInt32
    }

    /// Called when the encoder is open and can be given frames.
    var onReady: ((Ready) -> Void)?
    /// Called with access units, sound and the end of a flush; other replies are dealt with here.
    var onReply: ((EncoderReply) -> Void)?
    /// Called when the encoder can't take the settings; it is ended afterwards.
    var onRefused: ((Refusal) -> Void)?
    var onEnd: ((ChildEnd) -> Void)?

    let child: Child
    /// As it was opened, and reconfigured since.
    private(set) var settings: EncodingSettings
    private(set) var ready: Ready?
    /// Which stream configuration its access units belong to; set when it is ready.
    var configuration = 0
    /// Frames given and not answered.
    private(set) var outstanding = 0
    /// It has been given something to encode.
    private(set) var wasUsed = false
    /// Since when the encoder has owed an answer without giving one; nil when it owes none.
    private(set) var owesSince: MonotonicTime?
    /// When it last said anything.
    private(set) var lastSign = MonotonicTime.now
    private var hasAnswered = false
    private var knownPools: Set<UInt32> = []
    /// That of the pools when they were announced last.
    private var poolRevision: Int?
    private var isFlushing = false
    private var isProbed = false

    init(_ child: Child, _ settings: EncodingSettings) {
        self.child = child
        self.settings = settings
        owesSince = .now
        child.onGreeted = { [weak self] in self?.configure() }
        child.onFrame = { [weak self] in self?.take($0) }
        child.onEnd = { [weak self] end in self?.onEnd?(end) }
        if child.isGreeted { configure() }
    }

    /// Announces those of `pools` that the encoder does not know yet.
    func announce(_ pools: FramePools) {
        guard pools.revision != poolRevision else { return }
        for shape in pools.shapes where !knownPools.contains(shape.id) {
            // Out of descriptors: the frames of that pool can't be encoded now, and its messages must not go out.
            guard let descriptor = try? pools.readerDescriptor(of: shape.id) else {
                child.dismiss("the frame pool could not be handed over: no descriptor is free")
                return
            }
            knownPools.insert(shape.id)
            child.send(EncoderRequest.pool(shape), descriptor: descriptor)
        }
        poolRevision = pools.revision
    }

    func dropPool(_ id: UInt32) {
        if knownPools.remove(id) != nil { child.send(EncoderRequest.dropPool(id: id)) }
    }

    func encode(_ entry: CommitLedger.Entry, forceIDR: Bool) {
        outstanding += 1
        wasUsed = true
        if owesSince == nil, owes { owesSince = .now }
        child.send(EncoderRequest.encode(frame: entry.frame, slot: entry.slot, forceIDR: forceIDR))
    }

    func encode(_ block: AudioLedger.Block) {
        wasUsed = true
        child.send(EncoderRequest.encodeAudio(block: block.number, samples: block.samples))
    }

    func flush() {
        isFlushing = true
        owesSince = owesSince ?? .now
        child.send(EncoderRequest.flush)
    }

    /// Changes the bitrate from the next frame on.
    func reconfigure(bitsPerSecond: UInt32) {
        settings.video.bitsPerSecond = bitsPerSecond
        child.send(EncoderRequest.reconfigure(bitsPerSecond: bitsPerSecond))
    }

    /// Asks one that has nothing to do for a sign of life, now and then: a standby that hangs is of no use.
    func probe() {
        guard ready != nil, owesSince == nil, MonotonicTime.now.since(lastSign) > Self.probeInterval.nanoseconds else {
            return
        }
        isProbed = true
        owesSince = .now
        child.send(EncoderRequest.probe)
    }

    private static let probeInterval = Duration.milliseconds(500)

    /// How many frames it may look at before its next answer: none is late before it had time for them.
    var framesBeforeAnswer: Int { hasAnswered ? 0 : ready?.maximumDelay ?? 0 }

    private func configure() {
        child.send(EncoderRequest.configure(settings.video, audioBitsPerSecond: settings.audioBitsPerSecond))
    }

    private var owes: Bool { ready == nil || isFlushing || isProbed || outstanding > (ready?.maximumDelay ?? 0) }

    private func take(_ frame: WireFrame) {
        lastSign = .now
        let reply: EncoderReply
        do { reply = try EncoderReply(frame) } catch {
            child.dismiss("it sent what can't be understood: \(error)")
            return
        }
        switch reply {
        case .ready(let avc, let asc, let maximumDelay, let reorderDepth):
            guard ready == nil, maximumDelay <= 1000, reorderDepth <= 16, avc.count >= 7, !asc.isEmpty else {
                child.dismiss("it described itself twice or outside every range")
                return
            }
            let description = Ready(
                avcConfiguration: avc, audioSpecificConfig: asc, maximumDelay: Int(maximumDelay),
                reorderDepth: reorderDepth)
            ready = description
            owesSince = nil
            onReady?(description)
        case .refused(let refusal):
            onRefused?(refusal)
            child.dismiss("it refused the settings: \(refusal)")
        case .accessUnit(let unit):
            guard unit.isWellFormed else {
                child.dismiss("it sent an access unit for frame \(unit.frame) that is none")
                return
            }
            outstanding = max(0, outstanding - 1)
            hasAnswered = true
            owesSince = owes ? .now : nil
            onReply?(reply)
        case .audioPacket:
            onReply?(reply)
        case .flushed:
            isFlushing = false
            owesSince = nil
            onReply?(reply)
        case .alive:
            isProbed = false
            owesSince = owes ? .now : nil
        }
    }
}
