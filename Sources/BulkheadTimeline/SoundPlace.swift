import BulkheadMedia

/// Keeps the sound of a live source beside its picture without a gap or a jump that can be heard.
///
/// A picture that drift forces moves all that follow by a frame, and the sound with them. Sound can't jump by a frame: it
/// goes slower or faster by half a percent until it is there, which takes some seven seconds. Where it is interrupted
/// anyway, or is farther from its place than a frame, it goes there at once.
struct SoundPlace: Hashable, Sendable {
    /// Half a percent of a block's samples.
    private static let largestStep: Int64 = 5
    /// So far from its place sound isn't brought there slowly: 50 ms.
    private static let farthest: Int64 = 2400

    /// Source time of the sample that follows the last block; nil where the next block begins at its place.
    private var next: Int64?

    /// Takes the samples of one block, which should be those of `wanted` in source time.
    mutating func take(from queue: inout SampleQueue, wanted: Range<Int64>) -> [Float] {
        let span = span(wanted: wanted)
        let count = wanted.count
        // What isn't here is silence: the sound behind it begins at its place.
        guard queue.start <= span.lowerBound, queue.end >= span.upperBound else {
            next = nil
            return queue.take(count, from: wanted.lowerBound)
        }
        next = span.upperBound
        let samples = queue.take(span.count, from: span.lowerBound)
        return span.count == count ? samples : Self.stretch(samples, from: span.count, to: count)
    }

    /// The samples that make the block which should be those of `wanted`.
    func span(wanted: Range<Int64>) -> Range<Int64> {
        guard let next else { return wanted }
        let (distance, overflows) = wanted.lowerBound.subtractingReportingOverflow(next)
        guard !overflows, distance.magnitude <= Self.farthest.magnitude else { return wanted }
        return next..<next + Int64(wanted.count) + min(max(distance, -Self.largestStep), Self.largestStep)
    }

    /// As many sample pairs as are wanted, each between two of `samples`.
    private static func stretch(_ samples: [Float], from count: Int, to wanted: Int) -> [Float] {
        let channels = AudioFormat.channelCount
        var stretched: [Float] = []
        stretched.reserveCapacity(wanted * channels)
        // The last one comes just before the first of the next block.
        let ratio = Float(count) / Float(wanted)
        for index in 0..<wanted {
            let place = Float(index) * ratio
            let first = min(Int(place), count - 1)
            let second = min(first + 1, count - 1)
            let share = place - Float(first)
            for channel in 0..<channels {
                let (a, b) = (samples[first * channels + channel], samples[second * channels + channel])
                stretched.append(a + (b - a) * share)
            }
        }
        return stretched
    }
}
