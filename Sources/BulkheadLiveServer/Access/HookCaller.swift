import BulkheadHTTP
import BulkheadModel
import BulkheadRTMP
import BulkheadSystem
import NIOCore

/// Asks, and tells, a server by HTTP who comes and goes, with the fields of nginx-rtmp's notify module. It lives on the
/// server's event loop, which never waits for it.
final class HookCaller {
    /// What came of a question.
    enum Verdict {
        case accept
        /// With another name, or to or from another server; as it was written.
        case redirect(String)
        case refuse
        case silent
    }

    /// Calls under way at a time; more questions count as not answered, and what is told waits.
    private static let mostCalls = 256
    /// What waits to be told; more is not.
    private static let mostWaiting = 16_384

    /// What is to be told, and is no question.
    private struct Notice {
        let call: OriginHooks.Call
        let word: String
        let request: AdmissionRequest
        let name: StreamName
    }

    private let options: AccessOptions.Hooks
    private let eventLoop: any EventLoop
    private let report: (LiveServerEvent) -> Void
    private var callCount = 0
    private var notices: [Notice] = []
    private var nextNotice = 0
    /// Called when nothing is under way any more.
    private var onIdle: (() -> Void)?
    private var telling = Budget(1, each: .seconds(60))

    init(_ options: AccessOptions.Hooks, on eventLoop: any EventLoop, report: @escaping (LiveServerEvent) -> Void) {
        self.options = options
        self.eventLoop = eventLoop
        self.report = report
    }

    func has(_ call: OriginHooks.Call) -> Bool { options.addresses[call] != nil }

    var admitsWithoutAnswer: Bool { options.admitsWithoutAnswer }

    var updateInterval: Duration { options.updateInterval }

    /// Asks; the answer comes later.
    /// - Parameter more: further fields, behind the call's name.
    func ask(
        _ call: OriginHooks.Call, _ word: String, _ request: AdmissionRequest, _ name: StreamName,
        _ more: [(name: String, value: String)] = [], then: @escaping (Verdict) -> Void
    ) {
        guard let address = options.addresses[call] else { return then(.accept) }
        guard callCount < Self.mostCalls else {
            tell("\(Self.mostCalls) calls wait for an answer already")
            return then(.silent)
        }
        callCount += 1
        let message = message(address, fields(word, request, name, more))
        let answer = HTTPClient.send(message, timeout: options.timeout, readsBody: false, on: eventLoop)
        answer.assumeIsolated().whenComplete { [self] result in
            callCount -= 1
            switch result {
            case .success(let reply): then(verdict(reply, address))
            case .failure(let error):
                tell(HTTPClient.failure(error, of: message).description)
                then(.silent)
            }
            goOn()
        }
    }

    /// Tells, and waits for nothing.
    func tell(_ call: OriginHooks.Call, _ word: String, _ request: AdmissionRequest, _ name: StreamName) {
        guard has(call) else { return }
        guard notices.count - nextNotice < Self.mostWaiting else {
            return tell("\(Self.mostWaiting) ends wait to be told already")
        }
        notices.append(Notice(call: call, word: word, request: request, name: name))
        goOn()
    }

    /// Of what is told or waits.
    var pendingCount: Int { callCount + notices.count - nextNotice }

    /// Calls `body` once nothing is told and nothing waits; at once where that is so.
    func whenIdle(_ body: @escaping () -> Void) {
        onIdle = body
        goOn()
    }

    private func goOn() {
        while callCount < Self.mostCalls, nextNotice < notices.count {
            let notice = notices[nextNotice]
            nextNotice += 1
            ask(notice.call, notice.word, notice.request, notice.name) { _ in }
        }
        if nextNotice == notices.count || nextNotice > 512 {
            notices.removeFirst(nextNotice)
            nextNotice = 0
        }
        guard pendingCount == 0, let body = onIdle else { return }
        onIdle = nil
        body()
    }

    private func verdict(_ reply: HTTPReply, _ address: HTTPAddress) -> Verdict {
        switch reply.status {
        case 200...299: return .accept
        case 300...399:
            if let location = reply.location, !location.isEmpty { return .redirect(location) }
            tell("\(address.authority) answered \(reply.status) without a Location")
            return .silent
        case 400...499: return .refuse
        default:
            tell("\(address.authority) answered \(reply.status)")
            return .silent
        }
    }

    /// Once a minute.
    func tell(_ text: String) { if telling.take(at: .now) { report(.hookFailed(text)) } }

    // MARK: what is sent

    private func fields(
        _ word: String, _ request: AdmissionRequest, _ name: StreamName, _ more: [(name: String, value: String)]
    ) -> [(name: String, value: String)] {
        let client = request.client
        var fields = [
            ("app", name.app), ("flashver", client.flashVersion), ("swfurl", client.swfURL), ("tcurl", client.tcURL),
            ("pageurl", client.pageURL), ("addr", request.peer.ipAddress), ("clientid", "\(request.peer.number)"),
            ("call", word),
        ]
        fields += more.map { ($0.name, $0.value) }
        fields.append(("name", name.name))
        switch word {
        case "publish": fields.append(("type", "live"))
        case "play": fields += [("start", "4294965296"), ("duration", "0"), ("reset", "0")]
        default: break
        }
        if request.form != .rtmp { fields.append(("protocol", request.form.rawValue)) }
        // Some frameworks take the last of two fields with one name: a peer could name itself another way.
        let own = Set(fields.map(\.0))
        let query = [request.query, client.appQuery].filter { !$0.isEmpty }.joined(separator: "&")
        for (name, value) in FormFields.pairs(of: query) where !own.contains(name) { fields.append((name, value)) }
        return fields.map { (name: $0.0, value: $0.1) }
    }

    private func message(_ address: HTTPAddress, _ fields: [(name: String, value: String)]) -> HTTPRequest {
        let body =
            options.isJSON
            ? JSONText.object(fields.map { ($0.name, JSONText.string($0.value)) }) : FormFields.text(of: fields)
        let type = options.isJSON ? "application/json" : "application/x-www-form-urlencoded"
        return HTTPRequest("POST", address, headers: ["Content-Type": type], body: body)
    }
}
