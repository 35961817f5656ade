import BulkheadMedia
import Testing

@Suite(.timeLimit(.minutes(1))) struct SlatePictureTests {
    /// How many pixels of each row of `canvas` are as bright as text.
    private func draw(_ slate: SlatePicture, _ size: String, brighterThan limit: UInt8 = 150) throws -> [Int] {
        let canvas = try #require(Canvas(size))
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: canvas.layout.byteCount, alignment: 64)
        defer { bytes.deallocate() }
        slate.draw(into: bytes, canvas: canvas)
        return (0..<canvas.height).map { y in
            (0..<canvas.width).count { bytes[y * canvas.layout.luma.stride + $0] > limit }
        }
    }

    @Test(arguments: ["16x16", "320x180", "640x360", "1920x1080"])
    func textIsCentred(_ size: String) throws {
        let rows = try draw(SlatePicture(title: "NO SIGNAL"), size)
        let first = try #require(rows.firstIndex { $0 > 0 })
        let last = try #require(rows.lastIndex { $0 > 0 })
        #expect(abs((first + last) / 2 - rows.count / 2) <= max(2, rows.count / 40))
    }

    @Test func longTextStaysInside() throws {
        let slate = SlatePicture(
            title: String(repeating: "a very long title ", count: 40),
            detail: String(repeating: "/path/to/file", count: 40))
        let rows = try draw(slate, "320x180")
        #expect(rows.contains { $0 > 0 })
    }

    @Test func emptySlateIsDark() throws {
        #expect(try draw(SlatePicture(title: ""), "640x360").allSatisfy { $0 == 0 })
    }

    @Test func tooShortMemoryIsLeftAlone() throws {
        let canvas = try #require(Canvas("64x64"))
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 100, alignment: 64)
        defer { bytes.deallocate() }
        bytes.initializeMemory(as: UInt8.self, repeating: 7)
        SlatePicture(title: "x").draw(into: bytes, canvas: canvas)
        #expect(bytes.allSatisfy { $0 == 7 })
    }

    /// Corner values of ITU-R BT.709 and BT.601: 75 % bars as SMPTE RP 219 and EBU Tech 3325 list them.
    @Test func colorsFollowTheCanvasMatrix() throws {
        let high = try #require(Canvas("1280x720"))
        let low = try #require(Canvas("640x360"))
        #expect(VideoColor(red: 0.75, green: 0.75, blue: 0, for: high) == VideoColor(y: 168, cb: 44, cr: 136))
        #expect(VideoColor(red: 0.75, green: 0.75, blue: 0, for: low) == VideoColor(y: 162, cb: 44, cr: 142))
        #expect(VideoColor(red: 1, green: 1, blue: 1, for: high) == .white)
        #expect(VideoColor(red: 0, green: 0, blue: 0, for: low) == .black)
    }

    @Test func drawingOutsideIsLeftOut() throws {
        let canvas = try #require(Canvas("64x32"))
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: canvas.layout.byteCount, alignment: 64)
        defer { bytes.deallocate() }
        let painter = try #require(PicturePainter(bytes, canvas: canvas))
        painter.fill(.black)
        painter.fill(PixelRectangle(x: -10, y: -10, width: 12, height: 12), .white)
        painter.fill(PixelRectangle(x: 62, y: 30, width: 100, height: 100), .white)
        painter.draw("W", x: -3, y: 28, scale: 3)
        painter.draw("W", x: 60, y: -5, scale: 3)
        #expect(bytes[0] == 235 && bytes[64 + 1] == 235 && bytes[2 * 64 + 10] == 16)
        #expect(bytes[31 * 64 + 63] == 235)
    }

    /// No two neighbouring rows differ in their mean by as much as a step of luma, and none is of one value where it lies between
    /// two: a band would be.
    @Test(arguments: ["640x360", "854x480", "1920x1080"]) func groundHasNoBands(_ size: String) throws {
        let canvas = try #require(Canvas(size))
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: canvas.layout.byteCount, alignment: 64)
        defer { bytes.deallocate() }
        try #require(PicturePainter(bytes, canvas: canvas)).fillGround()
        let width = canvas.width & ~7
        let means = (0..<canvas.height).map { y in
            let row = y * canvas.layout.luma.stride
            return Double((0..<width).reduce(0) { $0 + Int(bytes[row + $1]) }) / Double(width)
        }
        // Of eight rows, which the pattern takes.
        let smooth = (0..<means.count / 8).map { means[8 * $0..<8 * $0 + 8].reduce(0, +) / 8 }
        for (upper, lower) in zip(smooth, smooth.dropFirst()) {
            let step = 20.0 / Double(smooth.count)
            #expect(abs(upper - lower - step) < 0.2)
        }
    }
}
