import BulkheadChildren
import BulkheadEvents
import BulkheadFrames
package import BulkheadMedia
package import BulkheadModel
package import BulkheadRoom
import BulkheadSystem
package import BulkheadTimeline
package import BulkheadWire

/// Makes one picture of several for the frames that show more than one input, between the program and the next room.
///
/// In: frames in order, each a composition or a picture as it is. Out: the same, in order and each once, to `outlet`. A frame
/// that can't be mixed in time shows its fallback. Which mixer works and what becomes of a frame is decided by
/// ``MixerMachine``; mixers are talked to by ``MixerStub``. It lives on the reactor's thread.
package final class Mixer {
    /// Called when the last mixer has ended.
    package var onEmpty: (() -> Void)?

    private let context: RoomContext
    private let post: PostID
    private let outlet: any FrameOutlet
    private let progressed: () -> Void
    private var machine: MixerMachine
    private var canvas: Canvas
    private var stubs: [ChildID: MixerStub] = [:]
    private var timer: (token: Reactor.Token, deadline: MonotonicTime)?
    private let work = ActionQueue<MixerMachine.Action>()
    /// The broadcast was told that these are ready: not again when they take over.
    private var told: Set<ChildID> = []
    private var framesMixed = 0
    private var unmixed = UnmixedFrames()

    /// - Parameters:
    ///   - canvas: the size of what is drawn.
    ///   - terms: how long a frame may take.
    ///   - outlet: where frames go next.
    ///   - progressed: called when a frame has left by itself, and not because another one came in.
    package init(
        canvas: Canvas, terms: MixerMachine.Terms, in context: RoomContext, outlet: any FrameOutlet,
        progressed: @escaping () -> Void
    ) {
        self.canvas = canvas
        self.context = context
        self.outlet = outlet
        self.progressed = progressed
        post = context.nextPostID()
        machine = MixerMachine(terms)
    }

    // MARK: the way through

    /// Starts mixers, or lets them go: none is needed as long as every frame is one picture.
    package func want(_ isWanted: Bool) { handle(.want(isWanted)) }

    /// Gives a frame that shows `composition`. Its slots and the fallback are held here as long as they are needed.
    ///
    /// - Parameter fallback: what the frame shows where it can't be mixed in time, a picture of the canvas's size.
    package func mix(_ frame: FrameNumber, _ composition: Composition<SlotReference>, fallback: SlotReference) {
        context.pools.retain(fallback)
        for slot in composition.pictures { context.pools.retain(slot) }
        handle(.frame(MixFrame(frame, composition, fallback: fallback)))
    }

    /// Gives a frame that shows the picture in `slot` as it is; it leaves behind those that are still being mixed.
    package func pass(_ frame: FrameNumber, _ slot: SlotReference) {
        context.pools.retain(slot)
        if machine.isEmpty, !work.isWorking { return outlet.take(TimelineFrame(frame: frame, slot: slot)) }
        handle(.frame(MixFrame(frame, nil, fallback: slot)))
    }

    /// Frames of another size are drawn from now on, by other mixers.
    package func change(_ canvas: Canvas) {
        guard canvas != self.canvas else { return }
        self.canvas = canvas
        handle(.renew)
    }

    /// The first mixer is on its way: a frame that waits for it is mixed.
    package var isStarting: Bool { machine.isStarting }

    /// Has a fresh process take over, without a frame that is not mixed.
    /// - Throws: kind `control`, where no mixer is at work.
    package func restart() throws(BroadcastError) {
        guard let child = machine.holder(of: .onAir) else {
            throw BroadcastError(
                code: .noMixer, "no mixer is at work: one picture is shown alone", advice: "nothing is to be done")
        }
        context.post(.mixer(child), .child(.restarting))
        handle(.restart)
    }
    /// A mixer is there that draws in the size that is wanted.
    package var isReady: Bool { machine.isReady }
    /// No frame is here.
    package var isDrained: Bool { machine.isEmpty }
    /// How many frames are here.
    package var waitingCount: Int { machine.waitingCount }

    /// How much of the timeline is here and behind.
    package var load: FrameLoad {
        var load = outlet.load
        load.frames += machine.waitingCount
        return load
    }

    // MARK: machine

    private func handle(_ event: MixerMachine.Event) {
        work.append(contentsOf: machine.handle(event, at: .now))
        armTimer()
        work.run { carryOut($0) }
    }

    private func carryOut(_ action: MixerMachine.Action) {
        switch action {
        case .launch(let duty, let delay): launch(duty, after: delay)
        case .retire(let child): stubs[child]?.child.hangUp()
        case .dismiss(let child, let reason): stubs[child]?.child.dismiss(reason)
        case .compose(let child, let frame):
            guard let composition = frame.composition, stubs[child]?.compose(frame.frame, composition) == true else {
                return handle(.notGiven(child))
            }
        case .leave(let frame): outlet.take(frame)
        case .release(let slot): context.pools.release(slot)
        case .unmixed:
            if let happening = unmixed.note(at: .now) { context.post(.timeline, .timeline(happening)) }
        case .tookOver(let child, let duty):
            context.post(
                .mixer(child), .child(.tookOver(pid: stubs[child]?.child.pid ?? 0, was: duty, frame: nil)))
        case .onAir(let child): reportReady(child, .onAir)
        case .standbyReady(let child):
            reportReady(child, .standby)
            context.recovered(.mixer(child, .standby), at: post)
        case .worked(let child): context.recovered(.mixer(child), at: post)
        case .progress: progressed()
        }
    }

    private func reportReady(_ child: ChildID, _ duty: Duty) {
        guard let stub = stubs[child], told.insert(child).inserted else { return }
        context.post(.mixer(child, duty), .child(.ready(pid: stub.child.pid, plugins: nil)))
    }

    private func armTimer() {
        guard let deadline = machine.deadline else { return }
        // One that comes too early finds nothing to do and is set again.
        if let timer {
            guard deadline < timer.deadline else { return }
            context.reactor.cancel(timer.token)
        }
        let token = context.schedule(at: deadline) { [weak self] in
            self?.timer = nil
            self?.handle(.timeout)
        }
        timer = (token, deadline)
    }

    // MARK: mixers

    private func launch(_ duty: Duty, after delay: Duration) {
        context.launch(after: delay) { [weak self] () throws(BroadcastError) in
            guard let self else { return }
            guard machine.wants(duty) else { return handle(.notLaunched(duty)) }
            try start(duty)
        }
    }

    private func start(_ duty: Duty) throws(BroadcastError) {
        let process: Child
        let pool: UInt32
        do throws(ChildLaunchError) {
            do { pool = try context.pools.create(canvas, slotCount: outlet.load.limit + 16) } catch {
                throw .system(error)
            }
            do { process = try Child(.mixer, context.programs.launch(.mixer), on: context.reactor) } catch {
                context.pools.retire(pool)
                throw error
            }
        } catch {
            throw BroadcastError(starting: "the mixer", error)
        }
        let stub = MixerStub(process, canvas: canvas, pool: pool, of: context.pools)
        let child = context.nextChildID()
        stubs[child] = stub
        stub.onReady = { [weak self] in
            self?.handle(.ready(child))
            // The start may have waited for it.
            self?.progressed()
        }
        stub.onComposed = { [weak self] in self?.composed(child, $0, $1) }
        stub.onEnd = { [weak self] in self?.ended(child, $0) }
        stub.activate()
        context.post(.mixer(child, duty), .child(.started(pid: process.pid, isForeign: false)))
        handle(.launched(child, duty))
    }

    private func composed(_ child: ChildID, _ frame: FrameNumber, _ slot: SlotReference) {
        framesMixed += 1
        handle(.composed(child, frame, slot))
    }

    private func ended(_ child: ChildID, _ end: ChildEnd) {
        guard let stub = stubs.removeValue(forKey: child) else { return }
        told.remove(child)
        let duty = machine.duty(of: child)
        if end.cause != .released, let duty, duty != .retired {
            var death = RoomContext.Death(pid: stub.child.pid, lastSign: stub.lastSign)
            death.frame = stub.frame
            context.died(.mixer(child, duty), at: post, end, death)
        }
        handle(.ended(child, "\(end.cause)"))
        context.pools.retire(stub.pool)
        if stubs.isEmpty { onEmpty?() }
    }

    // MARK: the end

    /// No mixer is left.
    package var isEmpty: Bool { stubs.isEmpty }

    /// Mixers give up what they have mapped of pool `id`.
    package func drop(pool id: UInt32) { for stub in stubs.values { stub.dropPool(id) } }

    /// The broadcast ends: no mixer is started any more.
    package func end() { handle(.stop) }

    /// Lets all mixers end by themselves.
    package func hangUp() { for stub in stubs.values { stub.child.hangUp() } }

    /// Ends all mixers.
    package func dismiss(_ reason: String) { for stub in stubs.values { stub.child.dismiss(reason) } }

    /// Ends the timer: nothing more comes.
    package func close() {
        if let timer { context.reactor.cancel(timer.token) }
        timer = nil
    }

    package var snapshot: MixerSnapshot {
        let children = [Duty.onAir, .standby].map { duty in
            let holder = machine.holder(of: duty)
            let record = machine.record(of: duty)
            return ChildStatus(
                part: .mixer(holder ?? 0, duty), pid: holder.flatMap { stubs[$0]?.child.pid }, state: record.state,
                restarts: record.restarts, lastEnd: record.lastEnd)
        }
        return MixerSnapshot(
            children: children, framesMixed: framesMixed, framesUnmixed: unmixed.count,
            framesWaiting: machine.waitingCount)
    }
}

/// The mixers at one moment.
package struct MixerSnapshot: Codable, Hashable, Sendable {
    /// On air, and standby.
    package let children: [ChildStatus]
    /// Pictures that mixers have drawn.
    package let framesMixed: Int
    /// Frames that show the main input alone, because they were not mixed in time.
    package let framesUnmixed: Int
    /// Frames on their way through.
    package let framesWaiting: Int
}
