package import BulkheadHTTP

/// A video and the trackers that are asked for it.
package struct VideoAddress: Hashable, Sendable, CustomStringConvertible {
    /// `0123456789abcdef0123456789abcdef-0`.
    package let id: String
    /// Asked in this order, the next one when the one before doesn't answer at once.
    package let trackers: [HTTPAddress]

    /// - Parameters:
    ///   - text: what stands in a browser (`http://HOST:PORT/#ID`), or what a tracker answers under (`/find/ID`,
    ///     `/watch/ID.m3u8`, `/watch/ID.mp4`).
    ///   - others: further trackers, `http://HOST:PORT`.
    /// - Returns: nil for what is no such address.
    package init?(_ text: String, others: [String] = []) {
        let parts = text.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let place = HTTPAddress(parts[0]) else { return nil }
        var id = parts.count > 1 ? parts[1] : ""
        if parts.count == 1 {
            let names = place.path.prefix { $0 != "?" }.split(separator: "/").map(String.init)
            guard names.count == 2, names[0] == "find" || names[0] == "watch" else { return nil }
            id = names[0] == "watch" ? String(names[1].prefix { $0 != "." }) : names[1]
        }
        guard (1...64).contains(id.utf8.count),
            id.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x2D })
        else { return nil }
        guard let trackers = Self.trackers(place, others) else { return nil }
        self.id = id
        self.trackers = trackers
    }

    /// Whether `text` is the address of a video in a library, and not that of a stream or a file.
    package static func isOne(_ text: String) -> Bool {
        (text.hasPrefix("http://") || text.hasPrefix("https://")) && VideoAddress(text) != nil
    }

    package var description: String { "\(id) at \(trackers.map(\.authority).joined(separator: ", "))" }

    /// The tracker at `place` and others, each once; nil where one is no address.
    static func trackers(_ place: HTTPAddress, _ others: [String]) -> [HTTPAddress]? {
        var trackers: [HTTPAddress] = []
        for tracker in [origin(place)] + others {
            guard let address = HTTPAddress(tracker) else { return nil }
            if !trackers.contains(where: { origin($0) == origin(address) }) { trackers.append(address) }
        }
        return trackers
    }

    static func origin(_ address: HTTPAddress) -> String {
        "\(address.usesTLS ? "https" : "http")://\(address.authority)"
    }
}
