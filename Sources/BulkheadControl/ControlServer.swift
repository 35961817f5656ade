package import BulkheadModel
package import BulkheadSystem
import CBulkheadLinux

/// The master's side of the control socket: on the reactor's thread, but for what connections do on a thread of their own.
///
/// Requests come to the reactor in the order of each connection, a few at a time: the timeline's turn comes between them.
package final class ControlServer {
    /// What reaches the reactor.
    private enum Arrival: Sendable {
        case request(ControlExchange)
        case gone(Int)
    }

    /// Clients that may be connected at once; each takes a descriptor that a child may need.
    package static let mostConnections = 64
    /// Of them, those of groups: they can't keep the broadcast's own user out.
    package static let mostGroupConnections = 32
    /// Requests that the reactor handles before it looks at its children and timers again.
    private static let batch = 8

    private let reactor: Reactor
    /// On whose thread connections read and write.
    private let desk: Reactor
    private let limits: ControlLimits
    private let mailbox: ReactorMailbox<Arrival>
    private var listeners: [LocalListener] = []
    private var token: Reactor.Token?
    private var connections: [Int: ControlConnection] = [:]
    private var ofGroups: Set<Int> = []
    /// Connections that are being refused.
    private var refused: [Int: ControlConnection] = [:]
    private var lastNumber = 0
    private var onRequest: ((ControlExchange) -> Void)?
    private var onGone: ((Int) -> Void)?

    /// Listens at `path`; its folder is made, for this user alone, where there is none.
    /// - Parameters:
    ///   - doors: sockets for groups, beside `path`.
    ///   - trusted: children that may connect, which others may not; nil for none.
    ///   - onStranger: called on the reactor's thread with each connection of another user, which is refused.
    ///   - onRequest: called on the reactor's thread with each request.
    ///   - onGone: called on the reactor's thread with the number of a connection that has ended.
    package init(
        path: String, doors: [ControlDoor] = [], on reactor: Reactor, limits: ControlLimits = ControlLimits(),
        trusting trusted: TrustedChildren? = nil,
        onStranger: @escaping @Sendable (PeerCredentials) -> Void = { _ in },
        onRequest: @escaping (ControlExchange) -> Void, onGone: @escaping (Int) -> Void
    ) throws(BroadcastError) {
        self.reactor = reactor
        self.limits = limits
        self.onRequest = onRequest
        self.onGone = onGone
        do { desk = try Reactor() } catch {
            throw BroadcastError(.internal, "no thread for the control socket is to be had: \(error)")
        }
        // No connection can have more under way than its bound and its end.
        do { mailbox = try ReactorMailbox(capacity: Self.mostConnections * (limits.unansweredRequests + 2)) } catch {
            desk.stop()
            throw BroadcastError(.internal, "no eventfd is to be had: \(error)")
        }
        let bound = ReactorBound(WeakServer(), reactor)
        do {
            token = try mailbox.watch(on: reactor) { bound.value.server?.collect() }
        } catch {
            desk.stop()
            throw BroadcastError(.internal, "the control socket can't be watched: \(error)")
        }
        do throws(BroadcastError) {
            for door in [nil] + doors.map({ Optional($0) }) {
                let listener = try LocalListener(
                    path: door?.path(beside: path) ?? path, group: door?.group, letsOthersPass: !doors.isEmpty,
                    on: reactor, trusting: door == nil ? trusted : nil, onStranger: onStranger
                ) { socket, _ in
                    // A closure can't give away what it has captured: the number goes in, its owner is made inside.
                    let descriptor = socket.release()
                    if let server = bound.value.server {
                        server.accept(OwnedDescriptor(adopting: descriptor), as: door?.role ?? .own)
                    } else {
                        _ = bulkhead_close(descriptor)
                    }
                }
                listeners.append(listener)
            }
        } catch {
            for listener in listeners { listener.close() }
            unwatch()
            throw error
        }
        bound.value.server = self
    }

    /// For closures that are made before the server is.
    private final class WeakServer {
        weak var server: ControlServer?
    }

    /// Ends listening, and each connection once everything has been sent to it, or after a second.
    package func close() async {
        for listener in listeners { listener.close() }
        listeners = []
        let open = Array(connections.values) + Array(refused.values)
        await withTaskGroup { group in
            for connection in open { group.addTask { await connection.finish() } }
        }
        unwatch()
        connections = [:]
        refused = [:]
        onRequest = nil
        onGone = nil
    }

    private func unwatch() {
        if let token { reactor.unwatch(token) }
        token = nil
        mailbox.close()
        desk.stop()
    }

    private func accept(_ socket: consuming OwnedDescriptor, as role: ControlRole) {
        guard connections.count < Self.mostConnections, role == .own || ofGroups.count < Self.mostGroupConnections
        else {
            return refuse(socket, role == .own ? Self.mostConnections : Self.mostGroupConnections)
        }
        lastNumber += 1
        if role != .own { ofGroups.insert(lastNumber) }
        let connection = ControlConnection(
            socket, number: lastNumber, on: desk, limits: limits, role: role,
            onRequest: { [mailbox] exchange in
                guard !mailbox.post(.request(exchange)) else { return }
                exchange.answer(.failed(BroadcastError(code: .notOnAir, "the master is about to end")))
            },
            // One for each connection: lost, it would keep its place for good.
            onClose: { [mailbox] number in mailbox.post(.gone(number), isBounded: false) })
        connections[lastNumber] = connection
        connection.activate()
    }

    /// Tells a client that there are too many. What it asks meanwhile comes to nobody.
    private func refuse(_ socket: consuming OwnedDescriptor, _ maximum: Int) {
        guard refused.count < Self.mostConnections else { return socket.close() }
        lastNumber += 1
        let connection = ControlConnection(
            socket, number: lastNumber, on: desk, limits: limits, onRequest: { _ in },
            onClose: { [mailbox] number in mailbox.post(.gone(number), isBounded: false) })
        refused[lastNumber] = connection
        connection.activate()
        connection.disconnect(
            BroadcastError(
                code: .tooManyConnections, ["maximum": "\(maximum)"], "\(maximum) clients are connected already"))
    }

    private func collect() {
        for arrival in mailbox.take(Self.batch) {
            switch arrival {
            // Of a client that asks too much, nothing more is done.
            case .request(let exchange): if !exchange.connection.isTurnedAway { onRequest?(exchange) }
            case .gone(let number):
                refused[number] = nil
                ofGroups.remove(number)
                guard connections.removeValue(forKey: number) != nil else { continue }
                onGone?(number)
            }
        }
    }
}
