import BulkheadModel
import NIOHTTP1

/// A whole answer to a request.
struct RoomAnswer: Sendable {
    var status: HTTPResponseStatus
    var headers: [(String, String)]
    var body: [UInt8]

    init(_ status: HTTPResponseStatus, _ headers: [(String, String)], _ body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// What stands before the body of one that has no end yet.
    var headWithoutLength: HTTPResponseHead {
        var headers = HTTPHeaders(headers)
        headers.add(name: "X-Content-Type-Options", value: "nosniff")
        headers.add(name: "Referrer-Policy", value: "no-referrer")
        headers.add(name: "Cross-Origin-Resource-Policy", value: "same-origin")
        return HTTPResponseHead(version: .http1_1, status: status, headers: headers)
    }

    /// What stands before the body.
    func head(closes: Bool) -> HTTPResponseHead {
        var head = headWithoutLength
        head.headers.replaceOrAdd(name: "Content-Length", value: "\(body.count)")
        if closes { head.headers.add(name: "Connection", value: "close") }
        return head
    }

    /// One sentence that says why, and what to do.
    static func sentence(
        _ status: HTTPResponseStatus, _ text: String, _ headers: [(String, String)] = []
    ) -> RoomAnswer {
        RoomAnswer(
            status, [("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store")] + headers,
            Array((text + "\n").utf8))
    }

    static func json(_ line: some Sequence<UInt8>, _ status: HTTPResponseStatus = .ok) -> RoomAnswer {
        RoomAnswer(
            status, [("Content-Type", "application/json"), ("Cache-Control", "no-store")], Array(line) + [0x0A])
    }

    init(_ refusal: Gatekeeper.Refusal) {
        switch refusal {
        case .wrongHost:
            self = .sentence(
                .misdirectedRequest,
                "The control room does not go by this name: ask for its address, or for a name it was given.")
        case .foreignPage: self = .sentence(.forbidden, "A page from elsewhere may not ask the control room.")
        case .noPassword:
            self = .sentence(
                .unauthorized, "The control room wants its password; any user name will do.",
                [("WWW-Authenticate", "Basic realm=\"Bulkhead control room\", charset=\"UTF-8\"")])
        case .noCertificate:
            self = .sentence(
                .forbidden,
                "The control room wants a certificate of its authority: give one to your browser or program.")
        case .tooManyFailures:
            self = .sentence(
                .tooManyRequests, "Too many wrong passwords came from this address: try again in ten seconds.",
                [("Retry-After", "10")])
        }
    }
}
