import BulkheadMedia
import BulkheadSource
import Testing

@Suite(.timeLimit(.minutes(2))) struct TestPictureTests {
    static let canvases = ["640x360", "1280x720", "1920x1080", "854x480", "96x64"]

    @Test(arguments: canvases)
    func frameNumberIsReadBack(_ size: String) throws {
        let canvas = try #require(Canvas(size))
        let rate = try #require(FrameRate(30))
        let picture = TestPicture(canvas: canvas, frameRate: rate)
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: canvas.layout.byteCount, alignment: 64)
        defer { bytes.deallocate() }
        var isFresh = true
        for number: Int64 in [0, 1, 29, 30, 107_892, 4_294_967_295, 4_294_967_296 + 5] {
            picture.draw(frame: number, into: bytes, isFresh: isFresh)
            isFresh = false
            let code = FrameCode(width: canvas.width, height: canvas.height) { x, y in
                bytes[canvas.layout.luma.offset + y * canvas.layout.luma.stride + x]
            }
            #expect(code?.number == UInt32(truncatingIfNeeded: number))
        }
    }

    /// A slot that held another frame comes out as if it were fresh.
    @Test func redrawnSlotEqualsAFreshOne() throws {
        let canvas = try #require(Canvas("320x180"))
        let picture = TestPicture(canvas: canvas, frameRate: try #require(FrameRate(25)))
        let used = UnsafeMutableRawBufferPointer.allocate(byteCount: canvas.layout.byteCount, alignment: 64)
        let fresh = UnsafeMutableRawBufferPointer.allocate(byteCount: canvas.layout.byteCount, alignment: 64)
        defer {
            used.deallocate()
            fresh.deallocate()
        }
        picture.draw(frame: 0, into: used, isFresh: true)
        for number: Int64 in 1..<60 {
            picture.draw(frame: number, into: used, isFresh: false)
            picture.draw(frame: number, into: fresh, isFresh: true)
            #expect(used.elementsEqual(fresh), "frame \(number)")
        }
    }

    @Test func squareFlashesOnEachSecond() throws {
        let canvas = try #require(Canvas("640x360"))
        let picture = TestPicture(canvas: canvas, frameRate: try #require(FrameRate(25)))
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: canvas.layout.byteCount, alignment: 64)
        defer { bytes.deallocate() }
        let middle = canvas.height * 31 / 100 * canvas.layout.luma.stride + canvas.width / 2
        for number: Int64 in 0..<75 {
            picture.draw(frame: number, into: bytes, isFresh: number == 0)
            #expect(bytes[middle] == (number % 25 < 3 ? 235 : 16), "frame \(number)")
        }
    }

    static let clocks: [(String, Int64, String)] = [
        ("30", 0, "00:00:00:00"), ("30", 29, "00:00:00:29"), ("30", 30, "00:00:01:00"),
        ("25", 25 * 3661 + 7, "01:01:01:07"), ("30000/1001", 30, "00:00:01:00"), ("30000/1001", 29, "00:00:00:29"),
        ("60", 6_000_000, "27:46:40:00"),
    ]

    @Test(arguments: clocks)
    func clockShowsSecondsAndFrames(rate: String, frame: Int64, expected: String) throws {
        #expect(TestClock(frame, frameRate: try #require(FrameRate(rate))).description == expected)
    }

    @Test func beepStartsWithEachSecond() {
        let sound = TestSound()
        // From an odd place, in odd pieces, the same sound.
        var samples: [Float] = []
        var position: Int64 = 47_000
        while position < 150_000 {
            samples += sound.samples(from: position, count: 777)
            position += 777
        }
        for (index, offset) in stride(from: 0, to: samples.count - 1, by: 2).enumerated() {
            let place = (47_000 + index) % 48_000
            #expect(samples[offset] == samples[offset + 1])
            if place >= 4800 { #expect(samples[offset] == 0) }
            // 1 kHz: a quarter of its 48 samples after the start it is at its peak.
            if place == 12 { #expect(samples[offset] == 0.25) }
        }
    }
}
