package import BulkheadChildren
package import BulkheadEvents
package import BulkheadMedia
package import BulkheadModel
package import BulkheadSystem
package import BulkheadTimeline
package import BulkheadWire

/// Decides what encoders are given, which of their answers go out, and what happens when one is gone. It owns no
/// process, no clock and no memory: ``Encoding`` feeds it and carries out what it returns.
///
/// One ``Post`` for all encoders but the slate's: a standby belongs to no run, and restarts are counted over all of them.
/// A run only names which of the post's children work for it. Decisions on takeovers stand in `+Takeover`, on standbys
/// and lockstep in `+Standbys`, on changes in `+Changes`, on the slate in `+Slate`.
package struct EncodingMachine: Sendable {
    /// Where an encoder is to work.
    package enum Place: Hashable, Sendable {
        case onAir(run: Int)
        case standby
        case next
        case slate
    }

    /// What is to be looked at again after a while.
    package enum Alarm: Hashable, Sendable {
        case slate
        case returnFromSafety
    }

    /// How an encoder has ended.
    package struct End: Hashable, Sendable {
        /// In words, for people.
        package var cause: String
        /// By a fault of its own or by its deadline, and not because another process killed it.
        package var isItsOwn: Bool
        /// Its program is of another version than the master: another process of it would end alike.
        package var isOtherVersion: Bool
        /// The last that it wrote to its standard error, or empty.
        package var lastWords: String

        package init(cause: String, isItsOwn: Bool, isOtherVersion: Bool = false, lastWords: String = "") {
            self.cause = cause
            self.isItsOwn = isItsOwn
            self.isOtherVersion = isOtherVersion
            self.lastWords = lastWords
        }
    }

    package enum Event: Sendable {
        // The broadcast's course.
        case begin
        /// The first frame is due.
        case onAir
        /// No more frames are cut; some may still be on their way here.
        case ending
        /// The last frame has been given.
        case finish
        /// Nothing is of use any more.
        case over
        /// Time has passed.
        case tick
        case alarm(Alarm)

        // What flows in.
        /// - Parameter canvas: the size of the picture; nil where it is not known.
        case frame(CommitLedger.Entry, canvas: Canvas?)
        case block(AudioLedger.Block)
        /// The slate is this picture from now on.
        case slateDrawn(SlotReference, Canvas)

        // Encoders.
        case launched(ChildID, pid: Int32, Place, EncodingSettings)
        case launchFailed(Place, BroadcastError)
        /// An encoder that was started by hand has said hello.
        case connected(ChildID, pid: Int32)
        case replied(ChildID, EncoderReply)
        case ended(ChildID, End)

        // Requests.
        /// Other settings, or the same with a new encoder: answered by ``Action/answer(_:)``.
        case change(WantedEncoding)
        /// The pictures of the new size that were asked for can't be had.
        case resizeFailed(String)
        /// A person wants another video bitrate, which needs no other encoder.
        case wantBitrate(UInt32)
        /// The next frame is to be an IDR.
        case wantKeyframe
        /// The links carry so many bits a second of pictures.
        case carried(UInt32)
    }

    package enum Action: Hashable, Sendable {
        // To encoders.
        case launch(Place, after: Duration)
        /// The one that has connected works from now on.
        case employ(ChildID, EncodingSettings)
        case turnAway(ChildID, String)
        case mapPools(ChildID)
        case encode(ChildID, CommitLedger.Entry, forceIDR: Bool)
        case encodeSound(ChildID, AudioLedger.Block)
        case reconfigure(ChildID, bitsPerSecond: UInt32)
        case flush(ChildID)
        case probe(ChildID)
        /// Ends it at once.
        case dismiss(ChildID, String)
        /// Lets it end by itself.
        case hangUp(ChildID)

        // What flows out.
        /// The frame in this slot is safe, or given up.
        case release(SlotReference)
        case configure(StreamConfiguration, number: Int)
        case send(Packet)

        // To the broadcast.
        case wake(Alarm, after: Duration)
        case post(Part, Happening)
        case died(ChildID, Part, frame: FrameNumber?, uncommitted: Int?, framesLate: Int)
        case recovered(Part)
        /// An encoder is open, or frames are safe.
        case progressed
        /// Pictures of this size are wanted.
        case resize(Canvas)
        /// The change that was asked for is in effect, or everything stays as it was.
        case answer(BroadcastError?)
        case fail(BroadcastError)
        /// All that was given has been sent.
        case drained
    }

    enum Phase: Hashable { case starting, onAir, ending, finishing, over }

    // Settings: what a person wants, and what has become of it.
    package internal(set) var wanted: WantedEncoding
    package internal(set) var ladder = EncoderLadder()
    var safetyPatience = Duration.seconds(30)
    /// Pairs in lockstep that differed.
    package var differences = 0
    /// What the links carry; nil before the first look at them.
    var carriedBitsPerSecond: UInt32?
    package var change: PlannedChange?
    /// The next frame that an encoder is given is to be an IDR.
    private var isKeyframeWanted = false

    // Encoders.
    var encoders: [ChildID: EncoderState] = [:]
    package internal(set) var encodersPost = Post()
    /// The oldest first; new frames belong to the last. Never empty.
    var runs: [EncodingRun]
    var runIDs = IdentityCounter<RunSubject>()
    package internal(set) var slateMaker = SlateMaker()

    // The stream.
    var stream: PacketStream
    var sound = AudioLedger()
    package internal(set) var slateOnAir: SlateOnAir?
    var slate: SlotReference?
    /// The slate went off air for an encoder that has not made a frame safe yet.
    package internal(set) var isOnProbation = false
    package internal(set) var figures = Figures()

    // The moment.
    var phase = Phase.starting
    let encoderAddress: String
    /// An encoder has been open once.
    private(set) var hasEncoded = false
    /// Since when the current run has had no encoder that is open; nil while it has one.
    var encoderlessSince: MonotonicTime?
    var lastCommit = MonotonicTime(nanoseconds: 0)
    /// The newest that has been given.
    private(set) var lastFrame: FrameNumber?
    /// Of the event at hand.
    private(set) var now = MonotonicTime(nanoseconds: 0)
    private var actions: [Action] = []

    /// What has become of the frames so far.
    package struct Figures: Hashable, Sendable {
        package var committed = 0
        package var skipped = 0
        /// Went out as the slate because no encoder could work.
        package var slated = 0
        /// What the encoder on air may hold before it must answer; a guess before the first one is open.
        package var maximumDelay = 60
    }

    /// - Parameter encoderAddress: where an encoder that is started by hand connects; empty where none does.
    package init(_ wanted: WantedEncoding, encoderAddress: String = "") {
        self.wanted = wanted
        self.encoderAddress = encoderAddress
        stream = PacketStream(frameRate: wanted.frameRate)
        runs = []
        runs = [EncodingRun(runIDs.next(), settingsInForce)]
    }

    /// Takes in what has happened at `now`, and says what to do about it, in order.
    package mutating func handle(_ event: Event, at now: MonotonicTime) -> [Action] {
        self.now = now
        switch event {
        case .begin: begin()
        case .onAir: wentOnAir()
        case .ending: if phase != .over { phase = .ending }
        case .finish: finish()
        case .over: over()
        case .tick: look()
        case .alarm(.slate): launchSlateMaker()
        case .alarm(.returnFromSafety): returnFromSafety()
        case .frame(let entry, let canvas): give(entry, canvas)
        case .block(let block): give(block)
        case .slateDrawn(let slot, let canvas): slateDrawn(slot, canvas)
        case .launched(let child, let pid, let place, let settings): launched(child, pid, place, settings)
        case .launchFailed(let place, let error): launchFailed(place, error)
        case .connected(let child, let pid): connected(child, pid)
        case .replied(let child, let reply): replied(child, reply)
        case .ended(let child, let end): ended(child, end)
        case .change(let wanted): begin(wanted, isReturn: false)
        case .resizeFailed(let problem): resizeFailed(problem)
        case .wantBitrate(let bitsPerSecond): want(bitsPerSecond)
        case .wantKeyframe: isKeyframeWanted = true
        case .carried(let bitsPerSecond):
            carriedBitsPerSecond = bitsPerSecond
            matchBitrate()
        }
        defer { actions.removeAll() }
        return actions
    }

    mutating func act(_ action: Action) { actions.append(action) }

    mutating func act(_ more: [Action]) { actions.append(contentsOf: more) }

    mutating func post(_ part: Part, _ happening: EncoderHappening) { act(.post(part, .encoder(happening))) }

    // MARK: what holds now

    /// Twins have differed too often for these settings: the standby waits instead.
    var lockstepIsGivenUp: Bool { differences >= Self.mostDifferences }

    /// What stands by, as things have come.
    package var standbyInForce: StandbyChoice { wanted.standby == .hot && lockstepIsGivenUp ? .warm : wanted.standby }

    /// What encoders are opened with: as a person wants it, or safe where that has failed.
    var settingsInForce: EncodingSettings {
        ladder.isSafe ? wanted.safeEncoderSettings : wanted.encoderSettings(isInLockstep: standbyInForce == .hot)
    }

    /// Bits a second of pictures that encoders are told.
    var bitsPerSecond: UInt32 { carriedBitsPerSecond ?? wanted.videoBitsPerSecond }

    /// The run that new frames belong to.
    var current: Int { runs.count - 1 }
    package var currentRun: EncodingRun { runs[runs.count - 1] }

    func isReady(_ child: ChildID?) -> Bool { child.flatMap { encoders[$0]?.ready } != nil }

    func pid(_ child: ChildID?) -> Int32 { child.flatMap { encoders[$0]?.pid } ?? 0 }

    func run(of child: ChildID) -> Int? {
        guard let id = encoders[child]?.run else { return nil }
        return runs.firstIndex { $0.id == id }
    }

    /// The stream stands still until an encoder that is started by hand connects.
    var awaitsForeignEncoder: Bool { wanted.isForeign && currentRun.encoder == nil }

    // MARK: course

    private mutating func begin() {
        guard wanted.isForeign else { return act(.launch(.onAir(run: runs[0].id.number), after: .zero)) }
        encodersPost.set(.waiting, of: .onAir)
        post(.encoder, .waiting(address: encoderAddress, isOnAir: false))
    }

    private mutating func wentOnAir() {
        phase = .onAir
        lastCommit = now
        scheduleSlate(after: SlateMaker.delay)
    }

    /// The encoder is asked for what it holds; without one the next is asked, once it has been given all again.
    private mutating func finish() {
        guard phase != .over, phase != .finishing else { return }
        phase = .finishing
        abandonChange()
        close(current)
        if awaitsForeignEncoder { return drained() }
        if slateOnAir != nil { runs[current].isFlushed = true }
        drainRuns()
    }

    private mutating func drained() {
        phase = .over
        act(stream.finish())
        act(.drained)
    }

    private mutating func over() {
        abandonChange()
        phase = .over
    }

    /// Looks after all that shows only as time passing.
    private mutating func look() {
        guard phase != .over else { return }
        for child in encodersPost.holders(of: .standby) where encoders[child]?.wantsProbe(at: now) ?? false {
            encoders[child]?.probed(at: now)
            act(.probe(child))
        }
        for (child, encoder) in encoders.sorted(by: { $0.key < $1.key }) {
            guard
                let limit = encoder.isLate(
                    at: now, interval: wanted.frameRate.interval, isFast: wanted.isFast, patience: ladder.patience)
            else { continue }
            act(
                .dismiss(
                    child,
                    encoder.isForeign
                        ? "it was not ready within \(limit.inWords)" : "no answer within \(limit.inWords)"))
        }
        watchStandstill()
    }

    // MARK: what flows in

    /// Takes a picture, filtered or not. Its slot stays held until it is committed.
    private mutating func give(_ entry: CommitLedger.Entry, _ canvas: Canvas?) {
        if let change, change.awaitsPicture, canvas == change.wanted.canvas { completeChange(at: entry.frame) }
        openPairIfDue(at: entry.frame)
        if currentRun.ledger.uncommitted.isEmpty { runs[current].waitingSince = now }
        runs[current].ledger.give(entry.frame, in: entry.slot)
        lastFrame = entry.frame
        guard slateOnAir == nil else { return answerWithSlate(current) }
        let forceIDR = isKeyframeWanted && isReady(currentRun.encoder)
        if forceIDR {
            isKeyframeWanted = false
            runs[current].beginGOP(entry.frame)
        }
        encode(entry, in: current, forceIDR: forceIDR)
    }

    private mutating func give(_ block: AudioLedger.Block) {
        sound.give(block.number, block.samples)
        guard slateOnAir == nil else { return answerSoundWithSilence() }
        encodeSound(block)
    }

    /// Hands one frame to the run's encoders that are ready for it.
    mutating func encode(_ entry: CommitLedger.Entry, in index: Int, forceIDR: Bool) {
        runs[index].noteGiven(entry.frame)
        for child in runs[index].workers where isReady(child) {
            encoders[child]?.gaveFrame(at: now)
            act(.encode(child, entry, forceIDR: forceIDR))
        }
    }

    mutating func encodeSound(_ block: AudioLedger.Block) {
        for child in currentRun.workers where isReady(child) {
            encoders[child]?.gaveSound()
            act(.encodeSound(child, block))
        }
    }

    /// No more frames come: the encoders are asked for all they hold.
    mutating func close(_ index: Int) {
        runs[index].isClosed = true
        for child in runs[index].workers where isReady(child) {
            encoders[child]?.askedToFlush(at: now)
            act(.flush(child))
        }
    }

    // MARK: bitrate

    private mutating func want(_ bitsPerSecond: UInt32) {
        wanted.videoBitsPerSecond = bitsPerSecond
        // What is set by hand is tried as it is, whatever the links could carry before.
        carriedBitsPerSecond = nil
        matchBitrate()
        post(.encoder, .bitrateSet(bitsPerSecond: Int(bitsPerSecond)))
    }

    /// Brings every encoder, whatever has become of it meanwhile, to the bitrate that holds now.
    private mutating func matchBitrate() {
        for child in encoders.keys.sorted() where isReady(child) { matchBitrate(of: child) }
    }

    /// The next encoder keeps the bitrate that was asked for with it, and the slate its own.
    mutating func matchBitrate(of child: ChildID) {
        let bitsPerSecond = bitsPerSecond
        guard encodersPost.duty(of: child).map({ $0 != .next && $0 != .retired }) ?? false,
            encoders[child]?.settings.video.bitsPerSecond != bitsPerSecond
        else { return }
        encoders[child]?.settings.video.bitsPerSecond = bitsPerSecond
        act(.reconfigure(child, bitsPerSecond: bitsPerSecond))
    }

    // MARK: answers

    private mutating func replied(_ child: ChildID, _ reply: EncoderReply) {
        guard let encoder = encoders[child] else { return }
        switch reply {
        case .ready(let avc, let asc, let maximumDelay, let reorderDepth):
            let ready = EncoderState.Ready(
                avcConfiguration: avc, audioSpecificConfig: asc, maximumDelay: maximumDelay, reorderDepth: reorderDepth,
                of: encoder.settings.video)
            guard let ready, encoder.ready == nil else {
                return act(.dismiss(child, "it described itself twice or outside every range"))
            }
            opened(child, ready)
        case .refused(let refusal):
            refused(child, refusal)
            act(.dismiss(child, "it refused the settings: \(refusal)"))
        case .accessUnit, .audioPacket, .flushed, .alive:
            do throws(EncoderLie) { try encoders[child]?.answered(reply, at: now) } catch {
                return act(.dismiss(child, "it lies: \(error)"))
            }
            if slateMaker.employs(child) { slateReplied(child, reply) } else { compare(child, reply) }
        }
    }

    private mutating func opened(_ child: ChildID, _ ready: EncoderState.Ready) {
        hasEncoded = true
        encodersPost.becameReady(child)
        encoders[child]?.opened(ready, at: now)
        if let settings = encoders[child]?.settings {
            let number = stream.number(of: configuration(settings, ready))
            encoders[child]?.configuration = number
        }
        // The bitrate may have changed since it was launched.
        matchBitrate(of: child)
        if slateMaker.employs(child) {
            encodeSlate(child)
        } else {
            switch encodersPost.duty(of: child) {
            case .onAir, .twin: if let index = run(of: child), runs[index].encoder == child { takeUp(index) }
            case .next: changeIsReady()
            case .standby: standbyIsReady(child)
            case .retired, nil: break
            }
        }
        act(.progressed)
    }

    func configuration(_ settings: EncodingSettings, _ ready: EncoderState.Ready) -> StreamConfiguration {
        StreamConfiguration(
            canvas: settings.video.canvas, frameRate: wanted.frameRate,
            videoBitsPerSecond: Int(settings.video.bitsPerSecond),
            audioBitsPerSecond: Int(settings.audioBitsPerSecond), avcConfiguration: ready.avcConfiguration,
            audioSpecificConfig: ready.audioSpecificConfig)
    }

    private mutating func refused(_ child: ChildID, _ refusal: Refusal) {
        if encodersPost.duty(of: child) == .next { return changeFailed("the encoder refuses the settings: \(refusal)") }
        // Settings that are refused once are refused by every encoder; one that was started by hand may be of another
        // kind.
        guard !hasEncoded, encoders[child]?.isForeign == false else { return }
        act(.fail(BroadcastError(.encoder, "the encoder refuses the settings: \(refusal)")))
    }

    /// Takes an answer beside that of the twin, where there is one.
    private mutating func compare(_ child: ChildID, _ reply: EncoderReply) {
        // One that has been retired may still have something to say.
        guard let index = run(of: child) else { return }
        if runs[index].twin == child {
            if runs[index].lockstep.follow(reply, isSound: reply.isSound) == .differs { twinDiffers(index) }
            return
        }
        if runs[index].twin != nil {
            if runs[index].lockstep.lead(reply, isSound: reply.isSound) == .differs { twinDiffers(index) }
            if runs[index].lockstep.lag > Self.longestLag { twinLags(index) }
        } else if let outcome = runs[index].lockstep.catchUp(reply, isSound: reply.isSound) {
            if outcome == .differs {
                act(.dismiss(child, "it answers otherwise than the encoder before it, and can't go on from there"))
            }
            return
        }
        take(reply, from: child, index)
    }

    mutating func take(_ reply: EncoderReply, from child: ChildID, _ index: Int) {
        do throws(LedgerError) {
            switch reply {
            case .accessUnit(let unit): commit(try runs[index].ledger.answer(unit), by: child, index)
            case .audioPacket(let block, let bytes):
                // The sound goes over to a new run at once: it can be cut anywhere.
                guard index == current else { return }
                if try sound.answer(block) { act(stream.send(soundBlock: block, bytes)) }
            case .flushed: flushed(child, index)
            case .ready, .refused, .alive: break
            }
        } catch { act(.dismiss(child, "it lies: \(error)")) }
    }

    private mutating func commit(_ commitments: [CommitLedger.Commitment], by child: ChildID, _ index: Int) {
        guard !commitments.isEmpty, let encoder = encoders[child] else { return }
        keep(commitments, in: index, encoder.configuration, reorderDepth: encoder.ready?.reorderDepth ?? 0)
        if !runs[index].hasWorked {
            runs[index].hasWorked = true
            encoderHasWorked(child)
        }
        drainRuns()
        act(.progressed)
    }

    /// These are safe: their slots are free, and they go out as soon as no older run is in their way.
    mutating func keep(
        _ commitments: [CommitLedger.Commitment], in index: Int, _ configuration: Int, reorderDepth: UInt32
    ) {
        for commitment in commitments {
            act(.release(commitment.slot))
            runs[index].finished.append(
                EncodingRun.Finished(
                    commitment: commitment, configuration: configuration, reorderDepth: reorderDepth))
        }
    }

    /// Sends what is safe, the oldest run first, and lets go of runs that are complete.
    mutating func drainRuns() {
        while let run = runs.first {
            runs[0].finished = []
            for finished in run.finished {
                act(stream.send(finished))
                guard stream.hasBegun else { continue }
                figures.committed += 1
                lastCommit = now
            }
            guard run.isComplete else { return }
            guard runs.count > 1 else {
                if phase == .finishing { drained() }
                return
            }
            runs.removeFirst()
            for child in run.workers { retire(child) }
        }
    }

    /// The encoder has handed out everything it held.
    private mutating func flushed(_ child: ChildID, _ index: Int) {
        guard runs[index].isClosed else { return act(.dismiss(child, "it flushed without being asked")) }
        let count = runs[index].ledger.uncommitted.count
        guard count == 0 else { return act(.dismiss(child, "it flushed with \(count) frames unanswered")) }
        runs[index].isFlushed = true
        drainRuns()
    }
}
