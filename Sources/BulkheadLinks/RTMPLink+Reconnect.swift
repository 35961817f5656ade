import BulkheadEvents
import BulkheadMedia
import BulkheadModel
import BulkheadRTMP
import BulkheadRTMPTransport
import BulkheadSelection
import BulkheadSystem
import Synchronization

/// One connection on air.
struct LinkSession: Sendable {
    let publisher: RTMPPublisher
    let server: Int
    let origin: MediaTime
}

/// The way to a server, for the first time and after a break.
extension RTMPLink {
    /// To learn after a break which servers answer.
    private static let confirmationPatience = Duration.milliseconds(400)
    /// To learn before the first choice which server is fastest.
    private static let measuringPatience = Duration.seconds(2)

    // MARK: step 1: saved

    /// Takes in that the connection on air is gone, puts the link's state in a safe place and confirms the servers.
    func noteBreak(_ error: PublishError) async {
        mailbox.leaveAir()
        let now = servers.clock.now()
        let wasStale = state.withLock { state in
            defer {
                state.brokeAt = state.brokeAt ?? now
                state.lastError = "\(error)"
                state.phase = .saved
            }
            return state.brokeAt != nil
        }
        if !wasStale { events.post(part, .link(.lost(reason: error.asReason))) }
        async let place = archive?.save(snapshot(), number: id.number, lane: lane)
        await confirmServers()
        let saved = await place
        tellSaved(saved ?? nil)
    }

    /// Shakes hands with the servers of which nothing is known, as far as that is quick. The one that was lost is not
    /// asked: finding that out is the next step.
    private func confirmServers() async {
        guard servers.count > 1, !isOver else { return }
        let lost = state.withLock { $0.server }
        let unsure = servers.read { table, now in
            table.status(at: now).enumerated().filter { $0 != lost && ($1.state == .untried || $1.state == .failing) }
                .map(\.offset)
        }
        let isReady = state.withLock { $0.understudy != nil }
        if !unsure.isEmpty, !isReady { await servers.probe(unsure, patience: Self.confirmationPatience, on: loop) }
    }

    private func tellSaved(_ place: String?) {
        let answering = servers.read { $0.answeringCount(at: $1) }
        events.post(part, .link(.saved(servers: servers.count, answering: answering, file: place)))
    }

    private func snapshot() -> LinkSnapshot {
        let state = state.withLock { $0 }
        return LinkSnapshot(
            link: name, time: EventLog.wallClock(), server: state.server.map { servers.name($0) } ?? "",
            lastError: state.lastError, sentSeconds: state.sentDTS?.seconds,
            acknowledgedSeconds: state.acknowledgedDTS?.seconds, originSeconds: state.origin.seconds,
            reconnects: state.reconnects, configuration: mailbox.newestConfiguration.map { .init($0.1) },
            servers: servers.read { $0.status(at: $1) })
    }

    // MARK: steps 2 and 3: cleared, selected

    /// Finds a server and publishes to it; nil when that is no longer wanted.
    func establish() async throws(PublishError) -> LinkSession? {
        if state.withLock({ $0.brokeAt == nil }) { enter(.connecting) }
        await measureBeforeFirstChoice()
        while !isOver, !isPaused {
            guard let choice = servers.update({ $0.chooseAndTake(lane, at: $1) }) else {
                let delay = servers.read { $0.delay(lane, at: $1) } ?? .milliseconds(250)
                await wait(max(delay, .milliseconds(5)))
                continue
            }
            do throws(PublishError) {
                let session = try await publish(choice)
                state.withLock { $0.lastError = $0.wasOnAir ? $0.lastError : "" }
                return session
            } catch {
                if isOver || isPaused { break }
                try judge(error, of: choice.index)
            }
        }
        servers.update { table, _ in table.leave(lane) }
        return nil
    }

    private func measureBeforeFirstChoice() async {
        guard servers.count > 1, servers.read({ table, _ in table.rule }) == .latency else { return }
        let unmeasured = servers.read { table, now in
            table.status(at: now).indices.filter { table.status(at: now)[$0].state == .untried }
        }
        await servers.probe(unmeasured, patience: Self.measuringPatience, on: loop)
    }

    /// Connects to the server chosen, unless that is done already, and publishes.
    private func publish(_ choice: Choice) async throws(PublishError) -> LinkSession {
        let start = servers.clock.now()
        let prepared: PreparedPublisher
        if let ready = takeUnderstudy(for: choice.index) {
            prepared = ready.connection
        } else {
            prepared = try await prepare(choice.index)
        }
        let time = servers.clock.now() - start
        tellCleared(choice)
        let origin = state.withLock { $0.origin }
        let publisher = try await begin(prepared)
        servers.update { table, now in table.started(choice.index, for: lane, in: time, at: now) }
        state.withLock { state in
            state.server = choice.index
            state.reason = choice.reason
        }
        return LinkSession(publisher: publisher, server: choice.index, origin: origin)
    }

    private func tellCleared(_ choice: Choice) {
        guard state.withLock({ $0.brokeAt != nil }) else { return }
        let name = servers.name(choice.index)
        enter(.cleared)
        events.post(part, .link(.cleared(server: name)))
        enter(.selected)
        events.post(part, .link(.selected(server: name, choice: choice.reason)))
    }

    /// A connection to the server, up to createStream.
    func prepare(_ index: Int) async throws(PublishError) -> PreparedPublisher {
        let server = servers.server(index)
        var options = server.options
        let (origin, isReturn) = state.withLock { ($0.origin, $0.wasOnAir) }
        options.origin = origin
        if isReturn { Self.hurry(&options.connection, roundTrip: server.roundTrip) }
        return try await abortable { [options, loop] in
            do throws(PublishError) {
                return .success(
                    try await RTMPPublisher.prepare(for: server.target, options: options, group: loop.group))
            } catch { return .failure(error) }
        }
    }

    /// On the way back, a server that was fast before and does not answer is asked again sooner, or another one is.
    private static func hurry(_ options: inout ConnectionOptions, roundTrip: Duration?) {
        // What was measured holds some six round trips of the network.
        let usual = roundTrip ?? .milliseconds(300)
        options.connectingTimeout = max(.seconds(1), usual)
        options.timeout = max(.seconds(4), usual * 3)
    }

    func begin(_ prepared: PreparedPublisher) async throws(PublishError) -> RTMPPublisher {
        try await abortable {
            do throws(PublishError) { return .success(try await prepared.publish()) } catch { return .failure(error) }
        }
    }

    /// Notes a failure; throws when no server is left that could be tried.
    private func judge(_ error: PublishError, of index: Int) throws(PublishError) {
        let isEnding = mailbox.isEnding
        let outcome = servers.update { table, now in
            table.failed(index, error, isEnding: isEnding, at: now, chance: LinkServers.chance)
        }
        let isNews = state.withLock { state in
            defer { state.lastError = "\(error)" }
            return state.lastError != "\(error)"
        }
        if outcome == .giveUp { throw error }
        // A server that is away for minutes is not worth a line each time.
        if isNews { events.post(part, .link(.lost(reason: error.asReason))) }
    }

    // MARK: the connection that is ready

    private func takeUnderstudy(for index: Int) -> Understudy? {
        let understudy = state.withLock { state in
            defer { state.understudy = nil }
            return state.understudy
        }
        guard let understudy else { return nil }
        if understudy.server == index, understudy.connection.end == nil { return understudy }
        if understudy.server != index { servers.update { table, _ in table.release(understudy.server) } }
        drop(understudy)
        return nil
    }

    func dismissUnderstudy() {
        guard
            let understudy = state.withLock({ state in
                defer { state.understudy = nil }
                return state.understudy
            })
        else { return }
        servers.update { table, _ in table.release(understudy.server) }
        drop(understudy)
    }

    func drop(_ understudy: Understudy) {
        // Closing is silent and nobody waits for it, but the event loop.
        Task { [loop] in
            await understudy.connection.close()
            withExtendedLifetime(loop) {}
        }
    }
}
