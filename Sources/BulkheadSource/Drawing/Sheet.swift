import BulkheadMedia
import CPango

/// Memory that Cairo draws on: pixels of blue, green, red and alpha, each colour as it looks on black.
final class Sheet {
    let width: Int
    let height: Int
    /// Cairo's context for all of it.
    let context: OpaquePointer
    private let surface: OpaquePointer

    /// An empty sheet; nil where Cairo has no memory for it.
    init?(width: Int, height: Int) {
        surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, CInt(clamping: width), CInt(clamping: height))
        context = cairo_create(surface)
        self.width = width
        self.height = height
        guard cairo_status(context) == CAIRO_STATUS_SUCCESS, cairo_image_surface_get_data(surface) != nil else {
            cairo_destroy(context)
            cairo_surface_destroy(surface)
            return nil
        }
    }

    deinit {
        cairo_destroy(context)
        cairo_surface_destroy(surface)
    }

    /// Lays what was drawn over the part of a picture of `canvas` whose upper left corner is at (`x`, `y`), both even. The
    /// sheet's sides are even, and it lies within the canvas.
    ///
    /// - Parameter hasAlpha: the picture has a plane of alpha, which becomes the sheet's; what was in the picture is gone then.
    func lay(
        on bytes: UnsafeMutableRawBufferPointer, canvas: Canvas, x: Int, y: Int, hasAlpha: Bool
    ) {
        cairo_surface_flush(surface)
        let layout = PictureLayout(canvas, hasAlpha: hasAlpha)
        guard let base = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count >= layout.byteCount,
            let pixels = cairo_image_surface_get_data(surface),
            PixelRectangle(x: x, y: y, width: width, height: height).lies(within: canvas)
        else { return }
        let stride = Int(cairo_image_surface_get_stride(surface))
        let matrix = ColorMatrix(canvas)
        for row in Swift.stride(from: 0, to: height, by: 2) {
            let top = pixels + row * stride
            let luma = base + layout.luma.offset + (y + row) * layout.luma.stride + x
            let chroma = (y + row) / 2 * layout.cb.stride + x / 2
            let (cb, cr) = (base + layout.cb.offset + chroma, base + layout.cr.offset + chroma)
            let alpha = layout.alpha.map { base + $0.offset + (y + row) * $0.stride + x }
            for column in Swift.stride(from: 0, to: width, by: 2) {
                var (blue, green, red, opacity) = (0, 0, 0, 0)
                for place in 0..<4 {
                    let (right, down) = (column + place & 1, place >> 1)
                    let pixel = top + down * stride + 4 * right
                    let (b, g, r, a) = (Int(pixel[0]), Int(pixel[1]), Int(pixel[2]), Int(pixel[3]))
                    blue += b
                    green += g
                    red += r
                    opacity += a
                    let target = luma + down * layout.luma.stride + right
                    let behind = hasAlpha ? 0 : (Int(target[0]) - 16) * (255 - a) / 255
                    target[0] = UInt8(clamping: matrix.luma(red: r, green: g, blue: b) + behind)
                    if let alpha { alpha[down * layout.luma.stride + right] = UInt8(a) }
                }
                func mixed(_ value: Int, over ground: UInt8) -> UInt8 {
                    UInt8(clamping: value + (hasAlpha ? 0 : (Int(ground) - 128) * (1020 - opacity) / 1020))
                }
                cb[column / 2] = mixed(matrix.cb(red: red, green: green, blue: blue), over: cb[column / 2])
                cr[column / 2] = mixed(matrix.cr(red: red, green: green, blue: blue), over: cr[column / 2])
            }
        }
    }
}

/// The matrix that players assume for a canvas, in limited range, in units of 1/65536.
private struct ColorMatrix {
    private let kr: Int
    private let kb: Int
    private let kg: Int
    private let cbScale: Int
    private let crScale: Int

    init(_ canvas: Canvas) {
        let (red, blue) = canvas.height >= 720 ? (0.2126, 0.0722) : (0.299, 0.114)
        let unit = 65_536.0 / 255
        kr = Int((red * 219 * unit).rounded())
        kb = Int((blue * 219 * unit).rounded())
        kg = Int((219 * unit).rounded()) - kr - kb
        // Behind luma, which is 219/255 of the difference's scale, and for sums of four pixels.
        cbScale = Int((224.0 / 219 / (2 * (1 - blue)) * 65_536 / 4).rounded())
        crScale = Int((224.0 / 219 / (2 * (1 - red)) * 65_536 / 4).rounded())
    }

    /// Of one pixel's colours, 0 to 255.
    func luma(red: Int, green: Int, blue: Int) -> Int {
        16 + (kr * red + kg * green + kb * blue + 32_768) >> 16
    }

    /// Of the sums of four pixels' colours.
    func cb(red: Int, green: Int, blue: Int) -> Int { difference(blue, red, green, blue, cbScale) }

    /// Of the sums of four pixels' colours.
    func cr(red: Int, green: Int, blue: Int) -> Int { difference(red, red, green, blue, crScale) }

    private func difference(_ part: Int, _ red: Int, _ green: Int, _ blue: Int, _ scale: Int) -> Int {
        let distance = (kr + kg + kb) * part - (kr * red + kg * green + kb * blue)
        return 128 + Int((Double(distance) / 65_536 * Double(scale) / 65_536).rounded())
    }
}
