import BulkheadChain
import BulkheadChildren
import BulkheadEncoding
import BulkheadEvents
import BulkheadFrames
import BulkheadLinks
import BulkheadMedia
import BulkheadModel
import BulkheadOutputs
import BulkheadRoom
import BulkheadSystem
import BulkheadTimeline
import BulkheadWire

/// One broadcast: the hub between its children and its links.
///
/// It runs on the reactor's thread, where the children's messages arrive. What it decides lies in values of
/// `BulkheadFrames`; its parts stand in the extensions: encoder, sources, plugins, timeline, ending, status.
actor Broadcast {
    nonisolated let reactor: Reactor
    nonisolated var unownedExecutor: UnownedSerialExecutor { reactor.asUnownedSerialExecutor() }

    enum State: Hashable {
        case starting, onAir, ending, ended
    }

    /// As they are now: they may change on air.
    var settings: BroadcastSettings { didSet { outputs.change(.init(settings), isSetByHand: false) } }
    let programs: Programs
    let events: EventLog
    /// Where an encoder that is started by hand connects; nil outside mode selected.
    let encoderAddress: String?
    let plugins: PluginFinder
    /// The plugins that the broadcast begins with.
    private let foundPlugins: [PluginFinder.Found]

    var state = State.starting
    let pools: FramePools
    /// What the rooms share.
    let context: RoomContext
    let outputs: Outputs
    let committed: CommittedPackets
    let encoding: Encoding
    /// Nil before the start.
    private(set) var chain: Chain?

    // Sources.
    var sources: [SourceState] = []

    // The timeline.
    var origin: MonotonicTime?
    var nextFrame: FrameNumber = 0
    var nextBlock: Int64 = 0
    var lastFrame: FrameNumber?
    var tickTimer: Reactor.Token?
    var watchTimer: Reactor.Token?
    var slate: SlotReference?
    var slateReaders: [SourceStub] = []
    var lastAdvance = MonotonicTime.now
    var showing = "picture"
    let startedAt = MonotonicTime.now

    // Figures.
    var framesRepeated = 0
    var framesSkipped = 0
    var overload = OverloadRule()
    var deaths = DeathRecords()
    /// What has been said of launches that failed, until one succeeds.
    var launchProblems: Set<String> = []

    // The end.
    /// Ends when the broadcast does.
    private let course = AsyncStream<Void>.makeStream()
    var failure: BroadcastError?
    /// What went wrong at the very end, when everything else has been sent.
    var lateFailure: BroadcastError?
    var flushIsSent = false
    var endingSince: MonotonicTime?
    var childrenContinuation: CheckedContinuation<Void, Never>?
    var childrenAlive = 0

    init(
        _ settings: BroadcastSettings, programs: Programs, plugins: PluginFinder, foundPlugins: [PluginFinder.Found],
        events: EventLog, encoderAddress: String?, on reactor: Reactor
    ) {
        self.settings = settings
        self.programs = programs
        self.plugins = plugins
        self.foundPlugins = foundPlugins
        self.events = events
        self.encoderAddress = encoderAddress
        self.reactor = reactor
        pools = FramePools()
        context = RoomContext(reactor: reactor, pools: pools, programs: programs, events: events)
        outputs = Outputs(context, bitrate: .init(settings))
        committed = CommittedPackets(outputs)
        encoding = Encoding(
            WantedEncoding(settings), encoderAddress: encoderAddress ?? "", context, outlet: committed)
    }

    var frameRate: FrameRate { settings.frameRate }
    var interval: MediaTime { settings.frameRate.interval }

    /// Where the timeline stands, in seconds; nil before it has started.
    private var mediaSeconds: Double? { origin == nil ? nil : frameRate.time(of: nextFrame).seconds }

    /// The deaths of all children, the oldest first.
    var allDeaths: [DeathRecord] { (deaths.all + context.deaths.all).sorted { $0.time < $1.time } }

    func post(_ part: Part, _ happening: Happening) {
        events.post(part, happening, mediaSeconds: mediaSeconds)
    }

    // MARK: running

    /// Runs the broadcast to its end.
    func run() async throws(BroadcastError) -> BroadcastSummary {
        // A stop may have come before there was anything to stop.
        do { if state != .ended { try start() } } catch {
            // Whoever ends from here on has no successor.
            state = .ended
            await dismissChildren()
            throw error
        }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.runOutputs() }
            // A stop that came before this point has ended the stream already.
            for await _ in course.stream {}
            if failure == nil { outputs.finish() } else { outputs.abort() }
            stopTimers()
            await dismissChildren()
            await group.waitForAll()
        }
        let summary = BroadcastSummary(status: status())
        releaseEverything()
        DeathArchive.standard.append(deaths.unrecovered + context.deaths.unrecovered)
        if let failure = failure ?? lateFailure { throw failure }
        return summary
    }

    private func start() throws(BroadcastError) {
        pools.onRemoved = { [weak self] id in self?.assumeIsolated { $0.poolRemoved(id) } }
        try startOutputs()
        try makeSlate()
        try startEncoding()
        for (index, input) in settings.inputs.enumerated() {
            sources.append(
                SourceState(name: settings.inputs.count == 1 ? "source" : "source \(index + 1)", input: input))
            try launchSource(index)
        }
        try startChain()
        armWatch()
    }

    private func startOutputs() throws(BroadcastError) {
        context.mediaSeconds = { [weak self] in self?.assumeIsolated { $0.mediaSeconds } }
        outputs.onRoom = { [weak self] in self?.assumeIsolated { $0.pump() } }
        outputs.onBitrate = { [encoding] in encoding.carry(bitsPerSecond: $0) }
        outputs.onFailure = { [weak self] error in
            self?.assumeIsolated { broadcast in if broadcast.state != .ended { broadcast.fail(error) } }
        }
        try outputs.declare(settings.destinations)
    }

    private func startEncoding() throws(BroadcastError) {
        encoding.onProgress = { [weak self] in self?.assumeIsolated { $0.progressed() } }
        encoding.onResize = { [weak self] canvas throws(BroadcastError) in
            let failure = self?.assumeIsolated { $0.resize(to: canvas) } ?? nil
            if let failure { throw failure }
        }
        encoding.onFailure = { [weak self] error in self?.assumeIsolated { $0.fail(error) } }
        encoding.onDrained = { [weak self] in self?.assumeIsolated { $0.end() } }
        encoding.onEmpty = { [weak self] in self?.assumeIsolated { $0.resumeIfChildless() } }
        try encoding.start()
    }

    private func runOutputs() async { await outputs.run(on: self) }

    /// Changes the links; what takes time goes on by itself.
    /// - Throws: kind `control` or `usage`, when nothing has been changed.
    func change(_ change: LinkChange) throws(BroadcastError) {
        guard state == .starting || state == .onAir else {
            throw BroadcastError(.control, "the broadcast is not on air", advice: "try again when it is")
        }
        try outputs.change(change)
        settings.destinations = outputs.destinations
    }

    /// What a link, or each of all, knows of its servers; with `isMeasured` after a handshake with each.
    func servers(of word: String?, isMeasured: Bool) async throws(BroadcastError) -> [LinkServersReport] {
        try await outputs.servers(of: word, isMeasured: isMeasured)
    }

    private func startChain() throws(BroadcastError) {
        let hasChain = settings.children != .encoder
        let chain = Chain(
            ChainSettings(
                plugins: hasChain ? foundPlugins : [], isolation: hasChain ? settings.pluginIsolation : .each,
                canvas: settings.canvas, frameRate: frameRate, isPatient: settings.isFast,
                hasStandbys: settings.standby != .off),
            in: context, outlet: encoding,
            requests: ChainRequests(
                progressed: { [weak self] in self?.assumeIsolated { $0.progressed() } },
                failed: { [weak self] error in self?.assumeIsolated { $0.fail(error) } },
                changed: { [weak self] choices in self?.assumeIsolated { $0.settings.plugins = choices } },
                find: { [weak self, reactor] choice, done in
                    let done = ReactorBound(done, reactor)
                    self?.assumeIsolated { $0.find(choice) { done.value($0) } }
                }))
        chain.onEmpty = { [weak self] in self?.assumeIsolated { $0.resumeIfChildless() } }
        self.chain = chain
        try chain.start()
    }

    /// How much of the timeline is on its way.
    var load: FrameLoad { chain?.load ?? encoding.load }

    /// Slots may be free, and a room may take more.
    private func progressed() {
        lendSlots()
        startTimelineIfPossible()
        pump()
    }

    private func find(
        _ choice: PluginChoice, done: @escaping @Sendable (Result<PluginFinder.Found, BroadcastError>) -> Void
    ) {
        // The change that asks for it waits, and ends with the broadcast at the latest.
        Task {
            do throws(BroadcastError) { done(.success(try await plugins.find(choice))) } catch {
                done(.failure(error))
            }
        }
    }

    /// Ends the broadcast because it can't go on.
    func fail(_ error: BroadcastError) {
        if failure == nil { failure = error }
        end()
    }

    /// Lets ``run()`` go on to its end.
    func end() {
        state = .ended
        encoding.close()
        chain?.end()
        course.continuation.finish()
    }

    // MARK: children

    /// Ends all children and waits until they are gone.
    private func dismissChildren() async {
        encoding.close()
        chain?.end()
        context.close()
        encoding.hangUp()
        chain?.hangUp()
        for source in sources { source.stub?.child.hangUp() }
        for reader in slateReaders { reader.child.hangUp() }
        guard !isChildless else { return }
        let timer = reactor.schedule(at: .now.advanced(by: .seconds(2))) { [weak self] in
            self?.assumeIsolated { $0.killChildren() }
        }
        await withCheckedContinuation { childrenContinuation = $0 }
        reactor.cancel(timer)
    }

    private func killChildren() {
        encoding.kill("it did not end when asked")
        chain?.dismiss("it did not end when asked")
        for source in sources { source.stub?.child.dismiss("it did not end when asked") }
        for reader in slateReaders { reader.child.dismiss("it did not end when asked") }
    }

    func childStarted() { childrenAlive += 1 }

    func childEnded() {
        childrenAlive -= 1
        resumeIfChildless()
    }

    private var isChildless: Bool { childrenAlive == 0 && encoding.isEmpty && chain?.isEmpty ?? true }

    private func resumeIfChildless() {
        guard isChildless else { return }
        childrenContinuation?.resume()
        childrenContinuation = nil
    }

    private func poolRemoved(_ id: UInt32) {
        encoding.dropPool(id)
        chain?.drop(pool: id)
    }

    private func releaseEverything() {
        chain = nil
        sources.removeAll()
    }
}

extension BitrateMachine.Settings {
    init(_ settings: BroadcastSettings) {
        self.init(
            wanted: settings.videoBitsPerSecond, minimum: settings.minimumVideoBitsPerSecond,
            sound: settings.audioBitsPerSecond, rule: settings.congestion)
    }
}

/// What to do when a child can't be started.
func launchAdvice(_ error: any Error) -> String {
    if let error = error as? ChildLaunchError, case .system = error {
        return "see what this machine lacks: ulimit -a, free -m"
    }
    return "reinstall Bulkhead, or name the folder of its helpers with --libexec"
}

/// A place in the broadcast that a child fills, over the deaths of those that filled it.
struct ChildSlot {
    enum State: String {
        case starting, ready, waiting, restarting, ended
    }

    let name: String
    var state = State.starting
    var restarts = 0
    var lastEnd = ""
    var policy = RestartPolicy()

    mutating func noteRestart() {
        state = .restarting
        restarts += 1
    }

    func status(_ child: Child?) -> ChildStatus {
        ChildStatus(
            name: name, pid: child?.pid, state: state.rawValue, restarts: restarts, lastEnd: lastEnd,
            build: child?.build)
    }
}
