import FoundationEssentials

/// Which comments have come already, of all sources: as hashes in a ring, so that a comment that is sent again after a break
/// is not shown twice.
package struct SeenIDs: Hashable, Sendable {
    /// How many are remembered: a quarter of an hour of a crowd.
    package static let capacity = 20_000

    /// In the order in which they came; `oldest` is the next to be overwritten once the ring is full.
    private var ring: [UInt64] = []
    private var oldest = 0
    private var known: Set<UInt64> = []

    package init() {}

    /// Notes a comment.
    /// - Returns: false when it has come already.
    package mutating func note(_ id: String, of source: String) -> Bool {
        let hash = Self.hash(id, source)
        guard known.insert(hash).inserted else { return false }
        if ring.count < Self.capacity {
            ring.append(hash)
        } else {
            known.remove(ring[oldest])
            ring[oldest] = hash
            oldest = (oldest + 1) % Self.capacity
        }
        return true
    }

    /// What stands for a comment that its source gives no id: author, text and time together.
    package static func id(ofAuthor author: String, text: String, milliseconds: Int64) -> String {
        "\(milliseconds)\u{0}\(author)\u{0}\(text)"
    }

    /// FNV-1a over both names: ids are given by servers, and who wants one left out need not send it.
    private static func hash(_ id: String, _ source: String) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func add(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        source.utf8.forEach(add)
        add(0)
        id.utf8.forEach(add)
        return hash
    }

    /// The hashes, the oldest first.
    private var ordered: some Collection<UInt64> { [ring[oldest...], ring[..<oldest]].joined() }

    /// Where the ring begins in memory is no part of what it says.
    package static func == (left: Self, right: Self) -> Bool { left.ordered.elementsEqual(right.ordered) }

    package func hash(into hasher: inout Hasher) { hasher.combine(known) }
}

extension SeenIDs: Codable {
    /// Reads base64 of the hashes, the oldest first, each of 8 bytes. Throws where it is none, or longer than the ring.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let data = Data(base64Encoded: text), data.count % 8 == 0, data.count / 8 <= Self.capacity else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "these are no hashes")
        }
        let bytes = Array(data)
        ring = stride(from: 0, to: bytes.count, by: 8).map { start in
            bytes[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) }
        }
        known = Set(ring)
        // One that stands there twice would be forgotten too soon.
        guard known.count == ring.count else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "a hash stands there twice")
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(ring.count * 8)
        for hash in ordered {
            for shift in stride(from: 56, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: hash >> shift)) }
        }
        var container = encoder.singleValueContainer()
        try container.encode(Data(bytes).base64EncodedString())
    }
}
