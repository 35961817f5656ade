import BulkheadEvents
import BulkheadMedia
import BulkheadModel
import BulkheadRTMP
import BulkheadRTMPTransport
import BulkheadSelection
import BulkheadSystem
import Synchronization

/// What goes on while a connection is on air: sending, listening to it, and looking after the other servers.
extension RTMPLink {
    /// For servers that acknowledge nothing: what was sent so shortly before a break may not have arrived.
    private static let safety = MediaTime(milliseconds: 3000)
    /// How long the old connection may take to send what it was given before another one goes on.
    private static let drainPatience = Duration.milliseconds(500)
    /// Timestamps are 32 bits wide, and 31 in many servers: 24.8 days. A new connection that counts from 0 is planned
    /// for the first IDR within the last minute before.
    static let timestampWall = MediaTime(milliseconds: Int64(Int32.max) - 60_000)

    /// How sending ended.
    private enum Departure {
        /// Everything is sent, or nothing more is wanted.
        case wanted
        case broken(PublishError)
        /// On to another connection that is on air already; with `rewinds` the old one had not sent all that it was given.
        case moved(LinkSession, rewinds: Bool)
    }

    /// Why feeding a connection has paused.
    private enum Pause {
        /// Nothing waits, or the connection takes no more.
        case waits
        /// The next packet is an IDR, in front of which another connection may take over.
        case mayMove
        case departs(Departure)
    }

    /// Publishes until the connection is lost, which is returned, or no longer wanted.
    func onAir(_ first: LinkSession) async -> PublishError? {
        var session = first
        var rewinds = true
        while true {
            begin(session, rewinds: rewinds)
            let departure = await serve(session)
            switch departure {
            case .wanted: return nil
            case .moved(let next, let mustRewind): (session, rewinds) = (next, mustRewind)
            case .broken(let error):
                servers.update { table, now in
                    _ = table.failed(
                        session.server, error, isEnding: mailbox.isEnding, at: now, chance: LinkServers.chance)
                }
                return error
            }
        }
    }

    private func begin(_ session: LinkSession, rewinds: Bool) {
        let received = state.withLock { state -> MediaTime? in
            state.publisher = session.publisher
            state.end = nil
            state.request = nil
            return state.wasOnAir ? state.acknowledgedDTS ?? state.sentDTS.map { $0 - Self.safety } : nil
        }
        let backfill = rewinds ? mailbox.rewind(received: received) : .zero
        if !rewinds { mailbox.repeatHeaders() }
        let name = servers.name(session.server)
        let (gap, wasOnAir) = state.withLock { state in
            defer {
                state.phase = state.brokeAt == nil ? .publishing : .restored
                state.brokeAt = nil
                if state.wasOnAir { state.reconnects += 1 }
                state.wasOnAir = true
            }
            return (state.brokeAt.map { servers.clock.now() - $0 }, state.wasOnAir)
        }
        events.post(part, .link(.connected(server: name)))
        guard wasOnAir, let gap else { return }
        events.post(
            part,
            .link(
                .restored(
                    server: name, gapMilliseconds: Int(clamping: gap.nanoseconds / 1_000_000),
                    backfillMilliseconds: Int(clamping: backfill.milliseconds))))
    }

    private func serve(_ session: LinkSession) async -> Departure {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.follow(session) }
            group.addTask { await self.watchServers(session) }
            let departure = await send(session)
            var isGoodbye = false
            if case .wanted = departure { isGoodbye = !isOver && state.withLock { $0.end == nil } }
            if isGoodbye {
                await session.publisher.close(goodbye: true)
            } else {
                await closeSilently(session.publisher)
            }
            state.withLock { state in
                state.acknowledgedDTS = session.publisher.statistics.acknowledgedDTS ?? state.acknowledgedDTS
                if state.publisher === session.publisher { state.publisher = nil }
            }
            group.cancelAll()
            await group.waitForAll()
            dropMove()
            return departure
        }
    }

    // MARK: sending

    /// Sends what the mailbox has until all is sent or the connection is over.
    ///
    /// As long as nothing else is to be decided, packets take the short way: those that come in one turn of the
    /// broadcast call the connection's event loop once, which feeds the connection itself. This task is woken for the rest.
    private func send(_ session: LinkSession) async -> Departure {
        // Whether the event loop may feed; held while one of the two does.
        let gate = SendingGate()
        mailbox.setFeed { [self, loop] in
            loop.execute {
                let isTasks = gate.isOpen.withLock { isOpen in
                    guard isOpen else { return false }
                    if case .waits = self.feed(session) { return false }
                    return true
                }
                if isTasks { self.mailbox.wake() }
            }
        }
        defer {
            mailbox.setFeed(nil)
            gate.isOpen.withLock { $0 = false }
        }
        mailbox.wake()
        while true {
            await mailbox.wait()
            waking: while true {
                let pause = gate.isOpen.withLock { isOpen in
                    let pause = feed(session)
                    if case .waits = pause { isOpen = true } else { isOpen = false }
                    return pause
                }
                switch pause {
                case .waits: break waking
                case .departs(let departure): return departure
                case .mayMove: if let next = await moveIfDue(session) { return next }
                }
            }
        }
    }

    /// Hands packets to the connection as long as it takes them and there is nothing to decide.
    private func feed(_ session: LinkSession) -> Pause {
        let publisher = session.publisher
        mailbox.beginFeeding()
        while true {
            if let departure = departure() { return .departs(departure) }
            guard publisher.hasRoom(below: Self.connectionByteLimit) else { return .waits }
            if mailbox.startsWithIDR, isMoveDue(session) { return .mayMove }
            switch mailbox.take() {
            case .configuration(let configuration): publisher.send(configuration: configuration)
            case .packet(let packet):
                publisher.send(packet: packet)
                if packet.isVideo { note(packet) }
            case .empty: return .waits
            case .finished: return .departs(.wanted)
            }
        }
    }

    private func departure() -> Departure? {
        state.withLock { state in
            if state.isAborted || state.isPaused { return .wanted }
            switch state.end {
            case nil: return nil
            case .closed: return .wanted
            case .failed(let error): return .broken(error)
            }
        }
    }

    private func note(_ packet: Packet) {
        state.withLock { state in
            state.sentDTS = packet.dts
            if state.phase == .restored { state.phase = .publishing }
        }
    }

    // MARK: listening

    /// Takes in what the connection reports.
    private func follow(_ session: LinkSession) async {
        for await event in session.publisher.events {
            switch event {
            case .accepted:
                servers.update { table, _ in table.accepted(session.server) }
                events.post(part, .link(.accepted))
            case .ended(let end):
                state.withLock { $0.end = end }
            case .acknowledged:
                let dts = session.publisher.statistics.acknowledgedDTS
                state.withLock { $0.acknowledgedDTS = dts ?? $0.acknowledgedDTS }
                continue
            case .suspected(let doubt):
                enter(.stalled)
                events.post(part, .link(.stalled(sign: StallSign(doubt))))
                watch.ring()
            case .recovered:
                state.withLock { $0.phase = $0.phase == .stalled ? .publishing : $0.phase }
                events.post(part, .link(.recovered))
                watch.ring()
            case .reconnectRequested(let target, let words):
                state.withLock { $0.request = (target, words) }
                watch.ring()
            case .writable: break
            }
            mailbox.wake()
        }
    }

    // MARK: the other servers

    /// Shakes hands with the servers that are not at work, modestly, makes another connection ready when the one on air
    /// may be lost, and leaves it for a better one.
    private func watchServers(_ session: LinkSession) async {
        while !Task.isCancelled {
            if state.withLock({ $0.phase == .stalled }) { await prepareUnderstudy() } else { dismissUnderstudy() }
            if let request = state.withLock({ state in
                defer { state.request = nil }
                return state.request
            }) {
                await obey(request.target, request.words, session)
            }
            let due =
                servers.count > 1
                ? servers.update { $0.claimProbes(at: $1, chance: LinkServers.chance) } : []
            if !due.isEmpty { await servers.probe(due, patience: .seconds(5), on: loop, onNews: tellNews) }
            if Task.isCancelled { break }
            if let better = servers.read({ $0.better(lane, at: $1) }) { await prepareMove(better) }
            await pauseWatching()
        }
    }

    private func pauseWatching() async {
        // One that another lane works with may come free without a word.
        let delay = servers.count > 1 ? servers.read { $0.attentionDelay(at: $1) } ?? .seconds(5) : .seconds(3600)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [servers] in await servers.clock.sleep(max(delay, .milliseconds(20))) }
            group.addTask { [watch] in await watch.wait() }
            await group.next()
            group.cancelAll()
        }
    }

    private func tellNews(_ index: Int, _ result: Result<Duration, PublishError>) {
        let server = servers.name(index)
        switch result {
        case .success(let time):
            events.post(
                part, .link(.serverAnswers(server: server, milliseconds: time.inMilliseconds)))
        case .failure(let error): events.post(part, .link(.serverFailed(server: server, reason: error.asReason)))
        }
    }

    private func prepareUnderstudy() async {
        guard state.withLock({ $0.understudy == nil && $0.move == nil }),
            let choice = servers.read({ $0.understudy(lane, at: $1) }),
            choice.index != state.withLock({ $0.server }),
            let understudy = await makeUnderstudy(choice)
        else { return }
        state.withLock { $0.understudy = understudy }
        events.post(part, .link(.prepared(server: servers.name(choice.index))))
    }

    private func makeUnderstudy(_ choice: Choice) async -> Understudy? {
        servers.update { table, _ in table.reserve(choice.index, for: lane) }
        let start = servers.clock.now()
        do throws(PublishError) {
            let connection = try await prepare(choice.index)
            servers.update { table, now in table.answered(choice.index, in: now - start, at: now) }
            return Understudy(server: choice.index, reason: choice.reason, connection: connection)
        } catch {
            servers.update { table, now in
                table.release(choice.index)
                if error != .cancelled {
                    _ = table.probed(choice.index, .failure(error), at: now, chance: LinkServers.chance)
                }
            }
            return nil
        }
    }

    // MARK: going over on purpose

    private func prepareMove(_ choice: Choice) async {
        guard state.withLock({ $0.move == nil && $0.phase == .publishing }),
            let understudy = await makeUnderstudy(choice)
        else { return }
        state.withLock { $0.move = Move(understudy: understudy, replacesSame: false) }
        events.post(part, .link(.moving(server: servers.name(choice.index), choice: choice.reason)))
        mailbox.wake()
    }

    /// The server asks to be left.
    private func obey(_ target: IngestTarget?, _ words: String, _ session: LinkSession) async {
        guard let target, state.withLock({ $0.move == nil }) else {
            events.post(part, .link(.redirectUnusable))
            return
        }
        let replacesSame = target == servers.server(session.server).target
        events.post(part, .link(.redirected(server: "\(target)", text: words.isEmpty ? nil : words)))
        servers.update { table, _ in table.redirect(session.server, to: target) }
        do throws(PublishError) {
            let connection = try await prepare(session.server)
            let understudy = Understudy(
                server: session.server, reason: "the server asked for it", connection: connection)
            state.withLock { $0.move = Move(understudy: understudy, replacesSame: replacesSame) }
            mailbox.wake()
        } catch {
            servers.update { table, _ in table.bringHome(session.server) }
            events.post(part, .link(.redirectFailed(reason: error.asReason)))
        }
    }

    private func dropMove() {
        let move = state.withLock { state in
            defer { state.move = nil }
            return state.move
        }
        guard let move else { return }
        if !move.replacesSame { servers.update { table, _ in table.release(move.understudy.server) } }
        drop(move.understudy)
    }

    private func isMoveDue(_ session: LinkSession) -> Bool {
        state.withLock { $0.move != nil } || wallIsNear(session) != nil
    }

    /// In front of an IDR: goes over to another connection where one is waiting, or where timestamps come to their end.
    private func moveIfDue(_ session: LinkSession) async -> Departure? {
        if let wall = wallIsNear(session) { return await startOver(session, origin: wall) }
        guard
            let move = state.withLock({ state in
                defer { state.move = nil }
                return state.move
            })
        else { return nil }
        let understudy = move.understudy
        do throws(PublishError) {
            var isComplete = true
            if move.replacesSame { isComplete = await leave(session) }
            let publisher = try await begin(understudy.connection)
            servers.update { table, now in table.started(understudy.server, for: lane, in: nil, at: now) }
            state.withLock { state in
                state.server = understudy.server
                state.reason = understudy.reason
            }
            if !move.replacesSame { isComplete = await leave(session) }
            return .moved(
                LinkSession(publisher: publisher, server: understudy.server, origin: session.origin),
                rewinds: !isComplete)
        } catch {
            if move.replacesSame { return .broken(error) }
            servers.update { table, now in
                table.release(understudy.server)
                _ = table.probed(understudy.server, .failure(error), at: now, chance: LinkServers.chance)
            }
            events.post(part, .link(.notMoved(reason: error.asReason)))
            return nil
        }
    }

    /// Waits until the connection has sent what it was given, and closes it without a word.
    /// - Returns: whether it has sent all.
    private func leave(_ session: LinkSession) async -> Bool {
        let end = servers.clock.now() + Self.drainPatience
        while session.publisher.queuedByteCount > 0, servers.clock.now() < end, !isOver {
            await servers.clock.sleep(.milliseconds(5))
        }
        let isComplete = session.publisher.queuedByteCount == 0
        await closeSilently(session.publisher)
        return isComplete
    }

    /// Closes a connection without a word. With TLS the peer is asked to agree, which one that is gone never does: it is
    /// not waited for long.
    private func closeSilently(_ publisher: RTMPPublisher) async {
        let isClosed = Signal()
        // Ends by itself: TLS waits a few seconds at most.
        Task { [loop] in
            await publisher.close(goodbye: false)
            isClosed.ring()
            withExtendedLifetime(loop) {}
        }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await isClosed.wait() }
            group.addTask { [servers] in await servers.clock.sleep(.milliseconds(200)) }
            await group.next()
            group.cancelAll()
        }
    }

    /// The IDR's time where the timestamps of this connection come near to their end.
    private func wallIsNear(_ session: LinkSession) -> MediaTime? {
        guard let time = mailbox.firstTime, time - session.origin >= Self.timestampWall else { return nil }
        return time
    }

    private func startOver(_ session: LinkSession, origin: MediaTime) async -> Departure? {
        events.post(part, .link(.renewed(originSeconds: origin.seconds)))
        state.withLock { $0.origin = origin }
        // What was made ready counts from the old origin.
        dismissUnderstudy()
        let isComplete = await leave(session)
        do throws(PublishError) {
            let publisher = try await begin(try await prepare(session.server))
            return .moved(
                LinkSession(publisher: publisher, server: session.server, origin: origin), rewinds: !isComplete)
        } catch {
            return .broken(error)
        }
    }
}

/// Which of two may feed a connection: its event loop, or the task that decides everything else.
private final class SendingGate: Sendable {
    /// The event loop may.
    let isOpen = Mutex(false)
}

extension StallSign {
    init(_ doubt: DeliveryDoubt) {
        self =
            switch doubt {
            case .noAnswer: .noAnswer
            case .notReading: .notReading
            case .notAcknowledging: .notAcknowledging
            }
    }
}
