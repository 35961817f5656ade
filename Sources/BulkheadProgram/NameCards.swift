package import BulkheadFrames
package import BulkheadMedia
package import BulkheadModel
package import BulkheadTimeline
package import BulkheadWire

/// What stands in a scene in the place of an input that gives no picture: its name on a dark ground. The slots are held: whoever
/// drew the names may die.
package struct NameCards {
    private var canvas: Canvas?
    private var ground: SlotReference?
    private var names: [InputID: StillPicture] = [:]

    package init() {}

    /// Makes ready for pictures of `canvas`. Names in another size are let go; where there is no memory there are no cards.
    package mutating func prepare(_ canvas: Canvas, in pools: FramePools) {
        guard canvas != self.canvas else { return }
        self.canvas = canvas
        for input in names.keys { remove(input, in: pools) }
        if let old = ground.take() { pools.release(old) }
        ground = try? pools.drawing(canvas) { PicturePainter($0, canvas: canvas)?.fillGround() }
    }

    /// Takes a name in a slot that is held once; one of another size than is wanted now is let go.
    package mutating func take(_ picture: StillPicture, of input: InputID, in pools: FramePools) {
        guard picture.canvas == canvas else { return pools.release(picture.slot) }
        if let old = names.updateValue(picture, forKey: input) { pools.release(old.slot) }
    }

    package mutating func remove(_ input: InputID, in pools: FramePools) {
        if let name = names.removeValue(forKey: input) { pools.release(name.slot) }
    }

    /// What is drawn in the place of the input's picture: the ground, and the name over it, whole and in its shape, however small
    /// the place is. Nil where the card has not been drawn.
    package func layers(
        for input: InputID, at placement: PictureLayer
    ) -> [Composition<SlotReference>.Layer]? {
        guard let canvas, let ground, let name = names[input] else { return nil }
        var below = placement
        below.source = canvas.rectangle
        var layers = [Composition<SlotReference>.Layer(ground, below)]
        if let target = Self.place(of: name.content, in: placement.target) {
            let letters = PictureLayer(source: name.content, target: target, opacity: placement.opacity)
            layers.append(Composition<SlotReference>.Layer(name.slot, letters))
        }
        return layers
    }

    /// Where in `area` a name with the shape of `content` stands: in the middle, with even edges. Nil where it would be too small
    /// to be seen.
    package static func place(of content: PixelRectangle, in area: PixelRectangle) -> PixelRectangle? {
        guard content.width > 0, content.height > 0 else { return nil }
        let shape = Double(content.width) / Double(content.height)
        // Two lines are higher than one of letters of the same size.
        let share = shape < 5 ? 0.3 : 0.22
        let scale = min(
            Double(area.width) * 0.86 / Double(content.width), Double(area.height) * share / Double(content.height))
        let width = Int(Double(content.width) * scale / 2) * 2
        let height = Int(Double(content.height) * scale / 2) * 2
        guard width >= 8, height >= 4 else { return nil }
        return PixelRectangle(
            x: area.x + (area.width - width) / 4 * 2, y: area.y + (area.height - height) / 4 * 2, width: width,
            height: height)
    }
}
