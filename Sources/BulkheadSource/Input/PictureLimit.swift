import BulkheadWire
import CFFmpeg

/// How large the pictures of an input may be: decoders take memory for several of them, whatever is in them, and a file of
/// some kilobytes can ask for half of the machine's.
enum PictureLimit {
    /// Twice those of an 8K film: 8192 x 8192.
    static let pixelCount: Int64 = 8192 * 8192

    /// What may be wrong with an input of which nothing can be decoded.
    static let doubt = "it is damaged, or its pictures have more than \(pixelCount / 1_000_000) million pixels"

    /// What the header says of pictures is checked before there is a decoder that takes memory for them.
    static func check(_ context: UnsafeMutablePointer<AVFormatContext>, of name: String) throws(OpenFailure) {
        for index in 0..<Int(context.pointee.nb_streams) {
            guard let parameters = context.pointee.streams?[index]?.pointee.codecpar?.pointee,
                parameters.codec_type == AVMEDIA_TYPE_VIDEO,
                let refusal = refusal(width: parameters.width, height: parameters.height, of: name)
            else { continue }
            throw .refused(refusal)
        }
    }

    /// Has libavformat look for the streams, and decode for that what is no larger than it may be.
    /// - Returns: what avformat_find_stream_info() does.
    static func findStreams(_ context: UnsafeMutablePointer<AVFormatContext>) -> CInt {
        // One for each stream that is known so far; it reads these and leaves the others alone.
        let count = Int(context.pointee.nb_streams)
        var options = [OpaquePointer?](repeating: nil, count: count)
        for index in 0..<count { av_dict_set(&options[index], "max_pixels", "\(pixelCount)", 0) }
        defer { for index in 0..<count { av_dict_free(&options[index]) } }
        return options.withUnsafeMutableBufferPointer { avformat_find_stream_info(context, $0.baseAddress) }
    }

    /// Why pictures of this size are not taken; nil where they are.
    private static func refusal(width: CInt, height: CInt, of name: String) -> Refusal? {
        let count = Int64(max(0, width)) * Int64(max(0, height))
        guard count > pixelCount else { return nil }
        return Refusal(
            .settings,
            "\(name) has pictures of \(width)x\(height), and they may have \(pixelCount / 1_000_000) million pixels")
    }
}
