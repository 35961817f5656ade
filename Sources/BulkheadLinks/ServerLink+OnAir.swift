import BulkheadEvents
import BulkheadMedia
import BulkheadModel
import BulkheadRTMPTransport
import Synchronization

/// What goes on while a connection is on air: sending, listening to it, and looking after the other servers.
extension ServerLink {
    /// Unsent bytes in the connection's hands; the rest waits in the mailbox, where it can be shed.
    private static let connectionByteLimit = 128 << 10
    /// How long the old connection may take to send what it was given before another one goes on.
    private static let drainPatience = Duration.milliseconds(500)
    /// How long a connection that is closed silently is waited for. With TLS the peer is asked to agree, which one that
    /// is gone never does.
    private static let closingPatience = Duration.milliseconds(200)

    /// Why feeding a connection has paused.
    private enum Pause {
        /// Nothing waits, or the connection takes no more.
        case waits
        case event(LinkMachine.Event)
    }

    /// Publishes until the connection on air is closed.
    func serve() async -> LinkMachine.Event {
        guard let publisher = connections.withLock({ $0.onAir }) else { return .stopped }
        return await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.follow(publisher) }
            group.addTask { await self.watchServers() }
            var work: LinkMachine.Work? = .serve
            while true {
                switch work {
                case .serve: work = decide(await send(to: publisher))
                case .leave(let goodbye):
                    if goodbye { await publisher.sayGoodbye() } else { await closeSilently(publisher) }
                    let acknowledged = publisher.statistics.acknowledgedDTS
                    connections.withLock { $0.onAir = nil }
                    group.cancelAll()
                    await group.waitForAll()
                    return .left(acknowledged: acknowledged)
                case let other?: work = decide(await carryOut(other))
                // The machine has something for every event of a connection on air.
                case nil: work = .leave(goodbye: false)
                }
            }
        }
    }

    // MARK: sending

    /// Hands packets to the connection until there is something to decide. While it only has to be fed, its event loop
    /// does that itself: it takes two threads less to wake; the task is woken for the rest.
    private func send(to publisher: any LinkPublisher) async -> LinkMachine.Event {
        // Whether the event loop may feed; held while one of the two does.
        let gate = SendingGate()
        mailbox.setFeed { [self, loop] in
            loop.execute {
                let isTasks = gate.isOpen.withLock { isOpen in
                    guard isOpen else { return false }
                    if case .waits = self.feed(publisher) { return false }
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
            let pause = gate.isOpen.withLock { isOpen in
                let pause = feed(publisher)
                if case .waits = pause { isOpen = true } else { isOpen = false }
                return pause
            }
            if case .event(let event) = pause { return event }
        }
    }

    /// Hands packets to the connection as long as it takes them and there is nothing to decide.
    private func feed(_ publisher: any LinkPublisher) -> Pause {
        mailbox.beginFeeding()
        while true {
            if machine.withLock({ $0.mustStop }) { return .event(.stopped) }
            guard publisher.hasRoom(below: Self.connectionByteLimit) else { return .waits }
            if mailbox.startsWithIDR, let time = mailbox.firstTime, machine.withLock({ $0.isMoveDue(at: time) }) {
                return .event(.nextIsIDR(time))
            }
            switch mailbox.take() {
            case .configuration(let configuration, let extras):
                publisher.configure(configuration, extras: extras)
            case .metadata(let configuration, let extras):
                publisher.describe(configuration, extras: extras)
            case .packet(let packet):
                publisher.give(packet)
                if packet.isVideo { machine.withLock { $0.noteSent(packet.dts) } }
            case .empty: return .waits
            case .finished: return .event(.sentAll)
            }
        }
    }

    // MARK: listening

    /// Takes in what the connection reports.
    private func follow(_ publisher: any LinkPublisher) async {
        for await event in publisher.events {
            switch event {
            case .accepted: tell(.accepted)
            case .ended(let end): tell(.ended(end))
            case .acknowledgementsDistrusted: tell(.acknowledgementsDistrusted)
            case .suspected(let doubt): tell(.suspected(StallSign(doubt)))
            case .recovered: tell(.recovered)
            case .reconnectRequested(let target, let words): tell(.reconnectRequested(target, words: words))
            case .writable: break
            }
            mailbox.wake()
        }
    }

    // MARK: the other servers

    private func watchServers() async {
        var event = LinkMachine.Event.lookAround
        while let work = decide(event), !Task.isCancelled { event = await carryOut(work) }
    }

    func tellNews(_ index: Int, _ result: Result<Duration, PublishError>) {
        let server = servers.name(index)
        switch result {
        case .success(let time):
            events.post(
                part, .link(.serverAnswers(server: server, milliseconds: time.inMilliseconds)))
        case .failure(let error): events.post(part, .link(.serverFailed(server: server, reason: error.asReason)))
        }
    }

    // MARK: closing

    /// Waits until the connection on air has sent what it was given, and closes it without a word.
    /// - Returns: whether it has sent all.
    func drain() async -> Bool {
        guard let publisher = connections.withLock({ $0.onAir }) else { return false }
        let end = servers.clock.now() + Self.drainPatience
        while publisher.queuedByteCount > 0, servers.clock.now() < end, machine.withLock({ !$0.isAborted }) {
            await servers.clock.sleep(.milliseconds(5))
        }
        let isComplete = publisher.queuedByteCount == 0
        await closeSilently(publisher)
        return isComplete
    }

    private func closeSilently(_ publisher: any LinkPublisher) async {
        let isClosed = Signal()
        publisher.abandon { isClosed.ring() }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await isClosed.wait() }
            group.addTask { [servers] in await servers.clock.sleep(Self.closingPatience) }
            await group.next()
            group.cancelAll()
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
            case .notAnswering: .notAnswering
            }
    }
}
