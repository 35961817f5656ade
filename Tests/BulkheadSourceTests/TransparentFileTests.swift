import BulkheadMedia
import BulkheadTestSupport
import BulkheadWire
import Testing

/// Files with transparent parts: their colours stand as they look on black, and their alpha behind them.
@Suite(.timeLimit(.minutes(2))) struct TransparentFileTests {
    let folder: MediaFolder

    init() throws { folder = try MediaFolder() }

    /// The left half opaque red, then a quarter half transparent white, then a quarter of which nothing is seen, and which is
    /// green there.
    private static let picture =
        "-f lavfi -i color=black:s=64x32:r=25:d=0.2,format=rgba,geq="
        + "r=if(lt(X\\,48)\\,255\\,0):g=if(lt(X\\,32)\\,0\\,255):b=if(between(X\\,32\\,47)\\,255\\,0)"
        + ":a=if(lt(X\\,32)\\,255\\,if(lt(X\\,48)\\,128\\,0))"

    static let files = [
        ("a.png", "-frames:v 1"), ("deep.png", "-frames:v 1 -pix_fmt rgba64be"), ("a.mov", "-c:v qtrle -pix_fmt argb"),
        ("b.mov", "-c:v prores_ks -profile:v 4444 -pix_fmt yuva444p10le"), ("a.webp", "-lossless 1 -frames:v 1"),
        ("c.mkv", "-c:v ffv1 -pix_fmt yuva420p"),
    ]

    private func look(_ name: String, _ words: String, canvas: String, scale: Int, hasAlpha: Bool) throws {
        let source = try SourceUnderTest(
            try folder.make(name, "\(Self.picture) \(words)"), canvas: canvas, rate: "25", hasAlpha: hasAlpha)
        try source.play(
            look: { _, bytes in
                func mean(_ x: Int) -> [Int] {
                    let area = PixelRectangle(x: x * scale, y: 8 * scale, width: 4 * scale, height: 8 * scale)
                    let mean = source.mean(bytes, area)
                    return [mean.y, mean.cb, mean.cr]
                }
                for (x, colour) in [(12, [81, 90, 240]), (38, [126, 128, 128]), (56, [16, 128, 128])] {
                    #expect(zip(mean(x), colour).allSatisfy { abs($0 - $1) <= 3 }, "\(x): \(mean(x)), \(colour)")
                }
                guard hasAlpha else { return }
                for (x, alpha) in [(12, 255), (38, 128), (56, 0)] {
                    let found = try #require(source.alpha(bytes, x * scale, 12 * scale))
                    #expect(abs(found - alpha) <= 2, "\(x): \(found)")
                }
            }, until: { !$0.shots.isEmpty })
        #expect(source.take.description?.picture?.hasAlpha == true)
    }

    @Test(arguments: files) func coloursAndAlphaComeApart(name: String, words: String) throws {
        try look(name, words, canvas: "64x32", scale: 1, hasAlpha: true)
    }

    @Test(arguments: files.prefix(1)) func scaledAlike(name: String, words: String) throws {
        try look(name, words, canvas: "320x160", scale: 5, hasAlpha: true)
    }

    /// A master that has no use for alpha gets the same colours.
    @Test(arguments: files.prefix(3)) func withoutAPlaneItStandsOnBlack(name: String, words: String) throws {
        try look(name, words, canvas: "64x32", scale: 1, hasAlpha: false)
    }

    /// An edge between what is seen and what is not takes on nothing of the hidden colour, however it is scaled.
    @Test(arguments: ["128x64", "48x24", "62x30"]) func scaledEdgesKeepTheirColour(canvas: String) throws {
        let file = try folder.make(
            "edge.png",
            "-f lavfi -i color=black:s=64x32,format=rgba,geq=r=255:g=255:b=if(lt(X\\,31)\\,255\\,0):a=if(lt(X\\,31)\\,255\\,0) "
                + "-frames:v 1")
        let source = try SourceUnderTest(file, canvas: canvas, hasAlpha: true)
        try source.play(
            look: { _, bytes in
                let layout = source.layout
                for plane in [layout.cb, layout.cr] {
                    for y in 1..<plane.height - 1 {
                        for x in 0..<plane.width {
                            let value = Int(bytes[plane.offset + y * plane.stride + x])
                            try #require(abs(value - 128) <= 1, "\(x),\(y): \(value)")
                        }
                    }
                }
            }, until: { !$0.shots.isEmpty })
    }

    /// Opaque pictures among transparent ones, and what lies around a picture.
    @Test func opaquePicturesHideWhatLiesBehind() throws {
        let file = try folder.make("red.mp4", "-f lavfi -i color=red:s=64x64:r=30:d=0.2 \(MediaFolder.x264)")
        let source = try SourceUnderTest(file, canvas: "128x64", hasAlpha: true)
        try source.play(look: { _, bytes in
            #expect(source.alpha(bytes, 32, 0) == 255 && source.alpha(bytes, 95, 63) == 255)
            #expect(source.alpha(bytes, 30, 5) == 0 && source.alpha(bytes, 97, 60) == 0)
        })
    }
}
