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
/// All plugins share one post, or each has its own. What is to be done is decided by ``HostMachine``, ``PassageMachine``
/// and ``Blame``; the post carries it out, one action after the other. It lives on the reactor's thread.
final class ChainPost {
    let id: PostID
    /// What hosts are called here: `plugin host`, or with the plugin's name.
    let name: String
    /// In the order in which they work.
    private(set) var plugins: [ChainPlugin]

    private let context: RoomContext
    private let frameRate: FrameRate
    private let isPatient: Bool
    private let hasStandbys: Bool
    /// What the folder is called in which its plugins may write.
    private let dataName: String
    private weak var owner: (any ChainPostOwner)?
    private var hosts: HostMachine
    private var passage: PassageMachine
    private var blame = Blame()
    /// Plugins that only the next host has.
    private var newcomers: [ChainPlugin] = []
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
        name = own.map { "plugin host \($0.name)" } ?? "plugin host"
        dataName = own?.name ?? "shared"
        self.plugins = plugins
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
    private var limits: PostLimits { PostLimits(plugins, frameRate: frameRate, isPatient: isPatient) }

    private var terms: PassageMachine.Terms {
        let host = host.flatMap { $0.isLoaded ? $0 : nil }
        func works(on ability: PluginAbilities) -> Bool {
            host.map { host in plugins.contains { $0.isActive && host.loaded[$0.id]?.contains(ability) ?? false } }
                ?? false
        }
        return PassageMachine.Terms(
            deadline: limits.deadline, worksOnPictures: works(on: .video), worksOnSound: works(on: .audio),
            wantsPictures: plugins.contains { $0.choice.isEnabled && $0.abilities.contains(.video) })
    }

    private func part(_ child: ChildID, _ duty: Duty = .onAir) -> Part { .pluginHost(child, duty, name: name) }

    /// The post itself, whichever host is on air.
    private var part: Part { part(hosts.holder(of: .onAir) ?? 0) }

    func plugin(_ id: PluginID) -> ChainPlugin? { (plugins + newcomers).first { $0.id == id } }

    /// Changes what is known of a plugin.
    private func update(_ id: PluginID, _ body: (inout ChainPlugin) -> Void) {
        for index in plugins.indices where plugins[index].id == id { body(&plugins[index]) }
        for index in newcomers.indices where newcomers[index].id == id { body(&newcomers[index]) }
    }

    // MARK: machines

    func take(_ frame: TimelineFrame) { handle(.frame(frame)) }
    func take(_ block: AudioLedger.Block) { handle(.block(block)) }

    private func handle(_ event: PassageMachine.Event) {
        passage.terms = terms
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
        hosts.isStandbyWanted = hasStandbys && (owner?.isBeforeEnd ?? false) && plugins.contains(where: \.isActive)
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
            if let crumb = host?.breadcrumb { update(PluginID(onWire: crumb.plugin)) { $0.misses += 1 } }
        case .worked:
            handle(.worked)
            context.recovered(part, at: id)
        case .idle: handle(.idle)
        case .progress: owner?.progressed()
        }
    }

    private func carryOut(_ action: HostMachine.Action) {
        switch action {
        case .launch(let duty, let delay): launch(duty, after: delay)
        case .launchNext(let ids):
            do throws(BroadcastError) { try start(.next, ids.compactMap(plugin)) } catch {
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
        case .adopt(let ids):
            plugins = ids.compactMap(plugin)
            newcomers = []
        case .tookOver(let child, let duty):
            context.post(
                part(child),
                .child(.tookOver(pid: pid(child), was: duty, frame: duty == .next ? owner?.nextFrame : nil)))
        case .onAir(let child): goOnAir(child)
        case .standbyReady(let child):
            // The pools are mapped before they are needed.
            stubs[child]?.announcePools()
            context.recovered(part(child, .standby), at: id)
            context.post(part(child, .standby), .child(.ready(pid: pid(child), plugins: nil)))
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
            try start(duty, duty == .standby ? plugins.filter(\.refusal.isEmpty) : plugins)
        }
    }

    private func start(_ duty: Duty, _ plugins: [ChainPlugin]) throws(BroadcastError) {
        guard let owner else { return }
        let now = MonotonicTime.now
        let chain = plugins.filter { $0.quarantine.isDue(at: now) }
        let launched = try HostLaunch(
            canvas: owner.canvas, frameRate: frameRate, slotCount: owner.frameLimit + 16,
            dataFolder: chain.isEmpty ? "" : PluginData.folder(dataName)
        ).start(chain, in: context)
        let child = context.nextChildID()
        stubs[child] = launched
        listen(to: launched, child)
        launched.activate()
        context.post(part(child, duty), .child(.started(pid: launched.child.pid, isForeign: false)))
        handle(.launched(child, duty))
    }

    private func listen(to stub: PluginStub, _ child: ChildID) {
        stub.onChainReady = { [weak self] in self?.handle(.loaded(child)) }
        stub.onRefused = { [weak self] in self?.handle(.refused(child, $0, $1)) }
        stub.onProcessed = { [weak self] in self?.processed(child, $0, $1) }
        stub.onSound = { [weak self] in
            if self?.hosts.holder(of: .onAir) == child { self?.handle(.processedSound($1)) }
        }
        stub.onTime = { [weak self] time in self?.update(PluginID(onWire: time.id)) { $0.note(time) } }
        stub.onLog = { [weak self] in self?.spoke(child, $0, $1, $2) }
        stub.onEnd = { [weak self] in self?.ended(child, $0) }
    }

    private func processed(_ child: ChildID, _ frame: FrameNumber, _ result: SlotReference?) {
        guard hosts.holder(of: .onAir) == child else {
            if let result { context.pools.release(result) }
            return
        }
        handle(.processed(frame, result))
    }

    private func goOnAir(_ child: ChildID) {
        guard let host = stubs[child] else { return }
        let now = MonotonicTime.now
        for index in plugins.indices {
            guard let abilities = host.loaded[plugins[index].id] else { continue }
            plugins[index].abilities = abilities
            plugins[index].refusal = ""
            if plugins[index].quarantine.isDue(at: now) {
                plugins[index].quarantine.readmit()
            } else {
                // It was loaded before it was charged.
                host.setEnabled(plugins[index].id, false)
            }
        }
        let names = plugins.filter { host.loaded[$0.id] != nil && $0.isActive }.map(\.name)
        context.post(part(child), .child(.ready(pid: host.child.pid, plugins: names)))
        // Where all its plugins are left out, nothing will show that it works.
        if !plugins.contains(where: \.isActive) { context.recovered(part(child), at: id) }
        owner?.greet(host)
        handle(.go)
        handle(.standbyMayBeWanted)
        owner?.progressed()
    }

    private func refused(_ what: HostMachine.Refused, _ id: PluginID, _ refusal: Refusal) {
        let reason = Reason("\(refusal.code)", refusal.description)
        let name = plugin(id)?.name ?? "a plugin"
        switch what {
        // The one that asked is told.
        case .asked: return
        case .byStandby:
            return context.post(
                part(hosts.holder(of: .standby) ?? 0, .standby), .child(.refused(reason: reason, plugin: name)))
        case .atStart where owner?.isPreparing ?? false:
            let identity = plugin(id)?.choice.identity ?? name
            owner?.failed(BroadcastError(.plugin, "the plugin \(identity) can't be loaded: \(refusal)"))
        case .atStart, .leftOut:
            update(id) { $0.refusal = "\(refusal)" }
            context.post(.plugin(id, name: name), .plugin(.refused(reason: reason)))
        }
    }

    // MARK: ends

    private func ended(_ child: ChildID, _ end: ChildEnd) {
        guard let stub = stubs.removeValue(forKey: child) else { return }
        context.pools.retire(stub.pool)
        let duty = hosts.duty(of: child)
        let guilty = hosts.isEnding ? nil : judge(duty, child, stub, end)
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
        let called = stub.breadcrumb.map { PluginID(onWire: $0.plugin) }.flatMap { id in plugin(id)?.id }
        var death = RoomContext.Death(pid: stub.child.pid, lastSign: stub.lastSign)
        switch duty {
        case .onAir:
            let guilty = charge(stub, end, called: called)
            death.plugin = guilty.flatMap { plugin($0)?.name }
            death.call = guilty == nil ? nil : stub.breadcrumb.flatMap { PluginCall($0.call) }
            if end.cause != .released { context.died(part(child), at: id, end, death) }
            return guilty
        case .standby:
            death.plugin = called.flatMap { plugin($0)?.name }
            context.died(part(child, .standby), at: id, end, death)
            return called
        case .next:
            let words = Self.words(end, called.flatMap { plugin($0)?.name })
            context.post(part, .child(.notReplaced(pid: stub.child.pid, cause: words)))
            if let called, !hosts.isNextAsked { leaveOut(called, because: words) }
            return called
        case .twin, .retired, nil: return nil
        }
    }

    private func charge(_ stub: PluginStub, _ end: ChildEnd, called: PluginID?) -> PluginID? {
        let evidence = Blame.Evidence(
            isItsOwn: end.cause.isItsOwn,
            crashedLibrary: CrashReport.library(
                in: end.standardErrorTail, among: Set(plugins.map(\.library.description.path))),
            called: called, suspect: stub.suspect)
        switch blame.judge(evidence, plugins, at: .now) {
        case .nobody: return nil
        case .unexplained:
            context.post(part, .pluginHost(.unexplained))
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
        update(id) { isCharged = $0.charge(at: now) }
        guard isCharged, let plugin = plugin(id) else { return }
        let part = Part.plugin(id, name: plugin.name)
        guard case .until(let end) = plugin.quarantine.state, let left = plugin.quarantine.secondsLeft(at: now) else {
            return context.post(part, .plugin(.switchedOff(cause: cause, deaths: plugin.deaths)))
        }
        context.post(
            part, .plugin(.quarantined(cause: cause, deaths: plugin.deaths, seconds: Int(left.rounded(.up)))))
        owner?.quarantined(id, until: end)
    }

    // MARK: changes

    /// Puts a host with these plugins on air as soon as it is ready.
    func renew(_ ids: [PluginID], isAsked: Bool) { handle(.renew(ids, isAsked: isAsked)) }
    func renew() { renew(plugins.map(\.id), isAsked: false) }
    func renewForNewSize() { handle(.renewForNewSize(plugins.map(\.id))) }

    /// Takes in a plugin that only the next host will have.
    func admit(_ plugin: ChainPlugin) { newcomers.append(plugin) }
    func forget(_ id: PluginID) { newcomers.removeAll { $0.id == id } }

    func edit(_ id: PluginID, _ edit: ChangePlan.Edit) {
        update(id) { plugin in
            switch edit {
            case .choice(let choice, let library): (plugin.choice, plugin.library) = (choice, library)
            case .pardon:
                plugin.quarantine.pardon()
                plugin.refusal = ""
            case .restore(let quarantine, let refusal):
                if plugin.quarantine.charges == 0 { plugin.quarantine = quarantine }
                if plugin.refusal.isEmpty { plugin.refusal = refusal }
            }
        }
    }

    /// The loaded hosts that a change must reach; a standby that is still loading is replaced.
    private var reached: [PluginStub] {
        handle(.pluginsChanged)
        return [host, standby].compactMap { $0 }
    }

    func arrange(_ ids: [PluginID]) {
        plugins = ids.compactMap(plugin)
        for stub in reached { stub.arrange(ids) }
    }

    func enable(_ id: PluginID, _ isEnabled: Bool) {
        let isFree = plugin(id)?.quarantine.isFree ?? false
        for stub in reached where stub.loaded[id] != nil { stub.setEnabled(id, isEnabled && isFree) }
        handle(.standbyMayBeWanted)
    }

    /// Takes a plugin out. `done` is called when the host on air has done so, or does not have it.
    func unload(_ id: PluginID, done: @escaping (Refusal?) -> Void) {
        plugins.removeAll { $0.id == id }
        for stub in reached where stub !== host { stub.unload(id) { _ in } }
        guard let host, host.loaded[id] != nil else { return done(nil) }
        host.unload(id, done: done)
    }

    /// Sets a parameter. `done` is called with why the host on air does not take it.
    func set(_ parameter: String, to value: String, of id: PluginID, done: @escaping (Refusal?) -> Void) {
        guard let host, host.loaded[id] != nil else { return done(nil) }
        host.setParameter(parameter, to: value, of: id) { [weak self, weak host] refusal in
            if refusal == nil, let self {
                for stub in reached where stub !== host && stub.loaded[id] != nil {
                    stub.setParameter(parameter, to: value, of: id) { _ in }
                }
            }
            done(refusal)
        }
    }

    /// Ends the hosts of a post that is not in the chain.
    func letGo() {
        handle(.letGo)
        close()
    }

    // MARK: what plugins hear and say

    func tell(kind: UInt32, pts: MediaTime, name: String) { host?.tell(kind: kind, pts: pts, name: name) }

    private func spoke(_ child: ChildID, _ id: PluginID?, _ level: PluginLogLevel, _ line: String) {
        guard level >= .notice else { return }
        let severity: Happening.Level = level >= .warning ? .warning : .notice
        if let id, let plugin = plugin(id) {
            context.post(.plugin(id, name: plugin.name), .plugin(.said(text: line, severity: severity)))
        } else {
            context.post(part(child, hosts.duty(of: child) ?? .onAir), .child(.said(text: line, severity: severity)))
        }
    }

    /// Says which plugins a broadcast goes on air without.
    func tellOfMissing() {
        guard !isReady, !plugins.isEmpty else { return }
        context.post(part, .pluginHost(.late(plugins: plugins.map(\.name))))
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
        let limits = limits
        for (child, stub) in stubs where hosts.duty(of: child) != .retired {
            let patience = stub.isLoaded ? limits.patience : PostLimits.opening
            if let since = stub.owesSince, now.since(since) > patience.nanoseconds {
                stub.child.dismiss("no answer within \(patience.inWords)")
            }
            if looksAtMemory { watchMemory(of: stub, limits.memoryByteCount) }
        }
    }

    /// Ends a host that has grown beyond what its plugins may take.
    private func watchMemory(of stub: PluginStub, _ limit: Int) {
        guard stub.isLoaded, let bytes = ProcessMemory.privateByteCount(of: stub.child.pid) else { return }
        guard let base = stub.firstByteCount else { return stub.firstByteCount = bytes }
        guard bytes - base > limit else { return }
        // With several plugins only the one in a call can be suspected.
        let active = plugins.filter(\.isActive)
        if active.count == 1 { stub.suspect = active.first?.id }
        stub.child.dismiss(
            "it has taken \((bytes - base) >> 20) MiB more memory than at first, and may take \(limit >> 20)")
    }

    // MARK: status and the end

    /// The hosts as a user sees them.
    var status: [ChildStatus] {
        let onAir = status(name, .onAir, host)
        guard hasStandbys, plugins.contains(where: \.isActive) else { return [onAir] }
        return [onAir, status("standby \(name)", .standby, standby)]
    }

    private func status(_ name: String, _ duty: Duty, _ stub: PluginStub?) -> ChildStatus {
        let record = hosts.record(of: duty)
        return ChildStatus(
            name: name, pid: stub?.child.pid, state: record.state.rawValue, restarts: record.restarts,
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

extension PluginCall {
    init?(_ call: PluginBreadcrumb.Call) {
        switch call {
        case .none: return nil
        case .open: self = .open
        case .create: self = .create
        case .destroy: self = .destroy
        case .setParameter: self = .setParameter
        case .video: self = .video
        case .audio: self = .audio
        case .event: self = .event
        }
    }
}
