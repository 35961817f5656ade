import BulkheadControl
import BulkheadModel
import BulkheadSystem
import BulkheadTestSupport
import Dispatch
import Glibc
import Testing

/// Client and server over a real socket.
@Suite(.timeLimit(.minutes(2))) struct ControlServerTests {
    /// Keeps a server on a reactor of its own, as the master does, and answers as a test wants.
    private actor Owner {
        nonisolated let reactor: Reactor
        nonisolated var unownedExecutor: UnownedSerialExecutor { reactor.asUnownedSerialExecutor() }
        private var server: ControlServer?
        private(set) var gone = 0
        private(set) var handled = 0
        private(set) var ticks = 0
        /// The longest time by which a tick came late.
        private(set) var latestNanoseconds: Int64 = 0

        init() throws { reactor = try Reactor() }

        deinit { reactor.stop() }

        func serve(
            at path: String, doors: [ControlDoor] = [], limits: ControlLimits = ControlLimits(),
            _ answer: @escaping @Sendable (ControlExchange) -> Void
        ) throws {
            server = try ControlServer(
                path: path, doors: doors, on: reactor, limits: limits,
                onRequest: { [weak self] exchange in
                    self?.assumeIsolated { $0.handled += 1 }
                    answer(exchange)
                }, onGone: { [weak self] _ in self?.assumeIsolated { $0.gone += 1 } })
        }

        func close() async {
            await server?.close()
            server = nil
        }

        /// Ticks every 5 ms for as long as the reactor lives, as the timeline does.
        func tick() {
            let next = MonotonicTime.now.advanced(by: 5_000_000)
            reactor.schedule(at: next) { [weak self] in
                self?.assumeIsolated { owner in
                    owner.ticks += 1
                    owner.latestNanoseconds = max(
                        owner.latestNanoseconds, MonotonicTime.now.since(next))
                    owner.tick()
                }
            }
        }
    }

    /// Runs a client's blocking code on a thread of its own.
    private static func client<Value: Sendable>(
        _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue(label: "client").async { continuation.resume(with: Result { try body() }) }
        }
    }

    @Test func repliesCarryTheNumberOfTheirRequest() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path("sock")
        let owner = try Owner()
        try await owner.serve(at: path) { exchange in
            if case .stop = exchange.request {
                exchange.settle(BroadcastError(code: .notOnAir, "nothing is on air"))
            } else {
                exchange.answer(.done)
            }
        }
        let replies = try await Self.client {
            let client = try ControlClient(path: path)
            try client.send(.deaths, id: 1)
            try client.send(.stop, id: 2)
            try client.send(.deaths)
            return try (0..<3).map { _ in try client.receiveLine().map { ($0.id, "\($0.content.word)") } }
        }
        #expect(replies.map { $0?.0 } == [1, 2, nil])
        #expect(replies.map { $0?.1 } == ["done", "failed", "done"])
        #expect(await eventually { await owner.gone == 1 })
        await owner.close()
    }

    /// Else those that are turned away could fill the mailbox, and keep the places of those that have gone.
    @Test func whatARefusedClientAsksComesToNobody() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path("sock")
        let owner = try Owner()
        try await owner.serve(at: path) { $0.answer(.done) }
        let replies = try await Self.client {
            var clients: [ControlClient] = []
            for _ in 0..<ControlServer.mostConnections {
                let client = try ControlClient(path: path)
                try client.send(.deaths)
                _ = try client.receive()
                clients.append(client)
            }
            let late = try ControlClient(path: path)
            for _ in 0..<3 { try? late.send(.deaths) }
            var replies: [String] = []
            while let reply = try? late.receive() { replies.append("\(reply.word)") }
            return withExtendedLifetime(clients) { replies }
        }
        #expect(replies == ["failed"])
        #expect(await owner.handled == ControlServer.mostConnections)
        #expect(await eventually { await owner.gone == ControlServer.mostConnections })
        await owner.close()
    }

    /// What is sent right before the end still arrives, and then the connection is closed.
    @Test func closingSendsWhatWaits() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path("sock")
        let owner = try Owner()
        try await owner.serve(at: path) { exchange in
            for _ in 0..<500 { exchange.answer(.deaths([])) }
        }
        async let count = Self.client {
            let client = try ControlClient(path: path)
            try client.send(.deaths)
            var count = 0
            while try client.receive() != nil { count += 1 }
            return count
        }
        #expect(await eventually { await owner.handled == 1 })
        await owner.close()
        #expect(try await count == 500)
    }

    /// A flood ends with the reason, and the timeline's ticks go on meanwhile.
    @Test func floodDelaysNoTickAndEndsTheConnection() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path("sock")
        let owner = try Owner()
        try await owner.serve(at: path) { exchange in
            // Dear enough that all of them would hold up the ticks for 40 s.
            usleep(2000)
            exchange.answer(.done)
        }
        await owner.tick()
        let error = try await Self.client { () -> BroadcastError? in
            let client = try ControlClient(path: path)
            do {
                for _ in 0..<20_000 { try client.send(.status) }
            } catch {}
            var last: BroadcastError?
            while let reply = try client.receive() { if case .failed(let error) = reply { last = error } }
            return last
        }
        #expect([.tooManyRequests, .tooManyUnanswered].contains(error?.code))
        let ticks = await owner.ticks
        #expect(await eventually { await owner.ticks > ticks + 10 })
        #expect(await owner.handled < 1000)
        #expect(await owner.latestNanoseconds < 1_000_000_000)
        await owner.close()
    }

    /// Both sides have more to say than the socket holds, and neither reads before it has said it.
    @Test func neitherSideBlocksTheOther() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path("sock")
        let owner = try Owner()
        let text = String(repeating: "x", count: 100_000)
        var limits = ControlLimits()
        limits.outgoingByteCount = 64 << 20
        try await owner.serve(at: path, limits: limits) { exchange in
            exchange.answer(.failed(BroadcastError(.control, text)))
        }
        let count = try await Self.client {
            let client = try ControlClient(path: path)
            for _ in 0..<50 { try client.send(.link(.pause(text))) }
            var count = 0
            while count < 50, try client.receive() != nil { count += 1 }
            return count
        }
        #expect(count == 50)
        await owner.close()
    }

    /// A client that does not read is told so behind the line that it has begun.
    @Test func clientThatDoesNotReadIsDisconnected() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path("sock")
        let owner = try Owner()
        var limits = ControlLimits()
        limits.outgoingByteCount = 1 << 20
        let text = String(repeating: "x", count: 100_000)
        try await owner.serve(at: path, limits: limits) { exchange in
            for _ in 0..<40 { exchange.answer(.failed(BroadcastError(.control, text))) }
        }
        let codes = try await Self.client {
            let client = try ControlClient(path: path)
            try client.send(.status)
            var codes: [ErrorCode] = []
            // One that gets all of them gets no end: the connection stays.
            while codes.count < 40, let reply = try client.receive() {
                if case .failed(let error) = reply { codes.append(error.code) }
            }
            return codes
        }
        // A client that reads at once may get all of them.
        #expect(codes.last == .notReading || codes.count == 40)
        await owner.close()
    }

    /// A group has a socket of its own, with a mode of its own and a bound of its own.
    @Test func groupsHaveSocketsBesideTheOwners() async throws {
        let folder = try TemporaryFolder()
        // Of this test's own user, whose group it is.
        let path = folder.path("new/sock")
        let owner = try Owner()
        try await owner.serve(
            at: path, doors: [ControlDoor(role: .look, group: getgid()), ControlDoor(role: .steer, group: getgid())]
        ) { $0.answer(.done) }
        func mode(_ path: String) -> mode_t {
            var information = stat()
            return lstat(path, &information) == 0 ? information.st_mode & 0o777 : 0
        }
        #expect(mode(path) == 0o600 && mode(path + ".look") == 0o660 && mode(path + ".steer") == 0o660)
        #expect(mode(folder.path("new")) == 0o711, "others pass, and see no names")
        let words = try await Self.client {
            try ["", ".look", ".steer"].map { door in
                let client = try ControlClient(path: path + door)
                var words: [String] = []
                for request in [ControlRequest.deaths, .keyframe, .stop] {
                    try client.send(request)
                    if case .failed(let error)? = try client.receive() {
                        words.append(error.code.rawValue)
                    } else {
                        words.append("done")
                    }
                }
                return words
            }
        }
        let no = ErrorCode.notAllowed.rawValue
        #expect(words == [["done", "done", "done"], ["done", no, no], ["done", "done", no]])
        // Those of groups leave places for the owner.
        let (late, own) = try await Self.client {
            var clients: [ControlClient] = []
            for _ in 0..<ControlServer.mostGroupConnections {
                let client = try ControlClient(path: path + ".look")
                try client.send(.deaths)
                _ = try client.receive()
                clients.append(client)
            }
            let late = try ControlClient(path: path + ".steer")
            let own = try ControlClient(path: path)
            try own.send(.deaths)
            let replies = (try late.receive()?.word, try own.receive()?.word)
            return withExtendedLifetime(clients) { replies }
        }
        #expect(late == .failed && own == .done)
        await owner.close()
        #expect(mode(path + ".look") == 0 && mode(path + ".steer") == 0)
    }

    /// What masters write is read without JSON's own decoder; what is written in another way is read by it.
    @Test func piecesOfTheProgramAreReadInEachWriting() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path("sock")
        let owner = try Owner()
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        try await owner.serve(at: path) { exchange in
            exchange.answer(.program(bytes))
            exchange.answer(.done)
        }
        let pieces = try await Self.client {
            let client = try ControlClient(path: path)
            // With a number the line is written in another way.
            return try [nil, 7].map { id -> [UInt8] in
                try client.send(.program, id: id)
                guard case .program(let piece)? = try client.receive(), try client.receive()?.word == .done else {
                    return []
                }
                return piece
            }
        }
        #expect(pieces == [bytes, bytes])
        await owner.close()
    }

    /// Root may ask how another user's broadcast is, and gives it no key.
    @Test func noKeyIsSentToAnotherUsersMaster() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("sock")
        let listener = try LocalSocket.listen(at: path)
        let client = try ControlClient(path: path, owner: getuid() &+ 1, mayAskOthers: true)
        try client.send(.status)
        let destination = DestinationSettings(url: "rtmp://127.0.0.1/live", streamKey: "SECRET")
        #expect(throws: BroadcastError.self) { try client.send(.link(.add(destination))) }
        guard let accepted = try LocalSocket.accept(listener.rawValue) else {
            Issue.record("the client has not connected")
            return
        }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = recv(accepted.rawValue, &bytes, bytes.count, 0)
        let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        #expect(text.contains("status") && !text.contains("SECRET"))
        accepted.close()
        listener.close()
    }

    @Test func nothingIsSentToAnotherUsersMaster() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path("sock")
        let listener = try LocalSocket.listen(at: path)
        let error = #expect(throws: BroadcastError.self) {
            try ControlClient(path: path, owner: getuid() &+ 1, mayAskOthers: false)
        }
        #expect(error?.code == .foreignMaster && error?.parameters["uid"] == "\(getuid())")
        guard let accepted = try LocalSocket.accept(listener.rawValue) else {
            Issue.record("the client has not connected")
            return
        }
        var byte: UInt8 = 0
        #expect(recv(accepted.rawValue, &byte, 1, 0) == 0)
        accepted.close()
        listener.close()
    }

    @Test func masterOfAnotherVersionIsNamed() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path("sock")
        let listener = try LocalSocket.listen(at: path)
        let client = try ControlClient(path: path)
        guard let accepted = try LocalSocket.accept(listener.rawValue) else {
            Issue.record("the client has not connected")
            return
        }
        let line = Array("{\"bulkhead-control\":9}\n".utf8)
        #expect(send(accepted.rawValue, line, line.count, 0) == line.count)
        let error = #expect(throws: BroadcastError.self) { try client.receive() }
        #expect(error?.code == .version && error?.parameters == ["client": "1", "master": "9"])
        accepted.close()
        listener.close()
    }

    @Test func silentMasterIsNotWaitedForWithoutEnd() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("sock")
        let listener = try LocalSocket.listen(at: path)
        let client = try ControlClient(path: path)
        client.limitWaiting(toSeconds: 1)
        let error = #expect(throws: BroadcastError.self) { try client.receive() }
        #expect(error?.code == .noAnswer)
        listener.close()
    }

    /// What was asked for takes longer than a master may be silent; the master answers all else meanwhile.
    @Test func masterThatIsAtWorkIsWaitedFor() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path("sock")
        let listener = try LocalSocket.listen(at: path).release()
        defer { Glibc.close(listener) }
        async let reply = Self.client {
            let client = try ControlClient(path: path)
            client.limitWaiting(toSeconds: 2)
            try client.send(.stop, id: 7)
            return try client.receiveLine()?.id
        }
        // On a thread of its own, as the client is: neither waits for the other tests.
        async let isAsked = Self.client {
            var interest = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
            guard poll(&interest, 1, 30_000) == 1, let accepted = try LocalSocket.accept(listener) else {
                return false
            }
            let master = accepted.release()
            defer { Glibc.close(master) }
            let answers = [
                #"{"bulkhead-control":1}"#, #"{"reply":"status","id":-1,"masterPID":1}"#, #"{"reply":"done","id":7}"#,
            ]
            func say(_ line: String) {
                _ = send(master, line + "\n", line.utf8.count + 1, Int32(MSG_NOSIGNAL))
            }
            say(answers[0])
            var heard = ""
            while !heard.contains("\"status\"") {
                interest = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
                var chunk = [UInt8](repeating: 0, count: 4096)
                guard poll(&interest, 1, 30_000) == 1 else { break }
                let count = recv(master, &chunk, chunk.count, 0)
                guard count > 0 else { break }
                heard += String(decoding: chunk[..<count], as: UTF8.self)
            }
            say(answers[1])
            say(answers[2])
            return heard.contains("\"status\"")
        }
        #expect(try await isAsked)
        #expect(try await reply == 7)
    }
}
