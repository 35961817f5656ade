import BulkheadWire
import CFFmpeg

/// One of libavcodec's decoders with its packet and frame, for one thread.
final class CodecContext {
    enum Failure: Error {
        case damaged
    }

    private let context: UnsafeMutablePointer<AVCodecContext>
    private let packet: UnsafeMutablePointer<AVPacket>
    let frame: UnsafeMutablePointer<AVFrame>

    /// Opens the decoder of `codec`, a FourCC, with what its sequence header holds.
    init(_ codec: UInt32, configuration: [UInt8]) throws(Refusal) {
        let name = Self.name(codec)
        guard let id = Self.codecID(codec), let found = avcodec_find_decoder(id) else {
            throw Refusal(.unsupportedCodec, "there is no decoder for \(name)")
        }
        var context = avcodec_alloc_context3(found)
        var frame = av_frame_alloc()
        var packet = av_packet_alloc()
        var isOpen = false
        defer {
            if !isOpen {
                avcodec_free_context(&context)
                av_frame_free(&frame)
                av_packet_free(&packet)
            }
        }
        guard let context, let frame, let packet else { throw Refusal(.other, "memory is short") }
        // The viewer is a guest on a machine that encodes: one thread, and no work on what is only looked at.
        context.pointee.thread_count = 1
        // A sequence header can ask for any amount of memory.
        context.pointee.max_pixels = 8192 * 8192
        context.pointee.skip_loop_filter = AVDISCARD_NONREF
        context.pointee.pkt_timebase = AVRational(num: 1, den: 1_000_000_000)
        if !configuration.isEmpty {
            let padding = Int(AV_INPUT_BUFFER_PADDING_SIZE)
            guard let memory = av_mallocz(configuration.count + padding) else {
                throw Refusal(.other, "memory is short")
            }
            memory.copyMemory(from: configuration, byteCount: configuration.count)
            context.pointee.extradata = memory.assumingMemoryBound(to: UInt8.self)
            context.pointee.extradata_size = Int32(configuration.count)
        }
        guard avcodec_open2(context, found, nil) >= 0 else {
            throw Refusal(.notMedia, "the sequence header for \(name) is damaged")
        }
        self.context = context
        self.frame = frame
        self.packet = packet
        isOpen = true
    }

    deinit {
        var context: UnsafeMutablePointer<AVCodecContext>? = context
        var packet: UnsafeMutablePointer<AVPacket>? = packet
        var frame: UnsafeMutablePointer<AVFrame>? = frame
        avcodec_free_context(&context)
        av_packet_free(&packet)
        av_frame_free(&frame)
    }

    /// Decodes `bytes`; `emit` is called with ``frame`` filled, for each frame that comes out. A frame has the `pts` of
    /// the packet that it was in.
    func decode(_ bytes: [UInt8], pts: Int64, emit: () throws -> Void) throws {
        guard av_new_packet(packet, Int32(clamping: bytes.count)) >= 0, let data = packet.pointee.data else {
            throw Failure.damaged
        }
        data.update(from: bytes, count: Int(packet.pointee.size))
        packet.pointee.pts = pts
        let sent = avcodec_send_packet(context, packet)
        av_packet_unref(packet)
        guard try drain(emit), sent >= 0 else { throw Failure.damaged }
    }

    /// Gives all frames that are held back to `emit`, and makes ready for packets from another place.
    func flush(emit: () throws -> Void) throws {
        _ = avcodec_send_packet(context, nil)
        _ = try drain(emit)
        avcodec_flush_buffers(context)
    }

    /// False when something could not be decoded.
    private func drain(_ emit: () throws -> Void) throws -> Bool {
        while true {
            let code = avcodec_receive_frame(context, frame)
            if code == bulkhead_averror_again || code == bulkhead_averror_eof { return true }
            guard code >= 0 else { return false }
            defer { av_frame_unref(frame) }
            try emit()
        }
    }

    private static func codecID(_ fourCC: UInt32) -> AVCodecID? {
        switch name(fourCC) {
        case "avc1": AV_CODEC_ID_H264
        case "hvc1": AV_CODEC_ID_HEVC
        case "av01": AV_CODEC_ID_AV1
        case "vp09": AV_CODEC_ID_VP9
        case "mp4a": AV_CODEC_ID_AAC
        case "Opus": AV_CODEC_ID_OPUS
        case ".mp3": AV_CODEC_ID_MP3
        default: nil
        }
    }

    private static func name(_ fourCC: UInt32) -> String {
        String(decoding: [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: fourCC >> $0) }, as: UTF8.self)
    }
}
