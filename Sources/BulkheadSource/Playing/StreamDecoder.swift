import BulkheadSystem
import BulkheadWire
import CFFmpeg
import Glibc

/// Packets of one stream that wait for the decoder, the oldest in front.
final class PacketQueue {
    private var packets: [UnsafeMutablePointer<AVPacket>] = []
    private var head = 0
    private(set) var byteCount = 0

    deinit { removeAll() }

    var isEmpty: Bool { head == packets.count }

    /// Takes over what `packet` holds and leaves it empty. False when memory is short.
    func append(_ packet: UnsafeMutablePointer<AVPacket>) -> Bool {
        guard let copy = av_packet_alloc() else { return false }
        av_packet_move_ref(copy, packet)
        packets.append(copy)
        byteCount += Int(copy.pointee.size)
        return true
    }

    var first: UnsafeMutablePointer<AVPacket>? { isEmpty ? nil : packets[head] }

    func removeFirst() {
        guard !isEmpty else { return }
        var packet: UnsafeMutablePointer<AVPacket>? = packets[head]
        byteCount -= Int(packets[head].pointee.size)
        av_packet_free(&packet)
        head += 1
        if head == packets.count || head > 512 {
            packets.removeFirst(head)
            head = 0
        }
    }

    func removeAll() { while !isEmpty { removeFirst() } }
}

/// The decoder of one stream and the packets that wait for it.
final class StreamDecoder {
    enum Outcome {
        case frame
        case needsPackets
        case ended
    }

    let queue = PacketQueue()
    /// Packets that could not be decoded.
    private(set) var damagedCount = 0
    private(set) var frameCount = 0
    private var context: UnsafeMutablePointer<AVCodecContext>?
    private var hasEnd = false
    private var isDrained = false
    private var drainErrorCount = 0
    /// A frame that was decoded ahead.
    private var ahead: UnsafeMutablePointer<AVFrame>?

    /// Pictures of a pipe that are no larger are decoded without holding any back: one thread is fast enough for them.
    private static let pipedPixels = 1920 * 1088

    /// What one thread decodes with ease, in pixels a second: 720p60. More threads take more of the machine for the same work.
    private static let lightPixelRate = 1280.0 * 720 * 60.5

    /// Pictures of a codec that is quickly decoded, small and slow enough for one thread.
    private static func isLight(_ parameters: AVCodecParameters, _ rate: AVRational) -> Bool {
        let codecs = [AV_CODEC_ID_H264, AV_CODEC_ID_MPEG4, AV_CODEC_ID_MPEG2VIDEO, AV_CODEC_ID_MPEG1VIDEO]
        guard codecs.contains(parameters.codec_id), rate.num > 0, rate.den > 0 else { return false }
        let pixelRate = Double(parameters.width) * Double(parameters.height) * Double(rate.num) / Double(rate.den)
        return pixelRate <= lightPixelRate
    }

    init(
        _ stream: UnsafeMutablePointer<AVStream>, isLive: Bool, isPiped: Bool, isResumed: Bool, name: String
    ) throws(OpenFailure) {
        guard let parameters = stream.pointee.codecpar else { throw .refused(Refusal(.notMedia, "\(name) is damaged")) }
        let codecName = MediaInput.codecName(parameters.pointee)
        guard let codec = Self.decoder(of: stream, parameters.pointee.codec_id) else {
            throw .refused(
                Refusal(.unsupportedCodec, "\(name) is coded with \(codecName), which can't be decoded here"))
        }
        context = avcodec_alloc_context3(codec)
        guard let context, avcodec_parameters_to_context(context, parameters) >= 0 else {
            throw .refused(Refusal(.other, "memory is short"))
        }
        context.pointee.pkt_timebase = MediaInput.nanoseconds
        let isLight = !isResumed && Self.isLight(parameters.pointee, stream.pointee.avg_frame_rate)
        context.pointee.thread_count = isLight ? 1 : 0
        // Pictures may grow in the midst of a stream.
        context.pointee.max_pixels = PictureLimit.pixelCount
        let isSmall = Int(parameters.pointee.width) * Int(parameters.pointee.height) <= Self.pipedPixels
        // Threads that each decode a picture would hold as many pictures back, for as long as nothing follows.
        if isLive || (isPiped && isSmall) { context.pointee.thread_type = FF_THREAD_SLICE }
        if isLive, parameters.pointee.video_delay == 0 { context.pointee.flags |= AV_CODEC_FLAG_LOW_DELAY }
        let result = avcodec_open2(context, codec, nil)
        guard result >= 0 else {
            // No fault of the input's: the next source may have them.
            guard ThreadSupply.hasRoom(for: min(16, sysconf(CInt(_SC_NPROCESSORS_ONLN))) + 1) else {
                throw .stopped(.broken("the decoder can't start: this machine, or this user, has too few threads left"))
            }
            throw .refused(
                Refusal(
                    .unsupportedCodec,
                    "\(name) is coded with \(codecName), whose decoder can't start: \(LibavError(code: result))"))
        }
    }

    deinit {
        av_frame_free(&ahead)
        avcodec_free_context(&context)
    }

    /// libavcodec's own decoders of VP8 and VP9 leave transparency out; libvpx's don't.
    private static func decoder(of stream: UnsafeMutablePointer<AVStream>, _ codec: AVCodecID) -> UnsafePointer<
        AVCodec
    >? {
        let names = [AV_CODEC_ID_VP8.rawValue: "libvpx", AV_CODEC_ID_VP9.rawValue: "libvpx-vp9"]
        if let name = names[codec.rawValue], av_dict_get(stream.pointee.metadata, "alpha_mode", nil, 0) != nil,
            let decoder = avcodec_find_decoder_by_name(name)
        {
            return decoder
        }
        return avcodec_find_decoder(codec)
    }

    /// No packet will follow until ``restart()``.
    func endInput() { hasEnd = true }

    /// Forgets all that it holds, for packets from another place.
    func restart() {
        queue.removeAll()
        av_frame_free(&ahead)
        avcodec_flush_buffers(context)
        hasEnd = false
        isDrained = false
        drainErrorCount = 0
    }

    /// Decodes the next frame, which ``next(_:)`` then gives.
    /// - Returns: false while more packets are needed for it.
    func decodeAhead() -> Bool {
        guard ahead == nil else { return true }
        var frame = av_frame_alloc()
        guard let decoded = frame else { return true }
        switch decode(decoded) {
        case .frame:
            ahead = decoded
            return true
        case .needsPackets, .ended:
            av_frame_free(&frame)
            return isDrained
        }
    }

    /// Gives the next frame in `frame`.
    func next(_ frame: UnsafeMutablePointer<AVFrame>) -> Outcome {
        guard let decoded = ahead else { return decode(frame) }
        av_frame_unref(frame)
        av_frame_move_ref(frame, decoded)
        av_frame_free(&ahead)
        return .frame
    }

    private func decode(_ frame: UnsafeMutablePointer<AVFrame>) -> Outcome {
        guard let context, !isDrained else { return .ended }
        // Each turn takes a frame or feeds a packet; damaged packets end in another turn.
        while true {
            let received = avcodec_receive_frame(context, frame)
            if received >= 0 {
                frameCount += 1
                return .frame
            }
            if received == bulkhead_averror_eof {
                isDrained = true
                return .ended
            }
            if received != bulkhead_averror_again {
                damagedCount += 1
                if queue.isEmpty, hasEnd {
                    drainErrorCount += 1
                    if drainErrorCount > 64 { return drained() }
                }
            }
            if let packet = queue.first {
                let sent = avcodec_send_packet(context, packet)
                // The decoder wants to be emptied first only after it gave a frame, so a packet refused now is lost.
                queue.removeFirst()
                if sent < 0 { damagedCount += 1 }
            } else if hasEnd {
                let sent = avcodec_send_packet(context, nil)
                if sent < 0, sent != bulkhead_averror_eof { return drained() }
            } else {
                return .needsPackets
            }
        }
    }

    private func drained() -> Outcome {
        isDrained = true
        return .ended
    }
}

/// The decoders of an input's streams: what can't be decoded is refused before the master counts with it.
struct InputDecoders {
    let video: StreamDecoder?
    let audio: StreamDecoder?

    /// - Parameter isResumed: what a source that died has played already is to be decoded again first, at once.
    init(_ input: MediaInput, isResumed: Bool) throws(OpenFailure) {
        func decoder(_ stream: UnsafeMutablePointer<AVStream>?) throws(OpenFailure) -> StreamDecoder? {
            guard let stream else { return nil }
            return try StreamDecoder(
                stream, isLive: input.isLive, isPiped: input.isPiped, isResumed: isResumed,
                name: input.address.name)
        }
        video = try decoder(input.video)
        audio = try decoder(input.audio)
    }
}
