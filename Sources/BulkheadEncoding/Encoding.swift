import BulkheadChildren
import BulkheadEvents
import BulkheadFrames
package import BulkheadMedia
package import BulkheadModel
package import BulkheadRoom
package import BulkheadSystem
package import BulkheadTimeline
package import BulkheadWire

/// Encodes the program.
///
/// In: frames and sound of the timeline, in order and each once, from the chain; the slate's picture from the program.
/// Out: packets to `outlet`, in DTS order and each once, and before the first of a configuration what players must know
/// for it. Back: room for more frames (``load``), slots that are free again (through the pools), and requests to the
/// broadcast (the `on…` closures).
///
/// Encoders are launched, talked to and ended here and nowhere else. What they are given, which of their answers go out
/// and what happens when one is gone is decided by ``EncodingMachine``, which has no clock and no child; this class only
/// carries its actions out, one after the other. It belongs to the broadcast and is confined to the reactor's thread.
package final class Encoding: FrameOutlet {
    /// An encoder has opened or frames are safe: slots are free, and a broadcast in no hurry may go on.
    package var onProgress: (() -> Void)?
    /// Pictures of this size are wanted from now on.
    package var onResize: ((Canvas) throws(BroadcastError) -> Void)?
    /// The broadcast can't go on.
    package var onFailure: ((BroadcastError) -> Void)?
    /// After ``finish()``: everything that was given has been sent.
    package var onDrained: (() -> Void)?
    /// The last encoder process has ended.
    package var onEmpty: (() -> Void)?

    private let context: RoomContext
    private let outlet: any PacketOutlet
    private let post: PostID
    private let door: EncoderDoor
    private var machine: EncodingMachine
    private var stubs: [ChildID: EncoderStub] = [:]
    /// Decided and not done yet: what is done may lead to new decisions, which come after it.
    private var pending: [EncodingMachine.Action] = []
    private var isPerforming = false
    /// An encoder has ended that is still among ``stubs``.
    private var hasEnded = false
    private var answer: ((BroadcastError?) -> Void)?

    /// - Parameter encoderAddress: where an encoder that is started by hand connects; empty where none does.
    package init(
        _ wanted: WantedEncoding, encoderAddress: String = "", _ context: RoomContext, outlet: any PacketOutlet
    ) {
        self.context = context
        self.outlet = outlet
        post = context.nextPostID()
        door = EncoderDoor(context)
        machine = EncodingMachine(wanted, encoderAddress: encoderAddress)
        door.onGreeted = { [weak self] id, caller in self?.handle(.connected(id, pid: caller.pid)) }
    }

    // MARK: the broadcast's course

    /// Starts the first encoder, or waits for one that is started by hand.
    package func start() throws(BroadcastError) {
        for action in machine.handle(.begin, at: .now) {
            if case .launch(let place, _) = action { try launch(place) } else { perform(action) }
        }
    }

    /// The first frame is due.
    package func wentOnAir() { handle(.onAir) }

    /// No more frames are cut.
    package func beginEnding() { handle(.ending) }

    /// The last frame has been given: ``onDrained`` follows when it has been sent.
    package func finish() { handle(.finish) }

    /// Nothing is of use any more: a change that is under way is given up.
    package func close() {
        handle(.over)
        door.close()
    }

    /// Closes all sockets: encoders end by themselves.
    package func hangUp() {
        door.close()
        for stub in stubs.values { stub.child.hangUp() }
    }

    /// Ends all encoders at once.
    package func kill(_ reason: String) {
        for stub in stubs.values { stub.child.dismiss(reason) }
    }

    /// No encoder process is left.
    package var isEmpty: Bool { stubs.isEmpty }

    /// Looks after all that shows only as time passing; to be called every 100 ms or so.
    package func look() { handle(.tick) }

    // MARK: what flows in

    package func take(_ frame: TimelineFrame) {
        handle(
            .frame(
                CommitLedger.Entry(frame: frame.frame, slot: frame.slot),
                canvas: context.pools.canvas(of: frame.slot.pool)))
    }

    package func take(_ block: AudioLedger.Block) { handle(.block(block)) }

    package var load: FrameLoad {
        var load = machine.load
        // Without `--fast` the timeline waits for no link.
        if machine.wanted.isFast { load.hasRoom = outlet.hasRoom }
        return load
    }

    /// The slate is this picture from now on; its slot stays held by the caller.
    package func slateIsDrawn(_ slot: SlotReference, _ canvas: Canvas) { handle(.slateDrawn(slot, canvas)) }

    /// No frame comes from this pool any more.
    package func dropPool(_ id: UInt32) {
        for stub in stubs.values { stub.dropPool(id) }
    }

    /// Takes in a process that was started by hand and has connected.
    package func connected(_ socket: consuming OwnedDescriptor, pid: Int32) { door.open(socket, pid: pid) }

    // MARK: requests

    /// A change is under way.
    package var isChanging: Bool { machine.change != nil }

    /// Goes over to a new encoder with these settings, which may be the same as before.
    ///
    /// - Parameter done: called once, with an error when everything stays as it was.
    package func change(to wanted: WantedEncoding, done: @escaping (BroadcastError?) -> Void) {
        guard !isChanging else {
            return done(
                BroadcastError(code: .changeUnderWay, "another change is under way", advice: "try again in a moment"))
        }
        answer = done
        handle(.change(wanted))
    }

    /// A person wants another video bitrate: encoders change it in place, whatever the links could carry before.
    package func want(bitsPerSecond: UInt32) { handle(.wantBitrate(bitsPerSecond)) }

    /// The next frame is to be encoded as an IDR.
    package func askForKeyframe() { handle(.wantKeyframe) }

    /// The links carry so many bits a second of pictures.
    package func carry(bitsPerSecond: UInt32) { handle(.carried(bitsPerSecond)) }

    // MARK: state

    package var snapshot: EncodingSnapshot { machine.snapshot { stubs[$0]?.child.build } }

    /// The last frame in display order that is safe, and has gone on to the next room; nil before the first.
    package var newestCommitted: FrameNumber? { machine.figures.newest }

    /// An encoder has been open once.
    package var hasEncoded: Bool { machine.hasEncoded }

    // MARK: carrying out

    private func handle(_ event: EncodingMachine.Event) {
        machine.handle(event, at: .now, &pending)
        guard !isPerforming else { return }
        isPerforming = true
        var next = 0
        while next < pending.count {
            perform(pending[next])
            next += 1
        }
        pending.removeAll(keepingCapacity: true)
        isPerforming = false
        forgetEnded()
    }

    private func perform(_ action: EncodingMachine.Action) {
        switch action {
        case .launch(let place, let delay): launch(place, after: delay)
        case .employ(let child, let settings): employ(child, settings)
        case .turnAway(let child, let reason): door.turnAway(child, reason)
        case .mapPools(let child): stubs[child]?.announce(context.pools)
        case .encode(let child, let entry, let forceIDR):
            stubs[child]?.encode(entry, forceIDR: forceIDR, from: context.pools)
        case .encodeSound(let child, let block): stubs[child]?.encode(block)
        case .reconfigure(let child, let rate): stubs[child]?.send(.reconfigure(bitsPerSecond: rate))
        case .flush(let child): stubs[child]?.send(.flush)
        case .probe(let child): stubs[child]?.send(.probe)
        case .dismiss(let child, let reason): stubs[child]?.child.dismiss(reason)
        case .hangUp(let child): stubs[child]?.child.hangUp()
        case .release(let slot): context.pools.release(slot)
        case .configure(let configuration, let number): outlet.configure(configuration, number: number)
        case .send(let packet): outlet.take(packet)
        case .wake(let alarm, let delay):
            context.schedule(after: delay) { [weak self] in self?.handle(.alarm(alarm)) }
        case .post(let part, let happening): context.post(part, happening)
        case .died(let child, let part, let frame, let uncommitted, let framesLate):
            died(child, part, frame, uncommitted, framesLate)
        case .recovered(let part): context.recovered(part, at: post)
        case .progressed: onProgress?()
        case .resize(let canvas):
            do throws(BroadcastError) { try onResize?(canvas) } catch { handle(.resizeFailed(error.problem)) }
        case .answer(let error):
            let answer = answer
            self.answer = nil
            answer?(error)
        case .fail(let error): onFailure?(error)
        case .drained: onDrained?()
        }
    }

    private func launch(_ place: EncodingMachine.Place, after delay: Duration) {
        switch place {
        case .onAir, .standby:
            context.launch(after: delay) { [weak self] () throws(BroadcastError) in try self?.launch(place) }
        case .next, .slate:
            do throws(BroadcastError) { try launch(place) } catch { handle(.launchFailed(place, error)) }
        }
    }

    private func launch(_ place: EncodingMachine.Place) throws(BroadcastError) {
        guard let settings = machine.order(for: place) else { return }
        let child: Child
        do { child = try Child(.encoder, context.programs.launch(.encoder), on: context.reactor) } catch {
            throw BroadcastError(starting: "the encoder", error)
        }
        let id = context.nextChildID()
        let stub = adopt(id, child, settings)
        handle(.launched(id, pid: child.pid, place, settings))
        stub.activate()
    }

    /// The encoder that has connected goes to work.
    private func employ(_ id: ChildID, _ settings: EncodingSettings) {
        guard let caller = door.letIn(id) else { return handle(.ended(id, .init(cause: "gone", isItsOwn: false))) }
        adopt(id, caller, settings).activate()
    }

    @discardableResult
    private func adopt(_ id: ChildID, _ child: Child, _ settings: EncodingSettings) -> EncoderStub {
        let stub = EncoderStub(id, child, settings)
        stubs[id] = stub
        stub.onReply = { [weak self] in self?.handle(.replied(id, $0)) }
        stub.onEnd = { [weak self] in self?.ended(id, $0) }
        return stub
    }

    private func ended(_ id: ChildID, _ end: ChildEnd) {
        hasEnded = true
        let lastWords = end.standardErrorTail.split(separator: "\n").last.map(String.init) ?? ""
        handle(
            .ended(
                id,
                .init(
                    cause: "\(end.cause)", isItsOwn: end.cause.isItsOwn, isOtherVersion: end.cause.isOtherVersion,
                    lastWords: lastWords)))
    }

    /// Lets go of encoders that have ended, once their deaths have been dealt with: one that was started by hand ends
    /// while an action is being carried out.
    private func forgetEnded() {
        guard hasEnded else { return }
        hasEnded = false
        stubs = stubs.filter { $0.value.end == nil }
        if stubs.isEmpty { onEmpty?() }
    }

    private func died(
        _ id: ChildID, _ part: Part, _ frame: FrameNumber?, _ uncommitted: Int?, _ framesLate: Int
    ) {
        guard let stub = stubs[id], let end = stub.end else { return }
        var death = RoomContext.Death(pid: stub.child.pid, lastSign: stub.lastSign, frame: frame)
        death.uncommitted = uncommitted
        death.framesLate = framesLate
        context.died(part, at: post, end, death)
    }
}

extension EncodingMachine {
    /// How many frames may be given and not be safe: what the encoder may hold, and two seconds more: one until it is
    /// seen that it stands still, one for the takeover. Where the timeline waits, a few are enough.
    var load: FrameLoad {
        let twoSeconds = 2 * wanted.frameRate.framesPerSecond
        let room = wanted.isFast ? 6 : max(16, Int(twoSeconds.rounded(.up)))
        return FrameLoad(
            frames: uncommittedCount, held: figures.maximumDelay, limit: figures.maximumDelay + room,
            hasRoom: true, isWorking: runs[current].hasWorked)
    }
}
