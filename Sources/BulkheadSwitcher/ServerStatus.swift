import BulkheadModel

/// What a live server's own interface says of the stream.
package struct ServerStatus: Hashable, Sendable {
    /// Somebody publishes it there.
    package var isPublished: Bool
    /// The publisher is the server's own pull; nil where that can't be told.
    package var isPulled: Bool?
    /// Bytes that have come in.
    package var byteCount: Int?
    /// How many take it.
    package var players: Int?
    /// The same for people.
    package var words: String {
        var parts = [isPublished ? "published" + (isPulled == true ? " by its own pull" : "") : "not published"]
        if let players { parts.append("\(players) player\(players == 1 ? "" : "s")") }
        return parts.joined(separator: ", ")
    }

    package init(isPublished: Bool, isPulled: Bool? = nil, byteCount: Int? = nil, players: Int? = nil) {
        self.isPublished = isPublished
        self.isPulled = isPulled
        self.byteCount = byteCount
        self.players = players
    }

    /// Which interface a server has.
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        /// The XML page of `rtmp_stat`.
        case nginxRTMP = "nginx-rtmp"
        /// `/v3/paths/get/NAME` of MediaMTX.
        case mediaMTX = "mediamtx"
        /// `/api/streams` of a Bulkhead server.
        case bulkhead
    }

    /// Reads an answer; nil for what is no such page.
    package init?(_ kind: Kind, _ body: String, app: String, stream: String) {
        switch kind {
        case .nginxRTMP: self.init(nginxRTMP: body, app: app, stream: stream)
        case .mediaMTX: self.init(mediaMTX: body)
        case .bulkhead: self.init(bulkhead: body, app: app, stream: stream)
        }
    }

    /// The page of `rtmp_stat all` (ngx_rtmp_stat_module.c), as far as it is needed: names in it are escaped, so that no
    /// stream's name can look like an element.
    private init?(nginxRTMP page: String, app: String, stream: String) {
        guard page.contains("<rtmp>"), page.contains("</rtmp>") else { return nil }
        self.init(isPublished: false, byteCount: nil, players: 0)
        for application in Self.elements("application", in: page[...])
        where Self.name(application) == Self.escaped(app) {
            for found in Self.elements("stream", in: application) where Self.name(found) == Self.escaped(stream) {
                let clients = Self.elements("client", in: found)
                let publisher = clients.first { $0.contains("<publishing/>") }
                isPublished = publisher != nil
                isPulled = publisher.map { $0.contains("<flashver>ngx-local-relay</flashver>") }
                byteCount = Self.elements("bytes_in", in: found).first.flatMap { Int($0) }
                players = clients.count - (publisher == nil ? 0 : 1)
            }
        }
    }

    /// What lies between the tags of each `name`, which is never within itself.
    private static func elements(_ name: String, in text: Substring) -> [Substring] {
        var found: [Substring] = []
        var rest = text
        while let start = rest.firstRange(of: "<\(name)>"), found.count < 10_000 {
            rest = rest[start.upperBound...]
            guard let end = rest.firstRange(of: "</\(name)>") else { break }
            found.append(rest[..<end.lowerBound])
            rest = rest[end.upperBound...]
        }
        return found
    }

    private static func name(_ element: Substring) -> Substring? { elements("name", in: element).first }

    private static func escaped(_ text: String) -> Substring {
        let text = text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
        return text.replacing("\"", with: "&quot;")[...]
    }

    /// The names differ by release: `ready` and `available`, `bytesReceived` and `inboundBytes`.
    private init?(mediaMTX body: String) {
        struct Path: Decodable {
            struct Source: Decodable { let type: String? }
            let ready: Bool?
            let available: Bool?
            let bytesReceived: Int?
            let inboundBytes: Int?
            let readers: [Source]?
            let source: Source?
        }
        guard let path = try? JSONLine.decode(Path.self, from: body.utf8), let isReady = path.ready ?? path.available
        else { return nil }
        self.init(
            isPublished: isReady, isPulled: path.source?.type.map { $0.hasSuffix("Source") },
            byteCount: path.bytesReceived ?? path.inboundBytes, players: path.readers?.count)
    }

    private init?(bulkhead body: String, app: String, stream: String) {
        struct Streams: Decodable {
            struct Stream: Decodable {
                let app: String
                let name: String
                let bytes: Int?
                let players: Int?
                let publisher: String?
            }
            let streams: [Stream]
        }
        guard let all = try? JSONLine.decode(Streams.self, from: body.utf8) else { return nil }
        guard let found = all.streams.first(where: { $0.app == app && $0.name == stream }) else {
            self.init(isPublished: false, players: 0)
            return
        }
        self.init(
            isPublished: true, isPulled: found.publisher == "pull", byteCount: found.bytes, players: found.players)
    }
}
