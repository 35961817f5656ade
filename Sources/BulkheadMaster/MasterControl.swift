import BulkheadChain
package import BulkheadChildren
package import BulkheadControl
import BulkheadEncoding
package import BulkheadEvents
package import BulkheadModel
import BulkheadOutputs
package import BulkheadSystem
import BulkheadWire
import Glibc

/// The master control: holds the broadcast and the address at which other processes reach it.
///
/// In mode create the application makes one in its own process; `bulkhead master` makes one that waits for an
/// application to attach.
package actor MasterControl {
    package nonisolated let reactor: Reactor
    package nonisolated var unownedExecutor: UnownedSerialExecutor { reactor.asUnownedSerialExecutor() }

    private let programs: Programs
    /// Nil where other processes can't reach it.
    private var controlPath: String?
    /// Sockets for groups, beside it.
    private let doors: [ControlDoor]
    /// The switch of a broadcast talks to it as an application does.
    private let trusted = TrustedChildren()
    private let isControlRequired: Bool
    /// Nil where this process is no service.
    private let service: ServiceManager?
    private let events: EventLog
    private var broadcast: Broadcast?
    /// Where the settings of the process's own broadcast come from; nil where no file was named.
    private var configuration: ConfigurationSource?
    /// A configuration is being read, or followed.
    private var isReloading = false
    /// It has to be read once more: it may have changed while it was read.
    private var isReloadWanted = false
    /// What reads or follows one; cancelled at the end, which waits for no disk.
    private var reloads: Set<Int> = []
    private var control: ControlServer?
    private var encoderListener: LocalListener?
    /// Which listener of the event log serves which connection.
    private var following: [Int: Int] = [:]
    /// Requests that take time and are under way: servers are measured, a file is looked at. The end waits for them.
    private var works: [Int: Task<Void, Never>] = [:]
    private var lastWork = 0
    private var isServing = false
    /// When an event has told of a stranger at the control socket.
    private var lastStranger: MonotonicTime?
    private static let strangersPause = Duration.seconds(1)
    /// The plugins of a broadcast that is to begin are being looked for.
    private var isFinding = false
    private var hasLookedAtWalls = false
    /// The end was asked for before there was anything to end.
    private var isEndWanted = false
    /// How the broadcast ends where the master does.
    private var end = ResumeRecord.End.stopped
    private var serveContinuation: CheckedContinuation<Void, Never>?
    private var attached: Task<Void, Never>?
    /// Those of the last broadcast.
    private var lastDeaths: [DeathRecord] = []
    /// Of the children of all broadcasts so far.
    private var childIDs = IdentityCounter<ChildSubject>()

    /// - Parameters:
    ///   - programs: where the children's programs lie.
    ///   - controlPath: the control socket's path, or nil for none. Its folder is made if need be, for this user alone.
    ///   - doors: sockets for groups, beside the control socket.
    ///   - isControlRequired: without the socket there is no broadcast; else it goes on air, and an event tells.
    ///   - wording: says an event to people, in one line; nil where notices say its code.
    ///   - service: is told how the broadcast goes; nil for nobody.
    package init(
        programs: Programs, controlPath: String?, doors: [ControlDoor] = [], isControlRequired: Bool = true,
        service: ServiceManager? = nil,
        wording: (@Sendable (Event) -> String)? = nil
    ) throws(BroadcastError) {
        self.service = service
        events = wording.map { EventLog(wording: $0) } ?? EventLog()
        ProcessSetup.ignoreWriteSignals()
        // All threads that a broadcast needs, while there are some to be had.
        WorkerThreads.keep()
        _ = SerialThread.state
        do { reactor = try Reactor() } catch {
            throw BroadcastError(.internal, "the master's thread can't be started: \(error)")
        }
        self.programs = programs
        self.controlPath = controlPath
        self.doors = doors
        self.isControlRequired = isControlRequired
    }

    /// Runs one broadcast to its end.
    ///
    /// - Parameters:
    ///   - configuration: where the settings come from, so that they can be read again; nil for no file.
    ///   - onEvent: called on the master's thread with each event as it happens: hand it on and return.
    package func broadcast(
        _ settings: BroadcastSettings, configuration: ConfigurationSource? = nil,
        onEvent: @escaping @Sendable (Event) -> Void
    ) async throws(BroadcastError) -> BroadcastSummary {
        self.configuration = configuration
        let listener = events.listen(onEvent)
        defer { events.unlisten(listener) }
        do throws(BroadcastError) { try listen() } catch {
            guard !isControlRequired, error.code == .addressUnusable else { throw error }
            controlPath = nil
            events.post(.master, .master(.unreachable(reason: Reason(error.code.rawValue, error.problem))))
        }
        let result = await Self.result { () async throws(BroadcastError) in try await self.run(settings) }
        await closeControl()
        return try result.get()
    }

    /// Listens at the control path and serves applications until it is stopped; each may start a broadcast.
    package func serve(onEvent: @escaping @Sendable (Event) -> Void) async throws(BroadcastError) {
        let listener = events.listen(onEvent)
        defer { events.unlisten(listener) }
        try listen()
        isServing = true
        events.post(.master, .master(.listening(address: "unix:\(controlPath ?? "")")))
        if !isEndWanted { await withCheckedContinuation { serveContinuation = $0 } }
        isServing = false
        await broadcast?.stop(end)
        await attached?.value
        await closeControl()
    }

    /// Ends ``serve(onEvent:)``, and the broadcast that is on air with it; called again, at once.
    /// - Parameter end: whether the broadcast can be resumed.
    package func shutDown(_ end: ResumeRecord.End = .stopped) {
        self.end = end
        if let continuation = serveContinuation {
            serveContinuation = nil
            continuation.resume()
        } else {
            isEndWanted = true
            stop(end)
        }
    }

    /// What the broadcast is doing; nil when there is none.
    package func status() -> BroadcastStatus? {
        guard var status = broadcast?.assumeIsolated({ $0.status() }) else { return nil }
        let children = broadcast?.assumeIsolated { $0.children } ?? .both
        let name: ModeInForce.Name = isServing ? .attach : children == .both ? .create : .selected
        status.mode = ModeInForce(
            name, only: children == .both ? nil : children, address: controlPath.map { "unix:\($0)" })
        status.configuration = configuration?.status
        return status
    }

    /// Ends the broadcast cleanly: flushes the encoder, says goodbye to the servers. A second call ends it at once.
    /// - Parameter end: whether it can be resumed: not where a person wanted the end.
    package func stop(_ end: ResumeRecord.End = .stopped) {
        self.end = end
        // A signal may come while the broadcast is only being made.
        guard let broadcast else { return isEndWanted = true }
        broadcast.assumeIsolated { $0.stop(end) }
    }

    // MARK: broadcasts

    /// Once: the kernel stays the same.
    private func tellMissingWalls() {
        guard !hasLookedAtWalls else { return }
        hasLookedAtWalls = true
        let missing = KernelWalls.here.missing
        if !missing.isEmpty { events.post(.master, .master(.wallsMissing(text: missing.joined(separator: "; ")))) }
    }

    private func run(_ settings: BroadcastSettings) async throws(BroadcastError) -> BroadcastSummary {
        guard broadcast == nil else {
            throw broadcastRunning
        }
        // A pool is given to a reader by opening its memory once more.
        guard access("/proc/self/fd", F_OK) == 0 else {
            throw BroadcastError(
                code: .noProc, "/proc is hidden or not mounted, and frames are handed over by way of it",
                advice: "mount it for this program")
        }
        tellMissingWalls()
        guard let finder = isFinding ? nil : PluginFinder(programs: programs) else {
            throw BroadcastError(code: .changeUnderWay, "the master is about to begin a broadcast already")
        }
        isFinding = true
        defer { isFinding = false }
        var (settings, resumption) = try await Resumption.take(settings, telling: events)
        try DescriptorBudget.reserve(for: settings)
        settings.plugins = try PluginChoice.named(settings.plugins)
        let found: [PluginFinder.Found]
        if resumption?.start != nil {
            // A library that is gone does not keep it off the air.
            (settings.plugins, found) = await finder.findMost(settings.plugins) { [events] place, choice, error in
                events.post(
                    .plugin(PluginID(place + 1), name: choice.name),
                    .plugin(.refused(reason: Reason(error.code.rawValue, error.problem))))
            }
        } else {
            found = try await finder.findAll(settings.plugins).get()
        }
        isFinding = false
        var encoderAddress: String?
        if settings.children == .plugins {
            guard let controlPath else {
                throw BroadcastError(code: .noControlSocket, "without a control socket no encoder can connect")
            }
            encoderAddress = controlPath + ".encoder"
        }
        let broadcast = Broadcast(
            settings, programs: programs, plugins: finder, foundPlugins: found, resumption: resumption,
            events: events, encoderAddress: encoderAddress,
            controlPath: controlPath, trusted: trusted, childIDs: childIDs, loaded: configuration?.loaded, on: reactor)
        events.forgetMediaTime()
        if let service { await broadcast.report(to: service) }
        self.broadcast = broadcast
        defer { self.broadcast = nil }
        if isEndWanted { await broadcast.stop(end) }
        if let encoderAddress {
            encoderListener = try LocalListener(path: encoderAddress, on: reactor) { socket, peer in
                // A closure can't give away what it has captured: the number goes in, its owner is made inside.
                let descriptor = socket.release()
                broadcast.assumeIsolated { $0.connected(descriptor, pid: peer.pid) }
            }
        }
        defer {
            encoderListener?.close()
            encoderListener = nil
        }
        let follower = resumption?.start != nil && configuration?.loaded != nil ? followFile() : nil
        defer { if let follower { events.unlisten(follower) } }
        let outcome: Result<BroadcastSummary, BroadcastError>
        do throws(BroadcastError) { outcome = .success(try await broadcast.run()) } catch {
            // A server may have repeated a key.
            outcome = .failure(events.clean(error))
        }
        lastDeaths = await broadcast.allDeaths
        childIDs = await broadcast.childIDs
        return try outcome.get()
    }

    // MARK: the control socket

    private func listen() throws(BroadcastError) {
        guard let controlPath else { return }
        control = try ControlServer(
            path: controlPath, doors: doors, on: reactor, trusting: trusted,
            onStranger: { [weak self] peer in self?.assumeIsolated { $0.refused(peer) } },
            onRequest: { [weak self] exchange in self?.assumeIsolated { $0.handle(exchange) } },
            onGone: { [weak self] connection in self?.assumeIsolated { $0.unfollow(connection) } })
    }

    /// Tells of a stranger at the door, but not of each one in a crowd.
    private func refused(_ peer: PeerCredentials) {
        let now = MonotonicTime.now
        if let lastStranger, now.since(lastStranger) < Self.strangersPause.nanoseconds { return }
        lastStranger = now
        events.post(.master, .master(.strangerRefused(uid: Int(peer.uid), pid: Int(peer.pid))))
    }

    private func closeControl() async {
        for number in reloads { works[number]?.cancel() }
        for work in works.values { await work.value }
        await control?.close()
        control = nil
        for connection in following.keys { unfollow(connection) }
    }

    private func handle(_ exchange: ControlExchange) {
        switch exchange.request {
        case .status:
            broadcast?.assumeIsolated { $0.watchSound() }
            exchange.answer(.status(status(), masterPID: getpid()))
        case .deaths:
            exchange.answer(.deaths(broadcast?.assumeIsolated { $0.allDeaths } ?? lastDeaths))
        case .events:
            follow(exchange)
            exchange.answer(.done)
        case .broadcast(let settings): begin(settings, for: exchange)
        case .stop, .set, .restart, .keyframe, .plugin, .link, .input, .scene, .audio, .servers,
            .saveReplay, .mark, .room, .comments, .changeRoom, .reload, .timetable, .summary, .foresee, .thumbnails,
            .program,
            .drill:
            guard let broadcast else {
                return exchange.settle(BroadcastError(code: .notOnAir, "the master has no broadcast on air"))
            }
            if case .servers(let link, let isMeasured) = exchange.request {
                return measure(link, isMeasured, in: broadcast, for: exchange)
            }
            if case .saveReplay(let path, let seconds) = exchange.request {
                return saveReplay(path, seconds, of: broadcast, for: exchange)
            }
            if case .link(.add(let destination)) = exchange.request, destination.isFile {
                return look(at: destination, in: broadcast, for: exchange)
            }
            switch exchange.request {
            case .reload(let text): reload(text, for: exchange)
            case .foresee(.reload(let text)): reload(text, isDryRun: true, for: exchange)
            case .foresee(let request): foresee(request, by: broadcast, for: exchange)
            default: broadcast.assumeIsolated { RequestOnAir.carryOut(exchange, by: $0) }
            }
        }
    }

    // MARK: the configuration

    /// Reads the configuration again, as a SIGHUP asks; events tell what came of it.
    /// - Returns: false where there is none.
    package func reload() -> Bool {
        guard configuration != nil, broadcast != nil else { return false }
        if isReloading { isReloadWanted = true } else { reload(nil, for: nil) }
        return true
    }

    /// Reads the configuration again when a broadcast that is resumed comes on air: whoever restarts a service may well have
    /// edited its file.
    private func followFile() -> Int {
        events.listen { [weak self] event in
            guard case .timeline(.onAir) = event.happening else { return }
            self?.assumeIsolated { _ = $0.reload() }
        }
    }

    private func reload(_ text: ConfigurationText?, isDryRun: Bool = false, for exchange: ControlExchange?) {
        lastWork += 1
        let number = lastWork
        reloads.insert(number)
        // closeControl() waits for it.
        works[number] = Task {
            do throws(BroadcastError) {
                let changes = try await outcomes(ofReloading: text, isDryRun: isDryRun)
                exchange?.answer(.planned(changes))
            } catch { exchange?.answer(.failed(events.clean(error))) }
            works[number] = nil
            reloads.remove(number)
            guard isReloadWanted, !isReloading else { return }
            isReloadWanted = false
            if !Task.isCancelled { _ = reload() }
        }
    }

    private func outcomes(
        ofReloading text: ConfigurationText?, isDryRun: Bool
    ) async throws(BroadcastError) -> [ChangeOutcome] {
        guard let configuration, let broadcast else {
            throw BroadcastError(
                code: .noConfiguration,
                isServing
                    ? "this broadcast was handed over by an application, and has no configuration file of its own"
                    : "this broadcast was begun without a configuration file",
                advice: "change it on air, or begin the next one with a configuration file")
        }
        let path = text?.name ?? configuration.status.path
        guard !isReloading else {
            throw BroadcastError(
                code: .changeUnderWay, "the configuration is being read already", advice: "try again in a moment")
        }
        isReloading = true
        defer { isReloading = false }
        let plan: ReloadPlan
        do throws(BroadcastError) {
            let new = try await configuration.read(text).get()
            plan = try await broadcast.plan(for: new)
        } catch {
            if !isDryRun, error.code != .notOnAir, !Task.isCancelled {
                let reason = Reason(error.code.rawValue, error.problem)
                events.post(.master, .master(.reloadRefused(path: path, reason: reason)))
            }
            throw error
        }
        guard !isDryRun else { return plan.changes }
        let changes = await broadcast.follow(plan).map { change in
            var change = change
            change.error = change.error.map { events.clean($0) }
            return change
        }
        tell(changes, of: path)
        return changes
    }

    private func tell(_ changes: [ChangeOutcome], of path: String) {
        func list(_ changes: [ChangeOutcome]) -> String {
            changes.map { change in
                change.what + (change.value.map { " \($0)" } ?? "") + (change.reason.map { " (\($0))" } ?? "")
            }.joined(separator: ", ")
        }
        let done = changes.filter { $0.way != .atStart && $0.error == nil }
        events.post(
            .master,
            .master(.reloaded(path: path, text: done.isEmpty ? "nothing in it has changed" : list(done))))
        for change in changes {
            guard let error = change.error else { continue }
            let reason = Reason(error.code.rawValue, "\(change.what): \(error.problem)")
            events.post(.master, .master(.reloadIncomplete(path: path, reason: reason)))
        }
        let pending = changes.filter { $0.way == .atStart }
        if !pending.isEmpty { events.post(.master, .master(.reloadPending(path: path, text: list(pending)))) }
    }

    /// Answers what a request would do.
    private func foresee(_ request: ControlRequest, by broadcast: Broadcast, for exchange: ControlExchange) {
        lastWork += 1
        let number = lastWork
        // closeControl() waits for it.
        works[number] = Task {
            do throws(BroadcastError) {
                exchange.answer(.planned(try await broadcast.foresee(request)))
            } catch { exchange.answer(.failed(error)) }
            works[number] = nil
        }
    }

    /// Starts the broadcast that an application has handed over.
    private func begin(_ settings: BroadcastSettings, for exchange: ControlExchange) {
        guard isServing else {
            return exchange.settle(
                BroadcastError(
                    code: .takesNoBroadcast, "this master belongs to an application and takes no other broadcast"))
        }
        guard broadcast == nil, attached == nil else { return exchange.settle(broadcastRunning) }
        do throws(BroadcastError) {
            // What is resumed brings its own.
            if settings.resume.map(\.mayStart) ?? true {
                try settings.checkRanges()
                try settings.check()
            }
        } catch { return exchange.settle(error) }
        follow(exchange)
        // serve() waits for it before it returns.
        attached = Task { await self.runAttached(settings, for: exchange) }
    }

    private func runAttached(_ settings: BroadcastSettings, for exchange: ControlExchange) async {
        do {
            exchange.answer(.ended(try await run(settings)))
        } catch {
            events.post(.master, .master(.broadcastFailed(reason: Reason(error.code.rawValue, error.problem))))
            exchange.answer(.failed(error))
        }
        attached = nil
    }

    /// Sends each event to a client, from the thread on which it happens: the connection keeps the order.
    private func follow(_ exchange: ControlExchange) {
        guard following[exchange.connection.number] == nil else { return }
        following[exchange.connection.number] = events.listen { exchange.answer(.event($0)) }
    }

    private func unfollow(_ connection: Int) {
        broadcast?.assumeIsolated { $0.hide(from: connection) }
        if let listener = following.removeValue(forKey: connection) { events.unlisten(listener) }
    }

    /// Adds a file once it is known that it can be written: afterwards there is nobody left to tell.
    private func look(
        at destination: DestinationSettings, in broadcast: Broadcast, for exchange: ControlExchange
    ) {
        lastWork += 1
        let number = lastWork
        // closeControl() waits for it.
        works[number] = Task {
            do throws(BroadcastError) {
                try await Output.check(destination)
                await RequestOnAir.carryOut(exchange, by: broadcast)
            } catch { exchange.answer(.failed(error)) }
            works[number] = nil
        }
    }

    private func saveReplay(
        _ path: String?, _ seconds: Double?, of broadcast: Broadcast, for exchange: ControlExchange
    ) {
        guard path.map(SavedReplay.isPath) ?? true, seconds.map({ $0 > 0 }) ?? true else {
            return exchange.settle(
                BroadcastError(
                    .usage, "a replay goes to an absolute path that ends with .mp4, and lasts longer than 0 seconds"))
        }
        lastWork += 1
        let number = lastWork
        // closeControl() waits for it.
        works[number] = Task {
            do throws(BroadcastError) {
                exchange.answer(.saved(try await broadcast.saveReplay(to: path, last: seconds)))
            } catch { exchange.answer(.failed(error)) }
            works[number] = nil
        }
    }

    private func measure(
        _ link: String?, _ isMeasured: Bool, in broadcast: Broadcast, for exchange: ControlExchange
    ) {
        lastWork += 1
        let number = lastWork
        // closeControl() waits for it.
        works[number] = Task {
            do throws(BroadcastError) {
                exchange.answer(.servers(try await broadcast.servers(of: link, isMeasured: isMeasured)))
            } catch { exchange.answer(.failed(error)) }
            works[number] = nil
        }
    }

    private var broadcastRunning: BroadcastError {
        BroadcastError(
            code: .broadcastRunning, ["address": "unix:\(controlPath ?? "")"],
            "the master has a broadcast on air already", advice: "stop it first")
    }

    private static func result<Value: Sendable>(
        _ body: () async throws(BroadcastError) -> Value
    ) async -> Result<Value, BroadcastError> {
        do throws(BroadcastError) { return .success(try await body()) } catch { return .failure(error) }
    }
}
