/// Douyu's text of keys and values, `type@=chatmsg/txt@=hello/`: written, and read from foreign text.
///
/// `/` ends a pair and `@=` parts it; in both halves `@A` stands for `@` and `@S` for `/`. Values that are maps or lists are
/// texts of the same kind, escaped once more, and stay texts here.
package enum STT {
    private static let (at, slash) = (UInt8(ascii: "@"), UInt8(ascii: "/"))

    /// The pairs of `text`, of repeated keys the last. What is no pair is passed over.
    package static func read(_ text: some StringProtocol) -> [String: String] {
        var pairs: [String: String] = [:]
        for pair in text.utf8.split(separator: slash) {
            guard let parting = pair.indices.first(where: { pair[$0...].starts(with: [at, UInt8(ascii: "=")]) }) else {
                continue
            }
            pairs[unescaped(pair[..<parting])] = unescaped(pair[parting...].dropFirst(2))
        }
        return pairs
    }

    /// The values of a list: texts with `/` behind each.
    package static func list(_ text: some StringProtocol) -> [String] {
        text.utf8.split(separator: slash).map { unescaped($0) }
    }

    package static func write(_ pairs: [(key: String, value: String)]) -> String {
        pairs.map { "\(escaped($0.key))@=\(escaped($0.value))/" }.joined()
    }

    private static func escaped(_ text: String) -> String {
        String(
            decoding: text.utf8.flatMap { byte -> [UInt8] in
                switch byte {
                case at: [at, UInt8(ascii: "A")]
                case slash: [at, UInt8(ascii: "S")]
                default: [byte]
                }
            }, as: UTF8.self)
    }

    /// In one pass from the left: `@AS` is `@S`, and not a slash. By bytes: a mark that combines with a letter would hide the
    /// signs of the protocol in front of it.
    private static func unescaped(_ text: some Sequence<UInt8>) -> String {
        var result: [UInt8] = []
        var isMarked = false
        for byte in text {
            guard isMarked else {
                if byte == at { isMarked = true } else { result.append(byte) }
                continue
            }
            isMarked = false
            switch byte {
            case UInt8(ascii: "A"): result.append(at)
            case UInt8(ascii: "S"): result.append(slash)
            default: result += [at, byte]
            }
        }
        if isMarked { result.append(at) }
        return String(decoding: result, as: UTF8.self)
    }
}

/// Douyu's packets around a text of keys and values: little-endian, the length twice, and it does not count its own first
/// four bytes.
package struct DouyuPackets: Sendable {
    /// The kind that a client sends; a server's is one more.
    private static let clientKind: UInt16 = 689
    /// Length, kind, two bytes, and the zero at the end.
    private static let shortest = 9
    private static let longest = 1 << 20

    private var bytes: [UInt8] = []

    package init() {}

    /// A packet with `text`, as a client sends it.
    package static func packet(_ text: String) -> [UInt8] {
        let length = UInt32(clamping: text.utf8.count + shortest)
        var packet: [UInt8] = []
        for _ in 0..<2 { for shift in stride(from: 0, to: 32, by: 8) { packet.append(UInt8(length >> shift & 0xFF)) } }
        packet += [UInt8(clientKind & 0xFF), UInt8(clientKind >> 8), 0, 0]
        packet += text.utf8
        packet.append(0)
        return packet
    }

    /// Takes bytes, and gives the texts of the packets that end in them, one by one; what is no UTF-8 is repaired.
    /// - Throws: ``ChatFormatError/packetLength(_:)``; nothing can be read behind that.
    package mutating func take(_ new: some Sequence<UInt8>, _ give: (String) -> Void) throws(ChatFormatError) {
        bytes += new
        var start = 0
        defer { bytes.removeFirst(start) }
        while bytes.count - start >= 12 {
            let length = (0..<4).reduce(0) { $0 | Int(bytes[start + $1]) << (8 * $1) }
            guard (Self.shortest...Self.longest).contains(length) else { throw .packetLength(length) }
            guard bytes.count - start >= length + 4 else { break }
            let text = bytes[start + 12..<start + length + 4]
            start += length + 4
            give(String(decoding: text.last == 0 ? text.dropLast() : text, as: UTF8.self))
        }
    }
}

/// Why foreign bytes of a chat can't be read.
package enum ChatFormatError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A packet says that it is so long.
    case packetLength(Int)
    /// A header that this version can't read.
    case packetHeader(UInt16)
    /// What is compressed can't be unpacked, or becomes more than a chat's message is.
    case compressed

    package var description: String {
        switch self {
        case .packetLength(let length): "a packet says that it has \(length) bytes"
        case .packetHeader(let length): "a packet has a head of \(length) bytes"
        case .compressed: "a packet can't be unpacked"
        }
    }
}
