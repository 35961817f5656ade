/// The size of every picture on the timeline, in pixels: both even, for 4:2:0 chroma.
package struct Canvas: Hashable, Sendable, CustomStringConvertible {
    /// In pixels, even, 16 to 8192.
    package let width: Int
    /// In pixels, even, 16 to 8192.
    package let height: Int

    /// The widths and heights that are allowed, in pixels.
    package static let range = 16...8192

    /// Nil for odd sizes and for sizes outside 16...8192.
    package init?(width: Int, height: Int) {
        guard Self.range.contains(width), Self.range.contains(height), width % 2 == 0, height % 2 == 0 else {
            return nil
        }
        self.width = width
        self.height = height
    }

    /// Reads "1280x720" and the names 360p, 480p, 720p, 1080p, 1440p, 2160p.
    package init?(_ text: String) {
        let named = [
            "360p": (640, 360), "480p": (854, 480), "720p": (1280, 720), "1080p": (1920, 1080),
            "1440p": (2560, 1440), "2160p": (3840, 2160),
        ]
        if let (width, height) = named[text] {
            self.init(width: width, height: height)
            return
        }
        let parts = text.split(separator: "x", omittingEmptySubsequences: false)
        guard parts.count == 2, let width = Int(parts[0]), let height = Int(parts[1]) else { return nil }
        self.init(width: width, height: height)
    }

    package var description: String { "\(width)x\(height)" }

    /// How a picture of this size lies in a slot.
    package var layout: PictureLayout { PictureLayout(self) }
}

/// An I420 picture in one stretch of memory: luma, then Cb, then Cr, each plane's rows padded to 64 bytes. Pictures with
/// transparent parts have a fourth plane behind them.
///
/// Colours of such pictures stand as they look on black: luma and chroma lie between black's and their own as far as the
/// pixel is opaque. Whoever knows nothing of transparency shows the picture on black.
package struct PictureLayout: Hashable, Sendable {
    /// Where one plane lies in the picture's memory.
    package struct Plane: Hashable, Sendable {
        /// From the start of the picture, in bytes; a multiple of 64.
        package let offset: Int
        /// From row to row, in bytes; a multiple of 64.
        package let stride: Int
        /// In pixels, which are bytes.
        package let width: Int
        /// In rows.
        package let height: Int
    }

    /// The plane of brightness, at the canvas's size.
    package let luma: Plane
    /// The plane of blue difference, at half the canvas's width and height.
    package let cb: Plane
    /// The plane of red difference, at half the canvas's width and height.
    package let cr: Plane
    /// How opaque each pixel is, at the canvas's size: 0 (nothing of it shows) to 255. Nil for opaque pictures.
    package let alpha: Plane?
    /// In bytes, a multiple of 4096 so that each slot starts on a page.
    package let byteCount: Int

    /// Luma, Cb, Cr, as they lie in memory; without alpha.
    package var planes: [Plane] { [luma, cb, cr] }

    /// The layout of a picture that fills `canvas`.
    /// - Parameter hasAlpha: parts of it may be transparent.
    package init(_ canvas: Canvas, hasAlpha: Bool = false) {
        let lumaStride = (canvas.width + 63) & ~63
        let chromaStride = (canvas.width / 2 + 63) & ~63
        luma = Plane(offset: 0, stride: lumaStride, width: canvas.width, height: canvas.height)
        let cbOffset = lumaStride * canvas.height
        cb = Plane(offset: cbOffset, stride: chromaStride, width: canvas.width / 2, height: canvas.height / 2)
        let crOffset = cbOffset + chromaStride * (canvas.height / 2)
        cr = Plane(offset: crOffset, stride: chromaStride, width: canvas.width / 2, height: canvas.height / 2)
        let end = crOffset + chromaStride * (canvas.height / 2)
        alpha = hasAlpha ? Plane(offset: end, stride: lumaStride, width: canvas.width, height: canvas.height) : nil
        byteCount = (end + (hasAlpha ? lumaStride * canvas.height : 0) + 4095) & ~4095
    }
}
