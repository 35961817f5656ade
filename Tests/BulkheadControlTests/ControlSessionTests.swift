import BulkheadControl
import BulkheadModel
import BulkheadSystem
import Testing

/// What becomes of a client's lines, whole and byte by byte, and of a client that asks too much.
@Suite(.timeLimit(.minutes(2))) struct ControlSessionTests {
    private static let greeting = #"{"bulkhead-control":1}"# + "\n"
    private static let status = #"{"id":1,"request":"status"}"# + "\n"
    private static let start = MonotonicTime(nanoseconds: 0)

    private static func limits(
        line: Int = 200, perSecond: Int = 10, unanswered: Int = 1000
    ) -> ControlLimits {
        var limits = ControlLimits()
        limits.lineByteCount = line
        limits.requestsPerSecond = perSecond
        limits.unansweredRequests = unanswered
        return limits
    }

    /// The code of the refusal that ends the conversation.
    private static func end(_ actions: [ControlSession.Action]) -> ErrorCode? {
        if case .disconnect(let error)? = actions.last { error.code } else { nil }
    }

    /// Who may look is answered, and told why nothing else is done; the conversation goes on.
    @Test func rolesDecideWhatIsDelivered() throws {
        let lines: [(String, ControlRole)] = [
            (#"{"request":"status"}"#, .look), (#"{"request":"events"}"#, .look), (#"{"request":"thumbnails"}"#, .look),
            (#"{"request":"servers"}"#, .look), (#"{"request":"servers","isMeasured":true}"#, .steer),
            (#"{"request":"scene.take","scene":"a"}"#, .steer), (#"{"request":"link.pause","link":"a"}"#, .steer),
            (#"{"request":"scene.take","scene":"a","isDryRun":true}"#, .steer),
            (#"{"request":"recording.save-replay"}"#, .steer),
            (#"{"request":"recording.save-replay","path":"/a.mp4"}"#, .own),
            (#"{"request":"input.skip","file":"3"}"#, .steer), (#"{"request":"input.skip","file":"/a.mp4"}"#, .own),
            (#"{"request":"stop"}"#, .own), (#"{"request":"set","changes":{"preset":"fast"}}"#, .own),
            (#"{"request":"link.remove","link":"a"}"#, .own), (#"{"request":"drill","pid":1,"fault":"kill"}"#, .own),
        ]
        for role in ControlRole.allCases {
            var session = ControlSession(limits: Self.limits(perSecond: 100), role: role)
            #expect(session.receive(Array(Self.greeting.utf8), at: Self.start).isEmpty)
            for (line, least) in lines {
                switch try #require(session.receive(Array((line + "\n").utf8), at: Self.start).first) {
                case .deliver: #expect(role >= least, "\(role): \(line)")
                case .refuse(let error, _): #expect(role < least && error.code == .notAllowed, "\(role): \(line)")
                case .disconnect(let error): Issue.record("\(error)")
                }
            }
        }
    }

    @Test func linesAreReadWholeAndByteByByte() {
        let text = Self.greeting + Self.status + #"{"request":"link.pause","link":"é"}"# + "\n"
        let expected: [ControlSession.Action] = [
            .deliver(.status, id: 1), .deliver(.link(.pause("é")), id: nil),
        ]
        var whole = ControlSession(limits: Self.limits())
        #expect(whole.receive(Array(text.utf8), at: Self.start) == expected)
        var bytewise = ControlSession(limits: Self.limits())
        #expect(text.utf8.flatMap { bytewise.receive([$0], at: Self.start) } == expected)
    }

    @Test(arguments: [
        ("{\"bulkhead-control\":2}\n", "2"), (status, nil), ("\n", nil), ("GET / HTTP/1.1\r\n", nil),
    ])
    func otherVersionIsToldBothAndNothingElse(first: String, client: String?) {
        var session = ControlSession(limits: Self.limits())
        let actions = session.receive(Array((first + Self.status).utf8), at: Self.start)
        #expect(actions.count == 1 && Self.end(actions) == .version)
        if case .disconnect(let error)? = actions.first {
            #expect(error.parameters["client"] == client && error.parameters["master"] == "1")
        }
        #expect(session.receive(Array((Self.greeting + Self.status).utf8), at: Self.start).isEmpty)
    }

    @Test(arguments: [
        (#"{"id":4,"request":"dance"}"#, ErrorCode.unknownRequest, ["request": "dance"], 4 as Int?),
        (#"{"id":4,"request":"restart"}"#, .badRequest, ["key": "part"], 4),
        (#"{"id":4,"request":"set","changes":{"size":1}}"#, .badRequest, ["key": "changes.size"], 4),
        (#"{"request":5,"id":4}"#, .badRequest, ["key": "request"], 4),
        (#"{"id":"x","request":"status"}"#, .badRequest, ["key": "id"], nil), ("[]", .badRequest, [:], nil),
        (#"{"id":1.5,"request":"status"}"#, .badRequest, ["key": "id"], nil),
        (
            #"{"id":4,"request":"plugin.add","plugin":{"identity":"a","name":"","parameters":{},"#
                + #""deadlineMicroseconds":-5,"memoryMebibytes":0,"mayWrite":false,"isEnabled":true,"folder":""}}"#,
            .badRequest, ["key": "plugin.deadlineMicroseconds"], 4
        ),
        (
            #"{"id":4,"request":"plugin.move","name":"a","position":1.5}"#, .badRequest, ["key": "position"], 4
        ),
    ])
    func whatIsNoRequestIsRefusedAlone(line: String, code: ErrorCode, parameters: [String: String], id: Int?) {
        var session = ControlSession(limits: Self.limits())
        let actions = session.receive(Array((Self.greeting + line + "\n" + Self.status).utf8), at: Self.start)
        guard case .refuse(let error, let refused)? = actions.first else {
            Issue.record("\(actions)")
            return
        }
        #expect(error.code == code && error.parameters == parameters && refused == id)
        #expect(actions.last == .deliver(.status, id: 1))
    }

    /// A refusal repeats no value: it may be a stream key.
    @Test func refusalHoldsNoKey() {
        var session = ControlSession(limits: Self.limits())
        let line = #"{"request":"link.add","destination":{"url":"rtmp://a/b","streamKey":["secret"]}}"# + "\n"
        let actions = session.receive(Array((Self.greeting + line).utf8), at: Self.start)
        #expect(actions.count == 1 && !"\(actions)".contains("secret"))
    }

    @Test func longLinesEndTheConversation() {
        for text in [String(repeating: "x", count: 201), String(repeating: "x", count: 201) + "\n"] {
            var session = ControlSession(limits: Self.limits())
            #expect(Self.end(session.receive(Array((Self.greeting + text).utf8), at: Self.start)) == .lineTooLong)
        }
        var session = ControlSession(limits: Self.limits())
        #expect(
            session.receive(Array((Self.greeting + String(repeating: "x", count: 200)).utf8), at: Self.start).isEmpty)
    }

    @Test func requestsAreCountedByTheSecond() {
        var session = ControlSession(limits: Self.limits(perSecond: 10))
        let ten = Array(String(repeating: Self.status, count: 10).utf8)
        #expect(session.receive(Array(Self.greeting.utf8) + ten, at: Self.start).count == 10)
        // Half a second brings five more.
        let later = Self.start.advanced(by: 500_000_000)
        let actions = session.receive(ten, at: later)
        #expect(actions.count == 6 && Self.end(actions) == .tooManyRequests)
        var patient = ControlSession(limits: Self.limits(perSecond: 10))
        #expect(patient.receive(Array(Self.greeting.utf8) + ten, at: Self.start).count == 10)
        #expect(patient.receive(ten, at: Self.start.advanced(by: 1_000_000_000)).count == 10)
    }

    @Test func unansweredRequestsAreBounded() {
        var session = ControlSession(limits: Self.limits(unanswered: 2))
        let two = Array((Self.greeting + Self.status + Self.status).utf8)
        #expect(session.receive(two, at: Self.start).count == 2)
        session.answered()
        #expect(session.receive(Array(Self.status.utf8), at: Self.start) == [.deliver(.status, id: 1)])
        #expect(Self.end(session.receive(Array(Self.status.utf8), at: Self.start)) == .tooManyUnanswered)
    }
}
