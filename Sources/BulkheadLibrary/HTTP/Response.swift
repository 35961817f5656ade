import BulkheadModel
import NIOHTTP1

/// An answer to a request.
struct Response: Sendable {
    enum Body: Sendable {
        case bytes([UInt8])
        /// Part of a file, read as the peer takes it.
        case file(OpenFile, Range<Int64>)
    }

    var status: HTTPResponseStatus
    var headers: [(String, String)]
    var body: Body

    init(_ status: HTTPResponseStatus, _ headers: [(String, String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = .bytes(body)
    }

    init(_ status: HTTPResponseStatus, _ headers: [(String, String)], file: OpenFile, _ range: Range<Int64>) {
        self.status = status
        self.headers = headers
        body = .file(file, range)
    }

    var byteCount: Int64 {
        switch body {
        case .bytes(let bytes): Int64(bytes.count)
        case .file(_, let range): range.upperBound - range.lowerBound
        }
    }

    /// One sentence that says why, and what to do.
    static func sentence(_ status: HTTPResponseStatus, _ text: String, retryAfter seconds: Int? = nil) -> Response {
        var headers = [("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store")]
        if let seconds { headers.append(("Retry-After", "\(seconds)")) }
        return Response(status, headers, body: Array((text + "\n").utf8))
    }

    static func json(_ value: some Encodable, _ status: HTTPResponseStatus = .ok) -> Response {
        Response(
            status, [("Content-Type", "application/json"), ("Cache-Control", "no-store")],
            body: JSONLine.encode(value))
    }

    static let notFound = sentence(.notFound, "There is nothing under this address.")

    static func notAllowed(_ methods: String) -> Response {
        var response = sentence(.methodNotAllowed, "This address takes \(methods) alone.")
        response.headers.append(("Allow", methods))
        return response
    }
}
