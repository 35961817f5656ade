/// What the path of a request asks for.
///
///     /                                the watch page, and /page/… what it loads
///     /status                          the streams, as JSON
///     /api/streams, /api/relays        the interface for programs
///     /APP/NAME.flv                    FLV without an end
///     /APP/NAME.mp4                    MP4 without an end
///     /APP/NAME.m3u8                   leads to /APP/NAME/index.m3u8
///     /APP/NAME/index.m3u8, live.m3u8  HLS playlists: the multivariant one, and that of segments
///     /APP/NAME/room                   the live room: server-sent events, and what viewers write
///     /APP/NAME/init-….mp4, s….m4s, p….….m4s   what they name
///
/// An application may have slashes in its name; in a name they are written as `%2F`.
package enum HTTPRoute: Hashable, Sendable {
    /// A file of the watch page; `/` is index.html.
    case page(file: String)
    case status
    case interface(InterfaceCall)
    case flv(StreamName)
    case mp4(StreamName)
    case playlist(StreamName)
    case multivariantPlaylist(StreamName)
    case mediaPlaylist(StreamName)
    case header(StreamName, name: String)
    case segment(StreamName, Int64)
    case part(StreamName, Int64, part: Int)
    case room(StreamName)

    /// Why a request's target can't be followed.
    package enum Refusal: Error, Hashable, Sendable {
        case tooLong
        /// A `%` without two digits, or bytes that are no UTF-8.
        case malformed
        case unknown
    }

    /// In bytes, as it is written.
    package static let longestTarget = 8192

    /// Reads a request's target, without its query.
    package init(path: some StringProtocol) throws(Refusal) {
        guard path.utf8.count <= Self.longestTarget else { throw .tooLong }
        guard path.utf8.first == UInt8(ascii: "/") else { throw .malformed }
        var pieces: [String] = []
        for piece in path.split(separator: "/", omittingEmptySubsequences: true) {
            guard let text = Self.decode(piece) else { throw .malformed }
            pieces.append(text)
        }
        guard let last = pieces.last else {
            self = .page(file: WatchPage.first)
            return
        }
        if pieces.count == 2, pieces[0] == "page", WatchPage.has(last) {
            self = .page(file: last)
            return
        }
        if pieces == ["status"] {
            self = .status
            return
        }
        if pieces.count >= 2, pieces[0] == "api", let call = Self.call(pieces.dropFirst()) {
            self = .interface(call)
            return
        }
        if pieces.count >= 3, let route = Self.file(last, of: Self.stream(pieces.dropLast())) {
            self = route
            return
        }
        guard pieces.count >= 2, let dot = last.lastIndex(of: "."), dot != last.startIndex else { throw .unknown }
        let stream = StreamName(app: pieces.dropLast().joined(separator: "/"), name: String(last[..<dot]))
        switch last[dot...] {
        case ".flv": self = .flv(stream)
        case ".mp4": self = .mp4(stream)
        case ".m3u8": self = .playlist(stream)
        default: throw .unknown
        }
    }

    private static func call(_ pieces: ArraySlice<String>) -> InterfaceCall? {
        switch (pieces.first, pieces.count) {
        case ("streams", 1): .streams
        case ("relays", 1): .relays
        case ("relays", 3...): .relay(stream(pieces.dropFirst()))
        default: nil
        }
    }

    private static func stream(_ pieces: ArraySlice<String>) -> StreamName {
        StreamName(app: pieces.dropLast().joined(separator: "/"), name: pieces.last ?? "")
    }

    /// A file that a playlist of `stream` names, or the playlist itself.
    private static func file(_ name: String, of stream: StreamName) -> HTTPRoute? {
        if name == "index.m3u8" { return .multivariantPlaylist(stream) }
        if name == "room" { return .room(stream) }
        if name == SegmentWindow.mediaName { return .mediaPlaylist(stream) }
        if name.hasPrefix("init-"), name.hasSuffix(".mp4") {
            return .header(stream, name: String(name.dropFirst(5).dropLast(4)))
        }
        guard name.hasSuffix(".m4s"), let kind = name.first else { return nil }
        let numbers = name.dropFirst().dropLast(4).split(separator: ".", omittingEmptySubsequences: false)
        switch (kind, numbers.count) {
        case ("s", 1): return Int64(numbers[0]).map { .segment(stream, $0) }
        case ("p", 2):
            guard let number = Int64(numbers[0]), let part = Int(numbers[1]) else { return nil }
            return .part(stream, number, part: part)
        default: return nil
        }
    }

    /// Percent-encoding (RFC 3986, 2.1); nil where it is none, and for control characters.
    static func decode(_ text: some StringProtocol) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        guard bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    var isRoom: Bool { if case .room = self { true } else { false } }

    /// The stream that is asked for, if any.
    package var stream: StreamName? {
        switch self {
        case .page, .status, .interface: nil
        case .flv(let stream), .mp4(let stream), .playlist(let stream), .multivariantPlaylist(let stream),
            .mediaPlaylist(let stream), .header(let stream, _), .segment(let stream, _), .part(let stream, _, _),
            .room(let stream):
            stream
        }
    }
}

/// The query of a request: the first value of each name.
package struct HTTPQuery: Hashable, Sendable {
    /// As it came.
    package let text: String?

    package init(_ text: String?) { self.text = text }

    package subscript(name: String) -> String? {
        for item in (text ?? "").split(separator: "&").prefix(64) {
            let pair = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if pair[0] == name { return pair.count > 1 ? HTTPRoute.decode(pair[1]) : "" }
        }
        return nil
    }
}

/// One range of bytes that is asked for (RFC 9110, 14.2).
package enum ByteRange {
    /// The bytes of `count` that `header` asks for; nil where all are to be sent, which is the answer to several ranges and to
    /// other units as well; an empty range where there are none of them.
    package static func range(_ header: String?, of count: Int) -> Range<Int>? {
        guard let header, header.hasPrefix("bytes=") else { return nil }
        let ends = header.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2 else { return nil }
        if ends[0].isEmpty {
            guard let length = Int(ends[1]), length >= 0 else { return nil }
            return max(0, count - length)..<count
        }
        guard let start = Int(ends[0]), start >= 0 else { return nil }
        guard start < count else { return 0..<0 }
        guard !ends[1].isEmpty else { return start..<count }
        guard let last = Int(ends[1]), last >= start else { return nil }
        return start..<min(count, last == .max ? count : last + 1)
    }
}

extension HTTPRoute {
    /// How a player takes what is asked for.
    var form: AdmissionRequest.Form {
        switch self {
        case .flv: .flv
        case .mp4: .mp4
        default: .hls
        }
    }

    /// The same of another stream, which a hook may have named.
    func of(_ stream: StreamName) -> HTTPRoute {
        switch self {
        case .page, .status, .interface: self
        case .flv: .flv(stream)
        case .mp4: .mp4(stream)
        case .playlist: .playlist(stream)
        case .multivariantPlaylist: .multivariantPlaylist(stream)
        case .mediaPlaylist: .mediaPlaylist(stream)
        case .header(_, let name): .header(stream, name: name)
        case .segment(_, let number): .segment(stream, number)
        case .part(_, let number, let part): .part(stream, number, part: part)
        case .room: .room(stream)
        }
    }
}
