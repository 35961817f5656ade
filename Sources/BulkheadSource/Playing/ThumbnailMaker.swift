import BulkheadMedia
import CFFmpeg
import Glibc

/// Makes small JPEGs of pictures in a pool, for those who look at a broadcast.
final class ThumbnailMaker {
    /// The longer side of a thumbnail, in pixels.
    private static let longestSide = 320
    /// What JPEG leaves out: 2 is the best, 31 the smallest.
    private static let quality: CInt = 6

    private let layout: PictureLayout
    private let scaler: OpaquePointer
    private var encoder: UnsafeMutablePointer<AVCodecContext>?
    private var whole: UnsafeMutablePointer<AVFrame>?
    private var small: UnsafeMutablePointer<AVFrame>?
    private var packet: UnsafeMutablePointer<AVPacket>?
    private var count: Int64 = 0

    /// A maker for pictures of that size; nil where the libraries can't.
    init?(canvas: Canvas, hasAlpha: Bool) {
        layout = PictureLayout(canvas, hasAlpha: hasAlpha)
        let scale = min(1, Double(Self.longestSide) / Double(max(canvas.width, canvas.height)))
        func even(_ side: Int) -> CInt { max(2, CInt((Double(side) * scale / 2).rounded()) * 2) }
        let (width, height) = (even(canvas.width), even(canvas.height))
        guard
            let scaler = bulkhead_sws_context(
                CInt(canvas.width), CInt(canvas.height), AV_PIX_FMT_YUV420P, 0, width, height, AV_PIX_FMT_YUVJ420P,
                SWS_BILINEAR)
        else { return nil }
        self.scaler = scaler
        // A JPEG has the matrix of small pictures.
        _ = sws_setColorspaceDetails(
            scaler, sws_getCoefficients(canvas.height >= 720 ? SWS_CS_ITU709 : SWS_CS_ITU601), 0,
            sws_getCoefficients(SWS_CS_ITU601), 1, 0, 1 << 16, 1 << 16)
        (whole, small, packet) = (av_frame_alloc(), av_frame_alloc(), av_packet_alloc())
        encoder = avcodec_find_encoder(AV_CODEC_ID_MJPEG).flatMap { avcodec_alloc_context3($0) }
        guard let encoder, let whole, let small, packet != nil else { return nil }
        (whole.pointee.width, whole.pointee.height) = (CInt(canvas.width), CInt(canvas.height))
        whole.pointee.format = AV_PIX_FMT_YUV420P.rawValue
        (small.pointee.width, small.pointee.height) = (width, height)
        small.pointee.format = AV_PIX_FMT_YUVJ420P.rawValue
        small.pointee.quality = Self.quality * 118
        (encoder.pointee.width, encoder.pointee.height) = (width, height)
        encoder.pointee.pix_fmt = AV_PIX_FMT_YUVJ420P
        encoder.pointee.time_base = AVRational(num: 1, den: 25)
        encoder.pointee.thread_count = 1
        // AV_CODEC_FLAG_QSCALE, and FF_QP2LAMBDA.
        encoder.pointee.flags |= 1 << 1
        encoder.pointee.global_quality = Self.quality * 118
        guard av_frame_get_buffer(small, 0) >= 0, avcodec_open2(encoder, nil, nil) >= 0 else { return nil }
    }

    deinit {
        sws_freeContext(scaler)
        avcodec_free_context(&encoder)
        av_frame_free(&whole)
        av_frame_free(&small)
        av_packet_free(&packet)
    }

    /// The picture in the slot `bytes`, small; nil where it can't be made.
    func jpeg(of bytes: UnsafeMutableRawBufferPointer) -> [UInt8]? {
        guard let base = bytes.baseAddress, bytes.count >= layout.byteCount, let encoder, let whole, let small,
            let packet, av_frame_make_writable(small) >= 0
        else { return nil }
        let planes = [layout.luma, layout.cb, layout.cr].map { plane in
            (base + plane.offset).assumingMemoryBound(to: UInt8.self)
        }
        (whole.pointee.data.0, whole.pointee.data.1, whole.pointee.data.2) = (planes[0], planes[1], planes[2])
        whole.pointee.linesize.0 = CInt(layout.luma.stride)
        whole.pointee.linesize.1 = CInt(layout.cb.stride)
        whole.pointee.linesize.2 = CInt(layout.cr.stride)
        let rows = bulkhead_sws_scale(
            scaler, whole, small.pointee.data.0, small.pointee.linesize.0, small.pointee.data.1, small.pointee.data.2,
            small.pointee.linesize.1, nil, 0)
        small.pointee.pts = count
        count += 1
        guard rows > 0, avcodec_send_frame(encoder, small) >= 0, avcodec_receive_packet(encoder, packet) >= 0 else {
            return nil
        }
        defer { av_packet_unref(packet) }
        return Array(UnsafeBufferPointer(start: packet.pointee.data, count: Int(packet.pointee.size)))
    }
}
