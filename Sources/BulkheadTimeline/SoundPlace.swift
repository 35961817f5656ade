import BulkheadMedia

/// Keeps the sound of a live source in its place without a gap or a jump that can be heard.
///
/// The place of a live source's time moves: by its clock's drift, a little all the time, and by a frame where a stall has
/// cost one. Sound can't jump: it goes slower or faster until it is there, by less than a tenth of a percent, which is no
/// change of pitch that anybody hears, and by half a percent as long as it is farther away than a clock brings it. Where it
/// is interrupted anyway, or is farther away than a frame, it goes there at once.
struct SoundPlace: Hashable, Sendable {
    /// 0.09 % of a block's samples.
    private static let usualStep = 0.0009 * Double(AudioFormat.samplesPerBlock)
    /// Half a percent of them.
    private static let largestStep = 0.005 * Double(AudioFormat.samplesPerBlock)
    /// What is farther from its place than that is brought there by the largest step: 15 ms.
    private static let far = 720.0
    /// So far from its place sound isn't brought there slowly: 50 ms.
    private static let farthest = 2400.0

    /// Source time of what follows the last block, in samples and a fraction of one; nil where the next block begins at its
    /// place.
    private var next: Int64?
    private var fraction = 0.0

    /// Takes the samples of one block, which should be those of `wanted` in source time.
    /// - Returns: nil where none of them are here.
    mutating func take(from queue: inout SampleQueue, wanted: Range<Int64>) -> [Float]? {
        let needed = span(wanted: wanted)
        let count = wanted.count
        // What isn't here is silence: the sound behind it begins at its place.
        guard queue.start <= needed.lowerBound, queue.end >= needed.upperBound else {
            next = nil
            fraction = 0
            return queue.take(count, from: wanted.lowerBound)
        }
        let (start, step) = course(wanted)
        let end = fraction + Double(count) + step
        var samples: [Float]
        if fraction == 0, step == 0 {
            samples = queue.copy(count, from: start)
        } else {
            let reach = SoundStretch.reach
            let source = queue.copy(count + Int(step.rounded(.up)) + 2 * reach + 2, from: start - Int64(reach))
            samples = SoundStretch.stretch(
                source, from: fraction, by: (Double(count) + step) / Double(count), count: count)
        }
        // What should be a whole sample is one, however a sum was rounded.
        let place = abs(end - end.rounded()) < 1e-6 ? end.rounded() : end
        next = start + Int64(place.rounded(.down))
        fraction = place - place.rounded(.down)
        queue.mend(&samples)
        queue.discard(before: (next ?? start) - Int64(SoundStretch.reach))
        return samples
    }

    /// The samples that must be there for the block which should be those of `wanted`.
    func span(wanted: Range<Int64>) -> Range<Int64> {
        let (start, step) = course(wanted)
        if fraction == 0, step == 0 { return start..<start + Int64(wanted.count) }
        let end = (fraction + Double(wanted.count) + step).rounded(.up)
        return start..<start + Int64(end) + Int64(SoundStretch.reach)
    }

    /// Where the block begins, without the fraction, and by how much more or less of the source it goes on than it lasts.
    private func course(_ wanted: Range<Int64>) -> (start: Int64, step: Double) {
        guard let next else { return (wanted.lowerBound, -fraction) }
        let (whole, overflows) = wanted.lowerBound.subtractingReportingOverflow(next)
        guard !overflows, Double(whole.magnitude) <= Self.farthest else { return (wanted.lowerBound, -fraction) }
        let distance = Double(whole) - fraction
        let most = abs(distance) > Self.far ? Self.largestStep : Self.usualStep
        return (next, min(max(distance, -most), most))
    }
}
