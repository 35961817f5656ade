import BulkheadChatFormats
package import BulkheadChildRuntime
import BulkheadDanmaku
package import BulkheadSelection
import BulkheadSystem
import BulkheadWire
import Glibc

/// A chat process's side of the conversation with the master: one thread that waits for the master and for all servers at
/// once. It holds nothing that the master does not know: where it dies, the next one is told how far each connection has come.
package final class ChatService {
    private struct Connection {
        let settings: ChatConnection
        var course: ChatCourse
        var cursor: ChatCursor?
        /// By the numbers of the course.
        var sessions: [Int: ChatSession] = [:]
        /// The one that is joined, and when it was heard last, in milliseconds since 1970.
        var joined: Int?
        var heardAt: Int64?

        /// How far it has come. Where nothing is kept for who was away, also a silence that was listened to.
        var position: ChatCursor? {
            guard [.twitch, .douyu, .bilibili].contains(settings.target.dialect), let heardAt, var position = cursor
            else {
                return cursor
            }
            position.advance(
                to: RoomComment(id: position.lastID, source: "", author: "", text: "", sentMilliseconds: heardAt))
            return position
        }

        /// When something is to be done for it.
        var dues: [MonotonicTime] {
            [course.due].compactMap { $0 }
                + sessions.values.compactMap { session in
                    session.due.map { MonotonicTime(nanoseconds: 0).advanced(by: .milliseconds($0)) }
                }
        }
    }

    private let socket: WireSocket
    private let sockets: ChatSockets
    private let backoff: Backoff
    private var connections: [Connection] = []
    /// So many numbers of sockets has a connection.
    private static let stride = 1 << 32
    /// Between two signs of life.
    private static let signInterval = Duration.seconds(1)
    /// How long platforms may take to hear that a broadcast has ended.
    private static let farewellPatience = Duration.milliseconds(1500)
    /// Names this process's connections, for comments without an id.
    private let word = "\(getpid())-\(UInt32.random(in: 0...UInt32.max))"

    /// A chat process that has said hello on `socket`.
    package init(_ socket: WireSocket, backoff: Backoff = ChatCourse.backoff) throws {
        self.socket = socket
        self.backoff = backoff
        sockets = try ChatSockets()
    }

    /// Serves until the socket ends, and then takes leave of the platforms that want to be told.
    /// - Throws: always in the end: `WireSocketError.closedByPeer` when all went well.
    package func run() throws {
        do { try serve() } catch {
            takeLeave()
            throw error
        }
    }

    private func serve() throws {
        var signDue = MonotonicTime.now
        while true {
            while let received = try socket.receive(ChatRequest.self, timeoutMilliseconds: 0) {
                try serve(received.message)
            }
            for (key, serial, event) in sockets.events() where sockets.isCurrent(key, serial) {
                try take(event, of: key / Self.stride, key % Self.stride)
            }
            let now = MonotonicTime.now
            for index in connections.indices {
                if connections[index].course.due.map({ $0 <= now }) ?? false { try handle(.wake, of: index) }
                for number in Array(connections[index].sessions.keys) {
                    let moment = Self.now()
                    guard let due = connections[index].sessions[number]?.due, due <= moment.steady else { continue }
                    try carryOut(connections[index].sessions[number]?.wake(at: moment) ?? [], of: index, number)
                }
            }
            if signDue <= now {
                socket.post(ChatReply.alive)
                signDue = now.advanced(by: Self.signInterval)
            }
            try socket.flush()
            let due = (connections.flatMap(\.dues) + [signDue]).min()
            sockets.wait(
                for: socket.readiness, atMost: due.map { .nanoseconds(max(0, $0.since(.now))) } ?? .seconds(3600))
        }
    }

    private func serve(_ request: ChatRequest) throws {
        switch request {
        case .configure(let wanted):
            guard connections.isEmpty else { throw ChatError.configuredTwice }
            connections = wanted.map { settings in
                var cursor: ChatCursor?
                if !settings.lastID.isEmpty || !settings.token.isEmpty { cursor = ChatCursor() }
                if !settings.token.isEmpty { cursor?.pageToken = settings.token }
                if !settings.lastID.isEmpty {
                    cursor?.advance(
                        to: RoomComment(
                            id: settings.lastID, source: "", author: "", text: "",
                            sentMilliseconds: settings.lastMilliseconds))
                }
                return Connection(
                    settings: settings,
                    course: ChatCourse(
                        serverCount: settings.target.servers.count, backoff: backoff,
                        silence: ChatCourse.Silence(settings.target.dialect), at: .now),
                    cursor: cursor)
            }
            try socket.send(ChatReply.ready)
        }
    }

    // MARK: sockets

    private func take(_ event: ChatSockets.Event, of index: Int, _ number: Int) throws {
        guard connections.indices.contains(index) else { return }
        switch event {
        case .opened:
            try handle(.opened(number), of: index)
            try carryOut(connections[index].sessions[number]?.opened(at: Self.now()) ?? [], of: index, number)
        case .received(let bytes):
            try handle(.received(number), of: index)
            let now = Self.now()
            if connections[index].joined == number { connections[index].heardAt = now.wall }
            let wasCaughtUp = connections[index].sessions[number]?.isCaughtUp ?? true
            let actions = connections[index].sessions[number]?.take(bytes, at: now)
            try carryOut(actions ?? [], of: index, number)
            if !wasCaughtUp, connections[index].sessions[number]?.isCaughtUp ?? false {
                try handle(.settled(number), of: index)
            }
        case .ended(let text):
            let reason = connections[index].sessions[number]?.parting ?? text
            let actions = connections[index].sessions[number]?.closed(reason, at: Self.now())
            try carryOut(actions ?? [.ended(reason)], of: index, number)
        case .streamed(let bytes):
            try handle(.received(number), of: index)
            let actions = connections[index].sessions[number]?.streamed(bytes, at: Self.now())
            try carryOut(actions ?? [], of: index, number)
        case .answered(let answer):
            // Where there is a socket, it is the one that is to live.
            if answer.status != nil, !sockets.isOpen(index * Self.stride + number) {
                try handle(.received(number), of: index)
            }
            let actions = connections[index].sessions[number]?.answered(answer, at: Self.now())
            try carryOut(actions ?? [], of: index, number)
        }
    }

    private static func now() -> ChatMoment {
        var wall = timespec()
        clock_gettime(CLOCK_REALTIME, &wall)
        return ChatMoment(
            wall: Int64(wall.tv_sec) * 1000 + Int64(wall.tv_nsec) / 1_000_000,
            steady: MonotonicTime.now.nanoseconds / 1_000_000)
    }

    private func handle(_ event: ChatCourse.Event, of index: Int) throws {
        let actions = connections[index].course.handle(event, at: .now, chance: .random(in: 0...1))
        for action in actions { try carryOut(action, of: index) }
    }

    private func carryOut(_ action: ChatCourse.Action, of index: Int) throws {
        let settings = connections[index].settings
        switch action {
        case .open(let number, let server):
            // Beside another connection nothing is missed.
            let cursor = connections[index].sessions.isEmpty ? connections[index].position : nil
            var session = ChatSession(settings.target, cursor: cursor, word: "\(word)-\(index)-\(number)")
            let actions = session.begin(settings.target.servers[server], at: Self.now())
            connections[index].sessions[number] = session
            try carryOut(actions, of: index, number)
        case .close(let number):
            connections[index].sessions[number] = nil
            sockets.drop(index * Self.stride + number)
        case .ping(let number):
            try carryOut(connections[index].sessions[number]?.ping(at: Self.now()) ?? [], of: index, number)
        case .settle(let number):
            let actions = connections[index].sessions[number]?.settle(at: Self.now())
            try carryOut(actions ?? [], of: index, number)
            if connections[index].sessions[number]?.isCaughtUp ?? true { try handle(.settled(number), of: index) }
        case .tell(let state, let server, let text):
            let name = Self.name(of: settings.target.servers[server])
            // A second connection that was to take over is alone now, and not there yet.
            if state == .lost, let cursor = connections[index].position {
                for number in connections[index].sessions.keys {
                    connections[index].sessions[number]?.resume(from: cursor)
                }
            }
            socket.post(ChatReply.state(connection: UInt8(clamping: index), state, server: name, text: text))
        }
    }

    private static func name(of server: ChatTarget.Server) -> String {
        server.port == 0 ? server.host : "\(server.host):\(server.port)"
    }

    // MARK: what is said

    private func carryOut(_ actions: [ChatSession.Action], of index: Int, _ number: Int) throws {
        let connection = UInt8(clamping: index)
        for action in actions {
            switch action {
            case .connect(let server):
                sockets.close(index * Self.stride + number)
                let authorities = connections[index].settings.target.authorities
                try sockets.open(index * Self.stride + number, server, authorities: authorities)
            case .send(let bytes): sockets.send(bytes, on: index * Self.stride + number)
            case .request(let request):
                let authorities = connections[index].settings.target.authorities
                try sockets.ask(index * Self.stride + number, request, authorities: authorities)
            case .comment(let comment, let payment, let isReplayed):
                if !isReplayed {
                    connections[index].cursor = connections[index].cursor ?? ChatCursor()
                    connections[index].cursor?.advance(to: comment)
                }
                socket.post(ChatReply.comment(connection: connection, comment, payment, isReplayed: isReplayed))
            case .takenBack(let removal): socket.post(ChatReply.takenBack(connection: connection, removal))
            case .gap(let from, let until):
                socket.post(ChatReply.gap(connection: connection, from: from, until: until))
            case .token(let token):
                connections[index].cursor = connections[index].cursor ?? ChatCursor()
                connections[index].cursor?.pageToken = token
                socket.post(ChatReply.token(connection: connection, token))
            case .reached: try handle(.opened(number), of: index)
            case .chosen: try handle(.chosen(number), of: index)
            case .joined:
                // What is written from now on would be missed, also where nothing has been written yet.
                if connections[index].cursor?.lastMilliseconds == nil {
                    connections[index].cursor = connections[index].cursor ?? ChatCursor()
                    let moment = RoomComment(
                        id: "", source: "", author: "", text: "", sentMilliseconds: Self.now().wall)
                    connections[index].cursor?.advance(to: moment)
                }
                (connections[index].joined, connections[index].heardAt) = (number, Self.now().wall)
                try handle(.joined(number), of: index)
                if connections[index].sessions[number]?.isCaughtUp ?? false { try handle(.settled(number), of: index) }
            case .leaves: try handle(.leaves(number), of: index)
            case .ended(let text):
                connections[index].sessions[number] = nil
                sockets.drop(index * Self.stride + number)
                try handle(.ended(number, text), of: index)
            case .rejected(let text): try handle(.rejected(number, text), of: index)
            case .parting(let text): connections[index].sessions[number]?.parting = text
            }
        }
    }

    // MARK: the end

    /// Nobody waits for what comes of it, and what fails here does no harm.
    private func takeLeave() {
        for (index, connection) in connections.enumerated() {
            for (number, session) in connection.sessions {
                let key = index * Self.stride + number
                sockets.drop(key)
                for case .request(let request) in session.farewell(at: Self.now()) {
                    try? sockets.ask(key, request, authorities: connection.settings.target.authorities)
                }
            }
        }
        let end = MonotonicTime.now.advanced(by: Self.farewellPatience)
        while sockets.isAsking, MonotonicTime.now < end {
            _ = sockets.events()
            if sockets.isAsking { sockets.wait(for: -1, atMost: .nanoseconds(max(0, end.since(.now)))) }
        }
    }
}
