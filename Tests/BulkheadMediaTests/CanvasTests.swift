import BulkheadMedia
import Testing

@Suite(.timeLimit(.minutes(1))) struct CanvasTests {
    @Test(arguments: [
        ("360p", 640, 360), ("480p", 854, 480), ("720p", 1280, 720), ("1080p", 1920, 1080), ("1440p", 2560, 1440),
        ("2160p", 3840, 2160), ("16x16", 16, 16), ("8192x8192", 8192, 8192), ("1080x1920", 1080, 1920),
    ])
    func textIsRead(text: String, width: Int, height: Int) throws {
        let canvas = try #require(Canvas(text))
        #expect(canvas.width == width)
        #expect(canvas.height == height)
        #expect(Canvas(canvas.description) == canvas)
    }

    @Test(arguments: [
        "", "x", "1280", "1280x", "x720", "1281x720", "1280x721", "14x16", "8194x720", "-1280x720", "1280x720x1",
        "1280X720", "720P", "99999999999999999999x720", " 1280x720", "0x0",
    ])
    func whatIsNoSizeIsRefused(text: String) {
        #expect(Canvas(text) == nil)
    }

    @Test func extremeNumbersAreRefused() {
        for value in [Int.min, -2, 0, 15, 8193, .max - 1, .max] {
            #expect(Canvas(width: value, height: 720) == nil)
            #expect(Canvas(width: 1280, height: value) == nil)
        }
    }

    /// 854x480, by the rules of docs/wire.md: strides 896 and 448.
    @Test func layoutFollowsTheWire() throws {
        let layout = try #require(Canvas("480p")).layout
        #expect(layout.luma.offset == 0)
        #expect(layout.luma.width == 854)
        #expect(layout.luma.height == 480)
        #expect(layout.luma.stride == 896)
        #expect(layout.cb.offset == 896 * 480)
        #expect(layout.cb.stride == 448)
        #expect(layout.cb.width == 427)
        #expect(layout.cb.height == 240)
        #expect(layout.cr.offset == 896 * 480 + 448 * 240)
        // 645,120 bytes are 157.5 pages.
        #expect(layout.byteCount == 158 * 4096)
    }

    /// Planes neither overlap nor leave their slot, for every size that takes an interesting course.
    @Test func planesLieOneBehindTheOther() throws {
        for width in [16, 18, 62, 64, 66, 126, 128, 130, 854, 1280, 1920, 8190, 8192] {
            for height in [16, 18, 360, 1080, 8192] {
                let layout = try #require(Canvas(width: width, height: height)).layout
                var end = 0
                for plane in layout.planes {
                    #expect(plane.offset == end)
                    #expect(plane.offset % 64 == 0)
                    #expect(plane.stride % 64 == 0)
                    #expect(plane.stride >= plane.width && plane.stride < plane.width + 64)
                    end = plane.offset + plane.stride * plane.height
                }
                #expect(layout.byteCount >= end && layout.byteCount < end + 4096)
                #expect(layout.byteCount % 4096 == 0)
                #expect(layout.byteCount <= 1 << 28)
            }
        }
    }
}
