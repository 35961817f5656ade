import BulkheadChildren
import BulkheadFrames
import BulkheadMedia
import BulkheadModel
import BulkheadSystem
import BulkheadTimeline
import BulkheadWire

/// The master's face of one encoder process: it writes requests and reads answers, and decides nothing. It is confined
/// to the reactor's thread.
final class EncoderStub {
    let id: ChildID
    let child: Child
    /// Called with every answer that can be understood, in decoding order.
    var onReply: ((EncoderReply) -> Void)?
    /// Called once, last.
    var onEnd: ((ChildEnd) -> Void)?

    /// When it last said anything.
    private(set) var lastSign = MonotonicTime.now
    /// How it has ended; nil while it has not.
    private(set) var end: ChildEnd?
    private let settings: EncodingSettings
    private var knownPools: Set<UInt32> = []
    /// That of the pools when they were announced last.
    private var poolRevision: Int?

    init(_ id: ChildID, _ child: Child, _ settings: EncodingSettings) {
        self.id = id
        self.child = child
        self.settings = settings
        child.onGreeted = { [weak self] in self?.configure() }
        child.onFrame = { [weak self] in self?.take($0) }
        child.onEnd = { [weak self] end in
            self?.end = end
            self?.onEnd?(end)
        }
    }

    /// Begins to listen to a child that this master has launched, or goes on with one that has said hello already.
    func activate() {
        guard !child.isGreeted else { return configure() }
        do { try child.activate() } catch { child.dismiss("it could not be watched: \(error)") }
    }

    private func configure() {
        child.send(EncoderRequest.configure(settings.video, audioBitsPerSecond: settings.audioBitsPerSecond))
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

    func encode(_ entry: CommitLedger.Entry, forceIDR: Bool, from pools: FramePools) {
        announce(pools)
        child.send(EncoderRequest.encode(frame: entry.frame, slot: entry.slot, forceIDR: forceIDR))
    }

    func encode(_ block: AudioLedger.Block) {
        child.send(EncoderRequest.encodeAudio(block: block.number, samples: block.samples))
    }

    func send(_ request: EncoderRequest) { child.send(request) }

    private func take(_ frame: WireFrame) {
        lastSign = .now
        do {
            let reply = try EncoderReply(frame)
            if case .accessUnit(let unit) = reply, !unit.isWellFormed {
                return child.dismiss("it sent an access unit for frame \(unit.frame) that is none")
            }
            onReply?(reply)
        } catch {
            child.dismiss("it sent what can't be understood: \(error)")
        }
    }
}
