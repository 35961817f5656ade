/// What a sequence parameter set of H.264 says of the pictures (ITU-T H.264, 7.3.2.1.1).
package struct SequenceParameterSet: Hashable, Sendable {
    /// The number of the profile: 66 is baseline, 77 main, 100 high.
    package let profile: UInt8
    /// How chroma is sampled: 0 is none, 1 is 4:2:0, 2 is 4:2:2, 3 is 4:4:4.
    package let chromaFormat: UInt8
    /// Bits of a sample of luma, and of chroma.
    package let lumaDepth: UInt8, chromaDepth: UInt8
    /// Pixels of a row that are shown.
    package let width: UInt16
    /// Rows that are shown.
    package let height: UInt16
    /// Pictures may be of two fields each.
    package let mayBeInterlaced: Bool

    private static let extendedProfiles: Set<UInt32> = [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]

    /// Reads a NAL unit, from its header byte on; nil for what is no sequence parameter set.
    package init?(_ unit: [UInt8]) {
        guard let header = unit.first, header & 0x9F == 7 else { return nil }
        var bits = BitReader(Self.payload(of: unit))
        guard let profile = bits.read(8), bits.read(16) != nil, bits.readGolomb() != nil else { return nil }
        guard let samples = Self.samples(profile, &bits), Self.passOrder(in: &bits) else { return nil }
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
            let unitX = samples.chroma == 1 || samples.chroma == 2 ? 2 : 1
            let unitY = (samples.chroma == 1 ? 2 : 1) * (isFrameOnly == 1 ? 1 : 2)
            width -= Int(left + right) * unitX
            height -= Int(top + bottom) * unitY
        }
        guard let width = UInt16(exactly: width), let height = UInt16(exactly: height), width > 0, height > 0 else {
            return nil
        }
        self.profile = UInt8(truncatingIfNeeded: profile)
        chromaFormat = UInt8(samples.chroma)
        (lumaDepth, chromaDepth) = (UInt8(samples.luma), UInt8(samples.chromaDepth))
        (self.width, self.height) = (width, height)
        mayBeInterlaced = isFrameOnly == 0
    }

    private static func samples(
        _ profile: UInt32, _ bits: inout BitReader
    ) -> (chroma: UInt32, luma: UInt32, chromaDepth: UInt32)? {
        guard extendedProfiles.contains(profile) else { return (1, 8, 8) }
        guard let chroma = bits.readGolomb(), chroma <= 3 else { return nil }
        if chroma == 3 { _ = bits.read(1) }
        guard let luma = bits.readGolomb(), let chromaDepth = bits.readGolomb(), max(luma, chromaDepth) <= 6,
            bits.read(1) != nil, let hasMatrices = bits.read(1)
        else { return nil }
        if hasMatrices == 1 {
            for index in 0..<(chroma == 3 ? 12 : 8) where bits.read(1) == 1 {
                guard passMatrix(of: index < 6 ? 16 : 64, in: &bits) else { return nil }
            }
        }
        return (chroma, luma + 8, chromaDepth + 8)
    }

    /// How pictures are numbered, up to the number of reference frames.
    private static func passOrder(in bits: inout BitReader) -> Bool {
        guard bits.readGolomb() != nil, let order = bits.readGolomb() else { return false }
        if order == 0 { return bits.readGolomb() != nil }
        guard order == 1 else { return true }
        guard bits.read(1) != nil, bits.readSignedGolomb() != nil, bits.readSignedGolomb() != nil,
            let count = bits.readGolomb(), count <= 255
        else { return false }
        for _ in 0..<count where bits.readSignedGolomb() == nil { return false }
        return true
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
