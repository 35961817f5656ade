import BulkheadChain
package import BulkheadChildren
import BulkheadControl
import BulkheadEncoding
package import BulkheadEvents
package import BulkheadModel
package import BulkheadSystem
import BulkheadWire
import Glibc
import NIOCore

/// The master control: holds the broadcast and the address at which other processes reach it.
///
/// In mode create the application makes one in its own process; `bulkhead master` makes one that waits for an
/// application to attach.
package actor MasterControl {
    package nonisolated let reactor: Reactor
    package nonisolated var unownedExecutor: UnownedSerialExecutor { reactor.asUnownedSerialExecutor() }

    private let programs: Programs
    private let controlPath: String?
    private let events = EventLog()
    private var broadcast: Broadcast?
    private var control: LocalListener?
    private var encoderListener: LocalListener?
    private var connections: [ObjectIdentifier: ControlConnection] = [:]
    private var isServing = false
    /// The plugins of a broadcast that is to begin are being looked for.
    private var isFinding = false
    /// The end was asked for before there was anything to end.
    private var isEndWanted = false
    private var serveContinuation: CheckedContinuation<Void, Never>?
    private var attached: Task<Void, Never>?
    /// Those of the last broadcast.
    private var lastDeaths: [DeathRecord] = []

    /// - Parameters:
    ///   - programs: where the children's programs lie.
    ///   - controlPath: the control socket's path, or nil for none. Its folder is made if need be, for this user alone.
    package init(programs: Programs, controlPath: String?) throws(BroadcastError) {
        ProcessSetup.ignoreBrokenPipes()
        do { reactor = try Reactor() } catch {
            throw BroadcastError(.internal, "the master's thread can't be started: \(error)")
        }
        self.programs = programs
        self.controlPath = controlPath
    }

    /// Runs one broadcast to its end.
    ///
    /// - Parameter onEvent: called on the master's thread with each event as it happens: hand it on and return.
    package func broadcast(
        _ settings: BroadcastSettings, onEvent: @escaping @Sendable (Event) -> Void
    ) async throws(BroadcastError) -> BroadcastSummary {
        let listener = events.listen(onEvent)
        defer { events.unlisten(listener) }
        try listen()
        defer { closeControl() }
        return try await run(settings)
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
        await broadcast?.stop()
        await attached?.value
        closeControl()
    }

    /// Ends ``serve(onEvent:)``, and the broadcast that is on air with it; called again, at once.
    package func shutDown() {
        if let continuation = serveContinuation {
            serveContinuation = nil
            continuation.resume()
        } else {
            isEndWanted = true
            stop()
        }
    }

    /// What the broadcast is doing; nil when there is none.
    package func status() async -> BroadcastStatus? { await broadcast?.status() }

    /// Ends the broadcast cleanly: flushes the encoder, says goodbye to the servers. A second call ends it at once.
    package func stop() {
        // A signal may come while the broadcast is only being made.
        guard let broadcast else { return isEndWanted = true }
        broadcast.assumeIsolated { $0.stop() }
    }

    // MARK: broadcasts

    private func run(_ settings: BroadcastSettings) async throws(BroadcastError) -> BroadcastSummary {
        guard broadcast == nil else {
            throw BroadcastError(
                .control, "the master has a broadcast on air already",
                advice: "stop it first with: bulkhead stop --attach unix:\(controlPath ?? "")")
        }
        try Self.reserveDescriptors(settings)
        var encoderAddress: String?
        if settings.children == .plugins {
            guard let controlPath else {
                throw BroadcastError(
                    .usage, "without a control socket no encoder can connect",
                    advice: "name one with --control unix:PATH")
            }
            encoderAddress = controlPath + ".encoder"
        }
        guard let finder = isFinding ? nil : PluginFinder(programs: programs) else {
            throw BroadcastError(.control, "the master is about to begin a broadcast already")
        }
        var settings = settings
        settings.plugins = try PluginChoice.named(settings.plugins)
        isFinding = true
        let found = await Self.find(settings.plugins, finder)
        isFinding = false
        let broadcast = Broadcast(
            settings, programs: programs, plugins: finder, foundPlugins: try found.get(), events: events,
            encoderAddress: encoderAddress, on: reactor)
        self.broadcast = broadcast
        defer { self.broadcast = nil }
        if isEndWanted { await broadcast.stop() }
        if let encoderAddress {
            encoderListener = try LocalListener(path: encoderAddress, on: reactor) { socket, peer in
                // A closure can't give away what it has captured: the number goes in, its owner is made inside.
                let descriptor = socket.release()
                broadcast.assumeIsolated { $0.encoding.connected(OwnedDescriptor(adopting: descriptor), pid: peer.pid) }
            }
        }
        defer {
            encoderListener?.close()
            encoderListener = nil
        }
        do throws(BroadcastError) {
            let summary = try await broadcast.run()
            lastDeaths = await broadcast.allDeaths
            return summary
        } catch {
            lastDeaths = await broadcast.allDeaths
            throw error
        }
    }

    private static func find(
        _ plugins: [PluginChoice], _ finder: PluginFinder
    ) async -> Result<[PluginFinder.Found], BroadcastError> {
        var found: [PluginFinder.Found] = []
        for choice in plugins {
            do throws(BroadcastError) { found.append(try await finder.find(choice)) } catch {
                return .failure(error)
            }
        }
        return .success(found)
    }

    /// A broadcast that could not start another child when one dies must not begin.
    private static func reserveDescriptors(_ settings: BroadcastSettings) throws(BroadcastError) {
        let threads = UInt64(System.coreCount)
        let needed =
            128 + 4 * threads + 8 * UInt64(settings.destinations.count + settings.inputs.count)
            + 24 * UInt64(settings.pluginIsolation == .each ? max(4, settings.plugins.count) : 1)
        let limit = ProcessSetup.raiseDescriptorLimit()
        guard limit >= needed else {
            throw BroadcastError(
                .installation, "only \(limit) files may be open at once, and a broadcast may need \(needed)",
                advice: "raise the limit: ulimit -n \(needed)")
        }
    }

    // MARK: the control socket

    private func listen() throws(BroadcastError) {
        guard let controlPath else { return }
        control = try LocalListener(path: controlPath, on: reactor) { [weak self] socket, _ in
            guard let self else { return socket.close() }
            let descriptor = socket.release()
            self.assumeIsolated { $0.accept(OwnedDescriptor(adopting: descriptor)) }
        }
    }

    private func closeControl() {
        control?.close()
        control = nil
        for connection in connections.values { connection.closeWhenSent() }
    }

    /// Applications that may be connected at once; each takes a descriptor that a child may need.
    private static let mostConnections = 64

    private func accept(_ socket: consuming OwnedDescriptor) {
        guard connections.count < Self.mostConnections else { return socket.close() }
        let connection = ControlConnection(socket, on: reactor)
        let id = ObjectIdentifier(connection)
        connections[id] = connection
        connection.onRequest = { [unowned self] request in
            if let request { self.handle(request, from: id) } else { self.forget(id) }
        }
        connection.activate()
    }

    private var listening: [ObjectIdentifier: Int] = [:]

    private func forget(_ id: ObjectIdentifier) {
        connections[id] = nil
        if let listener = listening.removeValue(forKey: id) { events.unlisten(listener) }
    }

    private func handle(_ request: ControlRequest, from id: ObjectIdentifier) {
        switch request {
        case .status:
            let status = broadcast?.assumeIsolated { $0.status() }
            connections[id]?.send(.status(status, masterPID: getpid()))
        case .stop:
            guard broadcast != nil else { return refuseWithoutBroadcast(id) }
            stop()
            connections[id]?.send(.done)
        case .set(let change):
            guard let broadcast else { return refuseWithoutBroadcast(id) }
            let done = answer(id)
            broadcast.assumeIsolated { $0.change(change, done: done) }
        case .restart(let part):
            guard let broadcast else { return refuseWithoutBroadcast(id) }
            let done = answer(id)
            broadcast.assumeIsolated { $0.restart(part, done: done) }
        case .plugin(let change):
            guard let broadcast else { return refuseWithoutBroadcast(id) }
            let done = answer(id)
            broadcast.assumeIsolated { $0.change(change, done: done) }
        case .link(let change):
            guard let broadcast else { return refuseWithoutBroadcast(id) }
            let done = answer(id)
            broadcast.assumeIsolated { broadcast in
                do throws(BroadcastError) {
                    try broadcast.change(change)
                    done(nil)
                } catch { done(error) }
            }
        case .servers(let name, let isMeasured):
            guard let broadcast else { return refuseWithoutBroadcast(id) }
            // Nobody waits for it but the application, which may go away.
            Task { await self.tellServers(of: name, isMeasured, in: broadcast, to: id) }
        case .deaths:
            connections[id]?.send(.deaths(broadcast?.assumeIsolated { $0.allDeaths } ?? lastDeaths))
        case .events:
            forwardEvents(to: id)
            connections[id]?.send(.done)
        case .broadcast(let settings):
            guard isServing else {
                let error = BroadcastError(
                    .control, "this master belongs to an application and takes no other broadcast",
                    advice: "start one that does with: bulkhead master --listen unix:PATH")
                connections[id]?.send(.failed(error))
                return
            }
            guard broadcast == nil, attached == nil else {
                let error = BroadcastError(
                    .control, "the master has a broadcast on air already",
                    advice: "stop it first with: bulkhead stop --attach unix:\(controlPath ?? "")")
                connections[id]?.send(.failed(error))
                return
            }
            do throws(BroadcastError) {
                try settings.checkRanges()
                try settings.check()
            } catch {
                connections[id]?.send(.failed(error))
                return
            }
            forwardEvents(to: id)
            // serve() waits for it before it returns.
            attached = Task { await self.runAttached(settings, for: id) }
        }
    }

    private func tellServers(
        of name: String?, _ isMeasured: Bool, in broadcast: Broadcast, to id: ObjectIdentifier
    ) async {
        do throws(BroadcastError) {
            connections[id]?.send(.servers(try await broadcast.servers(of: name, isMeasured: isMeasured)))
        } catch { connections[id]?.send(.failed(error)) }
    }

    private func refuseWithoutBroadcast(_ id: ObjectIdentifier) {
        connections[id]?.send(.failed(BroadcastError(.control, "the master has no broadcast on air")))
    }

    /// Answers a request whose outcome comes later, on the reactor's thread.
    private func answer(_ id: ObjectIdentifier) -> @Sendable (BroadcastError?) -> Void {
        { [weak self] error in
            self?.assumeIsolated { $0.connections[id]?.send(error.map { .failed($0) } ?? .done) }
        }
    }

    private func forwardEvents(to id: ObjectIdentifier) {
        guard listening[id] == nil else { return }
        let reactor = reactor
        listening[id] = events.listen { [weak self] event in
            guard let self else { return }
            if reactor.isCurrent {
                self.assumeIsolated { $0.connections[id]?.send(.event(event)) }
            } else {
                // Links report from their own threads; nobody waits for the forwarding.
                Task { await self.forward(event, to: id) }
            }
        }
    }

    private func forward(_ event: Event, to id: ObjectIdentifier) { connections[id]?.send(.event(event)) }

    private func runAttached(_ settings: BroadcastSettings, for id: ObjectIdentifier) async {
        do {
            let summary = try await run(settings)
            connections[id]?.send(.ended(summary))
        } catch {
            events.post(.master, .master(.broadcastFailed(reason: Reason(error.kind.rawValue, error.problem))))
            connections[id]?.send(.failed(error))
        }
        attached = nil
    }
}
