/// A number painted into a picture so that a machine reads it back after coding: the `test` source writes it, viewers
/// that count frames read it.
///
/// A strip across the bottom of the luma plane, a twentieth of its height but at least 8 rows. It holds 44 equal cells,
/// centred, `width / 44` pixels wide: white, black, 32 bits of the number (highest first), 8 bits of CRC-8 over them
/// (polynomial 0x07), black, white. White (luma 235) is 1, black (16) is 0; what is left at the sides is black.
package struct FrameCode: Hashable, Sendable {
    /// Cells of the strip: 2 marks, 32 bits of the number, 8 of the checksum, 2 marks.
    package static let cellCount = 44
    /// The luma of a cell that is 1.
    package static let white: UInt8 = 235
    /// The luma of a cell that is 0.
    package static let black: UInt8 = 16

    /// The number that is painted or was read.
    package let number: UInt32

    /// The code of `number`.
    package init(_ number: UInt32) { self.number = number }

    /// The luma rows that the strip takes in a picture `height` rows high.
    package static func rows(height: Int) -> Range<Int> { (height - max(8, height / 20 & ~1))..<height }

    /// The middle of the square that the test picture shows white in the first tenth of each second, else black.
    package static func flashCentre(width: Int, height: Int) -> (x: Int, y: Int) { (width / 2, height * 31 / 100) }

    /// The cells from left to right; true is white.
    package var cells: [Bool] {
        let bits = UInt64(number) << 8 | UInt64(Self.checksum(number))
        return [true, false] + (0..<40).map { bits >> (39 - $0) & 1 == 1 } + [false, true]
    }

    /// One luma row of the strip, `width` bytes.
    package func row(width: Int) -> [UInt8] {
        let cellWidth = width / Self.cellCount
        let left = (width - cellWidth * Self.cellCount) / 2
        var row = [UInt8](repeating: Self.black, count: width)
        for (index, cell) in cells.enumerated() where cell {
            for x in left + index * cellWidth..<left + (index + 1) * cellWidth { row[x] = Self.white }
        }
        return row
    }

    /// Reads the strip of a luma plane; nil when there is none or it is damaged. `luma(x, y)` gives a pixel.
    package init?(width: Int, height: Int, luma: (Int, Int) -> UInt8) {
        let cellWidth = width / Self.cellCount
        guard cellWidth >= 2, height >= 16 else { return nil }
        let left = (width - cellWidth * Self.cellCount) / 2
        let rows = Self.rows(height: height)
        let inner = rows.lowerBound + rows.count / 4..<rows.upperBound - rows.count / 4
        let levels = (0..<Self.cellCount).map { index in
            var sum = 0
            var count = 0
            for y in inner {
                for x in left + index * cellWidth + cellWidth / 4..<left + (index + 1) * cellWidth - cellWidth / 4 {
                    sum += Int(luma(x, y))
                    count += 1
                }
            }
            return count == 0 ? 0 : sum / count
        }
        let threshold = 125
        guard levels[0] > threshold + 40, levels[43] > threshold + 40, levels[1] < threshold - 40,
            levels[42] < threshold - 40
        else { return nil }
        var bits: UInt64 = 0
        for level in levels[2..<42] { bits = bits << 1 | (level > threshold ? 1 : 0) }
        let number = UInt32(truncatingIfNeeded: bits >> 8)
        guard UInt8(truncatingIfNeeded: bits) == Self.checksum(number) else { return nil }
        self.number = number
    }

    private static func checksum(_ number: UInt32) -> UInt8 {
        var crc: UInt8 = 0
        for shift in [24, 16, 8, 0] {
            crc ^= UInt8(truncatingIfNeeded: number >> UInt32(shift))
            for _ in 0..<8 { crc = crc & 0x80 != 0 ? crc << 1 ^ 0x07 : crc << 1 }
        }
        return crc
    }
}
