import NIOCore
import NIOHTTP1

/// A whole answer to a request.
struct HTTPAnswer {
    var status: HTTPResponseStatus
    var headers: [(String, String)] = []
    /// In order.
    var body: [ByteBuffer] = []

    init(_ status: HTTPResponseStatus, _ headers: [(String, String)] = [], body: [ByteBuffer] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// One sentence that says why, and what to do.
    static func sentence(
        _ status: HTTPResponseStatus, _ text: String, retryAfter seconds: Int? = nil
    ) -> HTTPAnswer {
        var headers = [("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store")]
        if let seconds { headers.append(("Retry-After", "\(seconds)")) }
        return HTTPAnswer(status, headers, body: [ByteBuffer(string: text + "\n")])
    }

    static func notFound(_ text: String) -> HTTPAnswer { sentence(.notFound, text, retryAfter: 1) }

    static func playlist(_ text: String) -> HTTPAnswer {
        HTTPAnswer(
            .ok, [("Content-Type", "application/vnd.apple.mpegurl"), ("Cache-Control", "no-cache")],
            body: [ByteBuffer(string: text)])
    }

    /// What never changes under its name, or the range of it that is asked for.
    static func file(_ pieces: [ByteBuffer], range header: String?) -> HTTPAnswer {
        let headers = [
            ("Content-Type", "video/mp4"), ("Cache-Control", "public, max-age=3600"), ("Accept-Ranges", "bytes"),
        ]
        let count = pieces.reduce(0) { $0 + $1.readableBytes }
        guard let range = ByteRange.range(header, of: count) else { return HTTPAnswer(.ok, headers, body: pieces) }
        guard !range.isEmpty else {
            return HTTPAnswer(.rangeNotSatisfiable, [("Content-Range", "bytes */\(count)")])
        }
        var (body, start): ([ByteBuffer], Int) = ([], 0)
        for piece in pieces {
            let end = start + piece.readableBytes
            let common = range.clamped(to: start..<end)
            if !common.isEmpty,
                let slice = piece.getSlice(
                    at: piece.readerIndex + common.lowerBound - start, length: common.count)
            {
                body.append(slice)
            }
            start = end
        }
        let place = ("Content-Range", "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(count)")
        return HTTPAnswer(.partialContent, headers + [place], body: body)
    }

    var byteCount: Int { body.reduce(0) { $0 + $1.readableBytes } }
}
