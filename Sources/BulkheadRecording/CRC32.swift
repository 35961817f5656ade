/// The checksum of zlib and PNG (RFC 1952, 8): polynomial 0x04C11DB7, reflected.
package struct CRC32: Hashable, Sendable {
    private var state: UInt32 = .max

    /// The checksum of nothing.
    package init() {}

    /// The checksum of all bytes so far.
    package var value: UInt32 { ~state }

    /// Four tables: four bytes are taken at a time.
    private static let tables: [[UInt32]] = {
        let first = (0..<256 as Range<UInt32>).map { byte in
            (0..<8).reduce(byte) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
        }
        var tables = [first]
        for _ in 1..<4 {
            let last = tables[tables.count - 1]
            tables.append(last.map { $0 >> 8 ^ first[Int($0 & 0xFF)] })
        }
        return tables
    }()

    /// Takes `bytes` in, behind those taken before.
    package mutating func update(_ bytes: some Collection<UInt8>) {
        let done: Void? = bytes.withContiguousStorageIfAvailable { update($0) }
        if done == nil { Array(bytes).withUnsafeBufferPointer { update($0) } }
    }

    private mutating func update(_ bytes: UnsafeBufferPointer<UInt8>) {
        let tables = Self.tables
        var crc = state
        tables[0].withUnsafeBufferPointer { one in
            tables[1].withUnsafeBufferPointer { two in
                tables[2].withUnsafeBufferPointer { three in
                    tables[3].withUnsafeBufferPointer { four in
                        var place = 0
                        while place + 4 <= bytes.count {
                            crc ^=
                                UInt32(bytes[place]) | UInt32(bytes[place + 1]) << 8 | UInt32(bytes[place + 2]) << 16
                                | UInt32(bytes[place + 3]) << 24
                            crc =
                                four[Int(crc & 0xFF)] ^ three[Int(crc >> 8 & 0xFF)] ^ two[Int(crc >> 16 & 0xFF)]
                                ^ one[Int(crc >> 24)]
                            place += 4
                        }
                        while place < bytes.count {
                            crc = crc >> 8 ^ one[Int((crc ^ UInt32(bytes[place])) & 0xFF)]
                            place += 1
                        }
                    }
                }
            }
        }
        state = crc
    }

    /// The checksum of `bytes`.
    package static func of(_ bytes: some Collection<UInt8>) -> UInt32 {
        var crc = CRC32()
        crc.update(bytes)
        return crc.value
    }
}
