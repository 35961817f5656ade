/// How a picture has to be turned before it is shown: mirrored at its diagonal first, then left to right and top to
/// bottom.
package struct PictureOrientation: Codable, Hashable, Sendable {
    /// Mirrored at the diagonal from the upper left, before any flip.
    package var isTransposed = false
    /// Mirrored left to right.
    package var flipsHorizontally = false
    /// Mirrored top to bottom.
    package var flipsVertically = false

    /// Shown as it is stored.
    package static let upright = PictureOrientation()

    /// An orientation; upright without arguments.
    package init(isTransposed: Bool = false, flipsHorizontally: Bool = false, flipsVertically: Bool = false) {
        self.isTransposed = isTransposed
        self.flipsHorizontally = flipsHorizontally
        self.flipsVertically = flipsVertically
    }

    /// Reads a display matrix: nine 32-bit numbers `a b u c d v x y w`, which map a pixel (p, q) to
    /// (a p + c q, b p + d q). Angles between the quarter turns go to the nearest.
    /// - SeeAlso: ISO/IEC 14496-12, 8.3.2 (tkhd) and 6.2.2; libavutil/display.h.
    package init(displayMatrix matrix: [Int32]) {
        guard matrix.count == 9 else { return }
        let (a, b, c, d) = (Int64(matrix[0]), Int64(matrix[1]), Int64(matrix[3]), Int64(matrix[4]))
        guard a != 0 || b != 0 || c != 0 || d != 0 else { return }
        isTransposed = abs(a) + abs(d) < abs(b) + abs(c)
        flipsHorizontally = (isTransposed ? c : a) < 0
        flipsVertically = (isTransposed ? b : d) < 0
    }
}

/// Where on the canvas a picture goes: as large as fits with its shape kept, in the middle.
package struct PicturePlacement: Hashable, Sendable {
    /// Even, as 4:2:0 chroma wants them.
    package let x: Int
    /// The upper edge on the canvas; even.
    package let y: Int
    /// In pixels of the canvas; even.
    package let width: Int
    /// In rows of the canvas; even.
    package let height: Int

    /// Places a picture of `width` by `height` pixels that are `aspect` times as wide as high.
    package init(width: Int, height: Int, aspect: Double, orientation: PictureOrientation, canvas: Canvas) {
        let usable = aspect.isFinite && aspect > 0.01 && aspect < 100 ? aspect : 1
        var shownWidth = Double(max(1, width)) * usable
        var shownHeight = Double(max(1, height))
        if orientation.isTransposed { swap(&shownWidth, &shownHeight) }
        let scale = min(Double(canvas.width) / shownWidth, Double(canvas.height) / shownHeight)
        self.width = Self.even(shownWidth * scale, atMost: canvas.width)
        self.height = Self.even(shownHeight * scale, atMost: canvas.height)
        x = (canvas.width - self.width) / 2 & ~1
        y = (canvas.height - self.height) / 2 & ~1
    }

    /// The picture leaves no border on `canvas`.
    package func fills(_ canvas: Canvas) -> Bool { width == canvas.width && height == canvas.height }

    private static func even(_ value: Double, atMost limit: Int) -> Int {
        max(2, min(limit, Int((value / 2).rounded()) * 2))
    }
}
