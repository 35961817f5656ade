import BulkheadMedia
package import BulkheadWire
import CFFmpeg

/// AAC-LC through libavcodec: blocks in, for each block the AAC frame from which a decoder gets it. For one thread.
///
/// An AAC frame codes two blocks' worth of samples, overlapping its neighbours: the encoder's first frame stands for
/// the block before the first (its 1024 samples of priming), and is thrown away. With it left out, a decoder's first
/// output is the first block, wherever on the timeline that lies.
package final class AudioEncoder {
    /// AAC's AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1).
    package let audioSpecificConfig: [UInt8]

    /// 6144 bits a channel and frame are AAC's most (ISO/IEC 14496-3, 4.5.3.3).
    static let bitsPerSecond: ClosedRange<UInt32> = 16_000...576_000

    private let context: UnsafeMutablePointer<AVCodecContext>
    private let frame: UnsafeMutablePointer<AVFrame>
    private let packet: UnsafeMutablePointer<AVPacket>
    /// The block that has to be given next; nil before the first.
    private var nextBlock: Int64?
    /// The block for which the next AAC frame stands: one before the first at first.
    private var nextAnswer: Int64 = 0
    private var firstBlock: Int64 = 0

    /// Opens the encoder.
    /// - Throws: a refusal that names the bitrates that are accepted.
    package init(bitsPerSecond: UInt32) throws(Refusal) {
        guard Self.bitsPerSecond.contains(bitsPerSecond) else {
            throw Refusal(
                .settings,
                "audio bitrate \(bitsPerSecond) is out of range: \(Self.bitsPerSecond.lowerBound) to "
                    + "\(Self.bitsPerSecond.upperBound) bits per second")
        }
        av_log_set_level(AV_LOG_ERROR)
        guard let codec = avcodec_find_encoder(AV_CODEC_ID_AAC) else {
            throw Refusal(.unsupportedCodec, "libavcodec has no AAC encoder")
        }
        var context = avcodec_alloc_context3(codec)
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
        guard let context, let frame, let packet else { throw Refusal(.other, "memory for the AAC encoder is short") }
        context.pointee.bit_rate = Int64(bitsPerSecond)
        context.pointee.sample_rate = Int32(AudioFormat.sampleRate)
        context.pointee.sample_fmt = AV_SAMPLE_FMT_FLTP
        context.pointee.time_base = AVRational(num: 1, den: Int32(AudioFormat.sampleRate))
        av_channel_layout_default(&context.pointee.ch_layout, Int32(AudioFormat.channelCount))
        // The configuration apart from the frames; no text about the library in them.
        context.pointee.flags |= AV_CODEC_FLAG_GLOBAL_HEADER | AV_CODEC_FLAG_BITEXACT
        let code = avcodec_open2(context, codec, nil)
        guard code >= 0 else { throw Refusal(.settings, "the AAC encoder can't be opened: \(message(code))") }
        guard let extradata = context.pointee.extradata, context.pointee.extradata_size > 0,
            context.pointee.frame_size == Int32(AudioFormat.samplesPerBlock),
            context.pointee.initial_padding == Int32(AudioFormat.samplesPerBlock)
        else { throw Refusal(.unsupportedCodec, "libavcodec's AAC encoder is not the one that was expected") }
        frame.pointee.nb_samples = Int32(AudioFormat.samplesPerBlock)
        frame.pointee.format = AV_SAMPLE_FMT_FLTP.rawValue
        frame.pointee.sample_rate = Int32(AudioFormat.sampleRate)
        guard av_channel_layout_copy(&frame.pointee.ch_layout, &context.pointee.ch_layout) >= 0,
            av_frame_get_buffer(frame, 0) >= 0
        else { throw Refusal(.other, "memory for the AAC encoder is short") }
        audioSpecificConfig = Array(UnsafeBufferPointer(start: extradata, count: Int(context.pointee.extradata_size)))
        self.context = context
        self.frame = frame
        self.packet = packet
        isOpen = true
    }

    deinit {
        var context: UnsafeMutablePointer<AVCodecContext>? = context
        var frame: UnsafeMutablePointer<AVFrame>? = frame
        var packet: UnsafeMutablePointer<AVPacket>? = packet
        avcodec_free_context(&context)
        av_frame_free(&frame)
        av_packet_free(&packet)
    }

    /// Encodes one block of `AudioFormat.floatsPerBlock` interleaved floats and gives the AAC frames that are done to
    /// `emit`, with the numbers of their blocks.
    package func encode(_ block: Int64, _ samples: [Float], emit: (Int64, [UInt8]) throws -> Void) throws {
        if let nextBlock {
            guard block == nextBlock else { throw EncoderError.blockNotNext(block, expected: nextBlock) }
        } else {
            firstBlock = block
            nextAnswer = block &- 1
        }
        nextBlock = block &+ 1
        try check(av_frame_make_writable(frame), block)
        deinterleave(samples)
        frame.pointee.pts = (block &- firstBlock) &* Int64(AudioFormat.samplesPerBlock)
        try check(avcodec_send_frame(context, frame), block)
        try drain(block, emit)
    }

    /// Gives the AAC frames of the last blocks to `emit`. Nothing can be encoded afterwards.
    package func finish(emit: (Int64, [UInt8]) throws -> Void) throws {
        guard let nextBlock else { return }
        try check(avcodec_send_frame(context, nil), nil)
        try drain(nil, emit)
        guard nextAnswer == nextBlock else {
            throw EncoderError.audioFailed(block: nextAnswer, reason: "it was swallowed")
        }
    }

    private func drain(_ block: Int64?, _ emit: (Int64, [UInt8]) throws -> Void) throws {
        while true {
            let code = avcodec_receive_packet(context, packet)
            if code == bulkhead_averror_again || code == bulkhead_averror_eof { return }
            try check(code, block)
            defer { av_packet_unref(packet) }
            let answer = nextAnswer
            guard let nextBlock, answer < nextBlock else { continue }
            nextAnswer &+= 1
            guard answer >= firstBlock, let data = packet.pointee.data else { continue }
            try emit(answer, Array(UnsafeBufferPointer(start: data, count: Int(packet.pointee.size))))
        }
    }

    /// Spreads the channels over the frame's planes. Numbers that no sound has would make the encoder fail, and the
    /// next one with it: they are limited here.
    private func deinterleave(_ samples: [Float]) {
        guard samples.count == AudioFormat.floatsPerBlock, let left = frame.pointee.data.0,
            let right = frame.pointee.data.1
        else { return }
        left.withMemoryRebound(to: Float.self, capacity: AudioFormat.samplesPerBlock) { left in
            right.withMemoryRebound(to: Float.self, capacity: AudioFormat.samplesPerBlock) { right in
                samples.withUnsafeBufferPointer { samples in
                    for index in 0..<AudioFormat.samplesPerBlock {
                        left[index] = limited(samples[index * 2])
                        right[index] = limited(samples[index * 2 + 1])
                    }
                }
            }
        }
    }

    private func limited(_ sample: Float) -> Float { sample.isNaN ? 0 : max(-8, min(8, sample)) }

    private func check(_ code: Int32, _ block: Int64?) throws {
        guard code >= 0 else { throw EncoderError.audioFailed(block: block, reason: message(code)) }
    }
}

/// What libavutil says of an error code.
private func message(_ code: Int32) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(AV_ERROR_MAX_STRING_SIZE)) { buffer in
        guard let start = buffer.baseAddress, av_strerror(code, start, buffer.count) == 0 else { return "code \(code)" }
        return String(cString: start)
    }
}
