import BulkheadMedia
import BulkheadMixer
import BulkheadTestSupport
import Testing

/// Pictures through which others are seen, against numbers that were worked out by hand.
@Suite(.timeLimit(.minutes(1))) struct TransparencyTests {
    /// A picture with alpha: its memory, which lives as long as this.
    final class Glass {
        let canvas: Canvas
        let layout: PictureLayout
        private let bytes: UnsafeMutableRawBufferPointer

        /// - Parameters:
        ///   - value: the picture's own colours, by plane, column and row of luma.
        ///   - alpha: by column and row.
        init(_ width: Int, _ height: Int, _ value: (Int, Int, Int) -> Int, alpha: (Int, Int) -> Int) throws {
            canvas = try #require(Canvas(width: width, height: height))
            layout = PictureLayout(canvas, hasAlpha: true)
            bytes = .allocate(byteCount: layout.byteCount, alignment: 4096)
            bytes.initializeMemory(as: UInt8.self, repeating: 0)
            let plane = try #require(layout.alpha)
            for y in 0..<height {
                for x in 0..<width { bytes[plane.offset + y * plane.stride + x] = UInt8(alpha(x, y)) }
            }
            for (index, plane) in layout.planes.enumerated() {
                let black = index == 0 ? 16 : 128
                for y in 0..<plane.height {
                    for x in 0..<plane.width {
                        let pixels =
                            index == 0
                            ? [(x, y)]
                            : [(2 * x, 2 * y), (2 * x + 1, 2 * y), (2 * x, 2 * y + 1), (2 * x + 1, 2 * y + 1)]
                        let sum = pixels.reduce(0) { $0 + (value(index, $1.0, $1.1) - black) * alpha($1.0, $1.1) }
                        let own = Double(sum) / Double(255 * pixels.count)
                        bytes[plane.offset + y * plane.stride + x] = UInt8(black + Int(own.rounded()))
                    }
                }
            }
        }

        deinit { bytes.deallocate() }

        var view: PictureView {
            get throws { try #require(PictureView(bytes, canvas: canvas, hasAlpha: true)) }
        }
    }

    private static let yellow = [210, 16, 146]
    private static let blue = VideoColor(y: 41, cb: 240, cr: 110)
    private static let ground = [41, 240, 110]

    private static func drawn(
        _ glass: Glass, over back: VideoColor, _ placement: PictureLayer, _ size: (Int, Int)
    ) throws -> TestPicture {
        let behind = try TestPicture(size.0, size.1, back)
        let result = try TestPicture(size.0, size.1, VideoColor(y: 99, cb: 50, cr: 60))
        let whole = behind.canvas.rectangle
        let group = Pictures.Group(
            [
                Pictures.Layer(try behind.view, PictureLayer(source: whole, target: whole)),
                Pictures.Layer(try glass.view, placement),
            ], clip: whole)
        Compositor(result.canvas).draw(Pictures([group]), into: result.bytes)
        return result
    }

    /// Each pixel between what lies behind it and its own colour.
    @Test(arguments: [0, 1, 64, 128, 254, 255]) func whatLiesBehindIsSeenAsFarAsAlphaSays(alpha: Int) throws {
        let glass = try Glass(66, 34, { plane, _, _ in Self.yellow[plane] }, alpha: { _, _ in alpha })
        let whole = glass.canvas.rectangle
        let result = try Self.drawn(glass, over: Self.blue, PictureLayer(source: whole, target: whole), (66, 34))
        let differences = result.differences(alpha == 0 || alpha == 255 ? 0 : 1) { plane, _, _ in
            (Self.yellow[plane] * alpha + Self.ground[plane] * (255 - alpha) + 127) / 255
        }
        #expect(differences == [])
    }

    /// Opacity makes transparent what is left of the picture; corners and borders show what lies behind as well.
    @Test func opacityAndAlphaMultiply() throws {
        let glass = try Glass(64, 32, { plane, _, _ in Self.yellow[plane] }, alpha: { _, _ in 128 })
        let whole = glass.canvas.rectangle
        let placement = PictureLayer(source: whole, target: whole, opacity: 128)
        let result = try Self.drawn(glass, over: Self.blue, placement, (64, 32))
        let share = 128.0 / 255 * 128 / 255
        let differences = result.differences(2) { plane, _, _ in
            Int((Double(Self.yellow[plane]) * share + Double(Self.ground[plane]) * (1 - share)).rounded())
        }
        #expect(differences == [])
    }

    /// A white disc whose invisible pixels are black, and then green: scaled, its edge never is darker than what is behind it,
    /// nor takes on a colour.
    @Test(arguments: [(48, 48), (30, 30), (90, 60), (16, 16)], [[16, 128, 128], [145, 54, 34]])
    func scaledEdgesTakeNothingOnThatIsNotSeen(size: (Int, Int), hidden: [Int]) throws {
        let white = [235, 128, 128]
        func isInside(_ x: Int, _ y: Int) -> Bool { (x - 32) * (x - 32) + (y - 32) * (y - 32) < 400 }
        let glass = try Glass(
            64, 64,
            { plane, x, y in
                isInside(x, y) ? white[plane] : hidden[plane]
            }, alpha: { isInside($0, $1) ? 255 : 0 })
        let grey = VideoColor(y: 180, cb: 128, cr: 128)
        let target = PixelRectangle(x: 4, y: 2, width: size.0, height: size.1)
        let result = try Self.drawn(
            glass, over: grey, PictureLayer(source: glass.canvas.rectangle, target: target), (96, 64))
        for y in 0..<64 {
            for x in 0..<96 { try #require((178...236).contains(result[0, x, y]), "\(x),\(y): \(result[0, x, y])") }
        }
        for plane in 1...2 {
            for y in 0..<32 {
                for x in 0..<48 { try #require(abs(Int(result[plane, x, y]) - 128) <= 1) }
            }
        }
        #expect(result[0, 4 + size.0 / 2, 2 + size.1 / 2] == 235)
    }

    /// Behind everything it is black.
    @Test func theFirstLayerStandsOnBlack() throws {
        let glass = try Glass(32, 32, { plane, _, _ in Self.yellow[plane] }, alpha: { _, _ in 128 })
        let result = try TestPicture(32, 32, VideoColor(y: 99, cb: 50, cr: 60))
        let whole = glass.canvas.rectangle
        let layer = Pictures.Layer(try glass.view, PictureLayer(source: whole, target: whole))
        Compositor(result.canvas).draw(Pictures([Pictures.Group([layer], clip: whole)]), into: result.bytes)
        let differences = result.differences(1) { plane, _, _ in
            let black = plane == 0 ? 16 : 128
            return black + (Self.yellow[plane] - black) * 128 / 255
        }
        #expect(differences == [])
    }
}
