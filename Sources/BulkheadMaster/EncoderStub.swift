import BulkheadFrames
import BulkheadMedia
import BulkheadSupervision
import BulkheadSystem
import BulkheadWire

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
    private(set) var ready: Ready?
    /// Frames given and not answered.
    private(set) var outstanding = 0
    /// Since when the encoder has owed an answer without giving one; nil when it owes none.
    private(set) var owesSince: MonotonicTime?
    private let settings: EncoderRequest
    private var knownPools: Set<UInt32> = []
    private var isFlushing = false

    init(_ child: Child, _ video: VideoSettings, audioBitsPerSecond: UInt32) {
        self.child = child
        settings = .configure(video, audioBitsPerSecond: audioBitsPerSecond)
        owesSince = .now
        child.onGreeted = { [weak self] in self?.configure() }
        child.onFrame = { [weak self] in self?.take($0) }
        child.onEnd = { [weak self] end in self?.onEnd?(end) }
        if child.isGreeted { configure() }
    }

    /// Announces those of `pools` that the encoder does not know yet.
    func announce(_ pools: FramePools) {
        for shape in pools.shapes where !knownPools.contains(shape.id) {
            // Out of descriptors: the frames of that pool can't be encoded now, and its messages must not go out.
            guard let descriptor = try? pools.readerDescriptor(of: shape.id) else {
                child.dismiss("the frame pool could not be handed over: no descriptor is free")
                return
            }
            knownPools.insert(shape.id)
            child.send(EncoderRequest.pool(shape), descriptor: descriptor)
        }
    }

    func dropPool(_ id: UInt32) {
        if knownPools.remove(id) != nil { child.send(EncoderRequest.dropPool(id: id)) }
    }

    func encode(_ entry: CommitLedger.Entry, forceIDR: Bool) {
        outstanding += 1
        if owesSince == nil, owes { owesSince = .now }
        child.send(EncoderRequest.encode(frame: entry.frame, slot: entry.slot, forceIDR: forceIDR))
    }

    func encode(_ block: AudioLedger.Block) {
        child.send(EncoderRequest.encodeAudio(block: block.number, samples: block.samples))
    }

    func flush() {
        isFlushing = true
        owesSince = owesSince ?? .now
        child.send(EncoderRequest.flush)
    }

    private func configure() { child.send(settings) }

    private var owes: Bool { ready == nil || isFlushing || outstanding > (ready?.maximumDelay ?? 0) }

    private func take(_ frame: WireFrame) {
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
        case .accessUnit:
            outstanding = max(0, outstanding - 1)
            owesSince = owes ? .now : nil
            onReply?(reply)
        case .audioPacket:
            onReply?(reply)
        case .flushed:
            isFlushing = false
            owesSince = nil
            onReply?(reply)
        }
    }
}
