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
    }

    private let socket: WireSocket
    private let sockets: ChatSockets
    private let backoff: Backoff
    private var connections: [Connection] = []
    /// So many numbers of sockets has a connection.
    private static let stride = 1 << 32
    /// Names this process's connections, for comments without an id.
    private let word = "\(getpid())-\(UInt32.random(in: 0...UInt32.max))"

    /// A chat process that has said hello on `socket`.
    package init(_ socket: WireSocket, backoff: Backoff = ChatCourse.backoff) throws {
        self.socket = socket
        self.backoff = backoff
        sockets = try ChatSockets()
    }

    /// Serves until the socket ends.
    /// - Throws: always in the end: `WireSocketError.closedByPeer` when all went well.
    package func run() throws {
        while true {
            while let received = try socket.receive(ChatRequest.self, timeoutMilliseconds: 0) {
                try serve(received.message)
            }
            for (key, event) in sockets.events() { try take(event, of: key / Self.stride, key % Self.stride) }
            let now = MonotonicTime.now
            for index in connections.indices where connections[index].course.due.map({ $0 <= now }) ?? false {
                try handle(.wake, of: index)
            }
            try socket.flush()
            let due = connections.compactMap(\.course.due).min()
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
                if !settings.lastID.isEmpty {
                    cursor = ChatCursor()
                    cursor?.advance(
                        to: RoomComment(
                            id: settings.lastID, source: "", author: "", text: "",
                            sentMilliseconds: settings.lastMilliseconds))
                }
                return Connection(
                    settings: settings,
                    course: ChatCourse(serverCount: settings.target.servers.count, backoff: backoff, at: .now),
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
            try carryOut(connections[index].sessions[number]?.start() ?? [], of: index, number)
        case .received(let bytes):
            try handle(.received(number), of: index)
            let actions = connections[index].sessions[number]?.take(bytes, now: Self.wallClock())
            try carryOut(actions ?? [], of: index, number)
        case .ended(let text):
            connections[index].sessions[number] = nil
            try handle(.ended(number, text), of: index)
        }
    }

    private static func wallClock() -> Int64 {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
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
            let cursor = connections[index].sessions.isEmpty ? connections[index].cursor : nil
            connections[index].sessions[number] = ChatSession(
                settings.target, cursor: cursor, word: "\(word)-\(index)-\(number)")
            try sockets.open(
                index * Self.stride + number, settings.target.servers[server], authorities: settings.target.authorities)
        case .close(let number):
            connections[index].sessions[number] = nil
            sockets.close(index * Self.stride + number)
        case .ping(let number):
            try carryOut(connections[index].sessions[number]?.ping() ?? [], of: index, number)
        case .settle(let number):
            let actions = connections[index].sessions[number]?.settle(now: Self.wallClock())
            try carryOut(actions ?? [], of: index, number)
        case .tell(let state, let server, let text):
            let name = Self.name(of: settings.target.servers[server])
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
            case .send(let text): sockets.send(text, on: index * Self.stride + number)
            case .comment(let comment, let payment, let isReplayed):
                if !isReplayed {
                    connections[index].cursor = connections[index].cursor ?? ChatCursor()
                    connections[index].cursor?.advance(to: comment)
                }
                socket.post(ChatReply.comment(connection: connection, comment, payment, isReplayed: isReplayed))
            case .takenBack(let removal): socket.post(ChatReply.takenBack(connection: connection, removal))
            case .gap(let from, let until):
                socket.post(ChatReply.gap(connection: connection, from: from, until: until))
            case .chosen: try handle(.chosen(number), of: index)
            case .joined:
                // What is written from now on would be missed, also where nothing has been written yet.
                if connections[index].cursor == nil {
                    connections[index].cursor = ChatCursor()
                    let moment = RoomComment(
                        id: "", source: "", author: "", text: "", sentMilliseconds: Self.wallClock())
                    connections[index].cursor?.advance(to: moment)
                }
                try handle(.joined(number), of: index)
            case .leaves: try handle(.leaves(number), of: index)
            case .rejected(let text): try handle(.rejected(number, text), of: index)
            }
        }
    }
}
