import BulkheadFLV
import BulkheadRTMP
import Testing

@Suite(.timeLimit(.minutes(1))) struct ServerSessionStateMachineTests {
    typealias Action = ServerSessionStateMachine.Action

    static let connect = Command("connect", transactionID: 1, .object(["app": "/live/?x=1"]))
    static let request = StreamRequest(streamID: 1, app: "live", fullName: "key?token=1")

    private static func connected() -> ServerSessionStateMachine {
        var session = ServerSessionStateMachine()
        _ = session.receive(connect, on: 0)
        return session
    }

    private func codes(_ actions: [Action]) -> [String] {
        actions.compactMap {
            guard case .send(let command, _, _) = $0 else { return nil }
            return ServerStatus(command)?.code ?? command.name
        }
    }

    @Test func connectIsAnsweredWithWindowsAndSuccess() {
        var session = ServerSessionStateMachine()
        let actions = session.receive(Self.connect, on: 0)
        #expect(actions.contains(.sendControl(.setChunkSize(.standard))))
        #expect(codes(actions) == ["NetConnection.Connect.Success"])
    }

    /// FMLE and OBS say releaseStream first, Haivision FCPublish, Flash neither.
    @Test(arguments: [
        ["releaseStream", "FCPublish", "createStream"], ["FCPublish", "createStream"], ["createStream"],
    ])
    func publishersOfAllKindsAreServed(calls: [String]) {
        var session = Self.connected()
        for (number, name) in calls.enumerated() {
            let answer = session.receive(Command(name, transactionID: Double(number + 2), .null, "key?token=1"), on: 0)
            #expect(codes(answer).first == "_result")
        }
        let asked = session.receive(Command("publish", transactionID: 9, .null, "key?token=1", "live"), on: 1)
        #expect(asked == [.requestPublish(Self.request)])
        #expect(Self.request.name == "key")
        #expect(session.publishedStream(for: 1) == nil)
        #expect(codes(session.acceptPublish(on: 1)) == ["NetStream.Publish.Start"])
        // Media on another stream is the only publisher's.
        #expect(session.publishedStream(for: 1) == 1 && session.publishedStream(for: 0) == 1)
        let ended = session.receive(Command("FCUnpublish", transactionID: 10, .null, "key?token=1"), on: 0)
        #expect(ended.first == .endPublish(streamID: 1))
        #expect(session.receive(Command("deleteStream", transactionID: 11, .null, 1), on: 0).isEmpty)
    }

    @Test func publishWithoutCreateStreamIsServed() {
        var session = Self.connected()
        #expect(
            session.receive(Command("publish", .null, "a"), on: 0)
                == [.requestPublish(StreamRequest(streamID: 0, app: "live", fullName: "a"))])
        #expect(session.receive(Command("publish", .null, false), on: 0).isEmpty)
    }

    @Test func playIsAnnounced() {
        var session = Self.connected()
        _ = session.receive(Command("createStream", transactionID: 2, .null), on: 0)
        #expect(
            session.receive(Command("play", transactionID: 0, .null, "key?token=1", -2000), on: 1)
                == [.requestPlay(Self.request)])
        let answer = session.acceptPlay(on: 1)
        #expect(answer.first == .sendControl(.userControl(.streamBegin(1))))
        #expect(codes(answer) == ["NetStream.Play.Reset", "NetStream.Play.Start"])
        #expect(
            session.receive(Command("pause", transactionID: 0, .null, true, 0), on: 1).first
                == .pausePlay(streamID: 1, isPaused: true))
        #expect(session.receive(Command("closeStream", .null), on: 1) == [.endPlay(streamID: 1)])
    }

    @Test(arguments: [
        (StreamRefusal.alreadyPublishing, "NetStream.Publish.BadName"), (.unknownKey, "NetStream.Publish.Denied"),
    ])
    func refusalHasTheCodeThatClientsKnow(refusal: StreamRefusal, code: String) {
        var session = Self.connected()
        _ = session.receive(Command("publish", .null, "a"), on: 1)
        #expect(codes(session.refuse(refusal, on: 1)) == [code])
        #expect(session.acceptPublish(on: 1).isEmpty)
    }

    @Test func commandBeforeConnectClosesTheConnection() {
        var session = ServerSessionStateMachine()
        #expect(
            session.receive(Command("publish", .null, "a"), on: 1) == [.close(.commandBeforeConnect("publish"))])
    }

    /// Names are kept and told, for every player that waits.
    @Test func longNamesCloseTheConnection() {
        var session = Self.connected()
        _ = session.receive(Command("createStream", transactionID: 2, .null), on: 0)
        let name = String(repeating: "n", count: ServerSessionStateMachine.longestName + 1)
        #expect(
            session.receive(Command("play", .null, .string(name)), on: 1)
                == [.close(.nameTooLong(byteCount: name.utf8.count))])
        // A signature is longer than that, and is not kept.
        let signed = "key?signature=" + name
        #expect(
            session.receive(Command("play", .null, .string(signed)), on: 1)
                == [.requestPlay(StreamRequest(streamID: 1, app: "live", fullName: signed))])
        var other = ServerSessionStateMachine()
        let app = AMF0Value.object(["app": .string(name)])
        #expect(
            other.receive(Command("connect", transactionID: 1, app), on: 0)
                == [.close(.nameTooLong(byteCount: name.utf8.count))])
    }

    @Test func messageStreamsAreCounted() {
        var session = Self.connected()
        for _ in 0..<8 { _ = session.receive(Command("createStream", transactionID: 2, .null), on: 0) }
        #expect(
            session.receive(Command("createStream", transactionID: 2, .null), on: 0)
                == [.close(.tooManyMessageStreams(limit: 8))])
        #expect(
            session.receive(Command("publish", .null, "a"), on: 99) == [.close(.tooManyMessageStreams(limit: 8))])
    }
}
