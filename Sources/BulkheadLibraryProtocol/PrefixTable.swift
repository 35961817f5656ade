/// Which nodes are near which addresses: lines such as `10.1.0.0/16 berlin paris` and `2001:db8::/32 paris`, the nearest node
/// first. The longest prefix that fits decides.
package struct PrefixTable: Hashable, Sendable {
    private struct Entry: Hashable, Sendable {
        let prefix: [UInt8]
        let length: Int
        let nodes: [NodeID]
        let text: String
    }

    /// Longest first.
    private var entries: [Entry] = []

    /// The first line that can't be read, counted from 1.
    package struct BadLine: Error, Hashable, CustomStringConvertible {
        package let number: Int
        package init(number: Int) { self.number = number }
        package var description: String {
            "line \(number) is no prefix with nodes behind it, such as 10.1.0.0/16 berlin paris"
        }
    }

    package init() {}

    package init(_ text: String) throws(BadLine) {
        for (place, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let words = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace).map(String.init)
            guard let first = words.first else { continue }
            let parts = first.split(separator: "/")
            guard parts.count == 2, let address = NetworkAddress(String(parts[0])), let length = Int(parts[1]),
                (0...address.bytes.count * 8).contains(length), words.count > 1
            else { throw BadLine(number: place + 1) }
            var nodes: [NodeID] = []
            for word in words.dropFirst() {
                guard let node = NodeID(word) else { throw BadLine(number: place + 1) }
                nodes.append(node)
            }
            entries.append(Entry(prefix: address.bytes, length: length, nodes: nodes, text: first))
        }
        entries.sort { $0.length > $1.length }
    }

    /// The prefix that `address` lies in, and the nodes for it.
    package func match(_ address: NetworkAddress) -> (prefix: String, nodes: [NodeID])? {
        for entry in entries where entry.prefix.count == address.bytes.count {
            let whole = entry.length / 8
            guard entry.prefix.prefix(whole).elementsEqual(address.bytes.prefix(whole)) else { continue }
            let rest = entry.length % 8
            if rest > 0, (entry.prefix[whole] ^ address.bytes[whole]) >> UInt8(8 - rest) != 0 { continue }
            return (entry.text, entry.nodes)
        }
        return nil
    }
}

/// The bytes of an IPv4 or IPv6 address; one of version 4 within version 6 is of version 4.
package struct NetworkAddress: Hashable, Sendable {
    /// 4 or 16.
    package let bytes: [UInt8]

    /// Nil for what is no such address.
    package init?(_ text: String) {
        guard text.utf8.count <= 64 else { return nil }
        if text.contains(":") {
            guard let bytes = Self.six(text) else { return nil }
            let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
            self.bytes = bytes.starts(with: mapped) ? Array(bytes.suffix(4)) : bytes
        } else {
            guard let bytes = Self.four(text) else { return nil }
            self.bytes = bytes
        }
    }

    private static func four(_ text: some StringProtocol) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4,
            parts.allSatisfy({ (1...3).contains($0.utf8.count) && $0.utf8.allSatisfy(Self.isDigit) })
        else { return nil }
        let bytes = parts.compactMap { UInt8($0) }
        return bytes.count == 4 ? bytes : nil
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func six(_ text: String) -> [UInt8]? {
        let halves = text.split(separator: "::", omittingEmptySubsequences: false)
        guard (1...2).contains(halves.count) else { return nil }
        func groups(_ half: Substring) -> [UInt8]? {
            guard !half.isEmpty else { return [] }
            var bytes: [UInt8] = []
            let parts = half.split(separator: ":", omittingEmptySubsequences: false)
            for (place, part) in parts.enumerated() {
                if place == parts.count - 1, part.contains(".") {
                    guard let last = four(part) else { return nil }
                    bytes += last
                    continue
                }
                guard (1...4).contains(part.utf8.count), part.allSatisfy(\.isHexDigit),
                    let word = UInt16(part, radix: 16)
                else { return nil }
                bytes += [UInt8(word >> 8), UInt8(truncatingIfNeeded: word)]
            }
            return bytes
        }
        guard let head = groups(halves[0]), let tail = halves.count == 2 ? groups(halves[1]) : [] else { return nil }
        let missing = 16 - head.count - tail.count
        guard halves.count == 2 ? missing >= 2 : missing == 0 else { return nil }
        return head + [UInt8](repeating: 0, count: max(0, missing)) + tail
    }
}
