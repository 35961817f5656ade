package import BulkheadChildren
package import BulkheadFrames
package import BulkheadMedia
package import BulkheadSystem
package import BulkheadWire

/// The master's face of one mixer, and of the pool it writes to. It lives on the reactor's thread.
package final class MixerStub {
    /// Called when it can be given frames.
    package var onReady: (() -> Void)?
    /// Called with a frame and the slot that it is drawn in, which is held once.
    package var onComposed: ((FrameNumber, SlotReference) -> Void)?
    /// Called once, last.
    package var onEnd: ((ChildEnd) -> Void)?

    /// The process.
    package let child: Child
    /// The pool that it writes to.
    package let pool: UInt32
    /// When it last said anything.
    package private(set) var lastSign = MonotonicTime.now
    /// The frame that it has been given.
    package var frame: FrameNumber? { inHand?.frame }

    private let pools: FramePools
    private let canvas: Canvas
    private var isReady = false
    private var knownPools: Set<UInt32> = []
    private var inHand: (frame: FrameNumber, result: UInt32)?

    /// - Parameter pool: a new pool of `pools` with slots of `canvas`, which this mixer will write to.
    package init(_ child: Child, canvas: Canvas, pool: UInt32, of pools: FramePools) {
        self.child = child
        self.canvas = canvas
        self.pool = pool
        self.pools = pools
        child.onGreeted = { [weak self] in self?.open() }
        child.onFrame = { [weak self] in self?.take($0) }
        child.onEnd = { [weak self] in self?.onEnd?($0) }
    }

    /// Begins to listen to the mixer. Call it once the callbacks are set.
    package func activate() {
        do { try child.activate() } catch { child.dismiss("it could not be watched: \(error)") }
    }

    /// Has a frame drawn. False when no result slot is free, when a picture is in no pool that can be read, and when a part
    /// lies outside its picture or the canvas: while sizes change, what is laid out for one is not for the other.
    package func compose(_ frame: FrameNumber, _ composition: Composition<SlotReference>) -> Bool {
        guard isReady, inHand == nil, fits(composition), composition.pictures.allSatisfy({ announce($0.pool) }),
            let result = pools.lend(from: pool)
        else { return false }
        inHand = (frame, result)
        child.send(MixerRequest.compose(frame: frame, composition, result: result))
        return true
    }

    private func fits(_ composition: Composition<SlotReference>) -> Bool {
        composition.groups.allSatisfy { group in
            group.clip.lies(within: canvas)
                && group.layers.allSatisfy { layer in
                    guard let size = pools.canvas(of: layer.picture.pool) else { return false }
                    return layer.placement.source.lies(within: size) && layer.placement.target.lies(within: canvas)
                }
        }
    }

    /// The mixer gives up what it has mapped of pool `id`.
    package func dropPool(_ id: UInt32) {
        if knownPools.remove(id) != nil { child.send(MixerRequest.dropPool(id: id)) }
    }

    /// Hands a pool over that the mixer does not know yet.
    /// - Returns: false where that was not possible.
    private func announce(_ id: UInt32) -> Bool {
        guard !knownPools.contains(id) else { return true }
        guard let shape = pools.shape(of: id), let canvas = pools.canvas(of: id),
            let descriptor = try? pools.readerDescriptor(of: id)
        else { return false }
        knownPools.insert(id)
        child.send(MixerRequest.pool(shape, canvas, hasAlpha: pools.hasAlpha(id)), descriptor: descriptor)
        return true
    }

    private func open() {
        guard let shape = pools.shape(of: pool), let descriptor = try? pools.writerDescriptor(of: pool) else {
            return child.dismiss("its frame pool could not be handed over: no descriptor is free")
        }
        child.send(MixerRequest.configure(shape, canvas), descriptor: descriptor)
    }

    private func take(_ frame: WireFrame) {
        lastSign = .now
        let reply: MixerReply
        do { reply = try MixerReply(frame) } catch {
            return child.dismiss("it sent what can't be understood: \(error)")
        }
        switch reply {
        case .ready:
            guard !isReady else { return child.dismiss("it said twice that it is ready") }
            do { try pools.seal(pool) } catch {
                return child.dismiss("its frame pool could not be sealed: \(error)")
            }
            isReady = true
            onReady?()
        case .composed(let frame):
            guard let hand = inHand, hand.frame == frame else {
                return child.dismiss("it answered for frame \(frame), which it was not given")
            }
            inHand = nil
            let slot = SlotReference(pool: pool, slot: hand.result)
            guard pools.takeFilled(slot) else { return }
            onComposed?(frame, slot)
        }
    }
}
