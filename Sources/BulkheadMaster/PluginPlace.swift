import BulkheadChildren
import BulkheadFrames
import BulkheadMedia
import BulkheadModel
import BulkheadSystem
import BulkheadTimeline
import BulkheadWire

/// One host's place in the chain of plugins, over the lives of the hosts that fill it.
///
/// All plugins share one place, or each has its own. Frames and sound enter on one side and leave on the other, in order
/// and each once, whatever becomes of the host: what is not answered by its deadline leaves as it came. Who starts hosts
/// and what becomes of those that end is the broadcast's affair. It lives on the reactor's thread.
final class PluginPlace {
    /// A host that is to take over between two frames, with another chain or another version of itself.
    struct NextHost {
        let stub: PluginStub
        let plugins: [ChainPlugin]
        /// Somebody waits for it: a plugin that it can't load stops the change.
        let isAsked: Bool
        var isReady = false
        let done: (BroadcastError?) -> Void
    }

    /// A host that is late by this much does not work any more.
    static let patience = Duration.seconds(1)

    /// What the host of all plugins is called.
    static let sharedName = "plugin host"

    /// What hosts are called here: `plugin host`, or with the plugin's name.
    var name: String { slot.name }
    /// In the order in which they work.
    var plugins: [ChainPlugin]
    var slot: ChildSlot
    var standbySlot: ChildSlot
    var host: PluginStub?
    /// Loaded like the host, and given nothing.
    var standby: PluginStub?
    var standbyIsComing = false
    var next: NextHost? {
        didSet {
            guard next == nil else { return }
            isHolding = false
            let waiting = whenSettled
            whenSettled.removeAll()
            for step in waiting { step() }
        }
    }
    /// Called once, when no next host is on its way.
    var whenSettled: [() -> Void] = []
    /// Replaced, and not ended yet.
    var retired: [PluginStub] = []
    /// When a host has last ended by itself between two calls: nobody knows for whom.
    var lastUnexplainedDeath: MonotonicTime?
    /// It is out of the chain for good, and waits for its processes to end.
    var isGone = false
    /// The host at hand has answered something in time.
    var hostHasWorked = false
    /// Nothing more is given to the host until it has answered what it has: the next one takes over then.
    private(set) var isHolding = false {
        didSet { sound.isHolding = isHolding }
    }

    /// Called with what leaves the place, in order.
    var onFrame: ((TimelineFrame) -> Void)?
    var onSound: ((AudioLedger.Block) -> Void)?
    /// Called when the host at hand has answered in time for the first time.
    var onWorked: (() -> Void)?
    /// Called when the host has nothing in hand, before it is given what waits.
    var onIdle: (() -> Void)?
    /// Called when something has left by itself, and not because something else came in.
    var onProgress: (() -> Void)?

    private let reactor: Reactor
    private let pools: FramePools
    private let frameRate: FrameRate
    private let isPatient: Bool
    private var queue: [TimelineFrame] = []
    private var inHand: InHand?
    /// A frame that a host took into its grave: the next one may still have it in time, once.
    private var retry: (frame: FrameNumber, deadline: MonotonicTime)?
    private let sound: SoundPassage

    private struct InHand {
        let frame: TimelineFrame
        let deadline: MonotonicTime
        let timer: Reactor.Token
        /// It has missed its deadline, and the frame has left.
        var isLate = false
    }

    /// - Parameter isPatient: where no viewer waits: a host has as long as one that works ever takes.
    init(
        name: String, plugins: [ChainPlugin], frameRate: FrameRate, isPatient: Bool, pools: FramePools,
        on reactor: Reactor
    ) {
        self.plugins = plugins
        self.frameRate = frameRate
        self.isPatient = isPatient
        self.pools = pools
        self.reactor = reactor
        slot = ChildSlot(name: name)
        standbySlot = ChildSlot(name: "standby \(name)")
        sound = SoundPassage(reactor)
        sound.onSound = { [weak self] in self?.onSound?($0) }
        sound.onAnswered = { [weak self] in self?.noteAnswer() }
        sound.onExpired = { [weak self] in self?.goOn() }
    }

    /// What the folder is called in which its plugins may write.
    var dataName: String { slot.name == Self.sharedName ? "shared" : plugins.first?.name ?? "shared" }

    // MARK: what it is to do

    /// How long the place may take for one frame: one interval for all plugins that have no deadline of their own, and
    /// theirs for the others.
    var deadline: Duration {
        if isPatient { return Self.patience }
        let interval = Duration.nanoseconds(max(frameRate.interval.nanoseconds, 20_000_000))
        var sum = Duration.zero
        var sharesInterval = false
        for plugin in plugins where plugin.isActive {
            if plugin.choice.deadlineMicroseconds > 0 {
                sum += .microseconds(Int64(plugin.choice.deadlineMicroseconds))
            } else {
                sharesInterval = true
            }
        }
        return sharesInterval || sum == .zero ? sum + interval : sum
    }

    /// After how long without an answer the host has no hope left.
    var hostPatience: Duration { max(Self.patience, deadline * 2) }

    /// How much a host may grow, in bytes: what its plugins may take, and once the standard for those that don't say.
    var memoryLimit: Int {
        let own = plugins.filter(\.choice.isEnabled).map { Int($0.choice.memoryMebibytes) }
        let needsStandard = own.isEmpty || own.contains(0)
        return (own.reduce(0, +) + (needsStandard ? PluginChoice.standardMebibytes : 0)) << 20
    }

    /// Some plugin should have worked on a picture.
    private var wantsVideo: Bool { plugins.contains { $0.choice.isEnabled && $0.abilities.contains(.video) } }

    /// Whether the host runs a plugin that can be given this.
    private func works(on ability: PluginAbilities) -> Bool {
        guard let host else { return false }
        return plugins.contains { $0.isActive && host.loaded[$0.id]?.contains(ability) ?? false }
    }

    /// Nothing of the timeline is in it.
    var isEmpty: Bool { queue.isEmpty && inHand.map(\.isLate) ?? true && sound.isEmpty }

    /// How many pictures wait here.
    var waitingCount: Int { queue.count }
    /// How many blocks of sound are on their way through.
    var soundCount: Int { sound.count }

    // MARK: pictures

    /// Takes a picture in; it leaves through ``onFrame``.
    func pass(_ frame: TimelineFrame) {
        queue.append(frame)
        advance()
    }

    /// Goes on with what waits.
    func advance() {
        sendSound()
        while !isHolding, inHand == nil || inHand?.isLate ?? false, var frame = queue.first {
            queue.removeFirst()
            if inHand == nil, giveToHost(frame) { return }
            if wantsVideo { frame.isUnfiltered = true }
            onFrame?(frame)
        }
    }

    private func giveToHost(_ frame: TimelineFrame) -> Bool {
        guard let host, works(on: .video),
            host.process(frame.frame, pts: frameRate.time(of: frame.frame), input: frame.slot)
        else { return false }
        var deadline = MonotonicTime.now.advanced(by: deadline)
        if let retry, retry.frame == frame.frame { deadline = retry.deadline }
        let bound = ReactorBound(self, reactor)
        let timer = reactor.schedule(at: deadline) { bound.value.missed(frame.frame) }
        inHand = InHand(frame: frame, deadline: deadline, timer: timer)
        return true
    }

    /// The host on air has answered for `number`.
    /// - Parameter result: where the picture is now, held once; nil when nothing changed.
    func processed(_ number: FrameNumber, _ result: SlotReference?) {
        guard let hand = inHand, hand.frame.frame == number, !hand.isLate else {
            // The frame has gone out unfiltered long since.
            if let result { pools.release(result) }
            inHand = nil
            return goOn()
        }
        reactor.cancel(hand.timer)
        inHand = nil
        noteAnswer()
        var frame = hand.frame
        if let result {
            pools.release(frame.slot)
            frame = TimelineFrame(frame: number, slot: result, isUnfiltered: frame.isUnfiltered)
        }
        onFrame?(frame)
        goOn()
    }

    private func noteAnswer() {
        guard !hostHasWorked else { return }
        hostHasWorked = true
        onWorked?()
    }

    private func goOn() {
        if hasNothingInHand { onIdle?() }
        advance()
        onProgress?()
    }

    private func missed(_ number: FrameNumber) {
        guard var hand = inHand, hand.frame.frame == number, !hand.isLate else { return }
        hand.isLate = true
        inHand = hand
        if let id = host?.breadcrumb?.plugin { plugins.first { $0.id == id }?.misses += 1 }
        var frame = hand.frame
        frame.isUnfiltered = true
        onFrame?(frame)
        goOn()
    }

    // MARK: sound

    /// Takes a block in; it leaves through ``onSound``.
    func pass(_ block: AudioLedger.Block) {
        sound.pass(block)
        sendSound()
    }

    private func sendSound() {
        guard !sound.isEmpty else { return }
        sound.isOpen = works(on: .audio)
        // The host may be at work on a picture first.
        sound.send(to: host, within: deadline * 2)
    }

    /// The host on air has answered for the block at `position`.
    func processedSound(at position: Int64, _ samples: [Float]?) {
        sound.answered(position, samples)
        goOn()
    }

    // MARK: hosts

    /// The host owes nothing that is still waited for.
    var hasNothingInHand: Bool { inHand.map(\.isLate) ?? true && sound.hasNothingInHand }

    /// Lets the host answer what it has, and gives it nothing more.
    func hold() { isHolding = true }

    /// Puts `stub` in the host's place. What waits goes to it.
    func take(_ stub: PluginStub?) {
        forgetHand()
        sound.release()
        host = stub
        hostHasWorked = false
        isHolding = false
    }

    /// The host is gone. What it had in hand waits for `successor` as long as there is time, else it leaves as it came.
    func lose(successor: PluginStub?) {
        if let hand = inHand, !hand.isLate {
            if successor != nil, retry?.frame != hand.frame.frame {
                retry = (hand.frame.frame, hand.deadline)
                queue.insert(hand.frame, at: 0)
            } else {
                var frame = hand.frame
                frame.isUnfiltered = true
                forgetHand()
                onFrame?(frame)
            }
        }
        take(successor)
    }

    private func forgetHand() {
        if let inHand { reactor.cancel(inHand.timer) }
        inHand = nil
    }

    /// All processes of this place.
    var stubs: [PluginStub] { [host, standby, next?.stub].compactMap { $0 } + retired }

    /// Ends all timers: nothing more comes.
    func close() {
        forgetHand()
        sound.close()
    }
}
