package import BulkheadMedia
package import BulkheadWire
import CX264
import Glibc

/// H.264 through x264: pictures in by frame number, access units out. For one thread.
package final class VideoEncoder {
    /// An AVCDecoderConfigurationRecord, the same for the same settings.
    package let avcConfiguration: [UInt8]
    /// How many frames x264 may hold before it must answer.
    package let maximumDelay: UInt32
    /// By how many frames an access unit may come before one that is shown earlier.
    package let reorderDepth: UInt32

    private let x264: OpaquePointer
    private let layout: PictureLayout
    private let bufferMilliseconds: UInt32
    private var picture = x264_picture_t()
    private var firstFrame: FrameNumber?
    private var lastFrame: FrameNumber = 0

    /// Opens x264.
    /// - Throws: a refusal that names the setting that x264 does not take.
    package init(_ settings: VideoSettings) throws(Refusal) {
        var param = try X264Parameters.make(settings)
        guard let x264 = bulkhead_x264_open(&param) else {
            throw Refusal(.settings, "x264 can't be opened with these settings")
        }
        guard let avcConfiguration = Self.parameterSets(of: x264)?.bytes else {
            x264_encoder_close(x264)
            throw Refusal(.other, "x264 gave no parameter sets")
        }
        self.x264 = x264
        self.avcConfiguration = avcConfiguration
        layout = settings.canvas.layout
        bufferMilliseconds = settings.bufferMilliseconds
        maximumDelay = UInt32(clamping: x264_encoder_maximum_delayed_frames(x264))
        // What it made of the settings: fewer B-frames, for one, with very short GOPs.
        x264_encoder_parameters(x264, &param)
        reorderDepth = param.i_bframe == 0 ? 0 : param.i_bframe_pyramid == 0 ? 1 : 2

        x264_picture_init(&picture)
        picture.img.i_csp = X264_CSP_I420
        picture.img.i_plane = 3
        picture.img.i_stride.0 = Int32(layout.luma.stride)
        picture.img.i_stride.1 = Int32(layout.cb.stride)
        picture.img.i_stride.2 = Int32(layout.cr.stride)
    }

    deinit { x264_encoder_close(x264) }

    /// About how many threads x264 starts for `settings`: three for two processors, as it does by itself, and that for the
    /// look-ahead.
    static func threadCount(_ settings: VideoSettings) -> Int {
        let own = settings.threads > 0 ? Int(settings.threads) : sysconf(CInt(_SC_NPROCESSORS_ONLN)) * 3 / 2
        return min(128, max(1, own)) + 1
    }

    /// Encodes the picture in a slot, whose bytes x264 has copied when this returns.
    /// - Returns: the access unit of this frame or of an earlier one, or nil while x264 waits for more.
    package func encode(
        _ frame: FrameNumber, in slot: UnsafeMutableRawBufferPointer, forceIDR: Bool
    ) throws -> AccessUnit? {
        guard let base = slot.baseAddress?.assumingMemoryBound(to: UInt8.self), slot.count >= layout.byteCount else {
            throw EncoderError.slotTooSmall(byteCount: slot.count, needed: layout.byteCount)
        }
        let first = firstFrame ?? frame
        let (ticks, overflows) = frame.subtractingReportingOverflow(first)
        guard !overflows, firstFrame == nil || frame > lastFrame else {
            throw EncoderError.frameNotRising(frame, last: lastFrame)
        }
        firstFrame = first
        lastFrame = frame
        picture.i_type = forceIDR ? X264_TYPE_IDR : X264_TYPE_AUTO
        picture.i_pts = ticks
        picture.img.plane.0 = base + layout.luma.offset
        picture.img.plane.1 = base + layout.cb.offset
        picture.img.plane.2 = base + layout.cr.offset
        return try run(&picture, frame: frame)
    }

    /// Hands out what is held back, one access unit a call; nil when nothing is left.
    package func flushNext() throws -> AccessUnit? {
        while x264_encoder_delayed_frames(x264) > 0 {
            if let unit = try run(nil, frame: nil) { return unit }
        }
        return nil
    }

    /// Changes the bitrate from the next frame on.
    package func reconfigure(bitsPerSecond: UInt32) throws {
        var param = x264_param_t()
        x264_encoder_parameters(x264, &param)
        X264Parameters.setRate(of: &param, bitsPerSecond: bitsPerSecond, bufferMilliseconds: bufferMilliseconds)
        let code = x264_encoder_reconfig(x264, &param)
        guard code >= 0 else { throw EncoderError.reconfigurationFailed(code: code) }
    }

    /// Whether ``reconfigure(bitsPerSecond:)`` takes this bitrate.
    package static func accepts(bitsPerSecond: UInt32) -> Bool { X264Parameters.bitsPerSecond.contains(bitsPerSecond) }

    private func run(_ input: UnsafeMutablePointer<x264_picture_t>?, frame: FrameNumber?) throws -> AccessUnit? {
        var nals: UnsafeMutablePointer<x264_nal_t>?
        var count: Int32 = 0
        var output = x264_picture_t()
        let byteCount = x264_encoder_encode(x264, &nals, &count, input, &output)
        guard byteCount >= 0 else { throw EncoderError.videoFailed(frame: frame) }
        guard byteCount > 0, count > 0, let nals, let payload = nals[0].p_payload, let firstFrame else { return nil }
        // x264.h: the payloads of all NAL units lie one behind the other.
        let units = UnsafeBufferPointer(start: nals, count: Int(count))
        return AccessUnit(
            frame: firstFrame &+ output.i_pts, isIDR: output.i_type == X264_TYPE_IDR,
            isDisposable: units.allSatisfy { $0.i_ref_idc == Int32(NAL_PRIORITY_DISPOSABLE.rawValue) },
            bytes: Array(UnsafeBufferPointer(start: payload, count: Int(byteCount))))
    }

    private static func parameterSets(of x264: OpaquePointer) -> AVCDecoderConfiguration? {
        var nals: UnsafeMutablePointer<x264_nal_t>?
        var count: Int32 = 0
        guard x264_encoder_headers(x264, &nals, &count) > 0, let nals else { return nil }
        var sequence: [[UInt8]] = []
        var picture: [[UInt8]] = []
        for nal in UnsafeBufferPointer(start: nals, count: Int(count)) where nal.i_payload > 4 {
            // Behind 4 bytes of length, as in access units.
            let bytes = Array(UnsafeBufferPointer(start: nal.p_payload + 4, count: Int(nal.i_payload) - 4))
            switch nal.i_type {
            case Int32(NAL_SPS.rawValue): sequence.append(bytes)
            case Int32(NAL_PPS.rawValue): picture.append(bytes)
            default: break
            }
        }
        return AVCDecoderConfiguration(sequenceParameterSets: sequence, pictureParameterSets: picture)
    }
}
