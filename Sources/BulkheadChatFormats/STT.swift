/// Douyu's text of keys and values, `type@=chatmsg/txt@=hello/`: written, and read from foreign text.
///
/// `/` ends a pair and `@=` parts it; in both halves `@A` stands for `@` and `@S` for `/`. Values that are maps or lists are
/// texts of the same kind, escaped once more, and stay texts here.
package enum STT {
    /// The pairs of `text`, of repeated keys the last. What is no pair is passed over.
    package static func read(_ text: some StringProtocol) -> [String: String] {
        var pairs: [String: String] = [:]
        for pair in text.split(separator: "/") {
            guard let parting = pair.firstRange(of: "@=") else { continue }
            pairs[unescaped(pair[..<parting.lowerBound])] = unescaped(pair[parting.upperBound...])
        }
        return pairs
    }

    /// The values of a list: texts with `/` behind each.
    package static func list(_ text: some StringProtocol) -> [String] {
        text.split(separator: "/").map { unescaped($0) }
    }

    package static func write(_ pairs: [(key: String, value: String)]) -> String {
        pairs.map { "\(escaped($0.key))@=\(escaped($0.value))/" }.joined()
    }

    /// `@` first, or the mark of an escaped slash would be escaped again.
    private static func escaped(_ text: String) -> String {
        text.replacing("@", with: "@A").replacing("/", with: "@S")
    }

    /// In one pass from the left: `@AS` is `@S`, and not a slash.
    private static func unescaped(_ text: some StringProtocol) -> String {
        var result = ""
        var isMarked = false
        for character in text {
            guard isMarked else {
                if character == "@" { isMarked = true } else { result.append(character) }
                continue
            }
            isMarked = false
            switch character {
            case "A": result.append("@")
            case "S": result.append("/")
            default:
                result.append("@")
                result.append(character)
            }
        }
        if isMarked { result.append("@") }
        return result
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

    /// Takes bytes, and gives the texts of the packets that end in them; what is no UTF-8 is repaired.
    /// - Throws: ``ChatFormatError/packetLength(_:)``; nothing can be read behind that.
    package mutating func take(_ new: some Sequence<UInt8>) throws(ChatFormatError) -> [String] {
        bytes += new
        var texts: [String] = []
        var start = 0
        while bytes.count - start >= 12 {
            let length = (0..<4).reduce(0) { $0 | Int(bytes[start + $1]) << (8 * $1) }
            guard (Self.shortest...Self.longest).contains(length) else { throw .packetLength(length) }
            guard bytes.count - start >= length + 4 else { break }
            let text = bytes[start + 12..<start + length + 4]
            texts.append(String(decoding: text.last == 0 ? text.dropLast() : text, as: UTF8.self))
            start += length + 4
        }
        bytes.removeFirst(start)
        return texts
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
