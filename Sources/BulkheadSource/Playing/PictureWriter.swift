import BulkheadMedia
import CFFmpeg
import Glibc

/// Writes decoded frames into slots: turned upright, scaled into the canvas, in limited range, on black where they are
/// transparent.
final class PictureWriter {
    /// Why a frame could not be written.
    enum Failure: Error { case unsupportedFormat }

    private struct Geometry: Hashable {
        var width: CInt
        var height: CInt
        var format: CInt
        var matrix: CInt
        var isFullRange: Bool
        var aspect: Double
        var orientation: PictureOrientation
    }

    private let canvas: Canvas
    private let layout: PictureLayout
    private var geometry: Geometry?
    private var placement: PicturePlacement
    private var scaler: OpaquePointer?
    private var copiesPlanes = false
    /// Puts pictures on black; nil where the input has no transparency.
    private var transparency: Transparency?
    /// The upright picture before it is turned; empty when it needn't be.
    private var turning: PictureTurner?
    /// Slots whose borders are black already around this placement.
    private var borderedSlots: [UInt32: PicturePlacement] = [:]
    private var poolGeneration = 0

    /// The matrix that players assume for the canvas.
    private var canvasMatrix: CInt { canvas.height >= 720 ? SWS_CS_ITU709 : SWS_CS_ITU601 }

    /// - Parameter hasAlpha: slots have a plane of alpha.
    init(canvas: Canvas, hasAlpha: Bool = false) {
        self.canvas = canvas
        layout = PictureLayout(canvas, hasAlpha: hasAlpha)
        placement = PicturePlacement(
            width: canvas.width, height: canvas.height, aspect: 1, orientation: .upright, canvas: canvas)
    }

    deinit { sws_freeContext(scaler) }

    /// Writes `frame` into the slot `bytes`. `aspect` is how wide its pixels are for their height.
    func write(
        _ frame: UnsafeMutablePointer<AVFrame>, aspect: Double, orientation: PictureOrientation,
        slot: UInt32, bytes: UnsafeMutableRawBufferPointer, poolGeneration: Int
    ) throws(Failure) {
        guard let base = bytes.baseAddress, bytes.count >= layout.byteCount else { throw .unsupportedFormat }
        try prepare(frame, aspect: aspect, orientation: orientation)
        if self.poolGeneration != poolGeneration {
            self.poolGeneration = poolGeneration
            borderedSlots = [:]
        }
        if !placement.fills(canvas), borderedSlots[slot] != placement {
            PicturePainter(bytes, canvas: canvas)?.fill(.black)
            if let alpha = layout.alpha { PicturePainter.fill(alpha, of: bytes, with: 0) }
        }
        borderedSlots[slot] = placement
        let luma = base + layout.luma.offset + placement.y * layout.luma.stride + placement.x
        let chroma = placement.y / 2 * layout.cb.stride + placement.x / 2
        var planes = [luma, base + layout.cb.offset + chroma, base + layout.cr.offset + chroma]
        var strides = [layout.luma.stride, layout.cb.stride, layout.cr.stride]
        if let alpha = layout.alpha {
            planes.append(base + alpha.offset + placement.y * alpha.stride + placement.x)
            strides.append(alpha.stride)
        }
        if let turning {
            try scale(frame, to: turning.planes, strides: turning.strides)
            turning.turn(into: planes, strides: strides)
        } else if copiesPlanes {
            copy(frame, to: planes)
        } else {
            try scale(frame, to: planes, strides: strides)
            clearRightBorder(bytes)
        }
        if transparency == nil { makeOpaque(bytes) }
    }

    /// An opaque picture among transparent ones.
    private func makeOpaque(_ bytes: UnsafeMutableRawBufferPointer) {
        guard let base = bytes.baseAddress, let alpha = layout.alpha else { return }
        for y in placement.y..<placement.y + placement.height {
            memset(base + alpha.offset + y * alpha.stride + placement.x, 255, placement.width)
        }
    }

    /// swscale may write up to a vector's length beyond the end of a row, which must not show beside the picture.
    private func clearRightBorder(_ bytes: UnsafeMutableRawBufferPointer) {
        let right = placement.x + placement.width
        guard right < canvas.width, let painter = PicturePainter(bytes, canvas: canvas) else { return }
        let width = min(64, canvas.width - right)
        painter.fill(PixelRectangle(x: right, y: placement.y, width: width, height: placement.height), .black)
        guard let base = bytes.baseAddress, let alpha = layout.alpha else { return }
        for y in placement.y..<placement.y + placement.height {
            memset(base + alpha.offset + y * alpha.stride + right, 0, width)
        }
    }

    private func copy(_ frame: UnsafeMutablePointer<AVFrame>, to planes: [UnsafeMutableRawPointer]) {
        let sources = [frame.pointee.data.0, frame.pointee.data.1, frame.pointee.data.2]
        let strides = [frame.pointee.linesize.0, frame.pointee.linesize.1, frame.pointee.linesize.2]
        for (index, plane) in layout.planes.enumerated() {
            av_image_copy_plane(
                planes[index].assumingMemoryBound(to: UInt8.self), CInt(plane.stride), sources[index], strides[index],
                CInt(plane.width), CInt(plane.height))
        }
    }

    private func scale(
        _ frame: UnsafeMutablePointer<AVFrame>, to planes: [UnsafeMutableRawPointer], strides: [Int]
    ) throws(Failure) {
        guard let scaler else { throw .unsupportedFormat }
        if let transparency, !transparency.take(frame) { throw .unsupportedFormat }
        let bytes = planes.map { $0.assumingMemoryBound(to: UInt8.self) }
        let takesAlpha = transparency != nil && bytes.count > 3
        let rows = bulkhead_sws_scale(
            scaler, transparency?.frame ?? frame, bytes[0], CInt(strides[0]), bytes[1], bytes[2], CInt(strides[1]),
            takesAlpha ? bytes[3] : nil, takesAlpha ? CInt(strides[3]) : 0)
        if rows <= 0 { throw .unsupportedFormat }
    }

    /// Sets the scaler up for pictures like `frame`, unless it is already.
    private func prepare(
        _ frame: UnsafeMutablePointer<AVFrame>, aspect: Double, orientation: PictureOrientation
    ) throws(Failure) {
        let format = AVPixelFormat(frame.pointee.format)
        let isYUVJ =
            [AV_PIX_FMT_YUVJ420P, AV_PIX_FMT_YUVJ422P, AV_PIX_FMT_YUVJ444P, AV_PIX_FMT_YUVJ440P, AV_PIX_FMT_YUVJ411P]
            .contains(format)
        let wanted = Geometry(
            width: frame.pointee.width, height: frame.pointee.height, format: frame.pointee.format,
            matrix: matrix(of: frame), isFullRange: isYUVJ || frame.pointee.color_range == AVCOL_RANGE_JPEG,
            aspect: aspect, orientation: orientation)
        if wanted == geometry { return }
        geometry = nil
        sws_freeContext(scaler)
        scaler = nil
        turning = nil
        transparency = nil
        guard wanted.width > 0, wanted.height > 0, sws_isSupportedInput(format) > 0 else { throw .unsupportedFormat }
        placement = PicturePlacement(
            width: Int(wanted.width), height: Int(wanted.height), aspect: aspect, orientation: orientation,
            canvas: canvas)
        copiesPlanes =
            format == AV_PIX_FMT_YUV420P && !wanted.isFullRange && orientation == .upright
            && wanted.matrix == canvasMatrix && Int(wanted.width) == canvas.width
            && Int(wanted.height) == canvas.height && placement.fills(canvas)
        if !copiesPlanes {
            var target = (placement.width, placement.height)
            if orientation != .upright {
                if orientation.isTransposed { target = (target.1, target.0) }
                turning = PictureTurner(
                    width: target.0, height: target.1, hasAlpha: layout.alpha != nil, orientation: orientation)
            }
            if bulkhead_av_has_alpha(format) != 0 {
                transparency = Transparency(
                    width: wanted.width, height: wanted.height, format: format, matrix: wanted.matrix,
                    isFullRange: wanted.isFullRange)
                guard transparency != nil else { throw .unsupportedFormat }
            }
            let keepsAlpha = transparency != nil && layout.alpha != nil
            let isFullRange: CInt = wanted.isFullRange || transparency != nil ? 1 : 0
            scaler = bulkhead_sws_context(
                wanted.width, wanted.height,
                transparency == nil ? format : keepsAlpha ? AV_PIX_FMT_RGBA : AV_PIX_FMT_RGB0, isFullRange,
                CInt(target.0), CInt(target.1), keepsAlpha ? AV_PIX_FMT_YUVA420P : AV_PIX_FMT_YUV420P, SWS_BICUBIC)
            guard let scaler else { throw .unsupportedFormat }
            // An error here means that the format has no matrix or range to set.
            _ = sws_setColorspaceDetails(
                scaler, sws_getCoefficients(wanted.matrix), isFullRange,
                sws_getCoefficients(canvasMatrix), 0, 0, 1 << 16, 1 << 16)
        }
        geometry = wanted
    }

    /// The matrix that the frame says it has; without a word on it, the one that pictures of its height have.
    private func matrix(of frame: UnsafeMutablePointer<AVFrame>) -> CInt {
        switch frame.pointee.colorspace {
        case AVCOL_SPC_BT709: SWS_CS_ITU709
        case AVCOL_SPC_BT470BG, AVCOL_SPC_SMPTE170M: SWS_CS_ITU601
        case AVCOL_SPC_SMPTE240M: SWS_CS_SMPTE240M
        case AVCOL_SPC_BT2020_NCL, AVCOL_SPC_BT2020_CL: SWS_CS_BT2020
        default: frame.pointee.height >= 720 ? SWS_CS_ITU709 : SWS_CS_ITU601
        }
    }
}

/// Turns an I420 picture, and its alpha, by quarter turns and mirrors it.
final class PictureTurner {
    let planes: [UnsafeMutableRawPointer]
    let strides: [Int]
    private let memory: UnsafeMutableRawBufferPointer
    private let sizes: [(width: Int, height: Int)]
    private let orientation: PictureOrientation

    /// A turner for pictures that are `width` by `height` before they are turned, both even.
    init(width: Int, height: Int, hasAlpha: Bool = false, orientation: PictureOrientation) {
        self.orientation = orientation
        sizes =
            [(width, height), (width / 2, height / 2), (width / 2, height / 2)] + (hasAlpha ? [(width, height)] : [])
        strides = sizes.map { ($0.width + 63) & ~63 }
        // Room behind each plane for what swscale writes beyond a row.
        let counts = zip(sizes, strides).map { $0.height * $1 + 64 }
        memory = UnsafeMutableRawBufferPointer.allocate(byteCount: counts.reduce(64, +), alignment: 64)
        var offset = 0
        var planes: [UnsafeMutableRawPointer] = []
        for count in counts {
            if let base = memory.baseAddress { planes.append(base + offset) }
            offset += (count + 63) & ~63
        }
        self.planes = planes
    }

    deinit { memory.deallocate() }

    /// Writes the turned picture to `targets`.
    func turn(into targets: [UnsafeMutableRawPointer], strides targetStrides: [Int]) {
        for index in 0..<min(planes.count, targets.count) {
            turn(
                planes[index], strides[index], sizes[index].width, sizes[index].height, into: targets[index],
                targetStrides[index])
        }
    }

    private func turn(
        _ source: UnsafeMutableRawPointer, _ stride: Int, _ width: Int, _ height: Int,
        into target: UnsafeMutableRawPointer, _ targetStride: Int
    ) {
        let shownWidth = orientation.isTransposed ? height : width
        let shownHeight = orientation.isTransposed ? width : height
        // How far the source moves with each pixel to the right and each row down.
        var right = orientation.isTransposed ? stride : 1
        var down = orientation.isTransposed ? 1 : stride
        var first = 0
        if orientation.flipsHorizontally {
            first += (shownWidth - 1) * right
            right = -right
        }
        if orientation.flipsVertically {
            first += (shownHeight - 1) * down
            down = -down
        }
        let from = source.assumingMemoryBound(to: UInt8.self)
        let to = target.assumingMemoryBound(to: UInt8.self)
        // In tiles, so that a column of the source stays in the cache while its neighbours are read.
        let tile = 32
        for top in Swift.stride(from: 0, to: shownHeight, by: tile) {
            for left in Swift.stride(from: 0, to: shownWidth, by: tile) {
                for y in top..<min(top + tile, shownHeight) {
                    var place = first + y * down + left * right
                    let row = to + y * targetStride
                    for x in left..<min(left + tile, shownWidth) {
                        row[x] = from[place]
                        place += right
                    }
                }
            }
        }
    }

}
