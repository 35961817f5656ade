/// What becomes of an input's pictures on their way to the canvas.
package struct PictureTreatment: Codable, Hashable, Sendable {
    /// What is made of two fields.
    package enum Fields: String, Codable, Hashable, Sendable {
        /// One picture.
        case frame
        /// A picture each.
        case pictures
    }

    /// Nil where pictures are not deinterlaced.
    package var deinterlacedInto: Fields?
    /// The high dynamic range that is mapped to the standard one; nil for none.
    package var mappedRange: PictureFormat.Transfer?
    /// Pictures are turned or mirrored before they are shown.
    package var isTurned: Bool
    /// Transparent pixels are laid on black.
    package var isLaidOnBlack: Bool
    /// The matrix that colours are converted to; nil where they stay.
    package var convertedMatrix: String?
    /// Colours get half the resolution, or pixels fewer bits: they go out in 4:2:0 with eight.
    package var isReduced: Bool
    /// Full range becomes limited range.
    package var narrowsRange: Bool
    /// The size in which the picture stands on the canvas, in pixels.
    package var shownWidth: Int
    /// See ``shownWidth``.
    package var shownHeight: Int
    /// The picture's own pixels are not those of the canvas.
    package var isScaled: Bool
    /// Black stands left and right of the picture.
    package var hasSideBars: Bool
    /// Black stands above and below the picture.
    package var hasTopBars: Bool
    /// Pictures a second that come, after deinterlacing; nil where it is not known, and for a still picture.
    package var framesPerSecond: Double?
    /// More pictures come than frames go out: some are left out.
    package var leavesOut: Bool
    /// Fewer pictures come than frames go out: some are shown several times.
    package var repeats: Bool

    /// What becomes of pictures in `format`, as far as the format tells: a first picture may say more.
    package init(_ format: PictureFormat, canvas: Canvas, frameRate: FrameRate, _ deinterlacing: Deinterlacing) {
        let rate = format.isStill ? nil : format.framesPerSecond
        let isDeinterlaced = deinterlacing == .on || (deinterlacing == .auto && format.isInterlaced)
        let givesFields = rate.map { frameRate.framesPerSecond > $0 * 1.5 } ?? false
        deinterlacedInto = isDeinterlaced ? (givesFields ? .pictures : .frame) : nil
        mappedRange = format.transfer == .standard ? nil : format.transfer
        isTurned = format.orientation != .upright
        isLaidOnBlack = format.hasAlpha
        isReduced = !format.pixelFormat.isEmpty && !Self.formatsOfEqualDetail.contains(format.pixelFormat)
        narrowsRange = format.isFullRange && mappedRange == nil
        let placement = PicturePlacement(
            width: Int(format.width), height: Int(format.height), aspect: format.aspect,
            orientation: format.orientation, canvas: canvas)
        (shownWidth, shownHeight) = (placement.width, placement.height)
        let isTransposed = format.orientation.isTransposed
        isScaled =
            placement.width != Int(isTransposed ? format.height : format.width)
            || placement.height != Int(isTransposed ? format.width : format.height)
        hasSideBars = placement.width < canvas.width
        hasTopBars = placement.height < canvas.height
        convertedMatrix = Self.conversion(of: format, to: canvas, isMapped: mappedRange != nil)
        let own = rate.map { isDeinterlaced && givesFields ? $0 * 2 : $0 }
        framesPerSecond = own
        let ratio = own.map { $0 / frameRate.framesPerSecond } ?? 1
        leavesOut = ratio > 1.001
        repeats = ratio < 0.999
    }

    /// libavutil's names of pixel formats that have no more than what goes out.
    private static let formatsOfEqualDetail: Set<String> = [
        "yuv420p", "yuvj420p", "nv12", "nv21", "gray", "yuv410p", "yuv411p",
    ]

    /// Players assume BT.709 from 720 rows on, and BT.601 below.
    private static func conversion(of format: PictureFormat, to canvas: Canvas, isMapped: Bool) -> String? {
        func assumed(_ height: Int) -> String { height >= 720 ? "bt709" : "bt601" }
        guard !format.pixelFormat.contains("rgb"), !format.pixelFormat.contains("gbr"),
            !format.pixelFormat.contains("bgr"), !format.pixelFormat.contains("pal8"),
            !format.pixelFormat.hasPrefix("gray"), !format.pixelFormat.hasPrefix("mono")
        else { return nil }
        let named = ["bt470bg": "bt601", "smpte170m": "bt601", "": assumed(Int(format.height))]
        let own = isMapped ? "bt709" : named[format.matrix] ?? format.matrix
        let wanted = assumed(canvas.height)
        return own == wanted ? nil : wanted
    }
}

/// What becomes of an input's sound on its way to 48,000 hertz in two channels.
package struct SoundTreatment: Codable, Hashable, Sendable {
    /// Samples are made anew from those of another rate.
    package var isResampled: Bool
    /// More than two channels become two.
    package var isFoldedDown: Bool
    /// One channel becomes two alike.
    package var isDoubled: Bool

    /// What becomes of sound in `format`.
    package init(_ format: SoundFormat) {
        isResampled = format.sampleRate != UInt32(AudioFormat.sampleRate)
        isFoldedDown = Int(format.channelCount) > AudioFormat.channelCount
        isDoubled = format.channelCount == 1
    }
}
