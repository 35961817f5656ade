package import BulkheadChildren
import BulkheadEvents
package import BulkheadMedia
import BulkheadModel
package import BulkheadSystem
import BulkheadTimeline
import BulkheadWire

/// Decides what encoders are given, which of their answers go out, and what happens when one is gone. It owns no
/// process, no clock and no memory: ``Encoding`` feeds it and carries out what it returns.
///
/// One ``Post`` for all encoders but the slate's: a standby belongs to no run, and restarts are counted over all of them.
/// A run only names which of the post's children work for it. What is said to it and by it stands in `+Vocabulary`, what
/// encoders answer in `+Answers`. Decisions on takeovers stand in `+Takeover`, on standbys
/// and lockstep in `+Standbys`, on changes in `+Changes`, on the slate in `+Slate`.
package struct EncodingMachine: Sendable {
    enum Phase: Hashable { case starting, onAir, ending, finishing, over }

    /// What a person wants, and what has become of it.
    package var terms: EncodingTerms
    package var change: PlannedChange?
    /// The next frame that an encoder is given is to be an IDR.
    private var isKeyframeWanted = false

    // Encoders.
    var encoders = EncoderTable()
    package internal(set) var encodersPost = Post()
    /// The oldest first; new frames belong to the last. Never empty.
    var runs: [EncodingRun]
    var runIDs = IdentityCounter<RunSubject>()

    // The stream.
    var stream: PacketStream
    var sound = AudioLedger()
    package internal(set) var slate = EncodedSlate()
    package internal(set) var figures = Figures()

    // The moment.
    var phase = Phase.starting
    let encoderAddress: String
    /// An encoder has been open once.
    var hasEncoded = false
    var standstill = Standstill()
    /// The newest that has been given.
    private(set) var lastFrame: FrameNumber?
    /// Of the event at hand.
    private(set) var now = MonotonicTime(nanoseconds: 0)
    private var actions: [Action] = []

    /// What has become of the frames so far.
    package struct Figures: Hashable, Sendable {
        package var committed = 0
        /// The last of them in display order; nil before the first.
        package var newest: FrameNumber?
        package var skipped = 0
        /// Went out as the slate because no encoder could work.
        package var slated = 0
        /// What the encoder on air may hold before it must answer; a guess before the first one is open.
        package var maximumDelay = 60
    }

    /// - Parameter encoderAddress: where an encoder that is started by hand connects; empty where none does.
    package init(_ wanted: WantedEncoding, encoderAddress: String = "") {
        terms = EncodingTerms(wanted)
        self.encoderAddress = encoderAddress
        stream = PacketStream(frameRate: wanted.frameRate)
        runs = []
        runs = [EncodingRun(runIDs.next(), terms.settings)]
    }

    /// Takes in what has happened at `now`, and says what to do about it, in order.
    package mutating func handle(_ event: Event, at now: MonotonicTime) -> [Action] {
        var todo: [Action] = []
        handle(event, at: now, &todo)
        return todo
    }

    /// The same, but appends what to do to `todo`, whose memory is used again and again.
    package mutating func handle(_ event: Event, at now: MonotonicTime, _ todo: inout [Action]) {
        swap(&actions, &todo)
        take(event, at: now)
        swap(&actions, &todo)
    }

    private mutating func take(_ event: Event, at now: MonotonicTime) {
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
            terms.carry(bitsPerSecond: bitsPerSecond)
            matchBitrate()
        }
    }

    mutating func act(_ action: Action) { actions.append(action) }

    mutating func act(_ more: [Action]) { actions.append(contentsOf: more) }

    mutating func post(_ part: Part, _ happening: EncoderHappening) { act(.post(part, .encoder(happening))) }

    // MARK: what holds now

    /// What a person wants.
    package var wanted: WantedEncoding { terms.wanted }

    /// The run that new frames belong to.
    var current: Int { runs.count - 1 }
    package var currentRun: EncodingRun { runs[runs.count - 1] }

    func isReady(_ child: ChildID?) -> Bool {
        child.flatMap(encoders.place(of:)).map { encoders.states[$0].isReady } ?? false
    }

    func pid(_ child: ChildID?) -> Int32 { child.flatMap { encoders[$0]?.pid } ?? 0 }

    func run(of child: ChildID) -> Int? {
        guard let id = encoders.place(of: child).flatMap({ encoders.states[$0].run }) else { return nil }
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
        standstill.progressed(at: now)
        scheduleSlate(after: SlateMaker.delay)
    }

    /// The encoder is asked for what it holds; without one the next is asked, once it has been given all again.
    private mutating func finish() {
        guard phase != .over, phase != .finishing else { return }
        phase = .finishing
        abandonChange()
        close(current)
        if awaitsForeignEncoder { return drained() }
        if slate.onAir != nil { runs[current].isFlushed = true }
        drainRuns()
    }

    mutating func drained() {
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
        for (place, child) in encoders.ids.enumerated() {
            guard
                let limit = encoders.states[place].isLate(
                    at: now, interval: wanted.frameRate.interval, isFast: wanted.isFast, patience: terms.ladder.patience
                )
            else { continue }
            act(
                .dismiss(
                    child,
                    encoders.states[place].isForeign
                        ? "it was not ready within \(limit.inWords)" : "no answer within \(limit.inWords)"))
        }
        watchStandstill()
    }

    // MARK: what flows in

    /// Takes a picture, filtered or not. Its slot stays held until it is committed.
    private mutating func give(_ entry: CommitLedger.Entry, _ canvas: Canvas?) {
        if let change, change.awaitsPicture, canvas == change.wanted.canvas { completeChange(at: entry.frame) }
        openPairIfDue(at: entry.frame)
        if runs[current].ledger.uncommitted.isEmpty { runs[current].waitingSince = now }
        runs[current].ledger.give(entry.frame, in: entry.slot)
        lastFrame = entry.frame
        guard slate.onAir == nil else { return answerWithSlate(current) }
        let forceIDR = isKeyframeWanted && isReady(runs[current].encoder)
        if forceIDR {
            isKeyframeWanted = false
            runs[current].beginGOP(entry.frame)
        }
        encode(entry, in: current, forceIDR: forceIDR)
    }

    private mutating func give(_ block: AudioLedger.Block) {
        sound.give(block.number, block.samples)
        guard slate.onAir == nil else { return answerSoundWithSilence() }
        encodeSound(block)
    }

    /// Hands one frame to the run's encoders that are ready for it.
    mutating func encode(_ entry: CommitLedger.Entry, in index: Int, forceIDR: Bool) {
        runs[index].noteGiven(entry.frame)
        if let child = runs[index].encoder { encode(entry, by: child, forceIDR: forceIDR) }
        if let twin = runs[index].twin { encode(entry, by: twin, forceIDR: forceIDR) }
    }

    private mutating func encode(_ entry: CommitLedger.Entry, by child: ChildID, forceIDR: Bool) {
        guard let place = encoders.place(of: child), encoders.states[place].isReady else { return }
        encoders.states[place].gaveFrame(at: now)
        act(.encode(child, entry, forceIDR: forceIDR))
    }

    mutating func encodeSound(_ block: AudioLedger.Block) {
        if let child = runs[current].encoder { encodeSound(block, by: child) }
        if let twin = runs[current].twin { encodeSound(block, by: twin) }
    }

    private mutating func encodeSound(_ block: AudioLedger.Block, by child: ChildID) {
        guard let place = encoders.place(of: child), encoders.states[place].isReady else { return }
        encoders.states[place].gaveSound()
        act(.encodeSound(child, block))
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
        terms.want(bitsPerSecond: bitsPerSecond)
        matchBitrate()
        post(.encoder, .bitrateSet(bitsPerSecond: Int(bitsPerSecond)))
    }

    /// Brings every encoder, whatever has become of it meanwhile, to the bitrate that holds now.
    private mutating func matchBitrate() {
        for child in encoders.ids where isReady(child) { matchBitrate(of: child) }
    }

    /// The next encoder keeps the bitrate that was asked for with it, and the slate its own.
    mutating func matchBitrate(of child: ChildID) {
        let bitsPerSecond = terms.bitsPerSecond
        guard encodersPost.duty(of: child).map({ $0 != .next && $0 != .retired }) ?? false,
            encoders[child]?.settings.video.bitsPerSecond != bitsPerSecond
        else { return }
        encoders[child]?.settings.video.bitsPerSecond = bitsPerSecond
        act(.reconfigure(child, bitsPerSecond: bitsPerSecond))
    }
}
