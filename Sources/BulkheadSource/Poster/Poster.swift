import CFFmpeg
import Glibc

/// One picture of a film, small, as a JPEG.
struct Poster {
    /// Why there is none, as one lowercase phrase.
    enum Failure: Error, CustomStringConvertible {
        case input(LibavError)
        case noPicture
        case output(LibavError)

        var description: String {
            switch self {
            case .input(let error): "it can't be read: \(error)"
            case .noPicture: "no picture of it can be decoded"
            case .output(let error): "the picture can't be written: \(error)"
            }
        }
    }

    /// How the picture is wanted.
    struct Form {
        var isPNG = false
        /// 0 for as the height makes it, or as it is.
        var width: CInt = 480
        /// 0 for as the width makes it.
        var height: CInt = 0

        private static let longestSide: CInt = 4096

        init() {}

        /// `jpeg` or `png`, a width, a height.
        init?(_ words: [String]) {
            guard words.count == 3, ["jpeg", "png"].contains(words[0]), let width = CInt(words[1]),
                let height = CInt(words[2]), (0...Self.longestSide).contains(width),
                (0...Self.longestSide).contains(height)
            else { return nil }
            (isPNG, self.width, self.height) = (words[0] == "png", width, height)
        }

        /// The size of a picture that is so wide, and `aspect` times as high: inside of what is wanted.
        func size(of wide: CInt, _ aspect: Double) -> (width: CInt, height: CInt) {
            var across = Double(width)
            if width == 0, height == 0 { across = Double(wide) }
            if height > 0, width == 0 || across * aspect > Double(height) { across = Double(height) / aspect }
            across = min(across, Double(Self.longestSide), Double(Self.longestSide) / aspect)
            func even(_ side: Double) -> CInt { max(2, CInt((side / 2).rounded()) * 2) }
            return (even(across), even(across * aspect))
        }
    }

    /// Packets that are looked at for a picture.
    private static let mostPackets = 5000
    /// A mean size of what JPEG makes of a picture: 2 is the best, 31 the smallest.
    private static let quality: CInt = 5

    private let input: UnsafeMutablePointer<AVFormatContext>
    private let stream: Int
    private let decoder: UnsafeMutablePointer<AVCodecContext>

    /// Writes the picture at or behind `milliseconds`, or the last one before.
    static func make(of source: DescriptorFile, at milliseconds: Int64, as form: Form, to target: DescriptorFile)
        throws(Failure)
    {
        var input = avformat_alloc_context()
        input?.pointee.pb = source.context
        // Nothing may be opened besides: no other file that a file names.
        let opened = avformat_open_input(&input, nil, av_find_input_format("mov"), nil)
        guard opened >= 0, let opening = input else { throw .input(LibavError(code: opened)) }
        defer { avformat_close_input(&input) }
        let found = PictureLimit.findStreams(opening)
        guard found >= 0 else { throw .input(LibavError(code: found)) }
        var codec: UnsafePointer<AVCodec>?
        let place = av_find_best_stream(opening, AVMEDIA_TYPE_VIDEO, -1, -1, &codec, 0)
        guard place >= 0, let stream = opening.pointee.streams[Int(place)], let codec else { throw .noPicture }
        var decoder = avcodec_alloc_context3(codec)
        defer { avcodec_free_context(&decoder) }
        guard let decoding = decoder, avcodec_parameters_to_context(decoding, stream.pointee.codecpar) >= 0 else {
            throw .noPicture
        }
        decoding.pointee.thread_count = 1
        decoding.pointee.max_pixels = PictureLimit.pixelCount
        let begun = avcodec_open2(decoding, codec, nil)
        guard begun >= 0 else { throw .input(LibavError(code: begun)) }
        let time = av_rescale_q(milliseconds, AVRational(num: 1, den: 1000), stream.pointee.time_base)
        // Where it can't be sought, the first picture does as well.
        _ = av_seek_frame(opening, place, time, AVSEEK_FLAG_BACKWARD)
        let poster = Poster(input: opening, stream: Int(place), decoder: decoding)
        var frame = try poster.firstFrame()
        defer { av_frame_free(&frame) }
        guard let picture = frame else { throw .noPicture }
        try encode(picture, as: form, to: target)
    }

    /// The first picture behind the keyframe; the caller frees it.
    private func firstFrame() throws(Failure) -> UnsafeMutablePointer<AVFrame>? {
        var (packet, frame) = (av_packet_alloc(), av_frame_alloc())
        defer { av_packet_free(&packet) }
        guard let packet, let picture = frame else { throw .noPicture }
        for _ in 0..<Self.mostPackets {
            let read = av_read_frame(input, packet)
            // At the end the decoder is asked for what it holds.
            let isAtEnd = read < 0
            defer { av_packet_unref(packet) }
            guard isAtEnd || Int(packet.pointee.stream_index) == stream else { continue }
            _ = avcodec_send_packet(decoder, isAtEnd ? nil : packet)
            if avcodec_receive_frame(decoder, picture) >= 0 { return frame }
            if isAtEnd { break }
        }
        av_frame_free(&frame)
        throw .noPicture
    }

    private static func encode(
        _ frame: UnsafeMutablePointer<AVFrame>, as form: Form, to target: DescriptorFile
    ) throws(Failure) {
        let (wide, high) = (frame.pointee.width, frame.pointee.height)
        guard wide > 0, high > 0 else { throw .noPicture }
        var aspect = Double(high) / Double(wide)
        let pixel = frame.pointee.sample_aspect_ratio
        if pixel.num > 0, pixel.den > 0 { aspect *= Double(pixel.den) / Double(pixel.num) }
        let (width, height) = form.size(of: wide, aspect)
        let format = form.isPNG ? AV_PIX_FMT_RGB24 : AV_PIX_FMT_YUVJ420P
        var small = av_frame_alloc()
        defer { av_frame_free(&small) }
        guard let picture = small else { throw .noPicture }
        (picture.pointee.width, picture.pointee.height) = (width, height)
        picture.pointee.format = format.rawValue
        let converter = sws_getContext(
            wide, high, AVPixelFormat(frame.pointee.format), width, height, format, SWS_BICUBIC, nil, nil,
            nil)
        defer { sws_freeContext(converter) }
        guard let converter, av_frame_get_buffer(picture, 0) >= 0,
            bulkhead_sws_scale(
                converter, frame, picture.pointee.data.0, picture.pointee.linesize.0, picture.pointee.data.1,
                picture.pointee.data.2, picture.pointee.linesize.1, nil, 0) > 0
        else { throw .noPicture }
        guard let codec = avcodec_find_encoder(form.isPNG ? AV_CODEC_ID_PNG : AV_CODEC_ID_MJPEG) else {
            throw .output(LibavError(code: bulkhead_averror_decoder_not_found))
        }
        var encoder = avcodec_alloc_context3(codec)
        var packet = av_packet_alloc()
        defer {
            avcodec_free_context(&encoder)
            av_packet_free(&packet)
        }
        guard let encoder, let packet else { throw .output(LibavError(code: -ENOMEM)) }
        (encoder.pointee.width, encoder.pointee.height) = (width, height)
        encoder.pointee.pix_fmt = format
        encoder.pointee.time_base = AVRational(num: 1, den: 25)
        encoder.pointee.thread_count = 1
        // AV_CODEC_FLAG_QSCALE, and FF_QP2LAMBDA.
        encoder.pointee.flags |= 1 << 1
        encoder.pointee.global_quality = quality * 118
        picture.pointee.quality = quality * 118
        for code in [
            avcodec_open2(encoder, codec, nil), avcodec_send_frame(encoder, picture),
            avcodec_receive_packet(encoder, packet),
        ] where code < 0 { throw .output(LibavError(code: code)) }
        avio_write(target.context, packet.pointee.data, packet.pointee.size)
        avio_flush(target.context)
        if let context = target.context, context.pointee.error < 0 {
            throw .output(LibavError(code: context.pointee.error))
        }
    }
}
