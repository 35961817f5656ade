/// What stands before each AAC frame in a transport stream (ISO/IEC 14496-3, 1.A.3.2).
struct ADTSHeader: Hashable, Sendable {
    private let profile: UInt8
    private let frequency: UInt8
    private let channels: UInt8

    private static let frequencies = [
        96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000, 7350,
    ]

    /// Nil for a format that ADTS has no words for.
    init?(audioSpecificConfig bytes: [UInt8]) {
        var rest = bytes.prefix(16).reduce(into: [Bool]()) { bits, byte in
            for shift in stride(from: 7, through: 0, by: -1) { bits.append(byte >> shift & 1 == 1) }
        }[...]
        func take(_ count: Int) -> Int? {
            guard rest.count >= count else { return nil }
            defer { rest = rest.dropFirst(count) }
            return rest.prefix(count).reduce(0) { $0 << 1 | ($1 ? 1 : 0) }
        }
        guard var type = take(5), type != 31, var frequency = take(4) else { return nil }
        if frequency == 15 {
            guard let hertz = take(24), let index = Self.frequencies.firstIndex(of: hertz) else { return nil }
            frequency = index
        }
        guard frequency < Self.frequencies.count, let channels = take(4), (1...7).contains(channels) else { return nil }
        // Band replication and parametric stereo lie on top of AAC-LC, and players find them in the frames.
        if type == 5 || type == 29 { type = 2 }
        guard (1...4).contains(type) else { return nil }
        (profile, self.frequency, self.channels) = (UInt8(type - 1), UInt8(frequency), UInt8(channels))
    }

    /// The 7 bytes before a raw frame of `byteCount` bytes; nil for one that is too long.
    func bytes(forFrameOf byteCount: Int) -> [UInt8]? {
        let length = byteCount + 7
        guard byteCount > 0, length < 1 << 13 else { return nil }
        return [
            // MPEG-4, without a checksum; a buffer fullness of all ones stands for a variable rate.
            0xFF, 0xF1, profile << 6 | frequency << 2 | channels >> 2,
            (channels & 3) << 6 | UInt8(length >> 11), UInt8(length >> 3 & 0xFF), UInt8(length & 7) << 5 | 0x1F, 0xFC,
        ]
    }
}
