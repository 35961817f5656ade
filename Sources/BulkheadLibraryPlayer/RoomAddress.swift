package import BulkheadHTTP

/// A live room and the trackers that are asked for it.
package struct RoomAddress: Hashable, Sendable, CustomStringConvertible {
    /// What it may be called, `APP/NAME`, in the order in which trackers are asked: in a page's address `live/` stands before the name,
    /// and may be left out.
    package let names: [String]
    /// Asked in this order, the next one when the one before doesn't answer at once.
    package let trackers: [HTTPAddress]

    private static let longestName = 128

    /// - Parameters:
    ///   - text: what stands in a browser (`http://HOST:PORT/#live/APP/NAME`), the same without `live/`, or what a tracker answers
    ///     under (`/live/APP/NAME`).
    ///   - others: further trackers, `http://HOST:PORT`.
    /// - Returns: nil for what is no such address.
    package init?(_ text: String, others: [String] = []) {
        let parts = text.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let place = HTTPAddress(parts[0]), let trackers = VideoAddress.trackers(place, others) else { return nil }
        let isPage = parts.count > 1
        let path = isPage ? parts[1] : String(place.path.prefix { $0 != "?" }.dropFirst())
        guard
            let words = PercentCode.decode(path, plusIsBlank: false)?.split(
                separator: "/", omittingEmptySubsequences: false),
            path.utf8.count <= 8 * Self.longestName,
            words.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." })
        else { return nil }
        var names: [String] = []
        if words.first == "live", words.count > 2 { names.append(words.dropFirst().joined(separator: "/")) }
        if isPage, words.count > 1 { names.append(words.joined(separator: "/")) }
        let ends = [".flv", ".m3u8", ".mp4"]
        guard !names.isEmpty, names.allSatisfy({ $0.utf8.count <= Self.longestName }),
            isPage || !ends.contains(where: { path.hasSuffix($0) })
        else { return nil }
        self.names = names
        self.trackers = trackers
    }

    /// Whether `text` is the address of a room in a library, and not that of a stream.
    package static func isOne(_ text: String) -> Bool { RoomAddress(text) != nil }

    package var description: String {
        "\(names[0]) at \(trackers.map(\.authority).joined(separator: ", "))"
    }
}
