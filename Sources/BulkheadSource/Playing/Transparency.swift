import CFFmpeg

/// Puts transparent pictures on black before they are scaled: at edges that are scaled afterwards, colours that nobody sees
/// do not count.
final class Transparency {
    /// The picture as RGBA, its colours as they look on black.
    let frame: UnsafeMutablePointer<AVFrame>
    private let converter: OpaquePointer

    /// Nil where pictures of that format and size can't be converted.
    /// - Parameters:
    ///   - matrix: of libswscale, that their colours are in.
    ///   - isFullRange: their brightness takes all values.
    init?(width: CInt, height: CInt, format: AVPixelFormat, matrix: CInt, isFullRange: Bool) {
        var box = av_frame_alloc()
        guard let frame = box else { return nil }
        frame.pointee.width = width
        frame.pointee.height = height
        frame.pointee.format = AV_PIX_FMT_RGBA.rawValue
        guard av_frame_get_buffer(frame, 0) >= 0,
            let converter = sws_getContext(
                width, height, format, width, height, AV_PIX_FMT_RGBA, SWS_BICUBIC, nil, nil, nil)
        else {
            av_frame_free(&box)
            return nil
        }
        _ = sws_setColorspaceDetails(
            converter, sws_getCoefficients(matrix), isFullRange ? 1 : 0, sws_getCoefficients(matrix), 1, 0, 1 << 16,
            1 << 16)
        self.frame = frame
        self.converter = converter
    }

    deinit {
        sws_freeContext(converter)
        var box: UnsafeMutablePointer<AVFrame>? = frame
        av_frame_free(&box)
    }

    /// Makes ``frame`` what `picture` is on black. False where that was not possible.
    func take(_ picture: UnsafeMutablePointer<AVFrame>) -> Bool {
        guard let pixels = frame.pointee.data.0,
            bulkhead_sws_scale(converter, picture, pixels, frame.pointee.linesize.0, nil, nil, 0, nil, 0) > 0
        else { return false }
        bulkhead_put_on_black(pixels, frame.pointee.linesize.0, frame.pointee.width, frame.pointee.height)
        return true
    }
}
