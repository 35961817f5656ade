import BulkheadMedia
import BulkheadWire
import CFFmpeg

/// The sound side of an input: what has been decoded, and the row of samples that goes out.
final class AudioTrack {
    /// Nil where the input has no sound, and others of its list do.
    let decoder: StreamDecoder?
    let decoded: FrameBox
    let sound: SoundTrack
    var hasEnded = false
    private var lastEnd: Int64?

    /// - Parameter sound: the row of samples that is gone on with; nil for a new one.
    init(
        _ input: MediaInput, _ decoder: StreamDecoder?, settings: SourceSettings, sound: SoundTrack? = nil
    ) throws(OpenFailure) {
        self.decoder = decoder
        hasEnded = decoder == nil
        decoded = try FrameBox()
        self.sound = sound ?? SoundTrack(startingAt: max(0, settings.resume?.audioSample ?? 0), isLive: input.isLive)
    }

    /// Decodes the next block into `decoded`.
    func decode() -> StreamDecoder.Outcome {
        guard let decoder else { return .ended }
        let outcome = decoder.next(decoded.frame)
        guard case .frame = outcome else { return outcome }
        let frame = decoded.frame.pointee
        let duration = Int64(frame.nb_samples).scaled(by: 1_000_000_000, over: Int64(max(1, frame.sample_rate)))
        let stamp = frame.best_effort_timestamp
        let time = stamp != bulkhead_av_nopts_value ? stamp : lastEnd ?? 0
        decoded.time = time
        decoded.duration = duration
        lastEnd = time.addingReportingOverflow(duration).partialValue
        return .frame
    }

    /// Packets from another place follow.
    func restart() {
        decoder?.restart()
        decoded.clear()
        sound.restart()
        lastEnd = nil
        hasEnded = decoder == nil
    }
}
