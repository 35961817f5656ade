import BulkheadRTMP
import BulkheadStreamPlayer
import NIOCore

/// All relays of a server. It lives on the server's event loop.
final class RelayDesk {
    /// Why a relay is not made.
    enum Problem: Error, Hashable {
        case isOwn
        case exists
        case tooMany

        var sentence: String {
            switch self {
            case .isOwn: "That address is this server itself: a relay of it would go round in a circle."
            case .exists: "That stream is pulled from elsewhere already: delete that relay first."
            case .tooMany: "There are too many relays: delete some first."
            }
        }
    }

    private static let period = TimeAmount.milliseconds(250)
    private static let mostRelays = 256

    private unowned let hub: StreamHub
    private(set) var pulls: [StreamName: PullRelay] = [:]
    private(set) var pushes: [PushRelay] = []
    private var pulse: Pulse?
    private var ownPort = 0
    private var isStopped = false

    init(_ hub: StreamHub) { self.hub = hub }

    /// The server listens at `address`.
    func begin(at address: SocketAddress?) {
        ownPort = address?.port ?? 0
        for options in hub.options.pulls {
            do throws(Problem) { try add(options, by: .configuration) } catch {
                let server = options.sources.first?.description ?? ""
                hub.send(.relay(options.name, .pull, server: server, .failed(error.sentence)))
            }
        }
        for options in hub.options.pushes where isOwn(options.target.host, options.target.port) {
            let name = options.name ?? StreamName(app: options.target.app, name: "")
            let server = options.target.description
            hub.send(.relay(name, .push, server: server, .failed(Problem.isOwn.sentence)))
        }
    }

    private func isOwn(_ host: String, _ port: Int) -> Bool {
        guard port == ownPort else { return false }
        if host == "localhost" || host.hasPrefix("127.") || host == "::1" { return true }
        let devices = (try? System.enumerateDevices()) ?? []
        return devices.contains { $0.address?.ipAddress == host }
    }

    private func wake() {
        guard pulse == nil, !isStopped else { return }
        pulse = Pulse(every: Self.period, on: hub.eventLoop) { [weak self] in self?.tick() }
    }

    private func tick() {
        for relay in Array(pulls.values) { relay.tick() }
        // What a hook has asked for lasts as long as somebody plays it.
        pulls = pulls.filter { $0.value.origin != .hook || $0.value.state != .resting }
        for push in pushes where !push.stream.isPublished && !push.stream.awaitsPublisher {
            push.stop(because: "the stream has ended here")
        }
        pushes.removeAll { $0.isOver }
        if pulls.isEmpty, pushes.isEmpty {
            pulse?.stop()
            pulse = nil
        }
    }

    func stop() {
        isStopped = true
        pulse?.stop()
        for relay in pulls.values { relay.disconnect(because: "the server stops") }
        for push in pushes { push.stop(because: "the server stops") }
    }

    // MARK: pulls

    /// One that is there already with the same options stays.
    func add(_ options: PullOptions, by origin: PullRelay.Origin) throws(Problem) {
        guard !options.sources.contains(where: { isOwn($0.host, $0.port) }) else { throw .isOwn }
        if let known = pulls[options.name] {
            guard known.options != options else { return }
            guard known.origin == .hook else { throw .exists }
            known.disconnect(because: "it is pulled from elsewhere")
        }
        guard pulls.count < Self.mostRelays else { throw .tooMany }
        pulls[options.name] = PullRelay(options, by: origin, hub)
        wake()
    }

    /// Ends a pull. Players are kept for a while, as they are when a publisher disappears.
    /// - Returns: whether there was one.
    func remove(_ name: StreamName) -> Bool {
        guard let relay = pulls.removeValue(forKey: name) else { return false }
        relay.disconnect(because: "the relay was deleted")
        return true
    }

    func expects(_ name: StreamName) -> Bool { pulls[name] != nil }

    /// Somebody is about to play a stream.
    func demand(_ name: StreamName) {
        guard let relay = pulls[name] else { return }
        relay.demand()
        relay.tick()
    }

    /// A hook sends a player to another server.
    func pull(_ name: StreamName, from target: IngestTarget) throws(Problem) {
        var options = PullOptions(name, from: [target])
        options.isOnDemand = true
        do throws(Problem) { try add(options, by: .hook) } catch {
            // Whoever came first decides from where.
            guard error == .exists else { throw error }
        }
        demand(name)
    }

    // MARK: pushes

    func publisherCame(to stream: LiveStream) {
        for options in hub.options.pushes where options.name == nil || options.name == stream.name {
            guard !isOwn(options.target.host, options.target.port) else { continue }
            push(stream, to: options.target.key.isEmpty ? options.target.withKey(stream.name.name) : options.target)
        }
    }

    func push(_ stream: LiveStream, to target: IngestTarget) {
        guard !isStopped, !isOwn(target.host, target.port), pushes.count < Self.mostRelays,
            !pushes.contains(where: { $0.stream === stream && $0.target == target && !$0.isOver })
        else { return }
        // A stream is not given back to where it comes from.
        if let pull = pulls[stream.name], stream.publisher == ObjectIdentifier(pull),
            pull.options.sources.contains(where: { $0.host == target.host && $0.port == target.port })
        {
            return
        }
        let relay = PushRelay(stream, to: target, hub)
        pushes.append(relay)
        relay.start()
        wake()
    }
}
