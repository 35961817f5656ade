import BulkheadMedia
import CFFmpeg

/// What libavformat has found out about the streams of an input that were chosen.
struct InputFormats {
    let context: UnsafeMutablePointer<AVFormatContext>

    /// What is said of the pictures of `stream`.
    func picture(_ stream: UnsafeMutablePointer<AVStream>, isStill: Bool, isDrawn: Bool) -> PictureFormat? {
        guard let parameters = stream.pointee.codecpar?.pointee else { return nil }
        var format = PictureFormat(
            codec: MediaInput.codecName(parameters), width: UInt32(clamping: parameters.width),
            height: UInt32(clamping: parameters.height))
        let ratio =
            stream.pointee.sample_aspect_ratio.num > 0
            ? stream.pointee.sample_aspect_ratio : parameters.sample_aspect_ratio
        format.aspectNumerator = UInt32(clamping: ratio.num)
        format.aspectDenominator = UInt32(clamping: ratio.den)
        format.orientation = Self.orientation(of: stream)
        var (mean, least) = (stream.pointee.avg_frame_rate, stream.pointee.r_frame_rate)
        // Of some containers, such as NUT, no mean is known, and the least common rate is what they say.
        if mean.num <= 0, least.num > 0, least.den > 0, (5...121).contains(Double(least.num) / Double(least.den)) {
            mean = least
        }
        format.rateNumerator = UInt32(clamping: mean.num)
        format.rateDenominator = UInt32(clamping: mean.den)
        if let rate = format.framesPerSecond, least.num > 0, least.den > 0 {
            // Fields may be counted for pictures.
            let ratio = Double(least.num) / Double(least.den) / rate
            format.hasVariableRate = abs(ratio - 1) > 0.001 && abs(ratio - 2) > 0.002
            if format.hasVariableRate, ratio > 1, ratio < 1.9, rate * ratio < 61 {
                // Pictures are missing of a steady rate, as phones leave them out.
                (format.rateNumerator, format.rateDenominator) = (
                    UInt32(clamping: least.num), UInt32(clamping: least.den)
                )
            }
        }
        let pixels = AVPixelFormat(parameters.format)
        format.pixelFormat = av_get_pix_fmt_name(pixels).map { String(cString: $0) } ?? ""
        format.hasAlpha =
            bulkhead_av_has_alpha(pixels) != 0 || av_dict_get(stream.pointee.metadata, "alpha_mode", nil, 0) != nil
        format.isInterlaced = ![AV_FIELD_UNKNOWN, AV_FIELD_PROGRESSIVE].contains(parameters.field_order)
        format.transfer =
            switch parameters.color_trc {
            case AVCOL_TRC_SMPTE2084: .pq
            case AVCOL_TRC_ARIB_STD_B67: .hlg
            default: .standard
            }
        if parameters.color_space != AVCOL_SPC_UNSPECIFIED {
            format.matrix = av_color_space_name(parameters.color_space).map { String(cString: $0) } ?? ""
        }
        format.isFullRange = parameters.color_range == AVCOL_RANGE_JPEG || format.pixelFormat.hasPrefix("yuvj")
        format.isStill = isStill
        format.isDrawn = isDrawn
        (format.track, format.trackCount, format.language) = choice(of: stream, AVMEDIA_TYPE_VIDEO)
        return format
    }

    /// What is said of the sound of `stream`.
    func sound(_ stream: UnsafeMutablePointer<AVStream>) -> SoundFormat? {
        guard let parameters = stream.pointee.codecpar?.pointee else { return nil }
        var format = SoundFormat(
            codec: MediaInput.codecName(parameters), sampleRate: UInt32(clamping: parameters.sample_rate),
            channelCount: UInt16(clamping: parameters.ch_layout.nb_channels))
        var layout = parameters.ch_layout
        var text = [CChar](repeating: 0, count: 64)
        if av_channel_layout_describe(&layout, &text, text.count) > 0 {
            format.layout = String(
                decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        (format.track, format.trackCount, format.language) = choice(of: stream, AVMEDIA_TYPE_AUDIO)
        return format
    }

    /// All tracks of one kind, in the input's order.
    func tracks(_ type: AVMediaType) -> [InputTrack] {
        streams(type).enumerated().map { number, stream in
            InputTrack(
                number: number + 1, codec: stream.pointee.codecpar.map { MediaInput.codecName($0.pointee) } ?? "",
                language: Self.tag("language", of: stream), title: Self.tag("title", of: stream))
        }
    }

    private func streams(_ type: AVMediaType) -> [UnsafeMutablePointer<AVStream>] {
        let streams = context.pointee.streams
        return (0..<Int(context.pointee.nb_streams)).compactMap { streams?[$0] }.filter {
            $0.pointee.codecpar?.pointee.codec_type == type
        }
    }

    private static func tag(_ name: String, of stream: UnsafeMutablePointer<AVStream>) -> String {
        av_dict_get(stream.pointee.metadata, name, nil, 0).map { String(cString: $0.pointee.value) } ?? ""
    }

    /// Which of the tracks of its kind a stream is, how many there are, and its language.
    private func choice(
        of stream: UnsafeMutablePointer<AVStream>, _ type: AVMediaType
    ) -> (UInt16, UInt16, String) {
        let alike = streams(type)
        return (
            UInt16(clamping: (alike.firstIndex(of: stream) ?? 0) + 1), UInt16(clamping: alike.count),
            Self.tag("language", of: stream)
        )
    }

    static func orientation(of stream: UnsafeMutablePointer<AVStream>) -> PictureOrientation {
        var byteCount = 0
        guard let bytes = av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, &byteCount), byteCount >= 36 else {
            return .upright
        }
        return orientation(at: bytes)
    }

    /// - Parameter bytes: a display matrix of 36 bytes.
    static func orientation(at bytes: UnsafePointer<UInt8>) -> PictureOrientation {
        PictureOrientation(
            displayMatrix: (0..<9).map {
                UnsafeRawPointer(bytes).loadUnaligned(fromByteOffset: $0 * 4, as: Int32.self)
            })
    }
}
