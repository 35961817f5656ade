import BulkheadChildren
import BulkheadEvents
import BulkheadFrames
import BulkheadMedia
import BulkheadModel
import BulkheadRoom
import BulkheadSystem
import BulkheadTimeline
import BulkheadWire

/// One post of the chain: its plugins, their hosts, and what passes.
///
/// All plugins share one post, or each has its own. What is to be done is decided by ``HostMachine``,
/// ``PassageMachine`` and ``Inquest``; the post carries it out, one action after the other, with the processes of
/// ``HostProcesses``. It lives on the reactor's thread.
final class ChainPost {
    let id: PostID
    private let context: RoomContext
    private let report: PostReport
    private let frameRate: FrameRate
    private let isPatient: Bool
    private let hasStandbys: Bool
    private let processes: HostProcesses
    private weak var owner: (any ChainPostOwner)?
    private var hosts: HostMachine
    private var passage: PassageMachine
    private var roster: PluginRoster
    private var inquest = Inquest()
    private var news = StandbyNews()
    private let timer: DeadlineTimer
    private let work = ActionQueue<Work>()

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
        timer = DeadlineTimer(context)
        processes = HostProcesses(dataName: own?.name ?? "shared", in: context)
        roster = PluginRoster(plugins)
        self.context = context
        self.owner = owner
        frameRate = settings.frameRate
        isPatient = settings.isPatient
        hasStandbys = settings.hasStandbys
        hosts = HostMachine(isOpen: isOpen)
        passage = PassageMachine(PassageMachine.Terms(deadline: PostLimits.patience))
        timer.onDue = { [weak self] in self?.handle(.timeout) }
        processes.onReport = { [weak self] in self?.take($2, from: $0, $1) }
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
    var hasChildren: Bool { !processes.isEmpty }

    private var host: PluginStub? { hosts.holder(of: .onAir).flatMap { processes[$0] } }
    private var standby: PluginStub? { hosts.holder(of: .standby).flatMap { processes[$0] } }
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
    private var isOpenWay: Bool { roster.plugins.isEmpty && !work.isWorking && passage.isOpenWay }

    private func handle(_ event: PassageMachine.Event) {
        passage.terms = roster.terms(
            loaded: host.flatMap { $0.isLoaded ? $0.loaded : nil }, deadline: limits.deadline)
        for action in passage.handle(event, at: .now) { work.append(.passage(action)) }
        timer.arm(for: passage.deadline)
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

    private func carryOut() {
        work.run { next in
            switch next {
            case .hosts(let action): carryOut(action)
            case .passage(let action): carryOut(action)
            }
        }
    }

    private func carryOut(_ action: PassageMachine.Action) {
        switch action {
        case .process(let frame):
            guard let host,
                host.process(frame.frame, pts: frameRate.time(of: frame.frame), input: frame.slot)
            else { return handle(.notProcessed(frame.frame)) }
            news.gavePicture()
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
        case .retire(let child): processes.retire(child)
        case .hold: handle(.hold)
        case .go: handle(.go)
        case .lose(let hasSuccessor): handle(.hostLost(hasSuccessor: hasSuccessor))
        case .take: handle(.hostTaken)
        case .adopt(let ids): roster.adopt(ids)
        case .tookOver(let child, let duty):
            report.tookOver(child, pid: pid(child), was: duty, frame: duty == .next ? owner?.nextFrame : nil)
        case .onAir(let child): goOnAir(child)
        case .standbyReady(let child):
            guard let host = processes[child] else { return }
            owner?.brief(host)
            news.briefed(child)
            report.hasStandby(child)
            report.ready(child, .standby, host, plugins: namesOfPlugins(at: host))
        case .refused(let what, let plugin, let refusal): refused(what, plugin, refusal)
        case .answer(let outcome): owner?.answered(outcome)
        case .settled: owner?.settled()
        }
    }

    private func pid(_ child: ChildID) -> Int32 { processes[child]?.child.pid ?? 0 }

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
        let child = try processes.start(
            plugins.filter { $0.quarantine.isDue(at: now) }, canvas: owner.canvas, frameRate: frameRate,
            slotCount: owner.frameLimit + 16)
        report.started(child, duty, pid: pid(child))
        handle(.launched(child, duty))
    }

    private func take(_ report: PluginStub.Report, from child: ChildID, _ stub: PluginStub) {
        switch report {
        case .loaded: handle(.loaded(child))
        case .refused(let plugin, let refusal): handle(.refused(child, plugin, refusal))
        case .processed(let frame, let result): processed(child, frame, result)
        case .processedSound(_, let samples): if hosts.holder(of: .onAir) == child { handle(.processedSound(samples)) }
        case .took(let time): roster.update(PluginID(onWire: time.id)) { $0.note(time) }
        case .said(let plugin, let level, let line):
            self.report.said(child, hosts.duty(of: child), plugin.flatMap { roster[$0] }, level, line)
        case .ended(let end): ended(child, stub, end)
        }
    }

    private func processed(_ child: ChildID, _ frame: FrameNumber, _ result: SlotReference?) {
        guard hosts.holder(of: .onAir) == child else {
            if let result { context.pools.release(result) }
            return
        }
        for event in news.answered(for: hosts.holder(of: .standby)) { standby?.tell(event) }
        handle(.processed(frame, result))
    }

    private func namesOfPlugins(at host: PluginStub) -> [String] {
        plugins.filter { host.loaded[$0.id] != nil && $0.isActive }.map(\.name)
    }

    private func goOnAir(_ child: ChildID) {
        guard let host = processes[child] else { return }
        for id in roster.goOnAir(with: host.loaded, at: .now) { host.setEnabled(id, false) }
        report.ready(child, .onAir, host, plugins: namesOfPlugins(at: host))
        // Where all its plugins are left out, nothing will show that it works.
        if !roster.isActive { report.recovered(child) }
        owner?.greet(host)
        if let rest = news.wentOnAir(child) { rest.forEach(host.tell) } else { owner?.brief(host) }
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

    private func ended(_ child: ChildID, _ stub: PluginStub, _ end: ChildEnd) {
        let duty = hosts.duty(of: child)
        if duty == .onAir, end.cause.isOtherVersion, hosts.record(of: .onAir).restarts == 0 {
            // Nothing has worked yet, and no other process would.
            owner?.failed(BroadcastError(otherVersionOf: "the plugin host", "\(end.cause)"))
        }
        let guilty = judge(duty, child, stub, end)
        let words = Inquest.words(end, guilty.flatMap { roster[$0]?.name })
        handle(.ended(child, end: words, isExcused: duty == .onAir && guilty != nil))
        if processes.isEmpty { owner?.emptied(id) }
    }

    /// Says how a host ended, and does what follows for its plugins.
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
        let ending = Inquest.Ending(
            duty: duty, end: end, called: stub.breadcrumb.map { PluginID(onWire: $0.plugin) }, suspect: stub.suspect,
            isAsked: hosts.isNextAsked)
        let verdict = inquest.look(into: ending, roster, at: .now)
        for finding in verdict.findings {
            switch finding {
            case .leaveOut(let plugin, let cause): leaveOut(plugin, because: cause)
            case .unexplained: report.unexplained(child)
            case .died(let duty, let plugin, let showsCall):
                let name = plugin.flatMap { roster[$0]?.name }
                report.died(child, duty, stub, end, in: name, showsCall: showsCall)
            case .notReplaced(let cause):
                report.notReplaced(hosts.holder(of: .onAir), pid: stub.child.pid, because: cause)
            }
        }
        return verdict.guilty
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
        for stub in reached where stub.loaded[id] != nil {
            stub.setEnabled(id, isEnabled && isFree)
            // It was told nothing while it was disabled.
            if isEnabled, isFree { owner?.brief(stub) }
        }
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

    func tell(_ event: RoomEvent) {
        host?.tell(event)
        news.told(event)
    }

    /// Says which plugins a broadcast goes on air without.
    func tellOfMissing() {
        guard !isReady, !plugins.isEmpty else { return }
        report.late(hosts.holder(of: .onAir), plugins: plugins.map(\.name))
    }

    // MARK: watching

    /// Looks after hosts that do not answer, and, where asked, after their memory.
    func watch(at now: MonotonicTime, looksAtMemory: Bool) {
        processes.watch(plugins, limits, at: now, looksAtMemory: looksAtMemory) { hosts.duty(of: $0) != .retired }
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

    func drop(pool: UInt32) { processes.drop(pool: pool) }

    /// The broadcast ends: no host is launched any more, and what waits for one is told.
    func stop(_ error: BroadcastError) { handle(.stop(error)) }
    func hangUp() { processes.hangUp() }
    func dismiss(_ reason: String) { processes.dismiss(reason) }

    /// Ends the timer: nothing more comes.
    func close() { timer.cancel() }
}
