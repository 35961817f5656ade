import BulkheadMedia
import Testing

@Suite(.timeLimit(.minutes(1))) struct AccessUnitTests {
    private static func unit(_ bytes: [UInt8], idr: Bool) -> AccessUnit {
        AccessUnit(frame: 0, isIDR: idr, isDisposable: false, bytes: bytes)
    }

    /// NAL unit headers as in ITU-T H.264, 7.3.1: 0x65 an IDR slice, 0x41 and 0x01 slices, 0x06 SEI.
    @Test(
        arguments: [
            ([0, 0, 0, 2, 0x65, 9], true), ([0, 0, 0, 1, 0x41], false), ([0, 0, 0, 1, 0x01], false),
            ([0, 0, 0, 2, 0x06, 5, 0, 0, 0, 1, 0x65, 0, 0, 0, 3, 0x65, 1, 2], true),
            ([0, 0, 1, 0, 0x41] + [UInt8](repeating: 7, count: 255), false),
        ] as [([UInt8], Bool)])
    func whatEncodersGiveIsWellFormed(bytes: [UInt8], idr: Bool) {
        #expect(Self.unit(bytes, idr: idr).isWellFormed)
        #expect(!Self.unit(bytes, idr: !idr).isWellFormed, "the IDR flag must be true")
        for count in 0..<bytes.count {
            let cut = Self.unit(Array(bytes[..<count]), idr: idr)
            // Only where a whole unit ends can a part be whole by itself.
            if cut.isWellFormed { #expect(bytes[count...].starts(with: [0, 0, 0])) }
        }
        #expect(!Self.unit(bytes + [0], idr: idr).isWellFormed)
    }

    @Test(
        arguments: [
            [], [0], [0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 2, 0x65], [0xFF, 0xFF, 0xFF, 0xFF, 0x65],
            [0, 0, 0, 0, 0x65],
            // Annex B, a forbidden bit, SEI alone.
            [0, 0, 0, 1, 0x65, 1, 2, 3], [0, 0, 0, 1, 0xE5], [0, 0, 0, 2, 0x06, 5],
        ] as [[UInt8]])
    func whatIsNoneIsSeen(bytes: [UInt8]) {
        #expect(!Self.unit(bytes, idr: true).isWellFormed)
        #expect(!Self.unit(bytes, idr: false).isWellFormed)
    }
}
