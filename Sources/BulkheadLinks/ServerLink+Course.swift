import BulkheadEvents
import BulkheadMedia
package import BulkheadModel
import BulkheadRTMPTransport
import Synchronization

/// A link's course: one work after the other, as its machine says.
extension ServerLink {
    package func run() async throws(BroadcastError) {
        var event = LinkMachine.Event.started
        if machine.withLock({ $0.phase == .failed && !$0.isPaused }) { mailbox.pause(false) }
        while let work = decide(event) {
            switch work {
            case .serve: event = await serve()
            case .end(let wasSaved):
                if wasSaved { await archive?.remove(number: id.number, lane: lane) }
                return
            case .fail(let error):
                // Nothing is kept for a link that may never run again, and nobody waits for it.
                mailbox.pause(true)
                throw BroadcastError(code: error.code, "\(error)", advice: error.remedy)
            default: event = await carryOut(work)
            }
            closeDeadUnderstudy()
        }
        assertionFailure("a link's course ends with a word")
    }

    /// Does a work other than ``LinkMachine/Work/serve`` and those that end a course.
    func carryOut(_ work: LinkMachine.Work) async -> LinkMachine.Event {
        switch work {
        case .measure(let indices, let patience):
            await servers.probe(indices, patience: patience, on: loop)
            return .measured
        case .confirm(let indices, let patience): return .confirmed(file: await save(probing: indices, patience))
        case .wait(let duration):
            await wait(duration, or: alarm)
            return .waited
        case .rest:
            await alarm.wait()
            return .waited
        case .prepare(let index, let place): return .prepared(place, await prepare(index, place))
        case .publish(let place): return .published(await publish(place))
        case .begin(let rewinds, let received): return .begun(backfill: begin(rewinds: rewinds, received: received))
        case .drain: return .drained(isComplete: await drain())
        case .probe(let indices, let patience):
            await servers.probe(indices, patience: patience, on: loop, onNews: tellNews)
            return .probed
        case .lookAgain(let duration):
            await wait(duration, or: watch)
            if let time = connections.withLock({ $0.onAir })?.statistics.roundTrip, time > .zero {
                tell(.roundTrip(time))
            }
            return .lookAround
        case .serve, .leave, .end, .fail: return .stopped
        }
    }

    /// Waits for `duration`, or until `signal` rings.
    private func wait(_ duration: Duration, or signal: Signal) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [servers] in await servers.clock.sleep(duration) }
            group.addTask { await signal.wait() }
            await group.next()
            group.cancelAll()
        }
    }

    // MARK: the state that outlives a break

    /// Gives the file, if there is one.
    private func save(probing indices: [Int], _ patience: Duration) async -> String? {
        async let place = archive?.save(snapshot(), number: id.number, lane: lane)
        await servers.probe(indices, patience: patience, on: loop)
        return await place ?? nil
    }

    private func snapshot() -> LinkSnapshot {
        let machine = machine.withLock { $0 }
        return LinkSnapshot(
            link: name, time: EventLog.wallClock(), server: machine.server.map { servers.name($0) } ?? "",
            lastError: events.clean(machine.lastError), sentSeconds: machine.sentDTS?.seconds,
            acknowledgedSeconds: machine.acknowledgedDTS?.seconds, originSeconds: machine.origin.seconds,
            reconnects: machine.reconnects, configuration: mailbox.newestConfiguration.map { .init($0.1) },
            servers: servers.read { $0.status(at: $1) })
    }

    // MARK: connections

    /// Makes a connection to the server, up to createStream.
    /// - Returns: why there is none.
    private func prepare(_ index: Int, _ place: LinkMachine.Place) async -> PublishError? {
        let server = servers.server(index)
        var options = server.options
        let (origin, isReturn) = machine.withLock { ($0.origin, $0.wasOnAir) }
        options.origin = origin
        if isReturn { Self.hurry(&options.connection, roundTrip: server.roundTrip) }
        do throws(PublishError) {
            let connection = try await abortable { [options, loop, srt] () -> Result<any PreparedLink, PublishError> in
                do throws(PublishError) {
                    switch server.target {
                    case .rtmp(let target):
                        return .success(
                            try await RTMPPublisher.prepare(for: target, options: options, group: loop.group))
                    case .srt(let address):
                        guard let srt else { return .failure(.cancelled) }
                        return .success(try await srt.connect(to: address, origin: origin))
                    }
                } catch { return .failure(error) }
            }
            connections.withLock { $0.ready[place] = connection }
            return nil
        } catch { return error }
    }

    /// On the way back, a server that was fast before and does not answer is asked again sooner, or another one is.
    private static func hurry(_ options: inout ConnectionOptions, roundTrip: Duration?) {
        // What was measured holds some six round trips of the network.
        let usual = roundTrip ?? .milliseconds(300)
        options.connectingTimeout = max(.seconds(1), usual)
        options.timeout = max(.seconds(4), usual * 3)
    }

    /// Publishes on what was made ready.
    /// - Returns: why the server does not take the stream.
    private func publish(_ place: LinkMachine.Place) async -> PublishError? {
        guard let prepared = connections.withLock({ $0.ready.removeValue(forKey: place) }) else { return .cancelled }
        do throws(PublishError) {
            let publisher = try await abortable { () -> Result<any LinkPublisher, PublishError> in
                do throws(PublishError) { return .success(try await prepared.begin()) } catch {
                    return .failure(error)
                }
            }
            connections.withLock { $0.next = publisher }
            return nil
        } catch { return error }
    }

    /// Puts the connection that was published last on air.
    /// - Returns: how far before its newest packet the queue starts.
    private func begin(rewinds: Bool, received: MediaTime?) -> MediaTime {
        connections.withLock { connections in
            connections.onAir = connections.next
            connections.next = nil
        }
        guard rewinds else {
            mailbox.repeatHeaders()
            return .zero
        }
        return mailbox.rewind(received: received)
    }

    /// A connection that was made ready may be closed by its server before it is needed.
    private func closeDeadUnderstudy() {
        if connections.withLock({ $0.ready[.understudy]?.end != nil }) { tell(.readyEnded) }
    }

    /// Runs `body` so that ``abort()`` and ``pause(_:)`` cancel it.
    private func abortable<Value: Sendable>(
        _ body: @escaping @Sendable () async -> Result<Value, PublishError>
    ) async throws(PublishError) -> Value {
        // Awaited right below: the task only makes it possible to cancel this part alone.
        let work = Task { await body() }
        let number = connections.withLock { connections in
            connections.lastAttempt += 1
            connections.attempts[connections.lastAttempt] = { work.cancel() }
            return connections.lastAttempt
        }
        // Asked after it can be cancelled: what comes later cancels it.
        if machine.withLock({ $0.isAborted || $0.isPaused }) { work.cancel() }
        let result = await withTaskCancellationHandler {
            await work.value
        } onCancel: {
            work.cancel()
        }
        connections.withLock { $0.attempts[number] = nil }
        return try result.get()
    }
}
