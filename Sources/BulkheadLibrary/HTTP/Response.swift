import BulkheadModel
import NIOHTTP1
import Synchronization

/// A body that is made while it is sent.
protocol BodyPieces: AnyObject, Sendable {
    /// The next bytes; nil at the end. An error cuts the connection.
    func nextPiece() async throws -> [UInt8]?
}

/// Counts bytes of bodies that were given to the network.
final class ByteMeter: Sendable {
    private let bytes = Atomic<Int64>(0)

    func count(_ byteCount: Int) { bytes.add(Int64(byteCount), ordering: .relaxed) }

    var total: Int64 { bytes.load(ordering: .relaxed) }
}

/// An answer to a request.
struct Response: Sendable {
    enum Body: Sendable {
        case bytes([UInt8])
        /// Part of a file, read as the peer takes it.
        case file(OpenFile, Range<Int64>)
        /// Of a length that nobody knows yet.
        case stream(any BodyPieces)
    }

    var status: HTTPResponseStatus
    var headers: [(String, String)]
    var body: Body
    /// Counts what is sent.
    var meter: ByteMeter?

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

    init(_ status: HTTPResponseStatus, _ headers: [(String, String)], stream: any BodyPieces) {
        self.status = status
        self.headers = headers
        body = .stream(stream)
    }

    /// Nil where it is not known.
    var byteCount: Int64? {
        switch body {
        case .bytes(let bytes): Int64(bytes.count)
        case .file(_, let range): range.upperBound - range.lowerBound
        case .stream: nil
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
