import BulkheadFLV
import BulkheadRTMP
import Testing

@Suite(.timeLimit(.minutes(1))) struct PublishStateMachineTests {
    static func machine() throws -> PublishStateMachine {
        PublishStateMachine(target: try IngestTarget("rtmp://host/app", key: "key"))
    }

    static func status(_ code: String, level: String = "status", text: String = "") -> AMF0Value {
        .object(["level": .string(level), "code": .string(code), "description": .string(text)])
    }

    static let connected = Command("_result", transactionID: 1, .object([:]), status("NetConnection.Connect.Success"))
    static let created = Command("_result", transactionID: 4, .null, 1)
    static let started = Command("onStatus", .null, status("NetStream.Publish.Start"))

    static func publishing() throws -> PublishStateMachine {
        var machine = try machine()
        _ = machine.start()
        _ = machine.receive(connected)
        _ = machine.receive(created)
        return machine
    }

    private func sentNames(_ actions: [PublishStateMachine.Action]) -> [String] {
        actions.compactMap { if case .send(let command, _, _) = $0 { command.name } else { nil } }
    }

    @Test func sequenceIsThatOfOBS() throws {
        var machine = try Self.machine()
        let opening = machine.start()
        #expect(opening.first == .sendControl(.setChunkSize(.standard)))
        #expect(opening.last == .sendControl(.windowAcknowledgementSize(100_000)))
        #expect(sentNames(opening) == ["connect"])
        #expect(sentNames(machine.receive(Self.connected)) == ["releaseStream", "FCPublish", "createStream"])
        #expect(
            machine.receive(Self.created) == [
                .send(Command("publish", transactionID: 5, .null, "key", "live"), on: .data, streamID: 1)
            ])
        #expect(machine.receive(Self.started) == [.startMedia(streamID: 1)])
        #expect(sentNames(machine.goodbye()) == ["FCUnpublish", "deleteStream"])
        #expect(machine.goodbye().isEmpty)
    }

    @Test func preparationStopsBeforeTheStreamsName() throws {
        var machine = PublishStateMachine(target: try IngestTarget("rtmp://host/app", key: "key"), goal: .stream)
        _ = machine.start()
        #expect(sentNames(machine.receive(Self.connected)) == ["createStream"])
        #expect(machine.receive(Self.created) == [.prepared])
        #expect(sentNames(machine.publish()) == ["FCPublish", "publish"])
        #expect(machine.receive(Self.started) == [.startMedia(streamID: 1)])
        #expect(machine.publish().isEmpty)

        var probe = PublishStateMachine(target: try IngestTarget("rtmp://host/app", key: "key"), goal: .application)
        _ = probe.start()
        #expect(probe.receive(Self.connected) == [.prepared])
        #expect(probe.publish().isEmpty)
    }

    @Test func redirectionAndQuestionAreNoRejection() throws {
        var machine = try Self.machine()
        _ = machine.start()
        let elsewhere = AMF0Value.object([
            "level": "error", "code": "NetConnection.Connect.Rejected",
            "ex": .object(["code": 302, "redirect": "rtmp://other/app"]),
        ])
        #expect(
            machine.receive(Command("_error", transactionID: 1, .null, elsewhere))
                == [.fail(.redirected("rtmp://other/app"))])

        var asked = PublishStateMachine(
            target: try IngestTarget("rtmp://host/app?a=b", key: "key"), query: "authmod=adobe&user=u")
        guard case .send(let connect, _, _) = asked.start()[1] else {
            Issue.record("no connect")
            return
        }
        #expect(connect.argument(0)?["app"] == "app?a=b&authmod=adobe&user=u")
        #expect(connect.argument(0)?["tcUrl"] == "rtmp://host/app?a=b&authmod=adobe&user=u")
        let text = "[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] : "
        let question = Self.status("NetConnection.Connect.Rejected", level: "error", text: text)
        let actions = asked.receive(Command("_error", transactionID: 1, .null, question))
        guard case .fail(.authenticationDemanded(_, _))? = actions.last else {
            Issue.record("no question")
            return
        }
    }

    /// What nginx-rtmp 1.2.2 answered to FFmpeg, whose createStream has the number 4 like ours.
    @Test func recordedAnswersOfNginxLeadToMedia() throws {
        var connection = try ConnectionTests.openClient()
        var machine = try Self.machine()
        _ = machine.start()
        let events = try ConnectionTests.events(of: &connection, after: Capture.nginxToPublisher)
        let actions = events.flatMap { event -> [PublishStateMachine.Action] in
            if case .command(let command, _) = event { machine.receive(command) } else { [] }
        }
        #expect(actions.contains(.startMedia(streamID: 1)))
        #expect(
            actions.last
                == .fail(
                    .closed(ServerStatus(level: "status", code: "NetStream.Unpublish.Success", text: "Stop publishing"))
                ))
    }

    @Test func errorsInHistoricalCallsAreOverlooked() throws {
        var machine = try Self.machine()
        _ = machine.start()
        _ = machine.receive(Self.connected)
        for number in [2.0, 3.0] {
            let error = Command(
                "_error", transactionID: number, .null, Self.status("NetConnection.Call.Failed", level: "error"))
            #expect(machine.receive(error).isEmpty)
        }
        #expect(sentNames(machine.receive(Self.created)) == ["publish"])
        #expect(machine.receive(Command("onFCPublish", .null, Self.status("NetStream.Publish.Start"))).isEmpty)
        #expect(machine.receive(Self.started) == [.startMedia(streamID: 1)])
    }

    @Test(arguments: [
        ("NetStream.Publish.BadName", "error"), ("NetStream.Publish.Denied", "error"),
        ("NetStream.Publish.Rejected", "status"), ("NetStream.Publish.BadName", ""),
    ])
    func refusalIsTheServersWord(code: String, level: String) throws {
        var machine = try Self.publishing()
        let refusal = Command("onStatus", .null, Self.status(code, level: level, text: "Already publishing"))
        #expect(
            machine.receive(refusal) == [
                .fail(.publishRefused(ServerStatus(level: level, code: code, text: "Already publishing")))
            ])
        #expect(machine.receive(Self.started).isEmpty)
    }

    @Test func applicationIsRejected() throws {
        for name in ["_error", "_result"] {
            var machine = try Self.machine()
            _ = machine.start()
            let answer = Command(
                name, transactionID: 1, .null, Self.status("NetConnection.Connect.InvalidApp", level: "error"))
            #expect(
                machine.receive(answer) == [
                    .fail(
                        .connectRejected(
                            ServerStatus(level: "error", code: "NetConnection.Connect.InvalidApp", text: "")))
                ])
        }
    }

    @Test func serversQuestionsAreAnswered() throws {
        var machine = try Self.machine()
        #expect(sentNames(machine.receive(Command("onBWDone", .null))) == ["_checkbw"])
        #expect(sentNames(machine.receive(Command("ping", transactionID: 9, .null))) == ["pong"])
        #expect(sentNames(machine.receive(Command("_onbwcheck", transactionID: 9, .null, 1))) == ["_result"])
        #expect(machine.receive(Command("whatever", .null)).isEmpty)
    }

    @Test func closeEndsItOnce() throws {
        var machine = try Self.publishing()
        #expect(machine.receive(Command("close", .null)) == [.fail(.closed(nil))])
        #expect(machine.receive(Command("close", .null)).isEmpty)
    }

    @Test func reconnectRequestIsPassedOn() throws {
        var machine = try Self.publishing()
        _ = machine.receive(Self.started)
        let info = AMF0Value.object([
            "code": "NetConnection.Connect.ReconnectRequest", "level": "status", "tcUrl": "//other:1936/app",
            "description": "maintenance",
        ])
        #expect(
            machine.receive(Command("onStatus", .null, info)) == [
                .reconnectRequested(ReconnectRequest(tcURL: "//other:1936/app", text: "maintenance"))
            ])
    }

    /// A server's words are told and kept: 8 MB of them are as much use as 300 characters.
    @Test func aServersWordsAreCut() throws {
        var machine = try Self.publishing()
        _ = machine.receive(Self.started)
        let long = String(repeating: "w", count: 1 << 20)
        let info = AMF0Value.object([
            "code": "NetConnection.Connect.ReconnectRequest", "level": "status", "tcUrl": .string("//" + long),
            "description": .string(long),
        ])
        #expect(
            machine.receive(Command("onStatus", .null, info)) == [
                .reconnectRequested(
                    ReconnectRequest(tcURL: nil, text: String(long.prefix(ServerStatus.longestText))))
            ])
        let status = try #require(
            ServerStatus(
                Command(
                    "onStatus", .null,
                    .object(["code": .string(long), "level": .string(long), "description": .string(long)]))))
        #expect(status.code.count == ServerStatus.longestWord && status.level.count == ServerStatus.longestWord)
        #expect(status.text.count == ServerStatus.longestText)
    }

    @Test(arguments: [-1.0, 1e12, .nan, .infinity, 0.5]) func absurdStreamNumberIsRefused(number: Double) throws {
        var machine = try Self.machine()
        _ = machine.start()
        _ = machine.receive(Self.connected)
        guard
            case .fail(.streamNotCreated)? = machine.receive(
                Command("_result", transactionID: 4, .null, .number(number))
            ).first
        else {
            Issue.record("stream \(number) was taken")
            return
        }
    }
}
