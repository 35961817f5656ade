package import BulkheadMedia

/// Draws compositions of I420 pictures, by libyuv: scaled, laid over each other, with borders and round corners. For one
/// thread.
///
/// What needs no scaling and hides what lies behind it is copied. The result depends on the pictures and the composition
/// alone.
package final class Compositor {
    /// The size of what is drawn.
    package let canvas: Canvas
    private var masks = MaskStore()
    /// A group that is not simply drawn over the whole canvas is made here first; a layer with a border, or with corners,
    /// on the other one.
    private let groupSheet: Sheet
    private let layerSheet: Sheet
    private let scratch = Scratch()
    /// Most scenes have no transparent picture.
    private lazy var alphaSheet = AlphaSheet(canvas)

    /// A compositor of pictures of that size.
    package init(_ canvas: Canvas) {
        self.canvas = canvas
        groupSheet = Sheet(canvas)
        layerSheet = Sheet(canvas)
    }

    /// Draws `composition` over all of a picture; does nothing when `bytes` is too short for one.
    ///
    /// - Parameter composition: places within the pictures and the canvas, with even edges.
    package func draw(_ composition: Composition<PictureView>, into bytes: UnsafeMutableRawBufferPointer) {
        guard let view = PictureView(bytes, canvas: canvas) else { return }
        // What lies behind a group that hides all of it is not drawn.
        let first = composition.groups.lastIndex { $0.opacity == 255 && $0.clip == canvas.rectangle }
        if first == nil { view.fill(.black) }
        for (index, group) in composition.groups.enumerated() where index >= first ?? 0 {
            if index == first {
                draw(group.layers, on: view)
            } else if group.opacity > 0 {
                draw(group.layers, on: groupSheet.view)
                lay(groupSheet.view.part(group.clip), over: view.part(group.clip), opacity: group.opacity)
            }
        }
    }

    private func draw(_ layers: [Composition<PictureView>.Layer], on view: PictureView) {
        let isCovered = layers.first.map { $0.placement.isPlain && $0.placement.target == canvas.rectangle } ?? false
        if !isCovered { view.fill(.black) }
        for (index, layer) in layers.enumerated() {
            let source = layer.picture.part(layer.placement.source)
            let target = view.part(layer.placement.target)
            if layer.placement.isPlain {
                // Behind the first one it is black, on which transparent pictures stand already.
                if let alpha = source.alpha, index > 0 {
                    target.lay(onBlack: source, alpha, alphaSheet, scratch)
                } else {
                    target.draw(source, scratch)
                }
            } else {
                draw(source, on: target, layer.placement)
            }
        }
    }

    private func lay(_ front: PictureView, over back: PictureView, opacity: UInt8) {
        guard opacity < 255 else { return back.draw(front, scratch) }
        let (width, height) = (back.planes[0].width, back.planes[0].height)
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: width) { row in
            row.initialize(repeating: opacity)
            guard let base = row.baseAddress else { return }
            let alpha = PlaneView(base: base, stride: 0, width: width, height: height)
            back.lay(front, alpha: (alpha, alpha))
        }
    }

    private func draw(_ source: PictureView, on target: PictureView, _ placement: PictureLayer) {
        var piece = source
        if placement.borderWidth > 0 || source.alpha != nil || !source.isAsLarge(as: target) {
            let size = PixelRectangle(
                x: 0, y: 0, width: placement.target.width, height: placement.target.height)
            piece = layerSheet.view.part(size)
            if let alpha = source.alpha {
                // What lies behind is seen through it, and goes with it into border and corners.
                piece.draw(target, scratch)
                piece.lay(onBlack: source, alpha, alphaSheet, scratch)
            } else {
                piece.draw(source, scratch)
            }
        }
        var shape = LayerMask.Shape(
            outline: PixelRectangle(
                x: placement.outline.x - placement.target.x, y: placement.outline.y - placement.target.y,
                width: placement.outline.width, height: placement.outline.height),
            cornerRadius: placement.cornerRadius, width: placement.target.width, height: placement.target.height,
            level: 255)
        if placement.borderWidth > 0 {
            shape.inset = placement.borderWidth
            let inner = masks.mask(shape)
            if let alpha = inner.planes { piece.surround(with: placement.borderColor, alpha: alpha) }
        }
        guard placement.cornerRadius > 0 else { return lay(piece, over: target, opacity: placement.opacity) }
        shape.inset = 0
        shape.level = placement.opacity
        let outer = masks.mask(shape)
        if let alpha = outer.planes { target.lay(piece, alpha: alpha) }
    }
}
