import BulkheadMedia
import BulkheadTestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct PixelRectangleTests {
    @Test func theWholeStaysTheWhole() throws {
        let (small, large) = (
            try #require(Canvas(width: 320, height: 180)), try #require(Canvas(width: 1920, height: 1080))
        )
        #expect(small.rectangle.scaled(from: small, to: large) == large.rectangle)
        #expect(large.rectangle.scaled(from: large, to: small) == small.rectangle)
        let half = PixelRectangle(x: 160, y: 90, width: 160, height: 90)
        #expect(half.scaled(from: small, to: large) == PixelRectangle(x: 960, y: 540, width: 960, height: 540))
        #expect(half.scaled(from: small, to: small) == half)
    }

    /// Whatever the sizes: within the picture, not empty, with even edges.
    @Test(arguments: 1...4) func partsStayWithin(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            func even(_ range: ClosedRange<Int>) -> Int { 2 * Int.random(in: range, using: &random) }
            let old = try #require(Canvas(width: even(8...960), height: even(8...540)))
            let new = try #require(Canvas(width: even(8...960), height: even(8...540)))
            let (x, y) = (even(0...old.width / 2 - 1), even(0...old.height / 2 - 1))
            let part = PixelRectangle(
                x: x, y: y, width: even(1...(old.width - x) / 2), height: even(1...(old.height - y) / 2))
            let scaled = part.scaled(from: old, to: new)
            #expect(scaled.lies(within: new) && scaled.width >= 2 && scaled.height >= 2)
            #expect([scaled.x, scaled.y, scaled.width, scaled.height].allSatisfy { $0 % 2 == 0 })
        }
    }
}
