package import BulkheadChildren
package import BulkheadFrames
package import BulkheadMedia
import BulkheadModel
import BulkheadRoom
package import BulkheadSystem
package import BulkheadTimeline
package import BulkheadWire

/// The master's face of one source process, and of the pool it writes to. It lives on the reactor's thread.
package final class SourceStub {
    /// What the process has to say.
    package enum Report {
        case opened(SourceDescription)
        /// A picture whose slot is held once, for the receiver.
        case picture(Picture)
        case sound(from: Int64, [Float])
        /// What must be known of the packets that follow.
        case copies(CopiedFormat)
        /// A packet that is passed on as it is.
        case copied(CopiedPacket)
        /// A file of a list is played from here on, whose beginning has this source time.
        case entered(PlaylistPlace, at: MediaTime)
        /// That file of a list is being opened ahead.
        case preparing(String)
        /// None is any more. The one that is open comes next; empty for none.
        case prepared(next: String)
        /// A file of a list can't be played.
        case leftOut(String, Refusal)
        /// The answer to a skip; nil where another file is on its way.
        case skipping(Refusal?)
        /// How much of a live input has come since it was opened.
        case counted(SourceFigures)
        /// What was delivered last, small, as a JPEG.
        case thumbnail([UInt8])
        /// Nothing more is there of the input.
        case caughtUp
        case notice(String)
        /// The input is at its end; all of it has come.
        case atEnd
        /// The input can't be opened or goes on no more.
        case refused(Refusal)
        /// The process is gone. The last report.
        case ended(ChildEnd)
    }

    /// Called with all that comes from the process.
    package var onReport: ((Report) -> Void)?

    private let child: Child
    /// The pool that this source writes to; nil before it is told what pictures are to be like.
    private var pool: UInt32?
    /// Whether nobody else can write to the pool any more.
    private var isSealed = false
    /// Its pictures have a plane of alpha: the input may be transparent.
    private var hasAlpha = false
    private let settings: SourceSettings
    private let pools: FramePools
    private var contract: SourceContract
    /// What it says beyond this is not passed on.
    private var notices = Budget(20, each: .seconds(10))

    /// - Parameter pools: where a pool is made that this source writes to; it is retired when the source ends.
    package init(_ child: Child, _ settings: SourceSettings, pools: FramePools) {
        self.child = child
        self.settings = settings
        self.pools = pools
        contract = SourceContract(
            soundStart: settings.resume?.audioSample ?? 0, givesMore: settings.card?.hasClock ?? false, at: .now)
        child.onGreeted = { [weak self] in self?.open() }
        child.onFrame = { [weak self] in self?.take($0) }
        child.onEnd = { [weak self] in self?.end($0) }
    }

    /// Starts a source process.
    /// - Parameter isDrilled: a drill's faults are meant for it.
    /// - Throws: a `BroadcastError` when that is not possible.
    convenience init(
        launching settings: SourceSettings, isDrilled: Bool = true, in context: RoomContext
    ) throws(BroadcastError) {
        var launch = context.programs.launch(.source)
        launch.inheritsStandardInput = settings.url == "-"
        if !isDrilled { launch.environment["BULKHEAD_FAULTS"] = nil }
        do {
            self.init(try Child(.source, launch, on: context.reactor), settings, pools: context.pools)
        } catch { throw BroadcastError(starting: "the source", error) }
    }

    package var pid: Int32 { child.pid }
    /// When the process last said anything.
    package var lastSign: MonotonicTime { contract.lastSign }
    /// The build that the process says it is of; nil before its hello.
    package var build: String? { child.build }

    /// Ends the process where it owes something for too long.
    package func checkDeadline(at now: MonotonicTime) {
        guard let patience = contract.missedDeadline(at: now) else { return }
        child.dismiss("nothing came within \(patience.inWords)")
    }

    /// Begins to listen to the process. Call it once ``onReport`` is set.
    package func activate() {
        do { try child.activate() } catch { child.dismiss("it could not be watched: \(error)") }
    }

    /// Ends the process at once, for `reason`.
    package func dismiss(_ reason: String) { child.dismiss(reason) }

    /// Lets the process end by itself.
    package func hangUp() { child.hangUp() }

    /// Has the source, which has opened its input, make pictures of `canvas` for a timeline of `frameRate`.
    /// - Parameter slotCount: how many pictures may be held; only what is used takes memory.
    package func play(_ canvas: Canvas, _ frameRate: FrameRate, slotCount: Int) {
        do {
            let pool = try pools.create(canvas, slotCount: slotCount, hasAlpha: hasAlpha)
            self.pool = pool
            guard let shape = pools.shape(of: pool) else { return }
            child.send(SourceRequest.pool(shape), descriptor: try pools.writerDescriptor(of: pool))
            child.send(SourceRequest.play(canvas, frameRate, hasAlpha: hasAlpha))
        } catch { child.dismiss("it could not be given a frame pool: \(error)") }
    }

    /// Lets packets be passed on, as far as the source may be ahead.
    package func copy(until time: MediaTime) {
        guard contract.creditCopy(until: time, at: .now) else { return }
        child.send(SourceRequest.copy(until: time.nanoseconds))
    }

    /// Lends slots and lets sound come, as far as the source may be ahead.
    package func ask(_ demand: MediaDemand) {
        lend(contract.wantedSlots(upTo: demand.pictures, waiting: demand.waiting, step: demand.step))
        if contract.creditSound(until: demand.soundEnd) {
            child.send(SourceRequest.audioCredit(untilSample: demand.soundEnd))
        }
    }

    /// Lets the process leave out what is not used.
    package func use(_ use: MediaUse) {
        contract.use(use)
        child.send(SourceRequest.use(pictures: use.pictures, sound: use.sound))
    }

    /// Has the next file of a list played, or the one of that number or name.
    package func skip(to file: String) { child.send(SourceRequest.skip(file: file)) }

    /// Lends a slot for one picture that is asked for alone.
    package func askForOne() { lend(contract.wantedSlots(upTo: 1, waiting: 0)) }

    /// Has a small picture made of what was delivered last.
    package func askForThumbnail() {
        guard contract.askForThumbnail(at: .now) else { return }
        child.send(SourceRequest.makeThumbnail)
    }

    private func lend(_ count: Int) {
        guard let pool else { return }
        for _ in 0..<count {
            guard let slot = pools.lend(from: pool) else { return }
            contract.lendSlot(at: .now)
            child.send(SourceRequest.lend(slot: slot))
        }
    }

    private func open() { child.send(SourceRequest.open(settings)) }

    private func take(_ frame: WireFrame) {
        let reply: SourceReply
        do {
            reply = try SourceReply(frame)
        } catch {
            child.dismiss("it sent what can't be understood: \(error)")
            return
        }
        do throws(SourceContract.Breach) {
            try contract.note(reply, at: .now)
            try pass(reply)
        } catch { child.dismiss("\(error)") }
    }

    private func pass(_ reply: SourceReply) throws(SourceContract.Breach) {
        switch reply {
        case .opened(let description):
            hasAlpha = description.hasVideo && description.picture?.hasAlpha ?? false
            onReport?(.opened(description))
        case .video(let slot, let pts, let position):
            guard let pool, seal(pool) else { return }
            let reference = SlotReference(pool: pool, slot: slot)
            guard pools.takeFilled(reference) else { throw .pictureNotAskedFor(slot: slot) }
            onReport?(
                .picture(
                    Picture(
                        slot: reference, pts: MediaTime(nanoseconds: pts), position: MediaTime(nanoseconds: position))))
        case .audio(let start, let samples): onReport?(.sound(from: start, samples))
        case .copies(let format): onReport?(.copies(format))
        case .copied(let packet): onReport?(.copied(packet))
        case .entered(let place, let time): onReport?(.entered(place, at: MediaTime(nanoseconds: time)))
        case .preparing(let file): onReport?(.preparing(file))
        case .prepared(let next): onReport?(.prepared(next: next))
        case .leftOut(let file, let refusal): if notices.take(at: .now) { onReport?(.leftOut(file, refusal)) }
        case .skipping(let refusal): onReport?(.skipping(refusal))
        case .counted(let figures): onReport?(.counted(figures))
        case .thumbnail(let bytes): onReport?(.thumbnail(bytes))
        case .waiting: onReport?(.caughtUp)
        case .notice(let text): if notices.take(at: .now) { onReport?(.notice(text)) }
        case .ended: onReport?(.atEnd)
        case .failed(let refusal): onReport?(.refused(refusal))
        }
    }

    /// The source has mapped its pool when its first picture comes: from then on nobody else can write to it, and nobody
    /// has been given it before.
    private func seal(_ pool: UInt32) -> Bool {
        if isSealed { return true }
        do { try pools.seal(pool) } catch {
            child.dismiss("its frame pool could not be sealed: \(error)")
            return false
        }
        isSealed = true
        return true
    }

    private func end(_ end: ChildEnd) {
        if let pool { pools.retire(pool) }
        let onReport = onReport
        self.onReport = nil
        onReport?(.ended(end))
    }
}
