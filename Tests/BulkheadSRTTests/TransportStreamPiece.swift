import Testing

/// One packet of a transport stream, taken apart.
struct TransportStreamPiece {
    let pid: Int
    let begins: Bool
    let counter: Int
    let field: [UInt8]
    let payload: [UInt8]

    private init?(_ bytes: [UInt8]) {
        guard bytes.count == 188, bytes[0] == 0x47 else { return nil }
        pid = Int(bytes[1] & 0x1F) << 8 | Int(bytes[2])
        begins = bytes[1] & 0x40 != 0
        counter = Int(bytes[3] & 0x0F)
        let length = bytes[3] & 0x20 != 0 ? Int(bytes[4]) : -1
        guard length <= 183 else { return nil }
        field = length > 0 ? Array(bytes[5..<5 + length]) : []
        payload = bytes[3] & 0x10 != 0 ? Array(bytes[(5 + length)...]) : []
    }

    /// All packets of a stream.
    static func pieces(_ bytes: [UInt8]) throws -> [Self] {
        try #require(bytes.count % 188 == 0)
        return try stride(from: 0, to: bytes.count, by: 188).map { try #require(Self(Array(bytes[$0..<$0 + 188]))) }
    }

    /// The PCR in 90 kHz.
    var clock: Int64? {
        guard field.count >= 7, field[0] & 0x10 != 0 else { return nil }
        return field[1...4].reduce(0) { $0 << 8 | Int64($1) } << 1 | Int64(field[5] >> 7)
    }

    /// The PES packets of a stream, put together again.
    static func packets(_ pieces: [Self], pid: Int) -> [[UInt8]] {
        pieces.filter { $0.pid == pid && !$0.payload.isEmpty }.reduce(into: []) { packets, piece in
            if piece.begins { packets.append(piece.payload) } else { packets[packets.count - 1] += piece.payload }
        }
    }
}
