import BulkheadChildren
import BulkheadEvents
import BulkheadFrames
import BulkheadMedia
import BulkheadModel
import BulkheadRoom
import BulkheadSystem
import BulkheadTimeline
import BulkheadWire

/// What a post of the chain needs of the chain.
protocol ChainPostOwner: AnyObject {
    /// Hosts are launched for what is to come.
    var isBeforeEnd: Bool { get }
    /// A plugin that can't be loaded stops the broadcast.
    var isPreparing: Bool { get }
    /// The number of the next frame that enters the chain.
    var nextFrame: FrameNumber { get }
    /// How large pictures are.
    var canvas: Canvas { get }
    /// How many pictures may be on their way to the encoder.
    var frameLimit: Int { get }

    func left(_ frame: TimelineFrame, _ post: PostID)
    func left(_ block: AudioLedger.Block, _ post: PostID)
    /// Something has left by itself, or a host is on air.
    func progressed()
    /// Tells a host that goes on air what the stream does.
    func greet(_ host: PluginStub)
    /// The next host that was asked for is on air, or will never be.
    func answered(_ outcome: HostMachine.Outcome)
    func settled()
    /// A plugin is left out until then.
    func quarantined(_ plugin: PluginID, until end: MonotonicTime)
    func failed(_ error: BroadcastError)
    /// No host of the post is left.
    func emptied(_ post: PostID)
}

/// One post of the chain: its plugins, their hosts, and what passes.
///
/// All plugins share one post, or each has its own. What is to be done is decided by ``HostMachine``,
/// ``PassageMachine`` and ``Blame``; the post carries it out, one action after the other. It lives on the reactor's
/// thread.
final class ChainPost {
    let id: PostID
    private let context: RoomContext
    private let report: PostReport
    private let frameRate: FrameRate
    private let isPatient: Bool
    private let hasStandbys: Bool
    /// What the folder is called in which its plugins may write.
    private let dataName: String
    private var dataWatch: DataWatch?
    private weak var owner: (any ChainPostOwner)?
    private var hosts: HostMachine
    private var passage: PassageMachine
    private var roster: PluginRoster
    private var blame = Blame()
    private var stubs: [ChildID: PluginStub] = [:]
    private var timer: (token: Reactor.Token, deadline: MonotonicTime)?
    private var work: [Work] = []
    private var isWorking = false

    private enum Work {
        case hosts(HostMachine.Action)
        case passage(PassageMachine.Action)
    }

    /// - Parameter isOpen: false for a post that comes into the chain when its first host is on air.
    init(
        _ plugins: [ChainPlugin], _ settings: ChainSettings, isOpen: Bool = true, in context: RoomContext,
        owner: any ChainPostOwner
    ) {
        id = context.nextPostID()
        let own = settings.isolation == .each ? plugins.first : nil
        report = PostReport(
            post: id, name: own.map { "plugin host \($0.name)" } ?? "plugin host", context: context)
        dataName = own?.name ?? "shared"
        roster = PluginRoster(plugins)
        self.context = context
        self.owner = owner
        frameRate = settings.frameRate
        isPatient = settings.isPatient
        hasStandbys = settings.hasStandbys
        hosts = HostMachine(isOpen: isOpen)
        passage = PassageMachine(PassageMachine.Terms(deadline: PostLimits.patience))
    }

    // MARK: what there is

    /// Nothing of the timeline is here.
    var isEmpty: Bool { passage.isEmpty }
    /// How many pictures wait here.
    var waitingCount: Int { passage.waitingCount }
    /// How many blocks of sound are on their way through.
    var soundCount: Int { passage.soundCount }
    /// A host is on air, with all that could be loaded.
    var isReady: Bool { hosts.record(of: .onAir).state == .ready }
    var hasHost: Bool { host != nil }
    var hasNext: Bool { hosts.hasNext }
    var hasChildren: Bool { !stubs.isEmpty }

    private var host: PluginStub? { hosts.holder(of: .onAir).flatMap { stubs[$0] } }
    private var standby: PluginStub? { hosts.holder(of: .standby).flatMap { stubs[$0] } }
    private var limits: PostLimits { PostLimits(roster.plugins, frameRate: frameRate, isPatient: isPatient) }

    /// In the order in which they work.
    var plugins: [ChainPlugin] { roster.plugins }
    func plugin(_ id: PluginID) -> ChainPlugin? { roster[id] }

    // MARK: machines

    func take(_ frame: TimelineFrame) {
        if isOpenWay { owner?.left(frame, id) } else { handle(.frame(frame)) }
    }

    func take(_ block: AudioLedger.Block) {
        if isOpenWay { owner?.left(block, id) } else { handle(.block(block)) }
    }

    /// No plugin is here, and nothing waits for one: the whole way through is saved.
    private var isOpenWay: Bool { roster.plugins.isEmpty && !isWorking && passage.isOpenWay }

    private func handle(_ event: PassageMachine.Event) {
        passage.terms = roster.terms(
            loaded: host.flatMap { $0.isLoaded ? $0.loaded : nil }, deadline: limits.deadline)
        for action in passage.handle(event, at: .now) { work.append(.passage(action)) }
        armTimer()
        carryOut()
    }

    private func handle(_ event: HostMachine.Event) {
        refreshStandbyWish()
        for action in hosts.handle(event, at: .now) { work.append(.hosts(action)) }
        carryOut()
    }

    private func refreshStandbyWish() {
        hosts.isStandbyWanted = hasStandbys && (owner?.isBeforeEnd ?? false) && roster.isActive
    }

    /// One action after the other: what an action brings about comes after those that are there already.
    private func carryOut() {
        guard !isWorking else { return }
        isWorking = true
        var index = 0
        while index < work.count {
            let next = work[index]
            index += 1
            switch next {
            case .hosts(let action): carryOut(action)
            case .passage(let action): carryOut(action)
            }
        }
        work.removeAll(keepingCapacity: true)
        isWorking = false
    }

    private func carryOut(_ action: PassageMachine.Action) {
        switch action {
        case .process(let frame):
            guard let host,
                host.process(frame.frame, pts: frameRate.time(of: frame.frame), input: frame.slot)
            else { return handle(.notProcessed(frame.frame)) }
        case .processSound(let block):
            // The passage gives a host no more than it takes.
            _ = host?.processSound(at: block.number * Int64(AudioFormat.samplesPerBlock), block.samples)
        case .leave(let frame): owner?.left(frame, id)
        case .leaveSound(let block): owner?.left(block, id)
        case .release(let slot): context.pools.release(slot)
        case .missed:
            if let crumb = host?.breadcrumb { roster.update(PluginID(onWire: crumb.plugin)) { $0.misses += 1 } }
        case .worked:
            handle(.worked)
            report.recovered(hosts.holder(of: .onAir))
        case .idle: handle(.idle)
        case .progress: owner?.progressed()
        }
    }

    private func carryOut(_ action: HostMachine.Action) {
        switch action {
        case .launch(let duty, let delay): launch(duty, after: delay)
        case .launchNext(let ids):
            do throws(BroadcastError) { try start(.next, ids.compactMap { roster[$0] }) } catch {
                handle(.nextNotLaunched(error))
            }
        case .retire(let child):
            guard let stub = stubs[child] else { return }
            context.pools.retire(stub.pool)
            stub.child.hangUp()
        case .hold: handle(.hold)
        case .go: handle(.go)
        case .lose(let hasSuccessor): handle(.hostLost(hasSuccessor: hasSuccessor))
        case .take: handle(.hostTaken)
        case .adopt(let ids): roster.adopt(ids)
        case .tookOver(let child, let duty):
            report.tookOver(child, pid: pid(child), was: duty, frame: duty == .next ? owner?.nextFrame : nil)
        case .onAir(let child): goOnAir(child)
        case .standbyReady(let child):
            guard let host = stubs[child] else { return }
            report.hasStandby(child)
            report.ready(child, .standby, host, plugins: namesOfPlugins(at: host))
        case .refused(let what, let plugin, let refusal): refused(what, plugin, refusal)
        case .answer(let outcome): owner?.answered(outcome)
        case .settled: owner?.settled()
        }
    }

    private func pid(_ child: ChildID) -> Int32 { stubs[child]?.child.pid ?? 0 }

    // MARK: hosts

    /// Fills the post for the first time.
    func begin() throws(BroadcastError) { try start(.onAir, plugins) }

    private func launch(_ duty: Duty, after delay: Duration) {
        context.launch(after: delay) { [weak self] () throws(BroadcastError) in
            guard let self else { return }
            refreshStandbyWish()
            guard hosts.wants(duty) else { return handle(.notLaunched(duty)) }
            try start(duty, duty == .standby ? plugins.filter { $0.refusal == nil } : plugins)
        }
    }

    private func start(_ duty: Duty, _ plugins: [ChainPlugin]) throws(BroadcastError) {
        guard let owner else { return }
        let now = MonotonicTime.now
        let chain = plugins.filter { $0.quarantine.isDue(at: now) }
        let launched = try HostLaunch(
            canvas: owner.canvas, frameRate: frameRate, slotCount: owner.frameLimit + 16,
            dataFolder: chain.contains(where: \.choice.mayWrite) ? PluginData.folder(dataName) : ""
        ).start(chain, in: context)
        let child = context.nextChildID()
        stubs[child] = launched
        listen(to: launched, child)
        launched.activate()
        report.started(child, duty, pid: launched.child.pid)
        handle(.launched(child, duty))
    }

    private func listen(to stub: PluginStub, _ child: ChildID) {
        stub.onChainReady = { [weak self] in self?.handle(.loaded(child)) }
        stub.onRefused = { [weak self] in self?.handle(.refused(child, $0, $1)) }
        stub.onProcessed = { [weak self] in self?.processed(child, $0, $1) }
        stub.onSound = { [weak self] in
            if self?.hosts.holder(of: .onAir) == child { self?.handle(.processedSound($1)) }
        }
        stub.onTime = { [weak self] time in self?.roster.update(PluginID(onWire: time.id)) { $0.note(time) } }
        stub.onLog = { [weak self] id, level, line in
            guard let self else { return }
            report.said(child, hosts.duty(of: child), id.flatMap { roster[$0] }, level, line)
        }
        stub.onEnd = { [weak self] in self?.ended(child, $0) }
    }

    private func processed(_ child: ChildID, _ frame: FrameNumber, _ result: SlotReference?) {
        guard hosts.holder(of: .onAir) == child else {
            if let result { context.pools.release(result) }
            return
        }
        handle(.processed(frame, result))
    }

    private func namesOfPlugins(at host: PluginStub) -> [String] {
        plugins.filter { host.loaded[$0.id] != nil && $0.isActive }.map(\.name)
    }

    private func goOnAir(_ child: ChildID) {
        guard let host = stubs[child] else { return }
        for id in roster.goOnAir(with: host.loaded, at: .now) { host.setEnabled(id, false) }
        report.ready(child, .onAir, host, plugins: namesOfPlugins(at: host))
        // Where all its plugins are left out, nothing will show that it works.
        if !roster.isActive { report.recovered(child) }
        owner?.greet(host)
        handle(.go)
        handle(.standbyMayBeWanted)
        owner?.progressed()
    }

    private func refused(_ what: HostMachine.Refused, _ id: PluginID, _ refusal: Refusal) {
        let name = roster[id]?.name ?? "a plugin"
        switch what {
        // The one that asked is told.
        case .asked: return
        case .byStandby: report.refusedByStandby(hosts.holder(of: .standby), name, refusal)
        case .atStart where owner?.isPreparing ?? false:
            let identity = roster[id]?.choice.identity ?? name
            owner?.failed(BroadcastError(.plugin, "the plugin \(identity) can't be loaded: \(refusal)"))
        case .atStart, .leftOut:
            roster.update(id) { $0.refusal = refusal }
            report.refused(id, name: name, refusal)
        }
    }

    // MARK: ends

    private func ended(_ child: ChildID, _ end: ChildEnd) {
        guard let stub = stubs.removeValue(forKey: child) else { return }
        context.pools.retire(stub.pool)
        let duty = hosts.duty(of: child)
        if duty == .onAir, end.cause.isOtherVersion, hosts.record(of: .onAir).restarts == 0 {
            // Nothing has worked yet, and no other process would.
            owner?.failed(BroadcastError(otherVersionOf: "the plugin host", "\(end.cause)"))
        }
        let guilty = judge(duty, child, stub, end)
        let name = guilty.flatMap { plugin($0)?.name }
        handle(.ended(child, end: Self.words(end, name), isExcused: duty == .onAir && guilty != nil))
        if stubs.isEmpty { owner?.emptied(id) }
    }

    private static func words(_ end: ChildEnd, _ plugin: String?) -> String {
        plugin.map { "\(end.cause) in the plugin \($0)" } ?? "\(end.cause)"
    }

    /// Says how a host ended.
    /// - Returns: the plugin that it ended in.
    private func judge(_ duty: Duty?, _ child: ChildID, _ stub: PluginStub, _ end: ChildEnd) -> PluginID? {
        if let leaving = leavingPlugin(of: stub, duty) {
            // It is on its way out: no other plugin is to blame, and it need not be left out.
            if duty == .onAir, end.cause != .released, !hosts.isEnding {
                report.died(child, .onAir, stub, end, in: leaving.name, showsCall: true)
            } else {
                report.endedItsHost(leaving.id, name: leaving.name)
            }
            return nil
        }
        guard !hosts.isEnding else { return nil }
        let called = stub.breadcrumb.flatMap { roster[PluginID(onWire: $0.plugin)]?.id }
        let name = called.flatMap { roster[$0]?.name }
        switch duty {
        case .onAir:
            let guilty = charge(child, stub, end, called: called)
            if end.cause != .released {
                report.died(
                    child, .onAir, stub, end, in: guilty.flatMap { roster[$0]?.name }, showsCall: guilty != nil)
            }
            return guilty
        case .standby:
            report.died(child, .standby, stub, end, in: name, showsCall: false)
            return called
        case .next:
            let words = Self.words(end, name)
            report.notReplaced(hosts.holder(of: .onAir), pid: stub.child.pid, because: words)
            if let called, !hosts.isNextAsked { leaveOut(called, because: words) }
            return called
        case .twin, .retired, nil: return nil
        }
    }

    /// The plugin that was being taken out when its host ended, by the breadcrumb.
    private func leavingPlugin(of stub: PluginStub, _ duty: Duty?) -> (id: PluginID, name: String)? {
        guard let crumb = stub.breadcrumb, crumb.call == .destroy,
            let name = roster.name(of: PluginID(onWire: crumb.plugin))
        else { return nil }
        let id = PluginID(onWire: crumb.plugin)
        let isLeaving = hosts.isEnding || duty == .retired || roster[id] == nil
        return isLeaving ? (id, name) : nil
    }

    private func charge(_ child: ChildID, _ stub: PluginStub, _ end: ChildEnd, called: PluginID?) -> PluginID? {
        let libraries = Set(plugins.map(\.library.description.path))
        let evidence = Blame.Evidence(
            isItsOwn: end.cause.isItsOwn,
            crashedLibrary: CrashReport.library(in: end.standardErrorTail, among: libraries), called: called,
            suspect: stub.suspect)
        switch blame.judge(evidence, plugins, at: .now) {
        case .nobody: return nil
        case .unexplained:
            report.unexplained(child)
            return nil
        case .guilty(let id):
            leaveOut(id, because: "\(end.cause)")
            return id
        }
    }

    /// Leaves a plugin out that has brought a host down, and lets it in again when its time has come.
    private func leaveOut(_ id: PluginID, because cause: String) {
        let now = MonotonicTime.now
        var isCharged = false
        roster.update(id) { isCharged = $0.charge(at: now) }
        guard isCharged, let plugin = roster[id] else { return }
        report.leftOut(plugin, because: cause, at: now)
        if case .until(let end) = plugin.quarantine.state { owner?.quarantined(id, until: end) }
    }

    // MARK: changes

    /// Puts a host with these plugins on air as soon as it is ready.
    func renew(_ ids: [PluginID], isAsked: Bool) { handle(.renew(ids, isAsked: isAsked)) }
    func renew() { renew(roster.ids, isAsked: false) }
    func renewForNewSize() { handle(.renewForNewSize(roster.ids)) }

    /// Takes in a plugin that only the next host will have.
    func admit(_ plugin: ChainPlugin) { roster.admit(plugin) }
    func forget(_ id: PluginID) { roster.forget(id) }

    func edit(_ id: PluginID, _ edit: ChangePlan.Edit) { roster.edit(id, edit) }

    /// The loaded hosts that a change must reach; a standby that is still loading is replaced.
    private var reached: [PluginStub] {
        handle(.pluginsChanged)
        return [host, standby].compactMap { $0 }
    }

    func arrange(_ ids: [PluginID]) {
        roster.arrange(ids)
        for stub in reached { stub.arrange(ids) }
    }

    func enable(_ id: PluginID, _ isEnabled: Bool) {
        let isFree = roster[id]?.quarantine.isFree ?? false
        for stub in reached where stub.loaded[id] != nil { stub.setEnabled(id, isEnabled && isFree) }
        handle(.standbyMayBeWanted)
    }

    /// Takes a plugin out. `done` is called when the host on air has done so, or does not have it.
    func unload(_ id: PluginID, done: @escaping (HostAnswer) -> Void) {
        roster.remove(id)
        for stub in reached where stub !== host { stub.unload(id) { _ in } }
        guard let host, host.loaded[id] != nil else { return done(.done) }
        host.unload(id, done: done)
    }

    /// Sets a parameter. `done` is called with what the host on air has answered.
    func set(_ parameter: String, to value: String, of id: PluginID, done: @escaping (HostAnswer) -> Void) {
        guard let host, host.loaded[id] != nil else { return done(.done) }
        host.setParameter(parameter, to: value, of: id) { [weak self, weak host] answer in
            if answer == .done, let self {
                for stub in reached where stub !== host && stub.loaded[id] != nil {
                    stub.setParameter(parameter, to: value, of: id) { _ in }
                }
            }
            done(answer)
        }
    }

    /// Ends the hosts of a post that is not in the chain.
    func letGo() {
        handle(.letGo)
        close()
    }

    // MARK: what plugins hear and say

    func tell(kind: UInt32, pts: MediaTime, name: String) { host?.tell(kind: kind, pts: pts, name: name) }

    /// Says which plugins a broadcast goes on air without.
    func tellOfMissing() {
        guard !isReady, !plugins.isEmpty else { return }
        report.late(hosts.holder(of: .onAir), plugins: plugins.map(\.name))
    }

    // MARK: watching

    private func armTimer() {
        guard let deadline = passage.deadline else { return }
        // One that comes too early finds nothing to do and is set again: cheaper than another one for each frame.
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

    /// Looks after hosts that do not answer, and, where asked, after their memory.
    func watch(at now: MonotonicTime, looksAtMemory: Bool) {
        let active = plugins.filter(\.isActive)
        if dataWatch == nil, plugins.contains(where: \.choice.mayWrite) { dataWatch = DataWatch() }
        let watch = HostWatch(
            limits: limits, suspect: active.count == 1 ? active.first?.id : nil, data: dataWatch, now: now)
        for (child, stub) in stubs where hosts.duty(of: child) != .retired {
            watch.look(at: stub, looksAtMemory: looksAtMemory)
        }
    }

    // MARK: status and the end

    /// The hosts as a user sees them.
    var status: [ChildStatus] {
        let onAir = status(.onAir, host)
        guard hasStandbys, roster.isActive else { return [onAir] }
        return [onAir, status(.standby, standby)]
    }

    private func status(_ duty: Duty, _ stub: PluginStub?) -> ChildStatus {
        let record = hosts.record(of: duty)
        return ChildStatus(
            part: .pluginHost(hosts.holder(of: duty) ?? 0, duty, name: report.name), pid: stub?.child.pid,
            state: record.state, restarts: record.restarts,
            lastEnd: record.lastEnd)
    }

    var pluginStatus: [PluginStatus] {
        let host = host.flatMap { $0.isLoaded ? $0 : nil }
        return plugins.map { $0.status(at: .now, host: host?.loaded[$0.id] == nil ? nil : host?.child.pid) }
    }

    func drop(pool: UInt32) { for stub in stubs.values { stub.dropPool(pool) } }

    /// The broadcast ends: no host is launched any more, and what waits for one is told.
    func stop(_ error: BroadcastError) { handle(.stop(error)) }
    func hangUp() { for stub in stubs.values { stub.child.hangUp() } }
    func dismiss(_ reason: String) { for stub in stubs.values { stub.child.dismiss(reason) } }

    /// Ends the timer: nothing more comes.
    func close() {
        if let timer { context.reactor.cancel(timer.token) }
        timer = nil
    }
}
