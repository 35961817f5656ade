import Glibc

/// A colour as video carries it, in limited range: luma 16...235, chroma 16...240 around 128.
package struct VideoColor: Hashable, Sendable {
    /// Luma, 16 (black) to 235 (white).
    package let y: UInt8
    /// Blue difference, 16 to 240; 128 is neutral.
    package let cb: UInt8
    /// Red difference, 16 to 240; 128 is neutral.
    package let cr: UInt8

    /// Black in limited range.
    package static let black = VideoColor(y: 16, cb: 128, cr: 128)
    /// White in limited range.
    package static let white = VideoColor(y: 235, cb: 128, cr: 128)

    /// A colour as it stands in the three planes.
    package init(y: UInt8, cb: UInt8, cr: UInt8) {
        self.y = y
        self.cb = cb
        self.cr = cr
    }

    /// Converts red, green and blue in 0...1 with the matrix that players assume for `canvas`: BT.709 from 720 rows on
    /// (ITU-R BT.709, 3.2), else BT.601 (2.5.1).
    package init(red: Double, green: Double, blue: Double, for canvas: Canvas) {
        let (kr, kb) = canvas.height >= 720 ? (0.2126, 0.0722) : (0.299, 0.114)
        let luma = kr * red + (1 - kr - kb) * green + kb * blue
        y = UInt8(max(16, min(235, 16 + 219 * luma)).rounded())
        cb = UInt8(max(16, min(240, 128 + 224 * (blue - luma) / (2 * (1 - kb)))).rounded())
        cr = UInt8(max(16, min(240, 128 + 224 * (red - luma) / (2 * (1 - kr)))).rounded())
    }
}

/// A rectangle of pixels; its edges may lie outside the picture.
package struct PixelRectangle: Hashable, Sendable {
    /// The left edge, in pixels from the picture's left.
    package var x: Int
    /// The upper edge, in rows from the picture's top.
    package var y: Int
    /// In pixels.
    package var width: Int
    /// In rows.
    package var height: Int

    /// A rectangle that may be partly or wholly outside the picture.
    package init(x: Int, y: Int, width: Int, height: Int) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }
}

/// Draws into an I420 picture laid out as ``PictureLayout`` says. What lies outside the picture is left out.
package struct PicturePainter {
    /// The size of the picture that is drawn into.
    package let canvas: Canvas
    private let layout: PictureLayout
    private let base: UnsafeMutableRawPointer

    /// Nil when `bytes` is too short for a picture of `canvas`. The memory must outlive the painter.
    package init?(_ bytes: UnsafeMutableRawBufferPointer, canvas: Canvas) {
        layout = canvas.layout
        guard let base = bytes.baseAddress, bytes.count >= layout.byteCount else { return nil }
        self.canvas = canvas
        self.base = base
    }

    /// Fills a plane of the picture in `bytes`; does nothing where they are too short for it.
    package static func fill(
        _ plane: PictureLayout.Plane, of bytes: UnsafeMutableRawBufferPointer, with value: UInt8
    ) {
        guard let base = bytes.baseAddress, plane.offset + plane.stride * plane.height <= bytes.count else { return }
        memset(base + plane.offset, Int32(value), plane.stride * plane.height)
    }

    /// Fills the whole picture.
    package func fill(_ color: VideoColor) {
        fill(PixelRectangle(x: 0, y: 0, width: canvas.width, height: canvas.height), color)
    }

    /// Fills `rectangle`; its chroma covers every sample that the rectangle touches.
    package func fill(_ rectangle: PixelRectangle, _ color: VideoColor) {
        fillLuma(rectangle, color.y)
        let left = max(0, rectangle.x) / 2
        let right = (min(canvas.width, rectangle.x + rectangle.width) + 1) / 2
        let top = max(0, rectangle.y) / 2
        let bottom = (min(canvas.height, rectangle.y + rectangle.height) + 1) / 2
        guard left < right, top < bottom else { return }
        for row in top..<bottom {
            memset(base + layout.cb.offset + row * layout.cb.stride + left, Int32(color.cb), right - left)
            memset(base + layout.cr.offset + row * layout.cr.stride + left, Int32(color.cr), right - left)
        }
    }

    /// Fills `rectangle` in the luma plane and leaves the colours as they are.
    package func fillLuma(_ rectangle: PixelRectangle, _ luma: UInt8) {
        let left = max(0, rectangle.x)
        let right = min(canvas.width, rectangle.x + rectangle.width)
        let top = max(0, rectangle.y)
        let bottom = min(canvas.height, rectangle.y + rectangle.height)
        guard left < right, top < bottom else { return }
        for row in top..<bottom { memset(base + row * layout.luma.stride + left, Int32(luma), right - left) }
    }

    /// Fills the picture with the ground of slates and cards: a dark blue that grows darker towards its foot. The steps
    /// between two values of luma are dithered, so that no band is seen.
    package func fillGround() {
        fill(VideoColor(y: 40, cb: 134, cr: 124))
        let (top, foot) = (40.0, 20.0)
        for row in 0..<canvas.height {
            let level = top + (foot - top) * (Double(row) + 0.5) / Double(canvas.height)
            var pattern: UInt64 = 0
            for column in 0..<8 {
                let threshold = (Double(Self.thresholds[row % 8 * 8 + column]) + 0.5) / 64
                pattern |= UInt64(UInt8(level + threshold)) << UInt64(8 * column)
            }
            // Rows are padded to 64 bytes.
            let start = base + row * layout.luma.stride
            for offset in stride(from: 0, to: layout.luma.stride, by: 8) {
                start.storeBytes(of: pattern.littleEndian, toByteOffset: offset, as: UInt64.self)
            }
        }
    }

    /// An ordered dither of 8 by 8 pixels, 0 to 63 (Bayer 1973).
    private static let thresholds: [UInt8] = (0..<64).map { place in
        var (x, y, value) = (UInt8(place % 8), UInt8(place / 8), UInt8(0))
        y ^= x
        for _ in 0..<3 {
            value = value << 2 | (y & 1) << 1 | x & 1
            x >>= 1
            y >>= 1
        }
        return value
    }

    /// Sets rows of the luma plane to the same `row` of bytes, and their colours to none.
    package func fillRows(_ rows: Range<Int>, with row: [UInt8]) {
        let rows = rows.clamped(to: 0..<canvas.height)
        guard !rows.isEmpty else { return }
        fill(PixelRectangle(x: 0, y: rows.lowerBound, width: canvas.width, height: rows.count), .black)
        row.withUnsafeBytes { source in
            guard let address = source.baseAddress else { return }
            for index in rows {
                memcpy(base + index * layout.luma.stride, address, min(source.count, canvas.width))
            }
        }
    }

    /// Writes `text` in one line whose upper left corner is at `x`, `y`, each dot of the font `scale` pixels wide, in
    /// the luma plane only: draw on a background without colour.
    package func draw(_ text: String, x: Int, y: Int, scale: Int, luma: UInt8 = VideoColor.white.y) {
        var left = x
        for character in text {
            let rows = PixelFont.rows(of: character)
            for (index, bits) in rows.enumerated() where bits != 0 {
                var column = 0
                while column < PixelFont.glyphWidth {
                    guard PixelFont.isSet(bits, column: column) else {
                        column += 1
                        continue
                    }
                    let first = column
                    while column < PixelFont.glyphWidth, PixelFont.isSet(bits, column: column) { column += 1 }
                    let run = PixelRectangle(
                        x: left + first * scale, y: y + index * scale, width: (column - first) * scale, height: scale)
                    fillLuma(run, luma)
                }
            }
            left += PixelFont.advance * scale
        }
    }

    /// Writes `text` in one line, centred between the picture's sides.
    package func drawCentred(_ text: String, y: Int, scale: Int, luma: UInt8 = VideoColor.white.y) {
        draw(text, x: (canvas.width - PixelFont.width(of: text, scale: scale)) / 2, y: y, scale: scale, luma: luma)
    }
}
