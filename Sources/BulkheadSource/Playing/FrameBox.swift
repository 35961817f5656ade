import BulkheadWire
import CFFmpeg

/// A decoded frame and its place in input time.
final class FrameBox {
    let frame: UnsafeMutablePointer<AVFrame>
    /// Nil when the box is empty.
    var time: Int64?
    /// In nanoseconds; 0 when not known.
    var duration: Int64 = 0

    init() throws(OpenFailure) {
        guard let frame = av_frame_alloc() else { throw .refused(Refusal(.other, "memory is short")) }
        self.frame = frame
    }

    deinit {
        var frame: UnsafeMutablePointer<AVFrame>? = frame
        av_frame_free(&frame)
    }

    func clear() {
        av_frame_unref(frame)
        time = nil
    }

    /// Takes over what `other` holds and leaves it empty.
    func take(from other: FrameBox) {
        av_frame_unref(frame)
        av_frame_move_ref(frame, other.frame)
        time = other.time
        duration = other.duration
        other.time = nil
    }
}
