import BulkheadFaults
import BulkheadSystem
import BulkheadTestSupport
import Foundation
import Glibc
import Synchronization
import Testing

/// A relay in a process of its own, which is killed and started again.
private final class KilledRelay: Sendable {
    let port: Int
    private let process: Mutex<RunningProcess>
    private let arguments: [String]

    init(to server: Int) throws {
        port = try FreePort.take()
        arguments = ["-c", Self.script, "\(port)", "\(server)"]
        process = Mutex(try RunningProcess("python3", arguments))
    }

    func die() throws {
        let new = try RunningProcess("python3", arguments)
        // What is let go is killed (SIGKILL).
        process.withLock { $0 = new }
    }

    /// A fresh one waits for the port of the last one.
    private static let script = """
        import select, socket, sys
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        while True:
            try:
                listener.bind(("127.0.0.1", int(sys.argv[1])))
                break
            except OSError:
                select.select([], [], [], 0.002)
        listener.listen()
        pairs = {}
        while True:
            for ready in select.select([listener] + list(pairs), [], [])[0]:
                if ready is listener:
                    one = listener.accept()[0]
                    other = socket.create_connection(("127.0.0.1", int(sys.argv[2])))
                    pairs[one], pairs[other] = other, one
                elif ready in pairs:
                    try:
                        data = ready.recv(65536)
                        pairs[ready].sendall(data)
                    except OSError:
                        data = b""
                    if not data:
                        for end in (ready, pairs.pop(ready)):
                            pairs.pop(end, None)
                            end.close()
        """
}

/// Connections to a real server that are cut at random.
@Suite(.serialized, .timeLimit(.minutes(10))) struct ChatCutsTests {
    private static let cuts = ProcessInfo.processInfo.environment["BULKHEAD_CHAT_CUTS"].flatMap { Int($0) } ?? 50

    /// Resets, refusals, blackholes and killed relays at random instants: each numbered line comes once.
    @Test func eachLineComesOnceHoweverOftenTheConnectionBreaks() async throws {
        let started = MonotonicTime.now
        let server = try await IRCServer(keeping: 500)
        defer { withExtendedLifetime(server) {} }
        let speaker = Speaker(try #require(IRCClient(port: server.port)))
        #expect(speaker.join())
        let lanes = Self.cuts > 100 ? 8 : 2
        let done = try await withThrowingTaskGroup(of: (cuts: Int, connections: Int, seen: ChatUnderTest.Seen).self) {
            group in
            for lane in 0..<lanes {
                let count = Self.cuts / lanes
                let port = server.port
                group.addTask {
                    if lane == 0 { return try await Self.killRelays(count / 2, to: port, speaker) }
                    return try await Self.cut(
                        lane == 1 ? count + Self.cuts % lanes + count - count / 2 : count, to: port, lane, speaker)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let (cuts, connections) = done.reduce((0, 0)) { ($0.0 + $1.cuts, $0.1 + $1.connections) }
        let again = done.reduce(0) { $0 + $1.seen.again }
        let seconds = Double(MonotonicTime.now.since(started)) / 1e9
        print(
            "\(cuts) cuts, \(connections) connections, \(speaker.said) lines to each of \(lanes) chats, \(again) came again, \(seconds) s"
        )
        #expect(cuts == Self.cuts)
        // It was put to the test: many connections, and lines that came again.
        #expect(connections > cuts / 5 && again > 0)
    }

    /// Says lines by number, for all lanes.
    private final class Speaker: Sendable {
        private struct State: ~Copyable {
            let client: IRCClient
            var said = 0
        }
        private let state: Mutex<State>

        init(_ client: sending IRCClient) { state = Mutex(State(client: client)) }

        var said: Int { state.withLock { $0.said } }
        func join() -> Bool { state.withLock { $0.client.join(as: "speaker") } }
        /// Says the next lines, and gives the number of the last one.
        @discardableResult func say(_ count: Int) -> Int {
            state.withLock { state in
                for _ in 0..<count {
                    state.said += 1
                    state.client.say("line \(state.said)")
                }
                return state.said
            }
        }
    }

    private static func cut(
        _ count: Int, to port: Int, _ lane: Int, _ speaker: Speaker
    ) async throws -> (cuts: Int, connections: Int, seen: ChatUnderTest.Seen) {
        let path = try await FaultyPath.start(port: port)
        let chat = try ChatUnderTest(ChatServiceTests.target(path.port))
        let first = try await listen(chat, speaker)
        var random = SeededGenerator(seed: 20_261_128 + UInt64(lane))
        for _ in 0..<count {
            speaker.say(Int.random(in: 0...3, using: &random))
            // Half of the cuts hit a connection that is on its way in, the others one that is joined.
            if Bool.random(using: &random) { #expect(await eventually(within: .seconds(20)) { chat.isJoined }) }
            try await Task.sleep(for: .milliseconds(Int.random(in: 0...40, using: &random)))
            switch Int.random(in: 0...3, using: &random) {
            case 0:
                try await path.set(.refusing)
                speaker.say(Int.random(in: 0...2, using: &random))
            case 1:
                // What is under way is lost, and the end comes as a reset.
                try await path.set(.blackhole)
                speaker.say(Int.random(in: 0...2, using: &random))
                try await Task.sleep(for: .milliseconds(Int.random(in: 0...40, using: &random)))
                await path.reset()
            default: await path.reset()
            }
            // The port may be some other connection's for a moment.
            #expect(
                await eventually(within: .seconds(20)) {
                    do {
                        try await path.set(.open)
                        return true
                    } catch {
                        try? await path.set(.refusing)
                        return false
                    }
                })
        }
        let seen = try await judge(chat, from: first, speaker)
        let connections = await path.connectionCount
        await path.stop()
        return (count, connections, seen)
    }

    private static func killRelays(
        _ count: Int, to port: Int, _ speaker: Speaker
    ) async throws -> (cuts: Int, connections: Int, seen: ChatUnderTest.Seen) {
        let relay = try KilledRelay(to: port)
        let chat = try ChatUnderTest(ChatServiceTests.target(relay.port))
        let first = try await listen(chat, speaker)
        for _ in 0..<count {
            let joined = chat.joinCount
            speaker.say(1)
            try relay.die()
            #expect(await eventually(within: .seconds(20)) { chat.joinCount > joined && chat.isJoined })
        }
        return (count, chat.joinCount, try await judge(chat, from: first, speaker))
    }

    /// The chat is joined, and has heard a line: by it the end of a replay is known.
    /// - Returns: the number of the line before.
    private static func listen(_ chat: ChatUnderTest, _ speaker: Speaker) async throws -> Int {
        #expect(await eventually(within: .seconds(30)) { chat.isJoined })
        let first = speaker.say(1)
        #expect(await eventually(within: .seconds(30)) { chat.seen.texts.contains("line \(first)") })
        return first - 1
    }

    /// All lines behind `first` have come, each once.
    private static func judge(
        _ chat: ChatUnderTest, from first: Int, _ speaker: Speaker
    ) async throws -> ChatUnderTest.Seen {
        let last = speaker.say(1)
        #expect(await eventually(within: .seconds(60)) { chat.seen.texts.contains("line \(last)") })
        let seen = chat.seen
        let wanted = Set((first + 1...last).map { "line \($0)" })
        #expect(wanted.isSubset(of: seen.texts), "\(wanted.subtracting(seen.texts).sorted().prefix(20))")
        #expect(Set(seen.texts).count == seen.texts.count)
        #expect(seen.gaps.isEmpty, "\(seen.gaps)")
        return seen
    }
}
