import BulkheadFrames
import BulkheadMedia
import BulkheadModel
import BulkheadProgram
import BulkheadTimeline
import BulkheadWire
import Testing

@Suite(.timeLimit(.minutes(1))) struct NameCardsTests {
    /// Within its place, in its shape, in the middle; never cut.
    @Test func nameFitsIntoAnyPlace() {
        for (width, height) in [(1280, 170), (1280, 380), (600, 720), (1280, 64), (90, 720)] {
            let content = PixelRectangle(x: 0, y: 0, width: width, height: height)
            for (x, y, w, h) in [
                (0, 0, 1280, 720), (640, 0, 640, 360), (2, 4, 160, 90), (10, 10, 90, 700), (0, 0, 40, 24),
            ] {
                let area = PixelRectangle(x: x, y: y, width: w, height: h)
                guard let place = NameCards.place(of: content, in: area) else { continue }
                #expect(
                    place.x >= x && place.y >= y && place.x + place.width <= x + w && place.y + place.height <= y + h)
                #expect([place.x, place.y, place.width, place.height].allSatisfy { $0 % 2 == 0 })
                #expect(
                    abs(2 * place.x + place.width - 2 * x - w) <= 4 && abs(2 * place.y + place.height - 2 * y - h) <= 4)
                let shape = Double(width) / Double(height)
                #expect(abs(Double(place.width) / shape - Double(place.height)) <= 2 + 2 / shape)
            }
        }
        let name = PixelRectangle(x: 0, y: 0, width: 1280, height: 170)
        #expect(NameCards.place(of: name, in: PixelRectangle(x: 0, y: 0, width: 16, height: 8)) == nil)
    }

    private static let placement = PictureLayer(
        source: PixelRectangle(x: 16, y: 0, width: 32, height: 36),
        target: PixelRectangle(x: 32, y: 0, width: 32, height: 36),
        opacity: 100, cornerRadius: 4)

    /// The ground takes the place as it is, corners and all; the name stands on it.
    @Test func cardIsTheGroundAndTheName() throws {
        let pools = FramePools()
        let canvas = try #require(Canvas(width: 64, height: 36))
        var cards = NameCards()
        cards.prepare(canvas, in: pools)
        #expect(cards.layers(for: 1, at: Self.placement) == nil)
        let pool = try pools.create(canvas, slotCount: 4, hasAlpha: true)
        let content = PixelRectangle(x: 0, y: 12, width: 64, height: 12)
        func name(_ canvas: Canvas) throws -> StillPicture {
            StillPicture(slot: try pools.fill(pool) { _ in }, canvas: canvas, content: content)
        }
        let slot = try name(canvas)
        cards.take(slot, of: 1, in: pools)
        let layers = try #require(cards.layers(for: 1, at: Self.placement))
        #expect(layers.count == 2 && layers[1].picture == slot.slot)
        #expect(layers[0].placement.source == canvas.rectangle && layers[0].placement.target == Self.placement.target)
        #expect(layers[0].placement.cornerRadius == 4 && layers.map(\.placement.opacity) == [100, 100])
        #expect(layers[1].placement.source == content)
        // One of another size is let go, and so are all once another size is wanted.
        let held = pools.heldCount
        cards.take(try name(try #require(Canvas(width: 16, height: 16))), of: 2, in: pools)
        #expect(pools.heldCount == held && cards.layers(for: 2, at: Self.placement) == nil)
        cards.prepare(try #require(Canvas(width: 128, height: 72)), in: pools)
        #expect(cards.layers(for: 1, at: Self.placement) == nil)
        #expect(pools.heldCount == 1, "the other ground")
        cards.remove(1, in: pools)
    }
}
