import BulkheadFrames
import BulkheadMedia
import BulkheadSupervision
import BulkheadSystem
import BulkheadWire

/// The master's face of one plugin host, and of the pool it writes its results to. It lives on the reactor's thread.
final class PluginStub {
    /// Called when every plugin of the chain is loaded or refused.
    var onChainReady: (() -> Void)?
    var onRefused: ((_ path: String, Refusal) -> Void)?
    /// Called with the result of ``process(_:pts:input:)``: the slot it is in, held once, or nil when nothing changed.
    var onProcessed: ((FrameNumber, SlotReference?) -> Void)?
    /// A line from a plugin, by its number, or with 0 from the host.
    var onLog: ((UInt32, PluginLogLevel, String) -> Void)?
    var onEnd: ((ChildEnd) -> Void)?

    let child: Child
    let pool: UInt32
    /// Since when the host has owed an answer; nil when it owes none.
    private(set) var owesSince: MonotonicTime? = .now
    private(set) var loaded: [UInt32: String] = [:]
    private(set) var isReady = false
    private let pools: FramePools
    private let canvas: Canvas
    private let frameRate: FrameRate
    private let chain: [PluginSettings]
    private var unanswered: Set<UInt32>
    private var knownPools: Set<UInt32> = []
    private var inHand: (frame: FrameNumber, result: UInt32)?

    /// - Parameter pool: a new pool of `pools`, which this host will write to.
    init(
        _ child: Child, chain: [PluginSettings], canvas: Canvas, frameRate: FrameRate, pool: UInt32,
        of pools: FramePools
    ) {
        self.child = child
        self.chain = chain
        self.canvas = canvas
        self.frameRate = frameRate
        self.pool = pool
        self.pools = pools
        unanswered = Set(chain.map(\.id))
        child.onGreeted = { [weak self] in self?.open() }
        child.onFrame = { [weak self] in self?.take($0) }
        child.onEnd = { [weak self] end in self?.onEnd?(end) }
    }

    /// It has plugins, and nothing in hand.
    var canProcess: Bool { isReady && unanswered.isEmpty && !loaded.isEmpty && inHand == nil }

    /// Runs the chain on a picture. False when no result slot is free, or the picture is of another size.
    func process(_ frame: FrameNumber, pts: MediaTime, input: SlotReference) -> Bool {
        guard canProcess, pools.canvas(of: input.pool) == canvas, let result = pools.lend(from: pool) else {
            return false
        }
        inHand = (frame, result)
        owesSince = .now
        announcePools()
        child.send(PluginRequest.process(frame: frame, pts: pts.nanoseconds, input: input, result: result))
        return true
    }

    func dropPool(_ id: UInt32) {
        if knownPools.remove(id) != nil { child.send(PluginRequest.dropPool(id: id)) }
    }

    private func announcePools() {
        for shape in pools.shapes where shape.id != pool && !knownPools.contains(shape.id) {
            guard let descriptor = try? pools.readerDescriptor(of: shape.id) else {
                child.dismiss("the frame pool could not be handed over: no descriptor is free")
                return
            }
            knownPools.insert(shape.id)
            child.send(PluginRequest.pool(shape), descriptor: descriptor)
        }
    }

    private func open() {
        guard let shape = pools.shape(of: pool), let descriptor = try? pools.writerDescriptor(of: pool) else {
            child.dismiss("its frame pool could not be handed over: no descriptor is free")
            return
        }
        child.send(PluginRequest.resultPool(shape, canvas, frameRate), descriptor: descriptor)
        for plugin in chain { child.send(PluginRequest.load(plugin)) }
    }

    private func take(_ frame: WireFrame) {
        let reply: PluginReply
        do { reply = try PluginReply(frame) } catch {
            child.dismiss("it sent what can't be understood: \(error)")
            return
        }
        switch reply {
        case .ready:
            isReady = true
            do { try pools.seal(pool) } catch {
                child.dismiss("its frame pool could not be sealed: \(error)")
                return
            }
            noteChain()
        case .loaded(let id, let name, _, _):
            guard unanswered.remove(id) != nil else { return dismissForAnswer(id) }
            loaded[id] = name
            noteChain()
        case .refused(let id, let refusal):
            guard unanswered.remove(id) != nil else { return dismissForAnswer(id) }
            onRefused?(chain.first { $0.id == id }?.path ?? "a plugin", refusal)
            noteChain()
        case .unloaded(let id):
            loaded[id] = nil
        case .processed(let frame, let changed, _):
            guard let inHand, inHand.frame == frame else {
                child.dismiss("it answered for frame \(frame), which it was not given")
                return
            }
            self.inHand = nil
            owesSince = nil
            let result = SlotReference(pool: pool, slot: inHand.result)
            if changed {
                _ = pools.takeFilled(result)
                onProcessed?(frame, result)
            } else {
                pools.takeUnfilled(result)
                onProcessed?(frame, nil)
            }
        case .log(let id, let level, let text): onLog?(id, level, text)
        case .parameterSet: dismissForUnasked("a parameter")
        case .processedAudio: dismissForUnasked("sound")
        }
    }

    private func dismissForUnasked(_ what: String) { child.dismiss("it answered for \(what), unasked") }

    private func dismissForAnswer(_ id: UInt32) {
        child.dismiss("it answered for plugin \(id), for which it had nothing to answer")
    }

    private func noteChain() {
        guard isReady, unanswered.isEmpty else { return }
        owesSince = nil
        onChainReady?()
    }
}
