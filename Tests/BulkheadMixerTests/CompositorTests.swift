import BulkheadMedia
import BulkheadMixer
import BulkheadTestSupport
import Testing

/// Pixels, against numbers that were worked out by hand.
@Suite(.timeLimit(.minutes(1))) struct CompositorTests {
    private static let black = [16, 128, 128]
    private static let white = VideoColor.white
    private static let red = VideoColor(y: 63, cb: 102, cr: 240)

    @Test func onePictureIsCopied() throws {
        let picture = try TestPicture(70, 34) { plane, x, y in (plane * 50 + x * 3 + y * 7) % 256 }
        let whole = picture.canvas.rectangle
        let result = try drawn(70, 34, [(picture, PictureLayer(source: whole, target: whole))])
        #expect(result.differences { (Int(picture[$0, $1, $2])) } == [])
    }

    @Test func partsAreCopiedAndTheRestIsBlack() throws {
        let picture = try TestPicture(64, 48) { plane, x, y in (plane * 50 + x * 3 + y * 7) % 256 }
        let result = try drawn(
            64, 48, [(picture, PictureLayer(source: rectangle(10, 6, 20, 30), target: rectangle(34, 2, 20, 30)))])
        let differences = result.differences { plane, x, y in
            let (left, top, width, height) = plane == 0 ? (34, 2, 20, 30) : (17, 1, 10, 15)
            let (fromLeft, fromTop) = plane == 0 ? (10, 6) : (5, 3)
            guard (left..<left + width).contains(x), (top..<top + height).contains(y) else { return Self.black[plane] }
            return Int(picture[plane, x - left + fromLeft, y - top + fromTop])
        }
        #expect(differences == [])
    }

    @Test func nothingIsBlack() throws {
        #expect(try drawn(32, 16, []).differences { plane, _, _ in Self.black[plane] } == [])
    }

    /// Half the size: each pixel is the mean of four.
    @Test func halvesAreMeans() throws {
        let picture = try TestPicture(64, 32) { plane, x, y in (plane * 31 + x * x + 5 * y * y) % 200 + 20 }
        let result = try drawn(
            32, 16, [(picture, PictureLayer(source: picture.canvas.rectangle, target: rectangle(0, 0, 32, 16)))])
        let differences = result.differences { plane, x, y in
            let sum = [(0, 0), (1, 0), (0, 1), (1, 1)].reduce(0) {
                $0 + Int(picture[plane, 2 * x + $1.0, 2 * y + $1.1])
            }
            return (sum + 2) / 4
        }
        #expect(differences == [])
    }

    /// Any linear filter whose middle lies where it should leaves a slope as it is.
    @Test(arguments: [
        (160, 90, 48, 34), (160, 90, 158, 88), (160, 90, 40, 22), (160, 90, 60, 34), (160, 90, 64, 80),
        (96, 54, 160, 90), (64, 36, 160, 90), (160, 90, 16, 90), (80, 90, 160, 16),
    ])
    func slopesStayInPlace(fromWidth: Int, fromHeight: Int, width: Int, height: Int) throws {
        func slope(_ x: Double, _ y: Double, _ plane: Int) -> Double {
            40 + (plane == 0 ? 1.0 : 0.5) * (x + 0.5) * 0.8 + (plane == 0 ? 0.5 : 0.25) * (y + 0.5)
        }
        let picture = try TestPicture(160, 90) { plane, x, y in
            Int(slope(Double(x), Double(y), plane).rounded())
        }
        let result = try drawn(
            160, 90,
            [
                (
                    picture,
                    PictureLayer(
                        source: rectangle(0, 0, fromWidth, fromHeight), target: rectangle(0, 0, width, height))
                )
            ])
        let differences = result.differences(2) { plane, x, y in
            let (right, bottom) = plane == 0 ? (width, height) : (width / 2, height / 2)
            guard x < right, y < bottom else { return Self.black[plane] }
            let across = (Double(x) + 0.5) * Double(fromWidth) / Double(width) - 0.5
            let down = (Double(y) + 0.5) * Double(fromHeight) / Double(height) - 0.5
            return Int(slope(across, down, plane).rounded())
        }
        #expect(differences == [])
    }

    /// Whatever its size becomes, a colour stays that colour.
    @Test(arguments: [
        (320, 180), (384, 216), (426, 240), (480, 270), (576, 324), (632, 356), (640, 360), (854, 480), (16, 90),
        (2, 2),
        (1280, 40), (1000, 720),
    ])
    func coloursStayAsTheyAre(width: Int, height: Int) throws {
        let picture = try TestPicture(1280, 720, Self.red)
        for source in [picture.canvas.rectangle, rectangle(2, 2, 1270, 714)] {
            let result = try drawn(
                1280, 720, [(picture, PictureLayer(source: source, target: rectangle(0, 0, width, height)))])
            let found = [0, 1, 2].map { plane in
                let (right, bottom) = plane == 0 ? (width, height) : (width / 2, height / 2)
                var values: Set<UInt8> = []
                for y in stride(from: 0, to: bottom, by: max(1, bottom / 30)) {
                    for x in [0, right / 3, right / 2, right - 1] { values.insert(result[plane, x, y]) }
                }
                return values
            }
            #expect(found == [[63], [102], [240]])
        }
    }

    // MARK: opacity

    /// 128 of 255 of white over black: (128 · 235 + 127 · 16) / 255 = 125.9; of red over grey chroma: 114.9 and 184.2.
    @Test func opacityMixesLumaAndChroma() throws {
        let (white, red) = (try TestPicture(32, 16, Self.white), try TestPicture(32, 16, Self.red))
        let whole = white.canvas.rectangle
        var glass = PictureLayer(source: whole, target: whole)
        glass.opacity = 128
        let grey = try drawn(32, 16, [(white, glass)])
        #expect(grey.differences { plane, _, _ in [126, 128, 128][plane] } == [])
        // (128 · 63 + 127 · 16) / 255 = 39.6
        let dark = try drawn(32, 16, [(red, glass)])
        #expect(dark.differences(1) { plane, _, _ in [40, 115, 184][plane] } == [])
    }

    @Test(arguments: 1...254) func everyOpacityIsRight(level: UInt8) throws {
        let picture = try TestPicture(16, 16) { plane, x, y in (plane * 90 + y * 16 + x) % 256 }
        let ground = try TestPicture(16, 16) { plane, x, y in 255 - (plane * 70 + x * 16 + y) % 256 }
        let whole = picture.canvas.rectangle
        let result = try drawn(
            16, 16,
            [
                (ground, PictureLayer(source: whole, target: whole)),
                (picture, PictureLayer(source: whole, target: whole, opacity: level)),
            ])
        let differences = result.differences(1) { plane, x, y in
            let share = Double(level) / 255
            return Int((share * Double(picture[plane, x, y]) + (1 - share) * Double(ground[plane, x, y])).rounded())
        }
        #expect(differences == [])
    }

    // MARK: borders and corners

    @Test func aBorderLiesInside() throws {
        let picture = try TestPicture(32, 32, Self.white)
        let layer = PictureLayer(
            source: rectangle(0, 0, 16, 12), target: rectangle(8, 4, 16, 12), borderWidth: 2, borderColor: Self.red)
        let result = try drawn(32, 32, [(picture, layer)])
        let differences = result.differences { plane, x, y in
            let scale = plane == 0 ? 1 : 2
            let outer = (8 / scale..<24 / scale).contains(x) && (4 / scale..<16 / scale).contains(y)
            let inner = (10 / scale..<22 / scale).contains(x) && (6 / scale..<14 / scale).contains(y)
            return inner ? [235, 128, 128][plane] : outer ? [63, 102, 240][plane] : Self.black[plane]
        }
        #expect(differences == [])
    }

    /// A sample of chroma that an odd border covers by half is half the border's: (102 + 128) / 2, and for the corner's three
    /// quarters of 102 with a quarter of 128.
    @Test func anOddBorderMixesChroma() throws {
        let picture = try TestPicture(32, 32, Self.white)
        let layer = PictureLayer(
            source: rectangle(0, 0, 16, 12), target: rectangle(8, 4, 16, 12), borderWidth: 1, borderColor: Self.red)
        let result = try drawn(32, 32, [(picture, layer)])
        #expect([result[0, 8, 4], result[0, 9, 4], result[0, 9, 5]] == [63, 63, 235])
        #expect(abs(Int(result[1, 6, 2]) - 115) <= 1)
        #expect(abs(Int(result[1, 4, 2]) - 109) <= 1)
        #expect(result[1, 6, 4] == 128)
    }

    @Test func whatIsClippedKeepsItsOutline() throws {
        let picture = try TestPicture(32, 32, Self.white)
        // Its left border lies outside the canvas.
        let layer = PictureLayer(
            source: rectangle(0, 0, 8, 12), target: rectangle(0, 4, 8, 12), outline: rectangle(-8, 4, 16, 12),
            borderWidth: 2, borderColor: Self.red)
        let result = try drawn(32, 32, [(picture, layer)])
        #expect([result[0, 0, 10], result[0, 5, 10], result[0, 6, 10], result[0, 8, 10]] == [235, 235, 63, 16])
        #expect([result[0, 0, 4], result[0, 0, 6], result[0, 0, 14]] == [63, 235, 63])
    }

    /// Against the area of each pixel that lies inside, by 256 points of it.
    @Test(arguments: [(1, 0), (4, 0), (9, 0), (16, 0), (12, 3), (7, 5)])
    func cornersAreRound(radius: Int, border: Int) throws {
        let picture = try TestPicture(64, 48, Self.white)
        let outline = rectangle(6, 4, 44, 36)
        let layer = PictureLayer(
            source: rectangle(0, 0, 44, 36), target: outline, cornerRadius: radius, borderWidth: border,
            borderColor: Self.red)
        let result = try drawn(64, 48, [(picture, layer)])
        func cover(_ inset: Int, _ x: Int, _ y: Int, _ size: Int) -> Double {
            var inside = 0
            let r = Double(max(0, radius - inset))
            let (left, top) = (Double(outline.x + inset), Double(outline.y + inset))
            let right = Double(outline.x + outline.width - inset)
            let bottom = Double(outline.y + outline.height - inset)
            for step in 0..<256 {
                let px = (Double(x) + (Double(step % 16) + 0.5) / 16) * Double(size)
                let py = (Double(y) + (Double(step / 16) + 0.5) / 16) * Double(size)
                guard px > left, px < right, py > top, py < bottom else { continue }
                let across = max(left + r - px, px - (right - r), 0)
                let down = max(top + r - py, py - (bottom - r), 0)
                if across * across + down * down <= r * r { inside += 1 }
            }
            return Double(inside) / 256
        }
        let differences = result.differences(20) { plane, x, y in
            let size = plane == 0 ? 1 : 2
            let (outer, inner) = (cover(0, x, y, size), border > 0 ? cover(border, x, y, size) : 1)
            let (picture, line) = ([235.0, 128, 128][plane], [63.0, 102, 240][plane])
            let body = border > 0 ? picture * inner + line * (1 - inner) : picture
            return Int((body * outer + Double(Self.black[plane]) * (1 - outer)).rounded())
        }
        #expect(differences == [])
        // Straight edges and the inside are exact.
        #expect([result[0, 28, 3], result[0, 28, 4], result[0, 28, 20]] == [16, border > 0 ? 63 : 235, 235])
        #expect(result[0, 6, 4] < 230)
    }

    // MARK: several

    @Test func laterLayersLieOnTop() throws {
        let (white, red) = (try TestPicture(32, 32, Self.white), try TestPicture(32, 32, Self.red))
        let whole = white.canvas.rectangle
        let result = try drawn(
            32, 32,
            [
                (white, PictureLayer(source: whole, target: whole)),
                (red, PictureLayer(source: rectangle(0, 0, 8, 8), target: rectangle(4, 4, 8, 8))),
            ])
        #expect([result[0, 3, 4], result[0, 4, 4], result[0, 11, 11], result[0, 12, 11]] == [235, 63, 63, 235])
        #expect([result[2, 1, 2], result[2, 2, 2], result[2, 5, 5], result[2, 6, 5]] == [128, 240, 240, 128])
    }

    /// Three pictures beside each other on a canvas that three doesn't divide: no dark line anywhere.
    @Test(arguments: [[0, 284, 570, 854], [0, 2, 4, 854]]) func neighboursLeaveNoSeam(edges: [Int]) throws {
        let picture = try TestPicture(854, 48, Self.white)
        let layers = zip(edges, edges.dropFirst()).map { left, right in
            (
                picture,
                PictureLayer(source: picture.canvas.rectangle, target: rectangle(left, 0, right - left, 48))
            )
        }
        #expect(try drawn(854, 48, layers).differences { plane, _, _ in [235, 128, 128][plane] } == [])
    }

    // MARK: groups

    private func mixed(_ groups: [([(TestPicture, PictureLayer)], UInt8, PixelRectangle)]) throws -> TestPicture {
        let result = try TestPicture(32, 32, VideoColor(y: 99, cb: 50, cr: 60))
        let composition = Pictures(
            try groups.map { layers, opacity, clip in
                Pictures.Group(
                    try layers.map { Pictures.Layer(try $0.0.view, $0.1) }, opacity: opacity, clip: clip)
            })
        Compositor(result.canvas).draw(composition, into: result.bytes)
        return result
    }

    /// What lies over another picture in the new scene hides it during the fade as well.
    @Test func aGroupFadesAsOnePicture() throws {
        let (white, red, black) = (
            try TestPicture(32, 32, Self.white), try TestPicture(32, 32, Self.red), try TestPicture(32, 32)
        )
        let whole = white.canvas.rectangle
        let (all, corner) = (
            PictureLayer(source: whole, target: whole),
            PictureLayer(source: rectangle(0, 0, 16, 16), target: rectangle(0, 0, 16, 16))
        )
        let result = try mixed([([(white, all)], 255, whole), ([(black, all), (red, corner)], 128, whole)])
        // (128 · 63 + 127 · 235) / 255 = 148.7; (128 · 16 + 127 · 235) / 255 = 125.1
        #expect(abs(Int(result[0, 4, 4]) - 149) <= 1 && abs(Int(result[0, 20, 20]) - 125) <= 1)
        #expect(abs(Int(result[2, 2, 2]) - 184) <= 1 && result[2, 12, 12] == 128)
    }

    @Test func anEmptyGroupIsBlack() throws {
        let white = try TestPicture(32, 32, Self.white)
        let whole = white.canvas.rectangle
        let all = PictureLayer(source: whole, target: whole)
        let half = try mixed([([(white, all)], 255, whole), ([], 128, whole)])
        #expect(half.differences(1) { plane, _, _ in [125, 128, 128][plane] } == [])
        let dark = try mixed([([(white, all)], 255, whole), ([], 255, whole)])
        #expect(dark.differences { plane, _, _ in Self.black[plane] } == [])
        // Without a group that hides everything, black is what lies behind.
        let faint = try mixed([([(white, all)], 128, whole)])
        #expect(faint.differences { plane, _, _ in [126, 128, 128][plane] } == [])
        #expect(try mixed([]).differences { plane, _, _ in Self.black[plane] } == [])
    }

    @Test func aClippedGroupLeavesTheRest() throws {
        let (white, red) = (try TestPicture(32, 32, Self.white), try TestPicture(32, 32, Self.red))
        let whole = white.canvas.rectangle
        let all = PictureLayer(source: whole, target: whole)
        let result = try mixed([([(white, all)], 255, whole), ([(red, all)], 255, rectangle(0, 0, 10, 32))])
        let differences = result.differences { plane, x, _ in
            x < (plane == 0 ? 10 : 5) ? [63, 102, 240][plane] : [235, 128, 128][plane]
        }
        #expect(differences == [])
    }

    /// Pictures of this size fill their memory to the last byte: what reads or writes beyond ends the test.
    @Test(arguments: 1...8) func anyCompositionIsDrawn(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let canvas = try #require(Canvas(width: 64, height: 64))
        #expect(canvas.layout.byteCount == 64 * 64 * 2)
        let pictures = try [
            TestPicture(64, 64) { ($0 * 90 + $1 * 5 + $2 * 3) % 256 }, TestPicture(192, 64, Self.white),
        ]
        let result = try TestPicture(64, 64)
        let compositor = Compositor(canvas)
        func span(_ limit: Int) -> (Int, Int) {
            let length = Int.random(in: 1...limit / 2, using: &random)
            return (2 * Int.random(in: 0...limit / 2 - length, using: &random), 2 * length)
        }
        func part(_ canvas: Canvas) -> PixelRectangle {
            let ((x, width), (y, height)) = (span(canvas.width), span(canvas.height))
            return rectangle(x, y, width, height)
        }
        for _ in 0..<150 {
            let groups = try (0..<Int.random(in: 0...3, using: &random)).map { _ in
                let layers = try (0..<Int.random(in: 0...4, using: &random)).map { _ in
                    let picture = pictures[Int.random(in: 0...1, using: &random)]
                    let target = part(canvas)
                    var outline = target
                    outline.x -= Int.random(in: 0...20, using: &random)
                    outline.width += Int.random(in: 20...60, using: &random)
                    outline.height += Int.random(in: 0...40, using: &random)
                    let widest = min(outline.width, outline.height) / 2
                    return Pictures.Layer(
                        try picture.view,
                        PictureLayer(
                            source: part(picture.canvas), target: target, outline: outline,
                            opacity: UInt8.random(in: 0...255, using: &random),
                            cornerRadius: Bool.random(using: &random) ? Int.random(in: 0...widest, using: &random) : 0,
                            borderWidth: Bool.random(using: &random) ? Int.random(in: 0...widest, using: &random) : 0,
                            borderColor: Self.red))
                }
                return Pictures.Group(layers, opacity: UInt8.random(in: 0...255, using: &random), clip: part(canvas))
            }
            compositor.draw(Pictures(groups), into: result.bytes)
            // Behind everything is black, and no group reaches beyond its clip.
            let corners = [(0, 0), (63, 0), (0, 63), (63, 63)]
            for (x, y) in corners
            where !groups.contains(where: {
                ($0.clip.x..<$0.clip.x + $0.clip.width).contains(x)
                    && ($0.clip.y..<$0.clip.y + $0.clip.height).contains(y)
            }) {
                #expect([result[0, x, y], result[1, x / 2, y / 2], result[2, x / 2, y / 2]] == [16, 128, 128])
            }
        }
    }

    /// Masks are kept: the second time is as the first.
    @Test func theResultDependsOnWhatIsAskedForAlone() throws {
        let picture = try TestPicture(64, 48) { plane, x, y in (plane * 50 + x * 3 + y * 7) % 256 }
        let results = try (0..<2).map { _ in try TestPicture(64, 48) }
        let compositor = Compositor(picture.canvas)
        func composition(_ radius: Int) throws -> Pictures {
            let layer = PictureLayer(
                source: picture.canvas.rectangle, target: rectangle(8, 8, 40, 36), opacity: 200, cornerRadius: radius,
                borderWidth: 2, borderColor: Self.red)
            return Pictures([
                Pictures.Group([Pictures.Layer(try picture.view, layer)], clip: picture.canvas.rectangle)
            ])
        }
        compositor.draw(try composition(6), into: results[0].bytes)
        for radius in 0..<18 { compositor.draw(try composition(radius), into: results[1].bytes) }
        compositor.draw(try composition(6), into: results[1].bytes)
        #expect(results[1].differences { Int(results[0][$0, $1, $2]) } == [])
    }
}
