import BulkheadRTMP
import NIOCore

/// A connection that has reached its goal, with all that belongs to it.
struct OpenedConnection: Sendable {
    /// How often a server may send us on or ask who we are, before it is a circle.
    private static let detourLimit = 5

    let target: IngestTarget
    let channel: any Channel
    let queue: PublishQueue
    let handler: NIOLoopBound<PublishHandler>
    let events: AsyncStream<PublishEvent>

    private enum Failure: Error {
        case detour(Detour)
        case final(PublishError)
    }

    /// Connects and goes as far as `goal`, to where servers send us and with the proof that they ask for.
    static func open(
        _ target: IngestTarget, options: PublishOptions, group: any EventLoopGroup, goal: PublishStateMachine.Goal
    ) async throws(PublishError) -> OpenedConnection {
        let deadline = NIODeadline.now() + TimeAmount(options.connection.timeout)
        var target = target
        var query = ""
        for _ in 0..<detourLimit {
            do throws(Failure) {
                return try await openOnce(
                    target, options: options, eventLoop: group.next(), goal: goal, query: query, deadline: deadline)
            } catch {
                switch error {
                case .detour(.redirect(let url)):
                    guard let next = target.resolving(url) else { throw .redirectedInVain(server: target.authority) }
                    (target, query) = (next, "")
                case .detour(.authenticate(let demand)):
                    do throws(AuthenticationRefusal) {
                        query = try demand.query(
                            for: target.credentials, app: String(target.app.prefix { $0 != "?" }),
                            nonce: .random(in: .min ... .max))
                    } catch { throw .notAuthenticated(server: target.authority, error.failure) }
                case .final(.tlsFailed(let server, .unknownAuthority)):
                    throw .tlsFailed(
                        server: server,
                        await ClientChannel.explainDistrust(of: target, options: options.connection, group: group))
                case .final(let error): throw error
                }
            }
        }
        throw query.isEmpty
            ? .redirectedInVain(server: target.authority)
            : .notAuthenticated(server: target.authority, .wrongCredentials)
    }

    private static func openOnce(
        _ target: IngestTarget, options: PublishOptions, eventLoop: any EventLoop, goal: PublishStateMachine.Goal,
        query: String, deadline: NIODeadline
    ) async throws(Failure) -> OpenedConnection {
        let (events, continuation) = AsyncStream.makeStream(
            of: PublishEvent.self, bufferingPolicy: .bufferingNewest(64))
        let queue = PublishQueue(byteLimit: options.queueByteLimit)
        let started = eventLoop.makePromise(of: NIOLoopBound<PublishHandler>.self)
        let channel: any Channel
        do throws(PublishError) {
            channel = try await ClientChannel.connect(to: target, options: options.connection, group: eventLoop) {
                channel in
                let handler = PublishHandler(
                    target: target, options: options, goal: goal, query: query, deadline: deadline, queue: queue,
                    events: continuation, started: started)
                try channel.pipeline.syncOperations.addHandler(handler)
            }
        } catch {
            started.fail(error)
            continuation.finish()
            // The handler's own limit may have been first: then the channel was only closed.
            if case .failed(let known)? = queue.statistics.end, case .timedOut = known { throw .final(known) }
            throw .final(error)
        }
        do {
            let handler = try await withTaskCancellationHandler {
                try await started.futureResult.get()
            } onCancel: {
                channel.close(promise: nil)
            }
            return OpenedConnection(target: target, channel: channel, queue: queue, handler: handler, events: events)
        } catch {
            if Task.isCancelled { throw .final(.cancelled) }
            if let detour = error as? Detour { throw .detour(detour) }
            throw .final(
                error as? PublishError ?? .connectionLost(server: target.authority, .other("\(error)")))
        }
    }
}
