package import BulkheadSelection
package import BulkheadSystem
package import BulkheadWire

/// The course of one chat connection, over the breaks of its sockets: when which server is tried, when one that is silent is
/// given up, and how a server that leaves is left without a gap. It owns no socket and no clock.
package struct ChatCourse: Sendable {
    /// What happens. Sockets go by numbers, each of which is used once.
    package enum Event: Hashable, Sendable {
        /// The time of ``due`` has come.
        case wake
        /// The server has answered.
        case opened(Int)
        /// Bytes have come, whatever they say.
        case received(Int)
        /// The server has taken us in.
        case chosen(Int)
        case joined(Int)
        /// The socket is over, for this reason.
        case ended(Int, String)
        /// The server does not want us.
        case rejected(Int, String)
        /// The server leaves.
        case leaves(Int)
        /// What was missed has come, or never will.
        case settled(Int)
    }

    /// What is to be done.
    package enum Action: Hashable, Sendable {
        case open(Int, server: Int)
        case close(Int)
        /// Ask for a sign of life.
        case ping(Int)
        /// What was missed has had time to come, or to come further.
        case settle(Int)
        case tell(ChatState, server: Int, text: String)
    }

    private struct Socket: Hashable {
        let number: Int
        let server: Int
        let openedAt: MonotonicTime
        var lastByte: MonotonicTime
        var pingedAt: MonotonicTime?
        var joinedAt: MonotonicTime?
        var settleAt: MonotonicTime?
        /// When it is told that the channel is joined; nil once that is done.
        var tellAt: MonotonicTime?
        var hasAnswered = false
        var isChosen = false
    }

    /// How long a server may take until the channel is joined.
    package static let joiningPatience = Duration.seconds(20)
    /// How long a server may say nothing before it is asked, and then before it is given up.
    package struct Silence: Hashable, Sendable {
        package let beforePing: Duration
        package let afterPing: Duration

        package init(beforePing: Duration = .seconds(30), afterPing: Duration = .seconds(10)) {
            self.beforePing = beforePing
            self.afterPing = afterPing
        }
    }

    /// After joining, until what was missed is to have come, again and again; and until an old connection is closed.
    package static let settling = Duration.seconds(5)
    /// What was missed mostly comes at once: it is counted to the joining if it comes so soon.
    package static let telling = Duration.seconds(1)
    package static let overlap = Duration.seconds(3)
    /// A connection that has lived so long was a good one: the next failure is the first again.
    package static let goodLife = Duration.seconds(180)
    /// After how many failures in a row it is tried again when.
    package static let backoff = Backoff([
        .milliseconds(200), .seconds(1), .seconds(2), .seconds(4), .seconds(8), .seconds(16), .seconds(30),
        .seconds(60),
    ])
    /// The same after refusals, which time alone seldom heals.
    private static let refusalBackoff = Backoff([.seconds(60), .seconds(120), .seconds(300), .seconds(900)])

    private let serverCount: Int
    private let backoff: Backoff
    private let silence: Silence
    private var server = 0
    private var sockets = 0
    private var current: Socket?
    /// Takes over from the current one when it has joined.
    private var next: Socket?
    private var failures = 0
    private var refusals = 0
    private var retryAt: MonotonicTime?
    /// When ``next`` is to be opened.
    private var heirAt: MonotonicTime?

    /// A connection that is to be made at `now`, to one of so many servers.
    package init(
        serverCount: Int, backoff: Backoff = Self.backoff, silence: Silence = Silence(), at now: MonotonicTime
    ) {
        self.backoff = backoff
        self.silence = silence
        self.serverCount = max(1, serverCount)
        retryAt = now
    }

    /// When ``Event/wake`` is to be given next; nil for never.
    package var due: MonotonicTime? {
        var times: [MonotonicTime] = []
        if let retryAt, current == nil { times.append(retryAt) }
        if let heirAt, current != nil { times.append(heirAt) }
        for socket in [current, next].compactMap({ $0 }) { times += deadlines(of: socket) }
        if let joined = next?.joinedAt { times.append(joined.advanced(by: Self.overlap)) }
        return times.min()
    }

    private func deadlines(of socket: Socket) -> [MonotonicTime] {
        guard socket.joinedAt != nil else { return [socket.openedAt.advanced(by: Self.joiningPatience)] }
        let silent =
            socket.pingedAt?.advanced(by: silence.afterPing)
            ?? socket.lastByte.advanced(by: silence.beforePing)
        return [silent] + [socket.settleAt, socket.tellAt].compactMap { $0 }
    }

    /// Decides what follows from `event`.
    /// - Parameter chance: 0 to 1, drawn anew each time.
    package mutating func handle(_ event: Event, at now: MonotonicTime, chance: Double) -> [Action] {
        switch event {
        case .wake: return wake(at: now, chance: chance)
        case .opened(let number):
            change(number) { $0.hasAnswered = true }
            return number == current?.number ? [tell(.reached, current)] : []
        case .received(let number):
            change(number) { ($0.lastByte, $0.pingedAt) = (now, nil) }
            return []
        case .chosen(let number):
            change(number) { $0.isChosen = true }
            return number == current?.number ? [tell(.chosen, current)] : []
        case .joined(let number):
            change(number) {
                guard $0.joinedAt == nil else { return }
                ($0.joinedAt, $0.settleAt) = (now, now.advanced(by: Self.settling))
                $0.tellAt = now.advanced(by: Self.telling)
            }
            return []
        case .settled(let number):
            change(number) { $0.settleAt = nil }
            return tellJoined(number)
        case .ended(let number, let text): return ended(number, text, at: now, chance: chance)
        case .rejected(let number, let text): return rejected(number, text, at: now, chance: chance)
        case .leaves(let number):
            guard number == current?.number, let gone = current, gone.joinedAt != nil, next == nil, heirAt == nil else {
                return []
            }
            forgetFailures(after: gone, at: now)
            // One that leaves as soon as it is joined would be asked without end.
            failures += 1
            heirAt = failures == 1 ? now : now.advanced(by: backoff.delay(after: failures - 1, chance: chance))
            return openHeir(at: now)
        }
    }

    private func tell(_ state: ChatState, _ socket: Socket?, _ text: String = "") -> Action {
        .tell(state, server: socket?.server ?? server, text: text)
    }

    private mutating func tellJoined(_ number: Int) -> [Action] {
        guard number == current?.number, current?.tellAt != nil else { return [] }
        current?.tellAt = nil
        return [tell(.joined, current)]
    }

    private mutating func change(_ number: Int, _ body: (inout Socket) -> Void) {
        if current?.number == number, var socket = current {
            body(&socket)
            current = socket
        } else if next?.number == number, var socket = next {
            body(&socket)
            next = socket
        }
    }

    private mutating func open(at now: MonotonicTime) -> (socket: Socket, action: Action) {
        sockets += 1
        let socket = Socket(number: sockets, server: server, openedAt: now, lastByte: now)
        return (socket, .open(socket.number, server: server))
    }

    /// Opens the connection that is to take over, once it is time.
    private mutating func openHeir(at now: MonotonicTime) -> [Action] {
        guard let at = heirAt, at <= now, current != nil, next == nil else { return [] }
        heirAt = nil
        let opened = open(at: now)
        next = opened.socket
        return [opened.action]
    }

    // MARK: time

    private mutating func wake(at now: MonotonicTime, chance: Double) -> [Action] {
        var actions: [Action] = []
        for number in [current?.number, next?.number].compactMap({ $0 }) {
            actions += look(at: number, now, chance: chance)
        }
        if let joined = next?.joinedAt, joined.advanced(by: Self.overlap) <= now, let old = current {
            current = next
            current?.tellAt = nil
            next = nil
            actions += [.close(old.number), tell(.moved, current)]
        }
        actions += openHeir(at: now)
        if current == nil, let at = retryAt, at <= now {
            retryAt = nil
            let opened = open(at: now)
            current = opened.socket
            actions.append(opened.action)
        }
        return actions
    }

    private mutating func look(at number: Int, _ now: MonotonicTime, chance: Double) -> [Action] {
        guard let socket = [current, next].compactMap({ $0 }).first(where: { $0.number == number }) else { return [] }
        guard socket.joinedAt != nil else {
            guard socket.openedAt.advanced(by: Self.joiningPatience) <= now else { return [] }
            return [.close(number)]
                + ended(number, "the channel was not joined within 20 s", at: now, chance: chance)
        }
        var actions: [Action] = []
        if let tellAt = socket.tellAt, tellAt <= now { actions += tellJoined(number) }
        if let settleAt = socket.settleAt, settleAt <= now {
            change(number) { $0.settleAt = now.advanced(by: Self.settling) }
            actions.append(.settle(number))
        }
        if let pinged = socket.pingedAt {
            guard pinged.advanced(by: silence.afterPing) <= now else { return actions }
            return actions + [.close(number)]
                + ended(
                    number,
                    "nothing came for \((silence.beforePing + silence.afterPing).components.seconds) s, and no answer to a ping",
                    at: now, chance: chance)
        }
        // A machine that slept wakes late: the server is asked before it is judged.
        if socket.lastByte.advanced(by: silence.beforePing) <= now {
            change(number) { $0.pingedAt = now }
            actions.append(.ping(number))
        }
        return actions
    }

    // MARK: ends

    private mutating func ended(_ number: Int, _ text: String, at now: MonotonicTime, chance: Double) -> [Action] {
        if number == next?.number {
            next = nil
            return []
        }
        guard let gone = current, number == gone.number else { return [] }
        if let heir = next {
            // It left sooner than was hoped, and the other one is on its way or there.
            current = heir
            next = nil
            current?.tellAt = heir.joinedAt == nil ? heir.tellAt : nil
            guard heir.joinedAt == nil else { return [tell(.moved, heir)] }
            return [tell(.lost, gone, text)] + (heir.hasAnswered ? [tell(.reached, heir)] : [])
                + (heir.isChosen ? [tell(.chosen, heir)] : [])
        }
        current = nil
        forgetFailures(after: gone, at: now)
        // It had said that it would leave, and was counted then.
        let announced = heirAt.take()
        if announced == nil { failures += 1 }
        server = (gone.server + 1) % serverCount
        retryAt = announced ?? now.advanced(by: backoff.delay(after: failures, chance: chance))
        // What was never told to be joined can't be lost.
        return [tell(gone.joinedAt == nil || gone.tellAt != nil ? .failing : .lost, gone, text)]
    }

    /// A server that takes us in and throws us out at once has not been a good one.
    private mutating func forgetFailures(after gone: Socket, at now: MonotonicTime) {
        guard let joined = gone.joinedAt, joined.advanced(by: Self.goodLife) <= now else { return }
        (failures, refusals) = (0, 0)
    }

    private mutating func rejected(_ number: Int, _ text: String, at now: MonotonicTime, chance: Double) -> [Action] {
        if number == next?.number {
            next = nil
            return [.close(number)]
        }
        guard let gone = current, number == gone.number else { return [] }
        let rest: [Action] = next.map { [.close($0.number)] } ?? []
        (current, next, heirAt) = (nil, nil, nil)
        forgetFailures(after: gone, at: now)
        refusals += 1
        server = (gone.server + 1) % serverCount
        retryAt = now.advanced(by: Self.refusalBackoff.delay(after: refusals, chance: chance))
        return [.close(number)] + rest + [tell(.rejected, gone, text)]
    }
}
