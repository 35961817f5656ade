import BulkheadMedia
import Testing

@Suite(.timeLimit(.minutes(2))) struct PicturePlacementTests {
    struct Case: Sendable {
        var width: Int
        var height: Int
        var aspect: Double
        var orientation = PictureOrientation.upright
        /// x, y, width, height in a canvas of 1280x720.
        var expected: [Int]
    }

    static let cases = [
        Case(width: 1920, height: 1080, aspect: 1, expected: [0, 0, 1280, 720]),
        Case(width: 640, height: 480, aspect: 1, expected: [160, 0, 960, 720]),
        // PAL, 16:9: 720 pixels that are 64:45 wide make 1024.
        Case(width: 720, height: 576, aspect: 64.0 / 45, expected: [0, 0, 1280, 720]),
        // PAL, 4:3.
        Case(width: 720, height: 576, aspect: 16.0 / 15, expected: [160, 0, 960, 720]),
        // 2.39:1: 720 / (1280 / 858 ...) rounded to even.
        Case(width: 2048, height: 858, aspect: 1, expected: [0, 92, 1280, 536]),
        Case(width: 641, height: 359, aspect: 1, expected: [0, 2, 1280, 716]),
        Case(
            width: 1920, height: 1080, aspect: 1, orientation: PictureOrientation(isTransposed: true),
            expected: [436, 0, 406, 720]),
        Case(width: 1, height: 4000, aspect: 1, expected: [638, 0, 2, 720]),
        Case(width: 0, height: 0, aspect: .nan, expected: [280, 0, 720, 720]),
    ]

    @Test(arguments: cases)
    func pictureFitsWithItsShape(_ item: Case) throws {
        let canvas = try #require(Canvas(width: 1280, height: 720))
        let placement = PicturePlacement(
            width: item.width, height: item.height, aspect: item.aspect, orientation: item.orientation, canvas: canvas)
        #expect([placement.x, placement.y, placement.width, placement.height] == item.expected)
    }

    /// Display matrices as ISO/IEC 14496-12 writes them: 16.16 fixed point, the third column 2.30.
    @Test func displayMatricesTellTheOrientation() {
        let one: Int32 = 1 << 16
        func orientation(_ a: Int32, _ b: Int32, _ c: Int32, _ d: Int32) -> PictureOrientation {
            PictureOrientation(displayMatrix: [a, b, 0, c, d, 0, 0, 0, 1 << 30])
        }
        #expect(orientation(one, 0, 0, one) == .upright)
        // A quarter turn clockwise: what was up points right.
        #expect(
            orientation(0, one, -one, 0) == PictureOrientation(isTransposed: true, flipsHorizontally: true))
        #expect(
            orientation(-one, 0, 0, -one) == PictureOrientation(flipsHorizontally: true, flipsVertically: true))
        #expect(orientation(0, -one, one, 0) == PictureOrientation(isTransposed: true, flipsVertically: true))
        #expect(orientation(-one, 0, 0, one) == PictureOrientation(flipsHorizontally: true))
        #expect(orientation(0, 0, 0, 0) == .upright)
        #expect(PictureOrientation(displayMatrix: []) == .upright)
    }
}
