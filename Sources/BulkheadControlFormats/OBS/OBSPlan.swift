package import BulkheadControl
import BulkheadModel

/// What is done about a request of obs-websocket.
package enum OBSPlan: Sendable {
    case answer(OBSResult)
    /// Ask the master for these, one after the other, and answer with `data` once all are done.
    case ask([ControlRequest], data: JSONValue?)
    /// Ask the master, and answer with what it says.
    case relay(ControlRequest)
    /// Save a replay.
    case saveReplay
    /// Change what clients share.
    case change(@Sendable (inout OBSDesk) -> Void)
    /// Tell all clients.
    case tell(OBSEvent)
    /// Make a picture of the program.
    case shoot(OBSShot)
    /// Answer later; in a batch only.
    case sleep(milliseconds: Int64)

    /// It changes nothing.
    package var isLooking: Bool {
        switch self {
        case .answer, .shoot, .sleep: true
        case .relay(let request): request.leastRole == .look
        case .ask, .saveReplay, .change, .tell: false
        }
    }

    static func fail(_ status: OBSProtocol.Status, _ comment: String) -> OBSPlan { .answer(.failure(status, comment)) }
}

/// Decides what is done about requests. The texts of comments are OBS's own, as far as it has them.
package struct OBSPlanner: Sendable {
    let call: OBSCall
    let view: OBSView
    let isInBatch: Bool

    package init(_ call: OBSCall, _ view: OBSView, isInBatch: Bool = false) {
        self.call = call
        self.view = view
        self.isInBatch = isInBatch
    }

    static let longestSleepMilliseconds: Int64 = 50_000

    /// All that can be done; `GetVersion` lists it.
    package static let requests: [String] =
        [general, scenes, inputs, outputs].flatMap(\.keys).filter { !refused.contains($0) }.sorted()

    /// Known, and refused with the reason.
    private static let refused: Set<String> = ["StartRecord", "StopRecord", "ToggleRecord", "GetVirtualCamStatus"]

    typealias Answer = @Sendable (OBSPlanner) -> OBSPlan

    package var plan: OBSPlan {
        guard let type = call.type, !type.isEmpty else {
            return .fail(.missingRequestType, "Your request's `requestType` may not be empty.")
        }
        guard let answer = Self.general[type] ?? Self.scenes[type] ?? Self.inputs[type] ?? Self.outputs[type] else {
            return .fail(.unknownRequestType, "Your request type is not valid.")
        }
        if let data = call.data, data.object == nil {
            return .fail(.missingRequestData, "Your request data is not an object.")
        }
        return answer(self)
    }

    // MARK: fields

    static let noData = OBSPlan.fail(.missingRequestData, "Your request data is missing or invalid (non-object)")

    /// A field of the request, or what is wrong with it.
    enum Field<Value> {
        case value(Value)
        case wrong(OBSPlan)
    }

    func field<Value>(_ name: String, _ kind: String, _ read: (JSONValue) -> Value?) -> Field<Value> {
        guard call.data != nil else {
            return .wrong(Self.noData)
        }
        guard let value = call.data?[name] else {
            return .wrong(.fail(.missingRequestField, "Your request is missing the `\(name)` field."))
        }
        guard let value = read(value) else {
            return .wrong(.fail(.invalidRequestFieldType, "The field value of `\(name)` must be \(kind)."))
        }
        return .value(value)
    }

    func text(_ name: String) -> Field<String> {
        switch field(name, "a string", \.string) {
        case .value(""): .wrong(.fail(.requestFieldEmpty, "The field value of `\(name)` must not be empty."))
        case .value(let text): .value(text)
        case .wrong(let plan): .wrong(plan)
        }
    }

    func number(_ name: String, _ range: ClosedRange<Double>) -> Field<Double> {
        switch field(name, "a number", \.number) {
        case .value(let number) where number < range.lowerBound:
            .wrong(
                .fail(
                    .requestFieldOutOfRange,
                    "The field value of `\(name)` is below the minimum of `\(range.lowerBound)`"))
        case .value(let number) where !(number <= range.upperBound):
            .wrong(
                .fail(
                    .requestFieldOutOfRange,
                    "The field value of `\(name)` is above the maximum of `\(range.upperBound)`"))
        case .value(let number): .value(number)
        case .wrong(let plan): .wrong(plan)
        }
    }

    /// Does something with a field, or says what is wrong with it.
    func with<Value>(_ field: Field<Value>, _ body: (Value) -> OBSPlan) -> OBSPlan {
        switch field {
        case .value(let value): body(value)
        case .wrong(let plan): plan
        }
    }

    func withScene(_ body: (String) -> OBSPlan) -> OBSPlan {
        guard call.data != nil else { return Self.noData }
        guard call.data?["sceneName"] != nil || call.data?["sceneUuid"] != nil else {
            return .fail(
                .missingRequestField,
                "Your request must contain at least one of the following fields: `sceneName` or `sceneUuid`.")
        }
        guard let name = view.scenes.named(call.data) else {
            return .fail(
                .resourceNotFound, "No source was found by the name of `\(call.data?["sceneName"]?.string ?? "")`.")
        }
        return body(name)
    }

    func withInput(_ body: (InputStatus) -> OBSPlan) -> OBSPlan {
        guard call.data != nil else { return Self.noData }
        guard call.data?["inputName"] != nil || call.data?["inputUuid"] != nil else {
            return .fail(
                .missingRequestField,
                "Your request must contain at least one of the following fields: `inputName` or `inputUuid`.")
        }
        guard let input = view.input(call.data) else {
            return .fail(
                .resourceNotFound, "No source was found by the name of `\(call.data?["inputName"]?.string ?? "")`.")
        }
        return body(input)
    }

    /// Only where there is a broadcast.
    func onAir(_ body: (BroadcastStatus) -> OBSPlan) -> OBSPlan {
        guard let status = view.status else {
            return .fail(.notReady, "There is no broadcast, or it can't be reached. Try again later.")
        }
        return body(status)
    }
}

extension OBSResult {
    /// What a master's answer means to a client of obs-websocket.
    package init(_ reply: ControlReply?, data: JSONValue? = nil) {
        switch reply {
        case .failed(let error):
            let status: OBSProtocol.Status =
                switch error.code {
                case .notOnAir, .changeUnderWay: .notReady
                default: .requestProcessingFailed
                }
            self = .failure(status, error.description)
        case nil: self = .failure(.notReady, "The broadcast does not answer.")
        default: self = .success(data)
        }
    }
}
