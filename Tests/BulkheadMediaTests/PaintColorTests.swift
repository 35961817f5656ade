import BulkheadMedia
import Testing

@Suite(.timeLimit(.minutes(1))) struct PaintColorTests {
    static let colors: [(String, PaintColor?)] = [
        ("#1e90ff", PaintColor(red: 0x1E, green: 0x90, blue: 0xFF)),
        ("#1E90FF80", PaintColor(red: 0x1E, green: 0x90, blue: 0xFF, alpha: 0x80)),
        ("#f80", PaintColor(red: 0xFF, green: 0x88, blue: 0)), ("Black", PaintColor(red: 0, green: 0, blue: 0)),
        ("orange", PaintColor(red: 0xFF, green: 0xA5, blue: 0)), ("", nil), ("#", nil), ("#12345", nil),
        ("#12345g", nil), ("#+12345", nil), ("#１２３４５６", nil), ("1e90ff", nil), ("puce", nil),
    ]

    @Test(arguments: colors) func colorIsRead(text: String, color: PaintColor?) { #expect(PaintColor(text) == color) }

    /// Half of white, in light as it is coded, lies in the middle between black and white.
    @Test func transparentColorStandsOnBlack() throws {
        let canvas = try #require(Canvas("720p"))
        let half = PaintColor(red: 255, green: 255, blue: 255, alpha: 128).videoOnBlack(for: canvas)
        #expect(half == VideoColor(y: 126, cb: 128, cr: 128))
        #expect(PaintColor(red: 9, green: 8, blue: 7, alpha: 0).videoOnBlack(for: canvas) == .black)
    }
}
