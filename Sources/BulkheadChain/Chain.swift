import BulkheadChildren
import BulkheadEvents
import BulkheadFrames
package import BulkheadMedia
package import BulkheadModel
package import BulkheadRoom
package import BulkheadSystem
package import BulkheadTimeline
import BulkheadWire

/// The chain of plugins: every frame and all sound pass it, and none waits for it longer than the deadlines.
///
/// In: frames and blocks, in order and each once, from the program. Out: the same, in order and each once, to `outlet`,
/// worked on by the plugins where these were in time. Back: how much waits here (``load``), and ``ChainRequests``.
///
/// The chain is a row of posts, each with a host: one for all plugins, or one for each. Hosts are talked to by
/// ``ChainPost`` and nowhere else. What happens at a post is decided by ``HostMachine`` (which host),
/// ``PassageMachine`` (which frame, when) and ``Inquest`` (which plugin); the order of posts by ``ChainOrder``; changes
/// by ``ChangeMachine``. All of these are values without child and clock. The chain lives on the reactor's thread.
package final class Chain: FrameOutlet {
    /// What the stream does, as plugins are told.
    package enum Stage: String, Sendable {
        case preparing, live, ending, ended
    }

    /// The broadcast's stage; see ``enter(_:)``.
    package private(set) var stage = Stage.preparing
    /// What of the room a host that goes on air is to know.
    package var roomEvents: () -> [RoomEvent] = { [] }
    /// Called when the last host has ended.
    package var onEmpty: (() -> Void)?

    private let context: RoomContext
    private let outlet: any FrameOutlet
    private let requests: ChainRequests
    private var settings: ChainSettings
    private var order = ChainOrder() { didSet { refreshRow() } }
    private var changes = ChangeMachine()
    /// All posts that are in the chain or have hosts.
    private var posts: [PostID: ChainPost] = [:] { didSet { refreshRow() } }
    /// The posts in the chain, in order.
    private var row: [ChainPost] = []
    private var changeIDs = IdentityCounter<ChangeSubject>()
    private var asked: [ChangeID: (BroadcastError?) -> Void] = [:]
    private let work = ActionQueue<ChangeMachine.Action>()
    private let startedAt = MonotonicTime.now
    private var lastMemoryLook = MonotonicTime.now
    /// The number of the next frame that comes in.
    private(set) package var nextFrame: FrameNumber
    private var framesUnfiltered = 0

    /// - Parameter outlet: where frames go next: the encoding.
    package init(
        _ settings: ChainSettings, in context: RoomContext, outlet: any FrameOutlet, requests: ChainRequests
    ) {
        self.settings = settings
        nextFrame = settings.firstFrame
        self.context = context
        self.outlet = outlet
        self.requests = requests
    }

    /// Makes the posts and starts their hosts.
    /// - Throws: kind `installation`, where a host can't be started.
    package func start() throws(BroadcastError) {
        let plugins = settings.plugins.map { changes.newPlugin($0) }
        let groups = settings.isolation == .each ? plugins.map { [$0] } : [plugins]
        let made = groups.map { ChainPost($0, settings, in: context, owner: self) }
        for post in made { posts[post.id] = post }
        order = ChainOrder(made.map(\.id))
        for post in made { try post.begin() }
    }

    private func refreshRow() { row = order.posts.compactMap { posts[$0] } }

    private func post(with plugin: PluginID) -> ChainPost? { posts.values.first { $0.plugin(plugin) != nil } }

    // MARK: the way through

    package func take(_ frame: TimelineFrame) {
        nextFrame = frame.frame + 1
        if order.isWaiting { order.wait(frame) } else { enter(frame, order.first) }
    }

    package func take(_ block: AudioLedger.Block) {
        if order.isWaiting { order.wait(block) } else { enter(block, order.first) }
    }

    private func enter(_ frame: TimelineFrame, _ post: PostID?) {
        guard let post = post.flatMap({ posts[$0] }) else {
            if frame.isUnfiltered { framesUnfiltered += 1 }
            return outlet.take(frame)
        }
        post.take(frame)
    }

    private func enter(_ block: AudioLedger.Block, _ post: PostID?) {
        guard let post = post.flatMap({ posts[$0] }) else { return outlet.take(block) }
        post.take(block)
    }

    private func crossBorder() {
        guard order.isWaiting, row.allSatisfy(\.isEmpty) else { return }
        let (frames, blocks) = order.cross()
        for frame in frames { enter(frame, order.first) }
        for block in blocks { enter(block, order.first) }
        handle(.crossed)
    }

    /// Nothing of the timeline is in the chain or waits before it.
    package var isDrained: Bool { order.isEmpty && row.allSatisfy(\.isEmpty) }

    /// How much of the timeline is here and behind.
    package var load: FrameLoad {
        var load = outlet.load
        load.frames += framesWaiting
        load.hasRoom = load.hasRoom && row.allSatisfy { $0.soundCount < 8 }
        return load
    }

    private var framesWaiting: Int { order.frames.count + row.reduce(0) { $0 + $1.waitingCount } }

    /// At the start the first frame waits for the chain, so that no frame goes out unfiltered without need.
    package var isSettled: Bool {
        row.allSatisfy { $0.isReady || $0.plugins.isEmpty }
            || MonotonicTime.now.since(startedAt) > Duration.seconds(3).nanoseconds
    }

    // MARK: the broadcast's course

    /// Tells plugins what the stream does from now on.
    package func enter(_ stage: Stage) {
        self.stage = stage
        if stage == .live { for post in row { post.tellOfMissing() } }
        for post in row {
            post.tell(kind: Self.streamStateEvent, pts: settings.frameRate.time(of: nextFrame), name: stage.rawValue)
        }
    }

    private static let streamStateEvent: UInt32 = 3

    /// Tells plugins of the room, before they are given any frame that has not entered yet.
    package func tell(_ event: RoomEvent) {
        for post in row { post.tell(event) }
    }

    /// The broadcast ends: nothing is started any more, and what waits for a change is told.
    package func end() {
        guard stage != .ended else { return }
        stage = .ended
        let error = BroadcastError(code: .broadcastOver, "the broadcast ended before the change was made")
        handle(.ended(error))
        for post in posts.values { post.stop(error) }
    }

    /// Pictures have another size from now on; the posts' next hosts, too.
    package func change(_ canvas: Canvas) {
        settings.canvas = canvas
        for post in row { post.renewForNewSize() }
    }

    /// Puts a new process in the place of each host.
    /// - Throws: kind `control`, where there is none that could be.
    package func restart() throws(BroadcastError) {
        let filled = row.filter { $0.hasHost && !$0.hasNext }
        guard !filled.isEmpty else {
            throw BroadcastError(code: .noPluginHost, "there is no plugin host that could be restarted now")
        }
        for post in filled { post.renew() }
    }

    /// Looks after hosts that do not answer, and once a second after their memory.
    package func watch(at now: MonotonicTime) {
        let looksAtMemory = now.since(lastMemoryLook) > 1_000_000_000
        if looksAtMemory { lastMemoryLook = now }
        for post in posts.values { post.watch(at: now, looksAtMemory: looksAtMemory) }
    }

    // MARK: changes

    /// Changes the chain.
    /// - Parameter done: called once: with nil when the change is in effect, with an error when nothing has changed.
    package func change(_ change: PluginChange, done: @escaping (BroadcastError?) -> Void) {
        guard stage == .live else {
            return done(BroadcastError(code: .notOnAir, "the broadcast is not on air", advice: "try again when it is"))
        }
        let id = changeIDs.next()
        asked[id] = done
        handle(.asked(id, change))
    }

    /// What a change of the chain would do; whether a library can be loaded shows when it is.
    /// - Throws: why it would be refused.
    package func foresee(_ change: PluginChange) throws(BroadcastError) -> ChangeOutcome {
        var changes = changes
        var changeIDs = changeIDs
        for case .done(_, let error?) in changes.handle(.asked(changeIDs.next(), change), layout) { throw error }
        let (name, way): (String, ChangeOutcome.Way) =
            switch change {
            case .add(let choice, _): (choice.shortName, .takeover)
            case .reload(let name), .pardon(let name): (name, .takeover)
            case .remove(let name): (name, .removed)
            case .move(let name, _), .set(let name, _, _), .enable(let name, _): (name, .inPlace)
            }
        return ChangeOutcome("plugin \(name)", way)
    }

    private var layout: ChainLayout {
        let row = row
        return ChainLayout(
            isolation: settings.isolation, sections: row.map { ChainLayout.Section(post: $0.id, plugins: $0.plugins) },
            isSettled: !row.contains(where: \.hasNext))
    }

    private func handle(_ event: ChangeMachine.Event) {
        work.append(contentsOf: changes.handle(event, layout))
        work.run { carryOut($0) }
    }

    private func carryOut(_ action: ChangeMachine.Action) {
        switch action {
        case .step(let step): carryOut(step)
        case .report(let id, let name, let report):
            context.post(.plugin(id, name: name), .plugin(PluginHappening(report, nextFrame: nextFrame)))
        case .done(let id, let error):
            if error == nil { requests.changed(choices) }
            asked.removeValue(forKey: id)?(error)
            if stage != .ended { handle(.settled) }
        }
    }

    private func carryOut(_ step: ChangePlan.Step) {
        switch step {
        case .find(let choice): requests.find(choice) { [weak self] in self?.handle(.found($0)) }
        case .renew(let post, let plugins): posts[post]?.renew(plugins, isAsked: true)
        case .open(let plugin):
            let post = ChainPost([plugin], settings, isOpen: false, in: context, owner: self)
            posts[post.id] = post
            post.renew([plugin.id], isAsked: true)
        case .cross(let step):
            if let step = orderStep(step) { order.ask(step) }
            crossBorder()
        case .unload(let post, let plugin): posts[post]?.unload(plugin) { [weak self] in self?.handle(.answered($0)) }
        case .set(let plugin, let parameter, let value):
            post(with: plugin)?.set(parameter, to: value, of: plugin) { [weak self] in self?.handle(.answered($0)) }
        case .admit(let post, let plugin): posts[post]?.admit(plugin)
        case .forget(let post, let plugin): posts[post]?.forget(plugin)
        case .edit(let plugin, let edit): post(with: plugin)?.edit(plugin, edit)
        case .arrange(let post, let plugins): posts[post]?.arrange(plugins)
        case .enable(let plugin, let isEnabled): post(with: plugin)?.enable(plugin, isEnabled)
        case .letGo(let plugin):
            guard let post = post(with: plugin) else { return }
            post.letGo()
            forgetIfGone(post.id)
        }
    }

    private func orderStep(_ step: ChangePlan.BorderStep) -> ChainOrder.Step? {
        switch step {
        case .insert(let plugin, let index): post(with: plugin).map { .insert($0.id, at: index) }
        case .remove(let plugin): post(with: plugin).map { .remove($0.id) }
        case .move(let plugin, let index): post(with: plugin).map { .move($0.id, to: index) }
        }
    }

    private func readmit(_ id: PluginID) {
        guard isBeforeEnd, let post = row.first(where: { $0.plugin(id) != nil }), let plugin = post.plugin(id) else {
            return
        }
        switch Readmission(of: plugin, isBusy: post.hasNext || changes.isBusy, at: .now) {
        case .never: return
        case .after(let delay): context.schedule(after: delay) { [weak self] in self?.readmit(id) }
        case .now:
            context.post(.plugin(id, name: plugin.name), .plugin(.readmitted))
            post.renew()
        }
    }

    // MARK: hosts

    /// No host is left.
    package var isEmpty: Bool { !posts.values.contains(where: \.hasChildren) }

    private func forgetIfGone(_ id: PostID) {
        guard let post = posts[id], !post.hasChildren, !order.posts.contains(id) else { return }
        posts[id] = nil
    }

    package func drop(pool: UInt32) { for post in posts.values { post.drop(pool: pool) } }

    /// Lets all hosts end by themselves.
    package func hangUp() { for post in posts.values { post.hangUp() } }

    /// Ends all hosts.
    package func dismiss(_ reason: String) { for post in posts.values { post.dismiss(reason) } }

    /// Ends all timers: nothing more comes.
    package func close() { for post in posts.values { post.close() } }

    /// The plugins as they were asked for, in the order in which they work.
    package var choices: [PluginChoice] { row.flatMap(\.plugins).map(\.choice) }

    package var snapshot: ChainSnapshot {
        ChainSnapshot(
            children: row.flatMap(\.status), plugins: row.flatMap(\.pluginStatus), framesUnfiltered: framesUnfiltered,
            framesWaiting: framesWaiting)
    }
}

extension Chain: ChainPostOwner {
    var isBeforeEnd: Bool { stage == .preparing || stage == .live }
    var isPreparing: Bool { stage == .preparing }
    var canvas: Canvas { settings.canvas }
    var frameLimit: Int { outlet.load.limit }

    func left(_ frame: TimelineFrame, _ post: PostID) {
        enter(frame, order.next(after: post))
        crossBorder()
    }

    func left(_ block: AudioLedger.Block, _ post: PostID) {
        enter(block, order.next(after: post))
        crossBorder()
    }

    func progressed() { requests.progressed() }

    func greet(_ host: PluginStub) {
        let name = stage == .ended ? Stage.ending : stage
        host.tell(kind: Self.streamStateEvent, pts: settings.frameRate.time(of: nextFrame), name: name.rawValue)
    }

    func brief(_ host: PluginStub) { roomEvents().forEach(host.tell) }

    func answered(_ outcome: HostMachine.Outcome) { handle(.tookOver(outcome)) }

    func settled() { handle(.settled) }

    func quarantined(_ plugin: PluginID, until end: MonotonicTime) {
        context.schedule(at: end) { [weak self] in self?.readmit(plugin) }
    }

    func failed(_ error: BroadcastError) { requests.failed(error) }

    func emptied(_ post: PostID) {
        forgetIfGone(post)
        if isEmpty { onEmpty?() }
    }
}

/// What the chain asks of the broadcast.
package struct ChainRequests {
    /// Something has left the chain by itself, or a host is on air.
    package var progressed: () -> Void
    /// The broadcast can't begin.
    package var failed: (BroadcastError) -> Void
    /// The chain is so from now on, as it was asked for.
    package var changed: ([PluginChoice]) -> Void
    /// Finds a plugin's library, and calls back on the reactor's thread.
    package var find: (PluginChoice, @escaping (Result<PluginFinder.Found, BroadcastError>) -> Void) -> Void

    package init(
        progressed: @escaping () -> Void, failed: @escaping (BroadcastError) -> Void,
        changed: @escaping ([PluginChoice]) -> Void,
        find: @escaping (PluginChoice, @escaping (Result<PluginFinder.Found, BroadcastError>) -> Void) -> Void
    ) {
        self.progressed = progressed
        self.failed = failed
        self.changed = changed
        self.find = find
    }
}

extension PluginHappening {
    init(_ report: ChangePlan.Report, nextFrame: FrameNumber) {
        switch report {
        case .added: self = .added(frame: nextFrame)
        case .reloaded: self = .reloaded(frame: nextFrame)
        case .removed: self = .removed
        case .enabled: self = .enabled
        case .disabled: self = .disabled
        case .pardoned: self = .pardoned
        case .moved(let position): self = .moved(position: position)
        case .set(let parameters): self = .set(parameters: parameters)
        }
    }
}
