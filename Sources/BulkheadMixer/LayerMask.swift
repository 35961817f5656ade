import BulkheadMedia

/// How far a layer's shape covers each of its pixels, for luma and chroma.
final class LayerMask {
    /// What a mask looks like; layers that only move share one.
    struct Shape: Hashable {
        /// The shape, in pixels from the upper left corner of what is drawn.
        var outline: PixelRectangle
        /// So far inside the outline the shape ends, in pixels.
        var inset = 0
        /// Of the outline's corners, in pixels.
        var cornerRadius: Int
        /// What is drawn, in pixels; even.
        var width: Int
        var height: Int
        /// What stands where the shape covers a pixel whole.
        var level: UInt8
    }

    private let luma: UnsafeMutableBufferPointer<UInt8>
    private let chroma: UnsafeMutableBufferPointer<UInt8>
    private let shape: Shape

    init(_ shape: Shape) {
        self.shape = shape
        luma = .allocate(capacity: shape.width * shape.height)
        chroma = .allocate(capacity: shape.width * shape.height / 4)
        luma.initialize(repeating: 0)
        fillBody()
        fillCorners()
        fillChroma()
    }

    deinit {
        luma.deallocate()
        chroma.deallocate()
    }

    /// The planes; not to be used longer than the mask.
    var planes: (luma: PlaneView, chroma: PlaneView)? {
        guard let luma = luma.baseAddress, let chroma = chroma.baseAddress else { return nil }
        return (
            PlaneView(base: luma, stride: shape.width, width: shape.width, height: shape.height),
            PlaneView(base: chroma, stride: shape.width / 2, width: shape.width / 2, height: shape.height / 2)
        )
    }

    private var left: Int { shape.outline.x + shape.inset }
    private var top: Int { shape.outline.y + shape.inset }
    private var right: Int { shape.outline.x + shape.outline.width - shape.inset }
    private var bottom: Int { shape.outline.y + shape.outline.height - shape.inset }
    private var radius: Int { max(0, shape.cornerRadius - shape.inset) }

    private func fillBody() {
        let (first, last) = (max(0, left), min(shape.width, right))
        guard first < last, max(0, top) < min(shape.height, bottom) else { return }
        for y in max(0, top)..<min(shape.height, bottom) {
            luma[y * shape.width + first..<y * shape.width + last].update(repeating: shape.level)
        }
    }

    /// A pixel at the arc is covered as far as its middle lies inside.
    private func fillCorners() {
        let radius = radius
        guard radius > 0 else { return }
        let (left, top, right, bottom) = (left, top, right, bottom)
        for y in max(0, top)..<max(0, top, min(shape.height, bottom)) {
            let down = max(top + radius - y, y + 1 - (bottom - radius))
            guard down > 0 else { continue }
            for columns in [left..<left + radius, right - radius..<right] {
                for x in columns.clamped(to: 0..<shape.width) {
                    let across = max(left + radius - x, x + 1 - (right - radius))
                    luma[y * shape.width + x] = level(across, down, radius)
                }
            }
        }
    }

    /// What stands in the pixel that is the so-manieth, from 1, from the middle of the arc.
    private func level(_ across: Int, _ down: Int, _ radius: Int) -> UInt8 {
        let (x, y) = (Double(across) - 0.5, Double(down) - 0.5)
        let cover = max(0, min(1, Double(radius) + 0.5 - (x * x + y * y).squareRoot()))
        return UInt8((Double(shape.level) * cover).rounded())
    }

    /// A sample of chroma stands for four pixels.
    private func fillChroma() {
        let width = shape.width
        for y in 0..<shape.height / 2 {
            let (upper, lower) = (2 * y * width, (2 * y + 1) * width)
            for x in 0..<width / 2 {
                let sum =
                    Int(luma[upper + 2 * x]) + Int(luma[upper + 2 * x + 1]) + Int(luma[lower + 2 * x])
                    + Int(luma[lower + 2 * x + 1])
                chroma[y * (width / 2) + x] = UInt8((sum + 2) / 4)
            }
        }
    }
}

/// The masks of the last frames: layers seldom change.
struct MaskStore {
    private static let limit = 64
    private var masks: [LayerMask.Shape: LayerMask] = [:]

    mutating func mask(_ shape: LayerMask.Shape) -> LayerMask {
        if let mask = masks[shape] { return mask }
        // A layer that grows has another one for each frame.
        if masks.count >= Self.limit { masks.removeAll() }
        let mask = LayerMask(shape)
        masks[shape] = mask
        return mask
    }
}
