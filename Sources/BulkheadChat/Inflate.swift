import CZlib

/// What zlib has compressed, as it was: RFC 1950.
enum Inflate {
    private static let first = 64 << 10

    /// Nil for what is not whole, and for what would become longer than `limit` bytes.
    static func bytes(_ packed: [UInt8], limit: Int) -> [UInt8]? {
        var capacity = min(first, limit)
        while true {
            var count = UInt(capacity)
            var code = Z_BUF_ERROR
            let bytes = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, length in
                code = uncompress(buffer.baseAddress, &count, packed, UInt(packed.count))
                length = code == Z_OK ? Int(count) : 0
            }
            if code == Z_OK { return bytes }
            // Too little room and too few bytes are told alike: more room ends the doubt.
            guard code == Z_BUF_ERROR, capacity < limit else { return nil }
            capacity = min(capacity * 8, limit)
        }
    }
}
