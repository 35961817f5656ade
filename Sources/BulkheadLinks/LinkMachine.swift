import BulkheadEvents
package import BulkheadMedia
package import BulkheadModel
import BulkheadRTMP
import BulkheadRTMPTransport
import BulkheadSelection
import BulkheadSystem

/// Decides the course of one lane of a link: to which server, when again, when over to another one, when no more.
///
///     started ─▶ attempts ─▶ on air ─▶ leaving ─┬▶ attempts   after a break, by way of a saved state
///                  ▲  └─▶ failed                ├▶ on air     moved to another connection
///                  └───────── resting ◀─────────┼─ paused
///                                               └▶ over
///
/// It owns no connection and no clock. ``ServerLink`` tells it what happens and carries out what it returns. What is known
/// of the servers comes with each event, because the lanes of a redundant link share it. The course is one piece of
/// ``Work`` after the other, each answered by an event: off the air in this file, on air in `LinkMachine+OnAir.swift`.
/// While a connection is on air, a second row of works looks after the other servers (`LinkMachine+Watch.swift`).
package struct LinkMachine: Sendable {
    /// To learn after a break which servers answer.
    private static let confirmationPatience = Duration.milliseconds(400)
    /// To learn before the first choice which server is fastest.
    private static let measuringPatience = Duration.seconds(2)
    /// The shortest wait for the next attempt, and the wait where no server can be named yet.
    private static let shortestWait = Duration.milliseconds(5)
    private static let blindWait = Duration.milliseconds(250)
    /// Timestamps are 32 bits wide, and 31 in many servers: 24.8 days. A new connection that counts from 0 is planned
    /// for the first IDR within the last minute before.
    private static let timestampWall = MediaTime(milliseconds: Int64(Int32.max) - 60_000)

    let lane: Int
    private let chance: @Sendable () -> Double

    /// What the link's status says that it does.
    package internal(set) var phase = LinkState.idle
    /// How often it came on air again, or went over to another connection.
    package internal(set) var reconnects = 0
    package private(set) var lastError = ""
    /// Why ``server`` was chosen.
    package internal(set) var reason = ""
    /// The server that it is with, or was with last.
    package internal(set) var server: Int?
    package private(set) var isPaused = false
    package private(set) var isAborted = false
    /// It was on air since it was started or resumed.
    package internal(set) var wasOnAir = false
    /// The last picture that was handed to a connection, and the last that a server has said to have.
    package private(set) var sentDTS: MediaTime?
    package internal(set) var acknowledgedDTS: MediaTime?
    /// The media time that is timestamp 0 on the wire.
    package internal(set) var origin: MediaTime

    var course = Course.idle
    private(set) var isEnding = false
    /// Since when it is off the air by a break.
    var brokeAt: Duration?
    private var news = OutageNews()
    /// Since when the connection on air takes packets, and what is told of it once it has been held for a while: its server
    /// has closed the ones before it again and again.
    var begunAt = Duration.zero
    var heldBack: [Action] = []
    /// It was moved to its server by hand, and stays there.
    var isPinned = false
    /// The server of the connection on air, and how that connection ended.
    var serving: Int?
    var end: PublishEnd?
    // Beside a connection on air: see LinkMachine+Watch.swift.
    var beside = Beside.idle
    var understudy: Ready?
    var move: Ready?
    var request: (target: IngestTarget?, words: String)?
    /// How often a server is heard that asks to be left.
    private var requests = Budget(1, each: .seconds(10))
    /// Where a person wants the link to go.
    var wish: Int?

    /// - Parameters:
    ///   - lane: which of a redundant link's two it is; 0 for others.
    ///   - origin: the media time that is timestamp 0 on the wire.
    ///   - chance: 0 to 1, drawn anew for each delay.
    package init(
        lane: Int, origin: MediaTime = .zero, chance: @escaping @Sendable () -> Double = { .random(in: 0...1) }
    ) {
        self.lane = lane
        self.origin = origin
        self.chance = chance
    }

    // MARK: what a feeder of packets asks, with each of them

    /// The connection on air is to be left.
    package var mustStop: Bool { isAborted || isPaused || end != nil }

    /// Before an IDR of `time`, another connection may take over.
    package func isMoveDue(at time: MediaTime) -> Bool { move != nil || isNearWall(time) }

    func isNearWall(_ time: MediaTime) -> Bool { time - origin >= Self.timestampWall }

    /// A picture was handed to the connection.
    package mutating func noteSent(_ dts: MediaTime) {
        sentDTS = dts
        if phase == .restored { phase = .publishing }
    }

    // MARK: events

    /// Takes in what has happened, and gives what is to be done: at most one ``Action/work(_:)``, as the last.
    package mutating func handle(_ event: Event, _ servers: inout ServerTable, at now: Duration) -> [Action] {
        switch event {
        case .pause(let isPaused): return pause(isPaused)
        case .abort:
            (isAborted, isEnding) = (true, true)
            return [.cancelAttempts, .wakeCourse]
        case .finish:
            isEnding = true
            return [.wakeCourse]
        case .retry:
            servers.renew(forgives: true)
            return [.wakeCourse, .wakeWatch]
        case .networkChanged:
            guard serving == nil else { return [] }
            servers.renew(forgives: false)
            return [.wakeCourse]
        case .move(let index):
            wish = index
            return [.wakeWatch]
        case .roundTrip(let time):
            if let serving { servers.observed(serving, roundTrip: time, at: now) }
            return []
        case .accepted, .acknowledgementsDistrusted, .suspected, .recovered, .reconnectRequested, .ended:
            return listen(to: event, &servers, at: now)
        case .lookAround, .prepared(.understudy, _), .prepared(.move, _), .probed, .readyEnded:
            return watch(event, &servers, at: now)
        default: return follow(event, &servers, at: now)
        }
    }

    private mutating func pause(_ isPaused: Bool) -> [Action] {
        let isChange = self.isPaused != isPaused
        self.isPaused = isPaused
        return (isChange && isPaused ? [.cancelAttempts] : []) + [.wakeCourse]
    }

    /// What the connection on air says.
    private mutating func listen(
        to event: Event, _ servers: inout ServerTable, at now: Duration
    ) -> [Action] {
        switch event {
        case .accepted:
            if let serving { servers.accepted(serving) }
            guard heldBack.isEmpty else {
                heldBack.append(.post(.accepted))
                return []
            }
            return [.post(.accepted)]
        case .acknowledgementsDistrusted: acknowledgedDTS = nil
        case .suspected(let sign):
            phase = .stalled
            return [.post(.stalled(sign: sign)), .wakeWatch]
        case .recovered:
            if phase == .stalled { phase = .publishing }
            return [.post(.recovered), .wakeWatch]
        case .reconnectRequested(let target, let words):
            // One that asks again and again would keep the link on the move.
            guard requests.take(at: MonotonicTime(nanoseconds: now.nanoseconds)) else { break }
            request = (target, words)
            return [.wakeWatch]
        case .ended(let end): self.end = end
        default: break
        }
        return []
    }

    /// What the course's last work came to.
    private mutating func follow(_ event: Event, _ servers: inout ServerTable, at now: Duration) -> [Action] {
        switch (course, event) {
        case (_, .started):
            phase = .idle
            news = OutageNews()
            return [.leaveAir] + goOn(&servers, at: now)
        case (.measuring, .measured), (.waiting, .waited): return choose(&servers, at: now)
        case (.confirming, .confirmed(let file)):
            let saved = LinkHappening.saved(
                servers: servers.servers.count, answering: servers.answeringCount(at: now), file: file,
                silence: servers.servers.count > 1 ? servers.silence(at: now) : nil)
            return [.post(saved)] + establish(&servers, at: now)
        case (.resting, .waited): return wake(&servers, at: now)
        case (.preparing(let choice, let since), .prepared(_, nil)):
            return tellCleared(choice, servers) + publish(choice, .course, after: now - since)
        case (.preparing(let choice, _), .prepared(_, let error?)),
            (.publishing(let choice, _), .published(let error?)):
            return attemptFailed(choice.index, error, &servers, at: now)
        case (.publishing(let choice, let time), .published(nil)):
            take(choice.index, choice.reason, in: time, &servers, at: now)
            if !wasOnAir { lastError = "" }
            return begin(rewinds: true)
        case (.beginning, .begun(let backfill)): return begun(backfill, servers, at: now)
        case (.sending, .sentAll): return leave(.wanted)
        case (.sending, .stopped): return leave(departure)
        case (.sending, .nextIsIDR(let time)): return pass(before: time, &servers)
        case (.passing(let passage), _): return go(on: passage, event, &servers, at: now)
        case (.leaving(let departure), .left(let acknowledged)):
            return left(departure, acknowledged, &servers, at: now)
        // An answer to nothing that was asked for.
        default: return []
        }
    }

    // MARK: off the air

    mutating func goOn(
        after broken: PublishError? = nil, _ servers: inout ServerTable, at now: Duration
    ) -> [Action] {
        if isAborted { return finish(&servers) }
        if isPaused { return rest(&servers) }
        if let broken { return noteBreak(broken, &servers, at: now) }
        return establish(&servers, at: now)
    }

    mutating func finish(_ servers: inout ServerTable) -> [Action] {
        let actions = dismissUnderstudy(&servers)
        (course, phase) = (.over, .ended)
        return actions + [.work(.end(wasSaved: reconnects > 0 || brokeAt != nil))]
    }

    private mutating func rest(_ servers: inout ServerTable) -> [Action] {
        (course, phase) = (.resting, .paused)
        servers.leave(lane)
        return dismissUnderstudy(&servers) + [.post(.paused)] + rest()
    }

    private func rest() -> [Action] { [.work(.rest)] }

    /// Somebody has woken a link that rests.
    private mutating func wake(_ servers: inout ServerTable, at now: Duration) -> [Action] {
        if isAborted || isEnding { return finish(&servers) }
        if isPaused { return rest() }
        wasOnAir = false
        brokeAt = nil
        news = OutageNews()
        servers.renew(forgives: true)
        return [.post(.resumed)] + goOn(&servers, at: now)
    }

    /// The connection on air is gone: the link's state is put in a safe place, and servers of which nothing is known are
    /// asked. The one that was lost is not: finding that out is the next step.
    private mutating func noteBreak(
        _ error: PublishError, _ servers: inout ServerTable, at now: Duration
    ) -> [Action] {
        let isRepeated = brokeAt != nil
        brokeAt = brokeAt ?? now
        phase = .saved
        if isRepeated { return [.leaveAir] + tell(error) + establish(&servers, at: now) }
        news = OutageNews()
        let lost = tell(error)
        course = .confirming
        var unsure: [Int] = []
        if servers.servers.count > 1, understudy == nil {
            unsure = servers.status(at: now).enumerated().filter { index, status in
                index != server && (status.state == .untried || status.state == .failing)
            }.map(\.offset)
        }
        return [.leaveAir] + lost + [.work(.confirm(unsure, patience: Self.confirmationPatience))]
    }

    private mutating func tell(_ error: PublishError) -> [Action] {
        lastError = "\(error)"
        return news.tell(error).map { [.post($0)] } ?? []
    }

    private mutating func establish(_ servers: inout ServerTable, at now: Duration) -> [Action] {
        if brokeAt == nil { phase = .connecting }
        if servers.servers.count > 1, servers.rule == .latency {
            let unmeasured = servers.status(at: now).enumerated().filter { $1.state == .untried }.map(\.offset)
            if !unmeasured.isEmpty {
                course = .measuring
                return [.work(.measure(unmeasured, patience: Self.measuringPatience))]
            }
        }
        return choose(&servers, at: now)
    }

    private mutating func choose(_ servers: inout ServerTable, at now: Duration) -> [Action] {
        guard !isAborted, !isPaused else {
            servers.leave(lane)
            return goOn(&servers, at: now)
        }
        guard let choice = servers.chooseAndTake(lane, at: now) else {
            course = .waiting
            return [.work(.wait(max(servers.delay(lane, at: now) ?? Self.blindWait, Self.shortestWait)))]
        }
        if understudy?.server == choice.index {
            understudy = nil
            return tellCleared(choice, servers) + publish(choice, .understudy, after: nil)
        }
        let actions = dismissUnderstudy(&servers)
        course = .preparing(choice, since: now)
        return actions + [.work(.prepare(choice.index, .course))]
    }

    private mutating func tellCleared(_ choice: Choice, _ servers: ServerTable) -> [Action] {
        guard brokeAt != nil else { return [] }
        phase = .selected
        guard news.isNews(ofServer: choice.index) else { return [] }
        let name = servers.servers[choice.index].name
        return [.post(.cleared(server: name)), .post(.selected(server: name, choice: choice.reason))]
    }

    private mutating func publish(_ choice: Choice, _ place: Place, after time: Duration?) -> [Action] {
        course = .publishing(choice, after: time)
        return [.work(.publish(place))]
    }

    private mutating func attemptFailed(
        _ index: Int, _ error: PublishError, _ servers: inout ServerTable, at now: Duration
    ) -> [Action] {
        guard !isAborted, !isPaused else {
            servers.leave(lane)
            return goOn(&servers, at: now)
        }
        let outcome = servers.failed(index, error, isEnding: isEnding, at: now, chance: chance())
        let error = servers.explained(error, of: index)
        if outcome == .giveUp { return fail(error, &servers) }
        return tell(error) + choose(&servers, at: now)
    }

    mutating func fail(_ error: PublishError, _ servers: inout ServerTable) -> [Action] {
        (course, phase) = (.over, .failed)
        lastError = "\(error)"
        return dismissUnderstudy(&servers) + [.work(.fail(error))]
    }

    mutating func take(
        _ index: Int, _ reason: String, in time: Duration?, _ servers: inout ServerTable, at now: Duration
    ) {
        servers.started(index, for: lane, in: time, at: now)
        (server, self.reason) = (index, reason)
    }

    func draw() -> Double { chance() }
}
