import BulkheadMedia
import BulkheadWire
import CFFmpeg

/// Turns decoded sound into the one row of samples that the master gets: without gaps, each sample on its time.
final class SoundTrack {
    /// The source time of the first sample in `pending`.
    private(set) var nextSample: Int64
    /// Interleaved stereo that waits to be sent.
    private var pending: [Float] = []
    private var sentCount = 0
    private var owedSilence: Int64 = 0
    private var timeline: SoundTimeline
    private var resampler: OpaquePointer?
    private var inputFormat: InputFormat?
    private var cleaner = SoundCleaner()
    private var border = SoundBorder()
    private var stretcher = SoundStretcher()

    private struct InputFormat: Hashable {
        var sampleRate: CInt
        var format: CInt
        var channelCount: CInt
        var channelMask: UInt64
    }

    /// The samples of one message: 21 ms.
    static let chunkSampleCount = 1024

    init(startingAt sample: Int64, isLive: Bool) {
        nextSample = sample
        // 15 ms: less than any codec's packet. The clocks of devices and servers jitter more than files do.
        timeline = SoundTimeline(hardLimit: isLive ? 2880 : 720)
    }

    deinit { swr_free(&resampler) }

    /// Where the row ends.
    var end: Int64 { nextSample + Int64(pendingSampleCount) + owedSilence }

    /// Where the samples end that are here, without the silence that is still owed.
    var paidEnd: Int64 { nextSample + Int64(pendingSampleCount) }

    private var pendingSampleCount: Int { (pending.count - sentCount) / AudioFormat.channelCount }

    var isOwingSilence: Bool { owedSilence > 0 }

    /// Writes a part of the silence that is owed.
    func paySilence() {
        let count = min(owedSilence, 4800)
        guard count > 0 else { return }
        fadeOutEnd()
        let (start, before) = (paidEnd, pending.count)
        pending.append(contentsOf: repeatElement(0, count: Int(count) * AudioFormat.channelCount))
        owedSilence -= count
        border.add(to: &pending, from: before, at: start)
    }

    /// Fills up with silence to `sample`, where no sound of the input will stand.
    func fill(until sample: Int64) {
        let missing = sample.subtractingReportingOverflow(end).partialValue
        if missing > 0 { owedSilence += missing }
    }

    /// The next message's samples, of at most `limit`; nil when there is less than a chunk and `flushing` is not set.
    /// - Parameter keeping: so many samples stay, because they may still be changed.
    func takeChunk(limit: Int64, flushing: Bool, keeping: Int = 0) -> (start: Int64, samples: [Float])? {
        let count = min(pendingSampleCount - keeping, Self.chunkSampleCount)
        guard count > 0, flushing || count == Self.chunkSampleCount, limit - nextSample >= Int64(count) else {
            return nil
        }
        let floats = Array(pending[sentCount..<sentCount + count * AudioFormat.channelCount])
        let start = nextSample
        sentCount += floats.count
        nextSample += Int64(count)
        if sentCount == pending.count || sentCount > 1 << 16 {
            pending.removeFirst(sentCount)
            sentCount = 0
        }
        return (start, floats)
    }

    /// The next sound starts a new pass or comes from another place. What the resampler holds back is written.
    func restart() {
        flush()
        timeline.restart()
    }

    // MARK: from one file to the next

    /// The sound of a file has ended; another file may follow, or silence.
    func endFile() {
        restart()
        border.isOpen = true
    }

    /// Some of what waits may still be changed, because another file may follow.
    var isOpenEnded: Bool { border.isOpen }

    /// What comes next is not the file's sound.
    private func fadeOutEnd() {
        guard border.isOpen else { return }
        border.isOpen = false
        SoundBorder.fadeOut(&pending, from: sentCount)
    }

    /// Another file begins at sample `start`: the sound of the one before fades out there, and that of the next one in.
    func closeFile(at start: Int64) {
        flush()
        timeline.restart()
        owedSilence = 0
        // What lies behind the border and has not been sent.
        let surplus = Int(clamping: max(0, paidEnd - max(start, nextSample)))
        border.close(&pending, from: sentCount, surplus: surplus, at: max(start, nextSample))
    }

    /// Adds `frame`, which stands at `expected` of source time.
    /// - Returns: false while silence has to be paid first; call it again with the same frame after that.
    func add(_ frame: UnsafeMutablePointer<AVFrame>, at expected: Int64) -> Bool {
        guard prepare(frame) else { return true }
        let held = swr_get_delay(resampler, Int64(AudioFormat.sampleRate)) + stretcher.held
        var dropCount: Int64 = 0
        switch timeline.correction(expected: expected, actual: end + held) {
        case .none: break
        case .silence(let count):
            // What the resampler holds back comes before the gap.
            flush()
            owedSilence += min(count, max(0, expected - end))
            return false
        case .drop(let count):
            let length = Int64(frame.pointee.nb_samples).scaled(
                by: Int64(AudioFormat.sampleRate), over: Int64(max(1, frame.pointee.sample_rate)))
            timelineMissesDrop(count, of: length)
            if count >= length { return true }
            dropCount = count
        case .stretch(let count): stretcher.stretch(by: count)
        }
        convert(frame, dropping: Int(dropCount))
        return true
    }

    /// A frame that is left out whole leaves the rest of the overlap to the next one.
    private func timelineMissesDrop(_ count: Int64, of length: Int64) { if count >= length { timeline.restart() } }

    /// Writes what the resampler holds back.
    func flush() {
        guard resampler != nil else { return }
        convert(nil, dropping: 0)
        append(stretcher.end())
        swr_free(&resampler)
        inputFormat = nil
    }

    private func convert(_ frame: UnsafeMutablePointer<AVFrame>?, dropping dropCount: Int) {
        let capacity = Int(swr_get_out_samples(resampler, frame?.pointee.nb_samples ?? 0)) + 64
        guard (65...1 << 22).contains(capacity) || frame != nil, capacity > 0, capacity <= 1 << 22 else { return }
        var converted = [Float](repeating: 0, count: capacity * AudioFormat.channelCount)
        let written = converted.withUnsafeMutableBufferPointer { target -> Int in
            guard let base = target.baseAddress else { return 0 }
            return Int(bulkhead_swr_convert(resampler, base, CInt(capacity), frame))
        }
        converted.removeLast(converted.count - max(0, written) * AudioFormat.channelCount)
        converted.removeFirst(min(dropCount * AudioFormat.channelCount, converted.count))
        cleaner.clean(&converted, from: 0, limits: (inputFormat?.channelCount ?? 0) > AudioFormat.channelCount)
        append(stretcher.pass(converted))
    }

    private func append(_ samples: [Float]) {
        let before = pending.count
        pending += samples
        let position = nextSample + Int64((before - sentCount) / AudioFormat.channelCount)
        border.fadeIn(&pending, from: before, at: position)
        border.add(to: &pending, from: before, at: position)
    }

    /// Sets the resampler up for sound like that in `frame`; false when there is nothing to be had from it.
    private func prepare(_ frame: UnsafeMutablePointer<AVFrame>) -> Bool {
        let format = InputFormat(
            sampleRate: frame.pointee.sample_rate, format: frame.pointee.format,
            channelCount: frame.pointee.ch_layout.nb_channels, channelMask: frame.pointee.ch_layout.u.mask)
        if format == inputFormat { return true }
        guard format.sampleRate > 0, format.channelCount > 0, frame.pointee.nb_samples > 0 else { return false }
        flush()
        resampler = bulkhead_swr_create(frame, CInt(AudioFormat.sampleRate))
        guard resampler != nil else { return false }
        inputFormat = format
        return true
    }
}
