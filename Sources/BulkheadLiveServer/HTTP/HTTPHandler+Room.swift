import BulkheadSystem
import FoundationEssentials
import NIOCore
import NIOHTTP1

/// The room beside a stream: what viewers are told, and what they write.
extension HTTPHandler {
    /// In bytes, of what a viewer sends.
    static let longestWords = 4096
    /// In characters.
    private static let (longestName, longestText) = (30, 100)

    /// What a viewer's page sends.
    private struct Words: Decodable {
        let id: String
        let author: String?
        let text: String
    }

    func followRoom(of name: StreamName, _ query: HTTPQuery, _ head: HTTPRequestHead) {
        guard let stream = hub.known(name), stream.room.feed.hasRoom else {
            return send(.notFound("This stream has no room at the moment."))
        }
        guard head.method == .GET else { return write(RoomResponse.head, isLast: true) }
        // What the browser adds when it comes back by itself is newer than what the page said at first.
        let lastID = head.headers.first(name: "Last-Event-ID") ?? query["after"]
        let response = RoomResponse(stream, lastID: lastID, to: self)
        carry(response)
        response.begin()
    }

    /// A viewer has written something, to be taken as JSON: `{"id": …, "author": …, "text": …}`.
    func takeWords(for name: StreamName, _ head: HTTPRequestHead, _ body: ByteBuffer?) {
        guard let stream = hub.known(name), stream.room.feed.hasRoom else {
            return send(.notFound("This stream has no room at the moment."))
        }
        guard Self.isFromOwnPage(head.headers) else {
            return send(.sentence(.forbidden, "Comments are taken from this server's own page only."))
        }
        guard stream.room.isOpen else {
            return send(.sentence(.forbidden, "This room takes no comments from viewers."))
        }
        // Another site's form can't send this type without asking first, and is told no then.
        let type = head.headers.first(name: "Content-Type")?.split(separator: ";").first
        guard type?.lowercased() == "application/json" else {
            return send(.sentence(.unsupportedMediaType, "A comment comes as application/json."))
        }
        guard let body, body.readableBytes <= Self.longestWords else {
            return send(.sentence(.payloadTooLarge, "The comment is too long."))
        }
        guard let words = try? JSONDecoder().decode(Words.self, from: Data(body.readableBytesView)),
            (1...64).contains(words.id.utf8.count), words.id.utf8.allSatisfy(Self.isPlain)
        else { return send(.sentence(.badRequest, "The comment can't be understood.")) }
        let author = words.author ?? ""
        guard author.count <= Self.longestName, author.utf8.count <= 160 else {
            return send(.sentence(.payloadTooLarge, "The name is too long: at most \(Self.longestName) characters."))
        }
        guard words.text.count <= Self.longestText, words.text.utf8.count <= 1024 else {
            return send(.sentence(.payloadTooLarge, "The comment is too long: at most \(Self.longestText) characters."))
        }
        guard words.text.unicodeScalars.contains(where: { !$0.properties.isWhitespace && $0.value >= 0x20 }) else {
            return send(.sentence(.badRequest, "The comment is empty."))
        }
        guard hub.maySpeak(address) else {
            return send(
                .sentence(.tooManyRequests, "That was quick: wait a few seconds, and send it again.", retryAfter: 5))
        }
        stream.room.onSaid?(
            WrittenComment(id: words.id, viewer: hub.tag(of: address), author: author, text: words.text))
        send(.sentence(.accepted, "Taken."))
    }

    /// Letters, digits and dashes.
    private static func isPlain(_ byte: UInt8) -> Bool {
        byte < 0x80 && (Character(Unicode.Scalar(byte)).isLetter || Character(Unicode.Scalar(byte)).isNumber)
            || byte == UInt8(ascii: "-")
    }

    /// Whether no page of another site has sent it. What is no browser says nothing of that, and has no viewer's rights to lose.
    private static func isFromOwnPage(_ headers: HTTPHeaders) -> Bool {
        if let site = headers.first(name: "Sec-Fetch-Site"), site != "same-origin" { return false }
        guard let origin = headers.first(name: "Origin") else { return true }
        guard let host = headers.first(name: "Host"), let scheme = origin.firstRange(of: "://") else { return false }
        return origin[scheme.upperBound...].lowercased() == host.lowercased()
    }
}
