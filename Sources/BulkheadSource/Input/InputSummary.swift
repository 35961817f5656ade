import CFFmpeg

/// What an input holds and what was chosen of it, for a person.
struct InputSummary {
    let context: UnsafeMutablePointer<AVFormatContext>
    let video: UnsafeMutablePointer<AVStream>?
    let audio: UnsafeMutablePointer<AVStream>?

    var text: String {
        var parts: [String] = []
        if let format = context.pointee.iformat { parts.append(String(cString: format.pointee.name)) }
        if let video, let parameters = video.pointee.codecpar?.pointee {
            var text = "\(MediaInput.codecName(parameters)) \(parameters.width)x\(parameters.height)"
            let rate = video.pointee.avg_frame_rate
            if rate.num > 0, rate.den > 0 {
                let hundredths = (Double(rate.num) / Double(rate.den) * 100).rounded() / 100
                text += hundredths == hundredths.rounded() ? " \(Int(hundredths)) fps" : " \(hundredths) fps"
            }
            parts.append(text + choice(of: video, AVMEDIA_TYPE_VIDEO))
        }
        if let parameters = audio?.pointee.codecpar?.pointee {
            parts.append(
                "\(MediaInput.codecName(parameters)) \(parameters.sample_rate) Hz "
                    + "\(parameters.ch_layout.nb_channels) channels" + choice(of: audio, AVMEDIA_TYPE_AUDIO))
        }
        return parts.joined(separator: ", ")
    }

    /// Which of several tracks of its kind a stream is, with its language; empty for the only one.
    private func choice(of stream: UnsafeMutablePointer<AVStream>?, _ type: AVMediaType) -> String {
        guard let stream, let streams = context.pointee.streams else { return "" }
        let alike = (0..<Int(context.pointee.nb_streams)).compactMap { streams[$0] }.filter {
            $0.pointee.codecpar?.pointee.codec_type == type
        }
        guard alike.count > 1, let place = alike.firstIndex(of: stream) else { return "" }
        let language = av_dict_get(stream.pointee.metadata, "language", nil, 0).map {
            String(cString: $0.pointee.value)
        }
        return " (track \(place + 1) of \(alike.count)\(language.map { ", \($0)" } ?? ""))"
    }
}
