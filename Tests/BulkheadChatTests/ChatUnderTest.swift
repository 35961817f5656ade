import BulkheadChat
import BulkheadChildRuntime
import BulkheadDanmaku
import BulkheadMedia
import BulkheadSelection
import BulkheadSystem
import BulkheadWire
import Foundation
import Glibc
import Synchronization
import Testing

/// The chat process's loop in this process, and a record on the other side, as the master has it.
final class ChatUnderTest: Sendable {
    struct Seen {
        var record: RoomRecord
        /// Each comment that had not come before, also one that was paid for.
        var texts: [String] = []
        var again = 0
        var gaps: [ChatGap] = []
        var states: [ChatState] = []
        /// What was said of states.
        var words: [String] = []
        var tokens: [String] = []
        /// What was taken back.
        var removed: [ChatRemoval] = []
        /// By their texts.
        var payments: [String: ChatPayment] = [:]
        /// The loop has ended.
        var isOver = false
    }

    private let state: Mutex<Seen>
    private let name: String
    /// The master's end once more: its own is closed by the thread that reads there, whenever that ends.
    private let line: CInt

    /// - Parameter record: what is known from before; nil for nothing.
    init(_ target: ChatTarget, after record: RoomRecord? = nil) throws {
        let canvas = try #require(Canvas(width: 1280, height: 720))
        state = Mutex(Seen(record: record ?? RoomRecord(canvas)))
        name = target.name
        var pair: [CInt] = [-1, -1]
        try #require(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0, &pair) == 0)
        let (master, child) = (pair[0], pair[1])
        line = fcntl(master, F_DUPFD_CLOEXEC, 0)
        Thread.detachNewThread { [self] in
            let socket = WireSocket(OwnedDescriptor(adopting: child))
            // The way back is short: a thousand breaks are wanted, not a thousand waits.
            try? ChatService(socket, backoff: .exact(milliseconds: [3])).run()
            state.withLock { $0.isOver = true }
        }
        let cursor = record?.cursors[target.name]
        let connection = ChatConnection(
            target, lastID: cursor?.lastID ?? "", lastMilliseconds: cursor?.lastMilliseconds,
            token: cursor?.pageToken ?? "")
        Thread.detachNewThread { [self] in
            let socket = WireSocket(OwnedDescriptor(adopting: master))
            try? socket.send(ChatRequest.configure([connection]))
            while let received = try? socket.receive(ChatReply.self, timeoutMilliseconds: 60_000) {
                take(received.message)
            }
        }
    }

    deinit { close(line) }

    /// The broadcast ends.
    func hangUp() { _ = shutdown(line, CInt(SHUT_RDWR)) }

    private func take(_ reply: ChatReply) {
        state.withLock { seen in
            switch reply {
            case .comment(_, var comment, let payment, let isReplayed):
                comment.source = name
                seen.payments[comment.text] = payment
                let outcome = seen.record.take(comment, at: .zero, now: .max, isReplayed: isReplayed)
                if outcome == .known { seen.again += 1 } else { seen.texts.append(comment.text) }
            case .gap(_, let from, let until): seen.gaps.append(ChatGap(source: name, from: from, until: until))
            case .state(_, let state, _, let text):
                seen.states.append(state)
                seen.words.append(text)
            case .token(_, let token):
                seen.record.note(pageToken: token, of: name)
                seen.tokens.append(token)
            case .takenBack(_, let removal): seen.removed.append(removal)
            case .ready, .alive: break
            }
        }
    }

    var seen: Seen { state.withLock { $0 } }
    var isJoined: Bool { seen.states.last == .joined }
    var joinCount: Int { seen.states.count { $0 == .joined } }
}
