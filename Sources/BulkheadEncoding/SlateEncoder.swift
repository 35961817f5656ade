import BulkheadChildren
import BulkheadEvents
import BulkheadFrames
package import BulkheadMedia
import BulkheadModel
package import BulkheadRoom
import BulkheadSystem
package import BulkheadTimeline
package import BulkheadWire

/// Has one GOP of a slate encoded for a stream that is not encoded itself, by a process that ends when it is done.
///
/// In: a slate's picture and what it is to fit to. Out: its access units, to `onLoop`. It is confined to the reactor's
/// thread.
package final class SlateEncoder {
    /// What is to be encoded.
    private struct Order {
        /// Held once until it is done, or gives way to another.
        let slot: SlotReference
        let settings: EncodingSettings
        var attempts = 0
    }

    /// Called when its last process has ended.
    package var onEmpty: (() -> Void)?

    private let context: RoomContext
    private let post: PostID
    private let onLoop: (SlateLoop) -> Void
    private var maker = SlateMaker()
    private var order: Order?
    private var stubs: [ChildID: EncoderStub] = [:]
    private var state: EncoderState?
    private var isOver = false

    /// It is tried so often.
    private static let mostAttempts = 3
    private static let bitsPerSecond: UInt32 = 1_000_000

    package init(in context: RoomContext, onLoop: @escaping (SlateLoop) -> Void) {
        self.context = context
        self.onLoop = onLoop
        post = context.nextPostID()
    }

    /// Encodes the picture in `slot`, which is held once.
    /// - Parameter profile: `baseline`, `main` or `high`, as the stream has it.
    package func encode(_ slot: SlotReference, _ canvas: Canvas, _ frameRate: FrameRate, profile: String) {
        dismiss("another slate is to be encoded")
        release()
        guard !isOver else { return context.pools.release(slot) }
        let interval = (2 * frameRate.framesPerSecond).rounded()
        order = Order(
            slot: slot,
            settings: EncodingSettings(
                video: VideoSettings(
                    canvas: canvas, frameRate: frameRate, bitsPerSecond: Self.bitsPerSecond, bufferMilliseconds: 1000,
                    keyframeInterval: UInt32(max(1, min(interval, 480))), bframes: 0, preset: "veryfast",
                    tune: "zerolatency", profile: profile, threads: 1), audioBitsPerSecond: 128_000))
        context.launch(after: .zero) { [weak self] () throws(BroadcastError) in try self?.launch() }
    }

    /// Looks after deadlines; to be called every 100 ms or so.
    package func look() {
        guard let state, let (child, stub) = stubs.first(where: { maker.employs($0.key) }), let order else { return }
        let late = state.isLate(at: .now, interval: order.settings.video.frameRate.interval, isFast: true, patience: 1)
        if let late { stub.child.dismiss("nothing came of encoder \(child) within \(late.inWords)") }
    }

    /// Lets its process end by itself; nothing is begun any more.
    package func hangUp() {
        isOver = true
        release()
        for stub in stubs.values { stub.child.hangUp() }
    }

    /// Ends its process.
    package func dismiss(_ reason: String) {
        for stub in stubs.values { stub.child.dismiss(reason) }
    }

    /// No process is left.
    package var isEmpty: Bool { stubs.isEmpty }

    private func release() {
        if let order { context.pools.release(order.slot) }
        order = nil
    }

    private func launch() throws(BroadcastError) {
        guard !isOver, let order, stubs.isEmpty || !stubs.keys.contains(where: maker.employs) else { return }
        let child: Child
        do { child = try Child(.encoder, context.programs.launch(.encoder), on: context.reactor) } catch {
            throw BroadcastError(starting: "the encoder", error)
        }
        let id = context.nextChildID()
        let stub = EncoderStub(id, child, order.settings)
        stubs[id] = stub
        maker = SlateMaker()
        maker.began(with: id)
        state = EncoderState(pid: child.pid, order.settings, at: .now)
        self.order?.attempts += 1
        stub.onReply = { [weak self] in self?.take($0, from: id) }
        stub.onEnd = { [weak self] in self?.ended(id, $0) }
        context.post(.slateEncoder(id), .child(.started(pid: child.pid, isForeign: false)))
        stub.activate()
    }

    private func take(_ reply: EncoderReply, from id: ChildID) {
        guard maker.employs(id), let stub = stubs[id], let order else { return }
        do { try state?.answered(reply, at: .now) } catch { return stub.child.dismiss("it lies: \(error)") }
        switch reply {
        case .ready(let avc, let asc, let delay, let depth):
            guard state?.isReady == false,
                let ready = EncoderState.Ready(
                    avcConfiguration: avc, audioSpecificConfig: asc, maximumDelay: delay, reorderDepth: depth,
                    of: order.settings.video)
            else { return stub.child.dismiss("it lies: it is ready in a way that can't be") }
            state?.opened(ready, at: .now)
            encode(order, by: stub)
        case .accessUnit(let unit):
            do throws(LedgerError) { try maker.take(unit) } catch { return stub.child.dismiss("it lies: \(error)") }
            if maker.isTooLong { stub.child.dismiss("its slate is longer than a still picture can be") }
        case .audioPacket(_, let bytes): maker.take(silence: bytes)
        case .flushed: finish(id, stub, order)
        case .refused(let refusal): stub.child.dismiss("\(refusal)")
        case .alive: break
        }
    }

    private func encode(_ order: Order, by stub: EncoderStub) {
        let work = SlateMaker.work(order.slot, keyframeInterval: order.settings.video.keyframeInterval)
        stub.announce(context.pools)
        for entry in work.frames {
            state?.gaveFrame(at: .now)
            stub.encode(entry, forceIDR: entry.frame == 0, from: context.pools)
        }
        for block in work.sound {
            state?.gaveSound()
            stub.encode(block)
        }
        state?.askedToFlush(at: .now)
        stub.send(.flush)
    }

    private func finish(_ id: ChildID, _ stub: EncoderStub, _ order: Order) {
        guard let ready = state?.ready else { return }
        let video = order.settings.video
        maker.finish(
            id,
            StreamConfiguration(
                canvas: video.canvas, frameRate: video.frameRate, videoBitsPerSecond: 0, audioBitsPerSecond: 0,
                avcConfiguration: ready.avcConfiguration, audioSpecificConfig: ready.audioSpecificConfig))
        stub.child.hangUp()
        release()
        if let loop = maker.loop { onLoop(loop) }
    }

    private func ended(_ id: ChildID, _ end: ChildEnd) {
        guard let stub = stubs.removeValue(forKey: id) else { return }
        let wasAtWork = maker.employs(id) && maker.loop == nil
        maker.ended(id, at: .now)
        if wasAtWork, !isOver, end.cause != .released {
            context.died(.slateEncoder(id), at: post, end, .init(pid: stub.child.pid, lastSign: stub.lastSign))
        }
        if wasAtWork, let order, order.attempts < Self.mostAttempts {
            context.launch(after: .seconds(1)) { [weak self] () throws(BroadcastError) in try self?.launch() }
        }
        if stubs.isEmpty { onEmpty?() }
    }
}
