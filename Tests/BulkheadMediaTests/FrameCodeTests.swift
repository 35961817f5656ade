import BulkheadMedia
import BulkheadTestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct FrameCodeTests {
    private static func picture(_ number: UInt32, _ canvas: Canvas) -> [UInt8] {
        let row = FrameCode(number).row(width: canvas.width)
        let rows = FrameCode.rows(height: canvas.height)
        return (0..<canvas.height).flatMap { y in
            rows.contains(y) ? row : [UInt8](repeating: 128, count: canvas.width)
        }
    }

    private static func read(_ picture: [UInt8], _ canvas: Canvas) -> UInt32? {
        FrameCode(width: canvas.width, height: canvas.height) { picture[$1 * canvas.width + $0] }?.number
    }

    /// CRC-8 with polynomial 0x07 of 00 00 00 01 is 0x07, of "1234" is 0xC2; the cells are put together by hand.
    @Test(arguments: [(1, 0x07), (0x3132_3334, 0xC2), (0, 0)] as [(UInt32, UInt8)])
    func cellsHoldNumberAndChecksum(number: UInt32, checksum: UInt8) {
        let text = FrameCode(number).cells.map { $0 ? "1" : "0" }.joined()
        let bits = String(number, radix: 2), sum = String(checksum, radix: 2)
        let expected =
            "10" + String(repeating: "0", count: 32 - bits.count) + bits + String(repeating: "0", count: 8 - sum.count)
            + sum + "01"
        #expect(text == expected)
    }

    @Test(arguments: ["88x16", "90x18", "128x72", "640x360", "854x480", "1280x720", "1920x1080"])
    func numbersAreReadBack(size: String) throws {
        let canvas = try #require(Canvas(size))
        for number: UInt32 in [0, 1, 2, 0x5555_5555, 0xAAAA_AAAA, 123_456_789, .max] {
            #expect(Self.read(Self.picture(number, canvas), canvas) == number)
        }
    }

    @Test func noiseOfACoarseEncoderDoesNotHurt() throws {
        let canvas = try #require(Canvas("640x360"))
        var random = SeededGenerator(seed: 7)
        let noisy = Self.picture(987_654, canvas).map {
            UInt8(clamping: Int($0) + Int.random(in: -60...60, using: &random))
        }
        #expect(Self.read(noisy, canvas) == 987_654)
    }

    @Test func aFlippedCellIsNoticed() throws {
        let canvas = try #require(Canvas("640x360"))
        let width = canvas.width / FrameCode.cellCount
        let left = (canvas.width - width * FrameCode.cellCount) / 2
        for cell in 2..<42 {
            var picture = Self.picture(123_456, canvas)
            for y in FrameCode.rows(height: canvas.height) {
                for x in left + cell * width..<left + (cell + 1) * width {
                    let index = y * canvas.width + x
                    picture[index] = FrameCode.white + FrameCode.black - picture[index]
                }
            }
            #expect(Self.read(picture, canvas) == nil)
        }
    }

    @Test func picturesWithoutAStripHaveNoNumber() throws {
        let canvas = try #require(Canvas("640x360"))
        for level: UInt8 in [0, 16, 128, 235, 255] {
            #expect(Self.read([UInt8](repeating: level, count: 640 * 360), canvas) == nil)
        }
        var random = SeededGenerator(seed: 3)
        for _ in 0..<20 {
            let noise = (0..<640 * 360).map { _ in UInt8.random(in: .min ... .max, using: &random) }
            #expect(Self.read(noise, canvas) == nil)
        }
    }

    @Test func tinyPicturesDoNotTrap() {
        for width in [0, 1, 43, 44, 87] {
            #expect(FrameCode(5).row(width: width).count == width)
            #expect(FrameCode(width: width, height: 720) { _, _ in 235 } == nil)
        }
        for height in [0, 1, 7, 15] {
            #expect(FrameCode(width: 640, height: height) { _, _ in 235 } == nil)
        }
    }
}
