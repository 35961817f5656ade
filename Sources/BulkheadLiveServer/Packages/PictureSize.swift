/// Bits of bytes, the highest first.
struct BitReader {
    private let bytes: [UInt8]
    private var place = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The next `count` bits, 32 at most; nil behind the end.
    mutating func read(_ count: Int) -> UInt32? {
        guard count <= 32, place + count <= bytes.count * 8 else { return nil }
        var value: UInt32 = 0
        for _ in 0..<count {
            value = value << 1 | UInt32(bytes[place / 8] >> (7 - UInt8(place % 8)) & 1)
            place += 1
        }
        return value
    }

    /// An Exp-Golomb number (ITU-T H.264, 9.1).
    mutating func readGolomb() -> UInt32? {
        var zeros = 0
        while let bit = read(1), bit == 0 { zeros += 1 }
        guard zeros < 32, let rest = read(zeros) else { return nil }
        return ((1 << UInt32(zeros)) &- 1) &+ rest
    }

    mutating func readSignedGolomb() -> Int32? {
        readGolomb().map { $0 % 2 == 0 ? -Int32($0 / 2) : Int32($0 / 2) &+ 1 }
    }
}

/// How large the pictures of an H.264 stream are shown, in pixels.
struct PictureSize: Hashable {
    let width: UInt16
    let height: UInt16

    /// Reads the first sequence parameter set (ITU-T H.264, 7.3.2.1.1) of an AVCDecoderConfigurationRecord (ISO/IEC 14496-15,
    /// 5.3.3.1); nil where there is none that can be read.
    init?(avcConfiguration record: [UInt8]) {
        guard record.count > 8, record[0] == 1, record[5] & 31 > 0 else { return nil }
        let length = Int(record[6]) << 8 | Int(record[7])
        guard length >= 4, record.count >= 8 + length else { return nil }
        self.init(sequenceParameterSet: Array(record[8..<8 + length]))
    }

    private init?(sequenceParameterSet unit: [UInt8]) {
        var bits = BitReader(Self.payload(of: unit))
        guard let profile = bits.read(8), bits.read(16) != nil, bits.readGolomb() != nil else { return nil }
        var chroma: UInt32 = 1
        if [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135].contains(profile) {
            guard let format = bits.readGolomb() else { return nil }
            chroma = format
            if format == 3 { _ = bits.read(1) }
            guard bits.readGolomb() != nil, bits.readGolomb() != nil, bits.read(1) != nil,
                let hasMatrices = bits.read(1)
            else { return nil }
            if hasMatrices == 1 {
                for index in 0..<(chroma == 3 ? 12 : 8) where bits.read(1) == 1 {
                    guard Self.passMatrix(of: index < 6 ? 16 : 64, in: &bits) else { return nil }
                }
            }
        }
        guard bits.readGolomb() != nil, let order = bits.readGolomb() else { return nil }
        if order == 0 {
            guard bits.readGolomb() != nil else { return nil }
        } else if order == 1 {
            guard bits.read(1) != nil, bits.readSignedGolomb() != nil, bits.readSignedGolomb() != nil,
                let count = bits.readGolomb(), count <= 255
            else { return nil }
            for _ in 0..<count where bits.readSignedGolomb() == nil { return nil }
        }
        guard bits.readGolomb() != nil, bits.read(1) != nil, let columns = bits.readGolomb(),
            let rows = bits.readGolomb(), let isFrameOnly = bits.read(1), columns < 4096, rows < 4096
        else { return nil }
        if isFrameOnly == 0 { _ = bits.read(1) }
        var (width, height) = (Int(columns + 1) * 16, Int(rows + 1) * 16 * (isFrameOnly == 1 ? 1 : 2))
        guard bits.read(1) != nil, let isCropped = bits.read(1) else { return nil }
        if isCropped == 1 {
            guard let left = bits.readGolomb(), let right = bits.readGolomb(), let top = bits.readGolomb(),
                let bottom = bits.readGolomb(), max(left, right, top, bottom) < 65_536
            else { return nil }
            let unitX = chroma == 1 || chroma == 2 ? 2 : 1
            let unitY = (chroma == 1 ? 2 : 1) * (isFrameOnly == 1 ? 1 : 2)
            width -= Int(left + right) * unitX
            height -= Int(top + bottom) * unitY
        }
        guard let width = UInt16(exactly: width), let height = UInt16(exactly: height), width > 0, height > 0 else {
            return nil
        }
        self.width = width
        self.height = height
    }

    /// A scaling list (7.3.2.1.1.1).
    private static func passMatrix(of count: Int, in bits: inout BitReader) -> Bool {
        var (last, next): (Int32, Int32) = (8, 8)
        for _ in 0..<count {
            if next != 0 {
                guard let step = bits.readSignedGolomb() else { return false }
                next = (last &+ step) & 0xFF
            }
            if next != 0 { last = next }
        }
        return true
    }

    /// What stands behind the header of a NAL unit, without emulation prevention (7.3.1).
    private static func payload(of unit: [UInt8]) -> [UInt8] {
        var payload: [UInt8] = []
        var zeros = 0
        for byte in unit.dropFirst() {
            if zeros >= 2, byte == 3 {
                zeros = 0
                continue
            }
            zeros = byte == 0 ? zeros + 1 : 0
            payload.append(byte)
        }
        return payload
    }
}
