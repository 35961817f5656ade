/// Decides what one obs-websocket connection does next: who may ask for what, and when it is closed. It owns no socket and
/// no clock.
package struct OBSSession: Sendable {
    package enum Action: Hashable, Sendable {
        case send(JSONValue)
        case close(OBSProtocol.CloseCode, String)
        /// The client may be told of events from now on, and this was its answer.
        case identified(JSONValue)
        case perform(OBSCall)
        case performBatch(OBSBatch)
        /// The password was wrong: close, and count it against the peer.
        case refuse(String)
    }

    /// The most requests of a batch.
    package static let mostRequests = 256

    package private(set) var subscriptions = OBSProtocol.Subscriptions()
    package private(set) var isIdentified = false
    /// Without it, only look.
    package private(set) var maySteer = true
    /// Nil where no password is needed.
    private let authentication: OBSAuthentication?

    package init(authentication: OBSAuthentication?) { self.authentication = authentication }

    /// What the server says first.
    package var hello: JSONValue {
        var data: [String: JSONValue] = [
            "obsStudioVersion": .string(OBSProtocol.obsVersion),
            "obsWebSocketVersion": .string(OBSProtocol.webSocketVersion),
            "rpcVersion": .integer(OBSProtocol.rpcVersion),
        ]
        if let authentication {
            data["authentication"] = [
                "challenge": .string(authentication.challenge), "salt": .string(authentication.salt),
            ]
        }
        return OBSMessage.message(.hello, .object(data))
    }

    /// Takes a message; nil stands for what can't be read.
    package mutating func receive(_ message: JSONValue?) -> Action {
        guard let message, let members = message.object else {
            return .close(.messageDecodeError, "Your message could not be decoded as an object.")
        }
        if members["op"] == nil, members["request-type"] != nil {
            return .close(
                .unsupportedRPCVersion,
                "You appear to be attempting to connect with the pre-5.0.0 plugin protocol. Check to make sure your client is updated."
            )
        }
        guard let number = message["op"]?.integer, let operation = OBSProtocol.Operation(rawValue: number) else {
            return .close(.unknownOpCode, "Unknown OpCode: \(message["op"]?.json.prefix(20) ?? "null")")
        }
        guard let data = message["d"] else {
            return .close(.missingDataField, "Your message is missing the `d` field.")
        }
        guard data.object != nil else {
            return .close(.invalidDataFieldType, "Your `d` field is not an object.")
        }
        switch operation {
        case .identify where isIdentified: return .close(.alreadyIdentified, "You are already Identified.")
        case .identify: return identify(data)
        case _ where !isIdentified:
            return .close(.notIdentified, "You attempted to send a non-Identify message while not Identified.")
        case .reidentify:
            if let problem = subscribe(data) { return problem }
            return .send(Self.identified)
        case .request: return request(data)
        case .requestBatch: return batch(data)
        case .hello, .identified, .event, .requestResponse, .requestBatchResponse:
            return .close(.unknownOpCode, "Unknown OpCode: \(number)")
        }
    }

    private static let identified = OBSMessage.message(
        .identified, ["negotiatedRpcVersion": .integer(OBSProtocol.rpcVersion)])

    // The reason texts are an interface: clients decide by them whether they try again.
    private mutating func identify(_ data: JSONValue) -> Action {
        if let authentication {
            guard let answer = data["authentication"]?.string, !answer.isEmpty else {
                return .close(
                    .authenticationFailed,
                    "Your payload's data is missing an `authentication` string, however authentication is required.")
            }
            guard let maySteer = authentication.maySteer(answer) else { return .refuse("Authentication failed.") }
            self.maySteer = maySteer
        }
        guard let version = data["rpcVersion"] else {
            return .close(.missingDataField, "Your payload's data is missing an `rpcVersion`.")
        }
        guard let version = version.integer else {
            return .close(.invalidDataFieldType, "Your `rpcVersion` is not a number.")
        }
        guard version == OBSProtocol.rpcVersion else {
            return .close(.unsupportedRPCVersion, "Your requested RPC version is not supported by this server.")
        }
        subscriptions = .all
        if let problem = subscribe(data) { return problem }
        isIdentified = true
        return .identified(Self.identified)
    }

    private mutating func subscribe(_ data: JSONValue) -> Action? {
        guard let wish = data["eventSubscriptions"] else { return nil }
        guard let number = wish.integer else {
            return .close(.invalidDataFieldType, "Your `eventSubscriptions` is not a number.")
        }
        guard let bits = UInt32(exactly: number) else {
            return .close(.invalidDataFieldValue, "Your `eventSubscriptions` is out of range.")
        }
        subscriptions = OBSProtocol.Subscriptions(rawValue: bits)
        return nil
    }

    private func request(_ data: JSONValue) -> Action {
        guard let id = data.object?["requestId"] else {
            return .close(.missingDataField, "Your payload's data is missing a `requestId`.")
        }
        return .perform(OBSCall(id: id, type: data["requestType"]?.string, data: data["requestData"]))
    }

    private func batch(_ data: JSONValue) -> Action {
        guard let id = data.object?["requestId"] else {
            return .close(.missingDataField, "Your payload's data is missing a `requestId`.")
        }
        guard let requests = data["requests"] else {
            return .close(.missingDataField, "Your payload's data is missing a `requests`.")
        }
        guard let requests = requests.array else {
            return .close(.invalidDataFieldType, "Your `requests` is not an array.")
        }
        guard requests.count <= Self.mostRequests else {
            return .close(.invalidDataFieldValue, "Your `requests` are more than \(Self.mostRequests).")
        }
        guard let order = OBSBatch.Order(rawValue: data["executionType"]?.integer ?? 0) else {
            return .close(.invalidDataFieldValue, "Your `executionType` has an invalid value.")
        }
        let variables = data["variables"]?.object ?? [:]
        if order == .parallel, !variables.isEmpty {
            return .close(.unsupportedFeature, "Variables are not supported in parallel batches.")
        }
        return .performBatch(
            OBSBatch(
                id: id, calls: requests.map(OBSBatch.Entry.init), haltsOnFailure: data["haltOnFailure"]?.bool ?? false,
                order: order, variables: variables))
    }
}

/// One request of a client.
package struct OBSCall: Hashable, Sendable {
    /// Comes back as it was: any value.
    package var id: JSONValue?
    /// Nil where it names none.
    package var type: String?
    package var data: JSONValue?

    package init(id: JSONValue?, type: String?, data: JSONValue?) {
        self.id = id
        self.type = type
        self.data = data
    }
}

/// Requests that are carried out together.
package struct OBSBatch: Hashable, Sendable {
    package enum Order: Int64, Sendable {
        case serial = 0
        /// One after the other, each with a frame: here as ``serial``.
        case frames = 1
        case parallel = 2
    }

    package struct Entry: Hashable, Sendable {
        package var call: OBSCall
        /// Fields that are filled in from variables.
        package var inputVariables: [String: JSONValue]
        /// Variables that are filled in from the answer.
        package var outputVariables: [String: JSONValue]

        init(_ data: JSONValue) {
            call = OBSCall(
                id: data.object?["requestId"], type: data["requestType"]?.string, data: data["requestData"])
            inputVariables = data["inputVariables"]?.object ?? [:]
            outputVariables = data["outputVariables"]?.object ?? [:]
        }

        /// The call with its variables filled in.
        package func call(with variables: [String: JSONValue]) -> OBSCall {
            var call = call
            guard !inputVariables.isEmpty else { return call }
            var fields = call.data?.object ?? [:]
            for (field, variable) in inputVariables {
                guard let name = variable.string, let value = variables[name] else { continue }
                fields[field] = value
            }
            call.data = .object(fields)
            return call
        }
    }

    package var id: JSONValue
    package var calls: [Entry]
    package var haltsOnFailure: Bool
    package var order: Order
    package var variables: [String: JSONValue]

    /// The answer to all of it; cut short where a failure halted it.
    package func response(_ results: [JSONValue]) -> JSONValue {
        OBSMessage.message(.requestBatchResponse, ["requestId": id, "results": .array(results)])
    }
}

/// What a request came to.
package struct OBSResult: Hashable, Sendable {
    package var status: OBSProtocol.Status
    package var comment: String?
    package var data: JSONValue?

    package static func success(_ data: JSONValue? = nil) -> OBSResult { OBSResult(status: .success, data: data) }

    package static func failure(_ status: OBSProtocol.Status, _ comment: String? = nil) -> OBSResult {
        OBSResult(status: status, comment: comment)
    }

    package var isSuccess: Bool { status == .success }

    /// The answer's data: of a response, and of one of a batch's results.
    package func answer(to call: OBSCall) -> JSONValue {
        var state: [String: JSONValue] = ["result": .bool(isSuccess), "code": .integer(status.rawValue)]
        if let comment { state["comment"] = .string(comment) }
        var answer: [String: JSONValue] = [
            "requestType": .string(call.type ?? ""), "requestStatus": .object(state),
        ]
        if let id = call.id { answer["requestId"] = id }
        if let data { answer["responseData"] = data }
        return .object(answer)
    }

    package func response(to call: OBSCall) -> JSONValue {
        OBSMessage.message(.requestResponse, answer(to: call))
    }
}
