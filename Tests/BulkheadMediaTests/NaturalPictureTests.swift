import BulkheadMedia
import Testing

@Suite(.timeLimit(.minutes(1))) struct NaturalPictureTests {
    private static func format(
        _ width: UInt32, _ height: UInt32, _ rate: (UInt32, UInt32) = (25, 1),
        _ change: (inout PictureFormat) -> Void = { _ in }
    ) -> PictureFormat {
        var format = PictureFormat(codec: "h264", width: width, height: height)
        (format.rateNumerator, format.rateDenominator) = rate
        change(&format)
        return format
    }

    @Test(arguments: [
        (640, 360, "640x360"), (1920, 1080, "1920x1080"), (3840, 2160, "1920x1080"), (1080, 1920, "1080x1920"),
        (2160, 3840, "1080x1920"), (4096, 1716, "1920x804"), (853, 480, "854x480"), (3000, 3000, "1080x1080"),
        (2, 2, "16x16"), (1920, 2, "1920x16"), (16, 8192, "16x1920"), (8192, 16, "1920x16"), (1, 1, "16x16"),
        (100_000, 1, "1920x16"),
    ]) func size(width: UInt32, height: UInt32, expected: String) {
        #expect(NaturalPicture(Self.format(width, height)).canvas?.description == expected)
    }

    @Test func shapeOfPixelsAndTurnsCount() {
        let wide = Self.format(720, 576) { ($0.aspectNumerator, $0.aspectDenominator) = (64, 45) }
        #expect(NaturalPicture(wide).canvas?.description == "1024x576")
        let phone = Self.format(1920, 1080) { $0.orientation.isTransposed = true }
        #expect(NaturalPicture(phone).canvas?.description == "1080x1920")
        let absurd = Self.format(720, 576) { ($0.aspectNumerator, $0.aspectDenominator) = (.max, 1) }
        #expect(NaturalPicture(absurd).canvas?.description == "720x576")
    }

    @Test(arguments: [
        (25, 1, "25"), (30, 1, "30"), (30_000, 1001, "30000/1001"), (60_000, 1001, "60000/1001"),
        (24_000, 1001, "24000/1001"),
        (2997, 100, "30000/1001"), (120, 1, "60"), (240, 1, "60"), (120_000, 1001, "60000/1001"), (100, 1, "50"),
        (90, 1, "45"),
        (15, 1, "15"), (12, 1, "12"), (1_000_000, 33_333, "30"),
    ]) func rate(numerator: UInt32, denominator: UInt32, expected: String) {
        #expect(NaturalPicture(Self.format(64, 64, (numerator, denominator))).frameRate?.description == expected)
    }

    @Test func meanOfUnevenDistancesIsNoRate() {
        func rate(_ numerator: UInt32, _ denominator: UInt32) -> String? {
            NaturalPicture(Self.format(64, 64, (numerator, denominator)) { $0.hasVariableRate = true })
                .frameRate?.description
        }
        #expect(rate(29_871, 1000) == "30000/1001")
        #expect(rate(21_437, 1000) == "25")
        #expect(rate(27_431, 1000) == "30")
        #expect(rate(41_200, 1000) == "50")
    }

    @Test(arguments: [(0, 0), (4, 1), (1, 0), (.max, 1)] as [(UInt32, UInt32)])
    func whatIsNoRateIsNotTaken(numerator: UInt32, denominator: UInt32) {
        let rate = NaturalPicture(Self.format(64, 64, (numerator, denominator))).frameRate
        #expect(rate.map { $0.framesPerSecond <= 60.1 } ?? true)
        if denominator == 0 || numerator == 4 { #expect(rate == nil) }
    }

    @Test func stillsGiveASizeAndGraphsNothing() {
        let still = NaturalPicture(Self.format(800, 600) { $0.isStill = true })
        #expect(still.canvas?.description == "800x600" && still.frameRate == nil)
        let graph = NaturalPicture(Self.format(800, 600) { $0.isDrawn = true })
        #expect(graph == NaturalPicture())
        #expect(NaturalPicture(Self.format(0, 600)).canvas == nil)
    }
}
