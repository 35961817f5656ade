import BulkheadControlFormats
import Testing

@Suite(.timeLimit(.minutes(1))) struct OBSSessionTests {
    private static let authentication = OBSAuthentication(
        password: "supersecretpassword", lookPassword: "onlylooking",
        salt: "lM1GncleQOaCu9lT1yeUZhFYnqhsLLP1G5lAGo3ixaI=",
        challenge: "+IxH4CnCiqpX1rM9scsNynZzbOe4KhDeYcTNS3PDaeY=")

    /// Salt and challenge of protocol.md, and what OBS 29 accepts for them.
    @Test func answerIsThatOfOBS() {
        #expect(Self.authentication.answer == "1Ct943GAT+6YQUUX47Ia/ncufilbe6+oD6lY+5kaCu4=")
        #expect(Self.authentication.maySteer("1Ct943GAT+6YQUUX47Ia/ncufilbe6+oD6lY+5kaCu4=") == true)
        #expect(Self.authentication.maySteer("Dj6cLS+jrNA0HpCArRg0Z/Fc+YHdt2FQfAvgD1mip6Y=") == nil)
    }

    /// The password of those who look opens the session, and lets them look.
    @Test func thoseWhoLookAreLetInToLook() throws {
        let looking = OBSAuthentication(
            password: "onlylooking", salt: Self.authentication.salt, challenge: Self.authentication.challenge)
        for (answer, maySteer) in [(Self.authentication.answer, true), (looking.answer, false)] {
            var session = OBSSession(authentication: Self.authentication)
            let message = Self.identify(["rpcVersion": 1, "authentication": .string(answer)])
            guard case .identified = session.receive(message) else {
                Issue.record("\(answer) is not let in")
                continue
            }
            #expect(session.maySteer == maySteer)
        }
    }

    /// RFC 4648, section 10.
    @Test func base64IsThatOfTheRFC() {
        for (text, code) in [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foobar", "Zm9vYmFy"),
        ] {
            #expect(Base64.text(Array(text.utf8)) == code)
            #expect(Base64.bytes(code) == Array(text.utf8))
        }
        #expect(Base64.bytes("Zm9v!") == nil)
    }

    private static func identify(_ data: JSONValue) -> JSONValue { ["op": 1, "d": data] }

    private static func identified(_ subscriptions: Int64? = nil) -> OBSSession {
        var session = OBSSession(authentication: nil)
        let data: JSONValue =
            subscriptions.map { ["rpcVersion": 1, "eventSubscriptions": .integer($0)] } ?? ["rpcVersion": 1]
        _ = session.receive(identify(data))
        return session
    }

    private static func code(_ action: OBSSession.Action) -> OBSProtocol.CloseCode? {
        if case .close(let code, _) = action { code } else { nil }
    }

    @Test func helloAsksForAPasswordWhereThereIsOne() {
        #expect(OBSSession(authentication: nil).hello["d"]?["authentication"] == nil)
        let hello = OBSSession(authentication: Self.authentication).hello
        #expect(hello["op"] == 0 && hello["d"]?["rpcVersion"] == 1)
        #expect(hello["d"]?["authentication"]?["challenge"] == "+IxH4CnCiqpX1rM9scsNynZzbOe4KhDeYcTNS3PDaeY=")
    }

    @Test func passwordIsCheckedBeforeAnythingElse() {
        var session = OBSSession(authentication: Self.authentication)
        guard case .close(.authenticationFailed, let reason) = session.receive(Self.identify(["rpcVersion": 9])) else {
            Issue.record("let in")
            return
        }
        // Clients stop trying at this word.
        #expect(reason.contains("missing an `authentication` string"))
        guard case .refuse(let words) = session.receive(Self.identify(["rpcVersion": 1, "authentication": "x"])) else {
            Issue.record("let in")
            return
        }
        #expect(words.contains("Authentication failed"))
        #expect(!session.isIdentified)
        let answer = JSONValue.string(Self.authentication.answer)
        let right = session.receive(Self.identify(["rpcVersion": 1, "authentication": answer]))
        #expect(right == .identified(["op": 2, "d": ["negotiatedRpcVersion": 1]]))
        #expect(session.isIdentified && session.subscriptions == .all)
    }

    /// As the table of close codes in protocol.md has them.
    @Test(
        arguments: [
            (nil, 4002), ([1], 4002), (["d": [:]], 4006), (["op": 4, "d": [:]], 4006), (["op": 99, "d": [:]], 4006),
            (["op": 1], 4003), (["op": 1, "d": 5], 4004), (["op": 1, "d": [:]], 4003),
            (["op": 1, "d": ["rpcVersion": "1"]], 4004), (["op": 1, "d": ["rpcVersion": 2]], 4010),
            (["op": 6, "d": ["requestType": "GetVersion", "requestId": 1]], 4007),
            (["request-type": "GetVersion", "message-id": "1"], 4010),
        ] as [(JSONValue?, UInt16)])
    func strangersAreClosed(message: JSONValue?, code: UInt16) {
        var session = OBSSession(authentication: nil)
        #expect(Self.code(session.receive(message))?.rawValue == code)
    }

    @Test(
        arguments: [
            (["op": 1, "d": ["rpcVersion": 1]], 4008), (["op": 0, "d": [:]], 4006), (["op": 6, "d": [:]], 4003),
            (["op": 8, "d": ["requestId": 1]], 4003), (["op": 8, "d": ["requestId": 1, "requests": 1]], 4004),
            (["op": 8, "d": ["requestId": 1, "requests": [], "executionType": 7]], 4005),
            (["op": 8, "d": ["requestId": 1, "requests": [], "executionType": 2, "variables": ["a": 1]]], 4012),
            (["op": 3, "d": ["eventSubscriptions": "all"]], 4004), (["op": 3, "d": ["eventSubscriptions": -1]], 4005),
        ] as [(JSONValue, UInt16)])
    func clientsAreClosed(message: JSONValue, code: UInt16) {
        var session = Self.identified()
        #expect(Self.code(session.receive(message))?.rawValue == code)
    }

    @Test func emptyAuthenticationIsIgnoredWithoutAPassword() {
        var session = OBSSession(authentication: nil)
        _ = session.receive(Self.identify(["rpcVersion": 1, "authentication": ""]))
        #expect(session.isIdentified)
    }

    @Test func reidentifyChangesSubscriptions() {
        var session = Self.identified(33)
        #expect(session.subscriptions.rawValue == 33)
        #expect(
            session.receive(["op": 3, "d": ["eventSubscriptions": 0]])
                == .send(["op": 2, "d": ["negotiatedRpcVersion": 1]]))
        #expect(session.subscriptions.isEmpty)
    }

    /// obsws-python sends integers.
    @Test(arguments: [1, "a", .null, ["b": 2], 1.5] as [JSONValue]) func requestIDComesBackAsItWas(id: JSONValue) {
        var session = Self.identified()
        let message: JSONValue = ["op": 6, "d": ["requestType": "GetVersion", "requestId": id]]
        guard case .perform(let call) = session.receive(message) else {
            Issue.record("no request")
            return
        }
        let response = OBSResult.success().response(to: call)
        #expect(response["d"]?.object?["requestId"] == id)
        #expect(response["d"]?.object?["responseData"] == nil)
        #expect(response["d"]?["requestStatus"] == ["result": true, "code": 100])
    }

    @Test func batchFillsInVariables() {
        var session = Self.identified()
        let requests: JSONValue = [
            [
                "requestType": "GetInputVolume", "inputVariables": ["inputName": "who"],
                "outputVariables": ["db": "inputVolumeDb"],
            ]
        ]
        let message: JSONValue = [
            "op": 8,
            "d": ["requestId": 3, "requests": requests, "variables": ["who": "camera"], "haltOnFailure": true],
        ]
        guard case .performBatch(let batch) = session.receive(message) else {
            Issue.record("no batch")
            return
        }
        #expect(batch.haltsOnFailure && batch.order == .serial)
        #expect(batch.calls[0].call(with: batch.variables).data == ["inputName": "camera"])
    }
}
