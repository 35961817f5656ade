package import BulkheadMedia
package import BulkheadWire

extension SourceDescription {
    /// It is one picture that the source draws by itself, in any size.
    package var isDrawnStill: Bool { picture.map { $0.isStill && $0.isDrawn } ?? false }

    /// Where in its pictures, which are made for `canvas`, the content lies: all but the black around it.
    package func content(on canvas: Canvas) -> PixelRectangle {
        guard let picture, picture.width > 0, picture.height > 0 else { return canvas.rectangle }
        let placement = PicturePlacement(
            width: Int(picture.width), height: Int(picture.height), aspect: picture.aspect,
            orientation: picture.orientation, canvas: canvas)
        return PixelRectangle(x: placement.x, y: placement.y, width: placement.width, height: placement.height)
    }
}
