/// Bits of bytes, the highest first.
package struct BitReader {
    private let bytes: [UInt8]
    private var place = 0

    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The next `count` bits, 32 at most; nil behind the end.
    package mutating func read(_ count: Int) -> UInt32? {
        guard count <= 32, place + count <= bytes.count * 8 else { return nil }
        var value: UInt32 = 0
        for _ in 0..<count {
            value = value << 1 | UInt32(bytes[place / 8] >> (7 - UInt8(place % 8)) & 1)
            place += 1
        }
        return value
    }

    /// An Exp-Golomb number (ITU-T H.264, 9.1); nil behind the end, and for one of more than 32 bits.
    package mutating func readGolomb() -> UInt32? {
        var zeros = 0
        while let bit = read(1), bit == 0 { zeros += 1 }
        guard zeros < 32, let rest = read(zeros) else { return nil }
        return ((1 << UInt32(zeros)) &- 1) &+ rest
    }

    /// A signed Exp-Golomb number (ITU-T H.264, 9.1.1).
    package mutating func readSignedGolomb() -> Int32? {
        readGolomb().map { $0 % 2 == 0 ? -Int32($0 / 2) : Int32($0 / 2) &+ 1 }
    }
}
