import BulkheadFLV
import BulkheadRTMP
import BulkheadTestSupport
import NIOCore
import Testing

/// A server's session under any row of commands: whatever was begun for others is ended for them, once.
@Suite(.timeLimit(.minutes(1))) struct SessionModelTests {
    typealias Action = ServerSessionStateMachine.Action

    /// What the server around the session knows of it.
    private struct House {
        var session = ServerSessionStateMachine()
        var asked: [MessageStreamID: Bool] = [:]
        var publishing: Set<MessageStreamID> = []
        var playing: Set<MessageStreamID> = []
        var isClosed = false
        var given: Set<UInt32> = []

        mutating func take(_ actions: [Action]) {
            for action in actions {
                switch action {
                case .requestPublish(let request): asked[request.streamID] = true
                case .requestPlay(let request): asked[request.streamID] = false
                case .endPublish(let id): #expect(publishing.remove(id) != nil, "what ended was published")
                case .endPlay(let id): #expect(playing.remove(id) != nil, "what ended was played")
                case .pausePlay(let id, _): #expect(playing.contains(id))
                case .close: isClosed = true
                case .sendControl: break
                case .send(let command, _, _):
                    #expect(!command.name.isEmpty)
                    if command.name == "_result", let number = command.argument(1)?.number, number > 0 {
                        let id = UInt32(number)
                        #expect(given.insert(id).inserted, "a message stream's number is given once")
                        #expect(!publishing.contains(id) && !playing.contains(id), "a stream in use is not given")
                    }
                }
            }
            #expect(publishing.isDisjoint(with: playing))
            for id in publishing { #expect(session.publishedStream(for: id) == id) }
            if publishing.isEmpty {
                for id in 0..<12 as Range<UInt32> { #expect(session.publishedStream(for: id) == nil) }
            }
        }

        mutating func answer(_ random: inout SeededGenerator) {
            guard let id = asked.keys.sorted().randomElement(using: &random) else { return }
            let isPublish = asked.removeValue(forKey: id) ?? false
            if Bool.random(using: &random) {
                take(session.refuse(.unknownKey, on: id))
                return
            }
            let actions = isPublish ? session.acceptPublish(on: id) : session.acceptPlay(on: id)
            // A request that the peer has taken back meanwhile comes to nothing.
            if !actions.isEmpty { if isPublish { publishing.insert(id) } else { playing.insert(id) } }
            take(actions)
        }
    }

    @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64]) func whatBeginsEndsOnce(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<60 {
            var house = House()
            house.take(house.session.receive(Command("connect", transactionID: 1, .object(["app": "live"])), on: 0))
            #expect(house.session.isConnected)
            for _ in 0..<60 where !house.isClosed {
                let id = UInt32.random(in: 0...5, using: &random)
                let name = ["a", "b", "a?x=1"][Int.random(in: 0..<3, using: &random)]
                switch Int.random(in: 0..<12, using: &random) {
                case 0, 1:
                    house.take(house.session.receive(Command("createStream", transactionID: 2, .null), on: 0))
                case 2, 3: house.take(house.session.receive(Command("publish", .null, .string(name)), on: id))
                case 4: house.take(house.session.receive(Command("publish", .null, false), on: id))
                case 5: house.take(house.session.receive(Command("play", .null, .string(name), -2000), on: id))
                case 6:
                    house.asked[id] = nil
                    house.take(
                        house.session.receive(Command("deleteStream", .null, .number(Double(id))), on: 0))
                case 7: house.take(house.session.receive(Command("closeStream", .null), on: id))
                case 8:
                    house.take(
                        house.session.receive(Command("FCUnpublish", transactionID: 3, .null, .string(name)), on: 0))
                case 9: house.take(house.session.receive(Command("pause", .null, true, 0), on: id))
                default: house.answer(&random)
                }
            }
        }
    }

    /// Replies go to the call that they answer, and to none that wants no reply (Adobe RTMP 1.0, section 7.2).
    @Test(arguments: ["createStream", "releaseStream", "FCPublish", "FCUnpublish", "_checkbw", "getStreamLength"])
    func resultsCarryTheirCallsNumber(name: String) {
        var session = ServerSessionStateMachine()
        _ = session.receive(Command("connect", transactionID: 1, .object(["app": "live"])), on: 0)
        func results(_ transactionID: Double) -> [Double] {
            session.receive(Command(name, transactionID: transactionID, .null, "key"), on: 0).compactMap {
                guard case .send(let command, _, 0) = $0, command.name == "_result" else { return nil }
                return command.transactionID
            }
        }
        #expect(results(17) == [17] && results(0) == [])
    }

    /// Enhanced RTMP v2: the first bit of `capsEx` says that the client knows reconnect requests.
    @Test(
        arguments: [(nil, false), (0, false), (1, true), (2, false), (3, true), (-1, false), (0.5, false)]
            as [(Double?, Bool)])
    func reconnectRequestsGoToThoseWhoKnowThem(capabilities: Double?, takes: Bool) {
        var session = ServerSessionStateMachine()
        var object: AMF0Object = ["app": "live"]
        if let capabilities { object.append("capsEx", .number(capabilities)) }
        _ = session.receive(Command("connect", transactionID: 1, .object(object)), on: 0)
        #expect(session.takesReconnectRequests == takes)
        guard case .send(let command, _, 0)? = session.reconnectRequest(to: "/other", text: "maintenance").first else {
            Issue.record("no request")
            return
        }
        #expect(ServerStatus(command)?.code == "NetConnection.Connect.ReconnectRequest")
        #expect(command.arguments.last?["tcUrl"]?.string == "/other" && ServerStatus(command)?.text == "maintenance")
    }

    @Test(arguments: [
        ("live", "live"), ("/live/", "live"), ("live?x=1", "live"), ("//a/b//", "a/b"), ("", ""), ("?", ""),
    ]) func applicationHasNoQueryAndNoSlashes(app: String, name: String) {
        var session = ServerSessionStateMachine()
        _ = session.receive(Command("connect", transactionID: 1, .object(["app": .string(app)])), on: 0)
        let asked = session.receive(Command("publish", .null, "key?a=1"), on: 1)
        #expect(asked == [.requestPublish(StreamRequest(streamID: 1, app: name, fullName: "key?a=1"))])
    }

    @Test func errorsNameWhatThePeerDid() {
        let long = String(repeating: "x", count: 500)
        let error = ServerSessionStateMachine.SessionError.commandBeforeConnect(long)
        #expect(error.description.utf8.count < 100 && error.description.contains("before connect"))
    }
}

/// A player's side of the conversation: Adobe RTMP 1.0, section 7.2.2.1.
@Suite(.timeLimit(.minutes(1))) struct PlayStateMachineTests {
    private typealias Action = PlayStateMachine.Action

    private static func machine() throws -> PlayStateMachine {
        PlayStateMachine(target: try IngestTarget("rtmp://host/live/key"), bufferMilliseconds: 500)
    }

    private static func status(_ code: String, level: String = "status") -> Command {
        Command(
            "onStatus", .null,
            .object(["level": .string(level), "code": .string(code), "description": .string("words")]))
    }

    private static func playing() throws -> PlayStateMachine {
        var machine = try machine()
        _ = machine.start()
        _ = machine.receive(
            Command("_result", transactionID: 1, .null, .object(["code": "NetConnection.Connect.Success"])))
        _ = machine.receive(Command("_result", transactionID: 2, .null, 1))
        _ = machine.receive(status("NetStream.Play.Start"))
        return machine
    }

    @Test func conversationLeadsToMedia() throws {
        var machine = try Self.machine()
        let begin = machine.start()
        guard begin.count == 3, case .send(let connect, on: .command, streamID: 0) = begin[1] else {
            Issue.record("\(begin)")
            return
        }
        #expect(connect.name == "connect" && connect.transactionID == 1)
        #expect(connect.arguments.first?["app"] == "live" && connect.arguments.first?["tcUrl"] == "rtmp://host/live")
        let created = machine.receive(
            Command("_result", transactionID: 1, .null, .object(["code": "NetConnection.Connect.Success"])))
        #expect(created == [.send(Command("createStream", transactionID: 2, .null), on: .command, streamID: 0)])
        #expect(
            machine.receive(Command("_result", transactionID: 2, .null, 5)) == [
                .send(Command("play", transactionID: 3, .null, "key", -2000), on: .data, streamID: 5),
                .sendControl(.userControl(.setBufferLength(5, milliseconds: 500))),
            ])
        #expect(machine.receive(Self.status("NetStream.Play.Reset")).isEmpty)
        #expect(machine.receive(Self.status("NetStream.Play.Start")) == [.playing])
        // Told twice, it is known already.
        #expect(machine.receive(Self.status("NetStream.Play.Start")).isEmpty)
    }

    @Test(arguments: ["NetStream.Play.UnpublishNotify", "NetStream.Play.Stop", "NetStream.Play.Complete"])
    func endOfAPublisherIsNoEndOfThePlayer(code: String) throws {
        var machine = try Self.playing()
        #expect(machine.receive(Self.status(code)) == [.unpublished])
        #expect(machine.receive(Self.status("NetStream.Play.PublishNotify")) == [.published])
        var fresh = try Self.machine()
        _ = fresh.start()
        #expect(fresh.receive(Self.status(code)).isEmpty)
    }

    @Test(arguments: ["NetStream.Play.StreamNotFound", "NetStream.Play.Failed", "NetStream.Play.Denied"])
    func refusalEndsItOnceWithTheServersWords(code: String) throws {
        var machine = try Self.playing()
        let refusal = PlayRefusal.rejected(ServerStatus(level: "error", code: code, text: "words"))
        #expect(machine.receive(Self.status(code, level: "error")) == [.fail(refusal)])
        #expect(machine.receive(Self.status(code, level: "error")).isEmpty)
        #expect(refusal.description == "the server refused to play: \(code), \"words\"")
    }

    @Test(arguments: [("connect", 1.0), ("createStream", 2)]) func errorsToCallsEndIt(call: String, number: Double)
        throws
    {
        var machine = try Self.machine()
        _ = machine.start()
        if number == 2 { _ = machine.receive(Command("_result", transactionID: 1, .null)) }
        let actions = machine.receive(Command("_error", transactionID: number, .null))
        #expect(actions == [.fail(.rejected(ServerStatus(level: "error", code: "", text: "")))])
        guard case .fail(let refusal)? = actions.first else { return }
        #expect(refusal.description == "the server refused to play and gave no reason")
    }

    @Test(arguments: [-1.0, 0.5, 1e12, .nan, .infinity]) func absurdStreamNumbersAreRefused(number: Double) throws {
        var machine = try Self.machine()
        _ = machine.start()
        _ = machine.receive(Command("_result", transactionID: 1, .null))
        guard case .fail? = machine.receive(Command("_result", transactionID: 2, .null, .number(number))).first else {
            Issue.record("a stream \(number) was taken")
            return
        }
    }

    @Test func closeAndQuestionsAreAnswered() throws {
        var machine = try Self.playing()
        guard case .send(let check, _, 0)? = machine.receive(Command("onBWDone", .null)).first else {
            Issue.record("no answer")
            return
        }
        #expect(check.name == "_checkbw")
        #expect(machine.receive(Command("close", .null)) == [.fail(.closed(nil))])
        #expect(PlayRefusal.closed(nil).description == "the server ended the connection")
        #expect(
            PlayRefusal.closed(ServerStatus(level: "", code: "A.B", text: "bye")).description
                == "the server ended the connection: A.B, \"bye\"")
    }
}

@Suite(.timeLimit(.minutes(1))) struct CommandTests {
    /// Commands of any arguments are read as they were written (section 7.1.1).
    @Test(arguments: [1, 2, 3] as [UInt64]) func commandsAreReadBack(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let values: [AMF0Value] = [
            .null, "text", 17, true, .undefined, .object(["a": "b", "n": .object(["x": 1])]), .strictArray([1, "2"]),
            .ecmaArray(["k": false]), .string(String(repeating: "é", count: 40_000)),
        ]
        for _ in 0..<200 {
            var command = Command("call", transactionID: Double(Int.random(in: 0...1000, using: &random)))
            command.name = ["connect", "_result", "é", "onStatus"][Int.random(in: 0..<4, using: &random)]
            command.arguments = (0..<Int.random(in: 0...5, using: &random)).map { _ in
                values[Int.random(in: values.indices, using: &random)]
            }
            let message = command.message(on: 7)
            #expect(message.type == .command && message.streamID == 7)
            #expect(try Command(message) == command)
            // Behind AMF 3's type stands a zero byte first.
            var wrapped = message
            wrapped.type = .commandAMF3
            wrapped.payload = ByteBuffer(bytes: [0] + message.payload.readableBytesView)
            #expect(try Command(wrapped) == command)
            // The byte may be missing.
            wrapped.payload = message.payload
            if message.payload.getInteger(at: 0, as: UInt8.self) == 2 { #expect(try Command(wrapped) == command) }
        }
    }

    @Test func commandWithoutANumberWantsNoReply() throws {
        var payload = ByteBuffer()
        payload.writeAMF0("close")
        let command = try Command(Message(type: .command, payload: payload))
        #expect(command.transactionID == 0 && command.arguments.isEmpty && command.argument(0) == nil)
        var number = ByteBuffer()
        number.writeAMF0(17)
        #expect(throws: AMFError.self) { try Command(Message(type: .command, payload: number)) }
        #expect(throws: AMFError.truncated) { try Command(Message(type: .command, payload: ByteBuffer())) }
    }

    @Test(arguments: [
        ("error", "Anything", true), ("status", "NetStream.Publish.BadName", true),
        ("", "NetConnection.Connect.Rejected", true),
        ("status", "NetStream.Publish.Denied", true), ("status", "NetStream.Publish.Start", false),
        ("warning", "NetStream.Play.InsufficientBW", false), ("status", "NetConnection.Connect.Closed", true),
        ("status", "BadName", false), ("status", "NetStream.Play.StreamNotFound", true),
        ("status", "NetConnection.Connect.InvalidApp", true),
    ]) func failuresAreToldByLevelOrCode(level: String, code: String, isError: Bool) {
        #expect(ServerStatus(level: level, code: code, text: "").isError == isError)
    }

    /// A server's words stand in one line, and not without end.
    @Test func foreignWordsAreCutAndCleaned() {
        let status = ServerStatus(
            level: "error", code: "A.B\u{7}", text: "a\n\u{1B}[2Jb" + String(repeating: "x", count: 500))
        #expect(!status.description.contains("\n") && !status.description.contains("\u{1B}"))
        #expect(status.description.utf8.count < 300 && status.description.hasPrefix("A.B, \"a[2Jb"))
        #expect(ServerStatus(level: "", code: "A.B", text: "").description == "A.B")
        #expect(ServerStatus(level: "", code: "A.B", text: "A.B").description == "A.B")
        #expect(ServerStatus(Command("onStatus", .null, "words")) == nil)
    }
}

@Suite(.timeLimit(.minutes(1))) struct IngestEdgeTests {
    /// RFC 3986, section 2.1: two hexadecimal digits behind a percent sign, and section 3.2.3: a port is digits.
    @Test(arguments: [
        ("rtmp://u%+1:p@host/app/key", IngestTargetError.invalidCredentials),
        ("rtmp://u%4:p@host/app/key", .invalidCredentials),
        ("rtmp://u%GG:p@host/app/key", .invalidCredentials), ("rtmp://u%FF:p@host/app/key", .invalidCredentials),
        ("rtmp://host:+80/app/key", .invalidPort), ("rtmp://host:-1/app/key", .invalidPort),
        ("rtmp://host:8 0/app/key", .invalidPort), ("rtmp://ho st/app/key", .invalidHost),
        ("rtmp://[host]/app/key", .invalidHost),
    ]) func mistakesAreNamed(address: String, error: IngestTargetError) {
        #expect(throws: error) { try IngestTarget(address) }
    }

    @Test(arguments: [
        ("rtmp://ann:secret@host/app/key", "ann", "secret"), ("rtmp://a%40b:p%3Aq@host/app/key", "a@b", "p:q"),
        ("rtmp://ann@host/app/key", "ann", ""), ("rtmp://ann:a:b@host/app/key", "ann", "a:b"),
        ("rtmp://%C3%A9:%F0%9F%8E%A5@host/app/key", "é", "🎥"),
    ]) func credentialsAreUnescaped(address: String, user: String, password: String) throws {
        let target = try IngestTarget(address)
        #expect(target.credentials == Credentials(user: user, password: password))
        #expect(target.host == "host" && target.app == "app" && target.key == "key")
        #expect(!"\(target)".contains(user) && !target.tcURL.contains("@"))
    }

    /// Whatever a person types, the application and the key are parts of it, and what is shown has no key.
    @Test func anyAddressIsReadOrRefused() {
        var random = SeededGenerator(seed: 31)
        let pieces = [
            "/", "?", "#", ":", "@", "[", "]", "a", "live", "KEY", "%41", ".", "=", "&", "é", "1935", "mp4:",
        ]
        var read = 0
        for _ in 0..<4000 {
            let tail = (0..<Int.random(in: 1...10, using: &random)).map { _ in
                pieces[Int.random(in: pieces.indices, using: &random)]
            }.joined()
            let address = (Bool.random(using: &random) ? "rtmp://" : "rtmps://host/") + tail
            guard let target = try? IngestTarget(address) else { continue }
            read += 1
            #expect(!target.app.isEmpty && !target.host.isEmpty, "a key may be empty: some servers have none")
            #expect((1...65535).contains(target.port))
            #expect(address.hasSuffix(target.key) && address.contains(target.app))
            if target.key.contains("KEY"), !target.app.contains(target.key), !target.host.contains(target.key) {
                #expect(!"\(target)".contains(target.key))
            }
            // Given apart, the same parts make the same target.
            guard !target.key.isEmpty else { continue }
            let again = try? IngestTarget(target.tcURL, key: target.key)
            #expect(again?.app == target.app && again?.host == target.host && again?.port == target.port, "\(address)")
        }
        #expect(read > 300)
    }
}
