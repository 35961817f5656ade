import BulkheadMedia

/// The sound of one source that waits to be cut into blocks: sample pairs, contiguous in source time.
package struct SampleQueue: Sendable {
    private var floats: [Float] = []
    private var head = 0
    /// Source time of the first sample pair in the queue, in samples.
    package private(set) var start: Int64 = 0
    private var isEmptyEver = true

    package init() {}

    /// Source time just after the last sample pair in the queue.
    package var end: Int64 { start + Int64((floats.count - head) / AudioFormat.channelCount) }

    /// Positions beyond this are nobody's: a million years of sound. Two of them are as far apart as `Int64`
    /// can say, with room for a queue's length.
    private static let farthest: UInt64 = 1 << 61

    /// Sample pairs that may wait, five minutes: more is a mistake of whoever gives them.
    package static let longest = 300 * AudioFormat.sampleRate

    /// Adds samples that begin at `position`. A gap before them is filled with silence, what overlaps is left out, and
    /// after a jump of over ten seconds the queue starts afresh. Samples at an impossible position are left out.
    package mutating func push(_ samples: [Float], at position: Int64) {
        guard position.magnitude < Self.farthest else { return }
        if isEmptyEver {
            isEmptyEver = false
            start = position
        }
        let (distance, overflows) = position.subtractingReportingOverflow(end)
        if overflows || distance.magnitude > UInt64(10 * AudioFormat.sampleRate) {
            floats = samples
            head = 0
            start = position
        } else if distance >= 0 {
            floats.append(contentsOf: repeatElement(0, count: Int(distance) * AudioFormat.channelCount))
            floats.append(contentsOf: samples)
        } else {
            floats.append(contentsOf: samples.dropFirst(Int(-distance) * AudioFormat.channelCount))
        }
        if end - start > Int64(Self.longest) { discard(before: end - Int64(Self.longest)) }
    }

    /// Takes `count` sample pairs from `position` on and lets go of all before them; what is not here is silence.
    package mutating func take(_ count: Int, from position: Int64) -> [Float] {
        let block = copy(count, from: position)
        discard(before: Self.clamped(position) + Int64(count))
        return block
    }

    /// `count` sample pairs from `position` on, which stay; what is not here is silence.
    package func copy(_ count: Int, from position: Int64) -> [Float] {
        let position = Self.clamped(position)
        let lead = Int(clamping: max(0, start - position))
        let skipped = Int(clamping: max(0, position - start))
        let here = (floats.count - head) / AudioFormat.channelCount
        guard lead < count, skipped < here else {
            return [Float](repeating: 0, count: count * AudioFormat.channelCount)
        }
        let available = min(count - lead, here - skipped)
        var block = [Float](repeating: 0, count: lead * AudioFormat.channelCount)
        block.reserveCapacity(count * AudioFormat.channelCount)
        let first = head + skipped * AudioFormat.channelCount
        block.append(contentsOf: floats[first..<first + available * AudioFormat.channelCount])
        block.append(contentsOf: repeatElement(0, count: count * AudioFormat.channelCount - block.count))
        return block
    }

    private static func clamped(_ position: Int64) -> Int64 { min(max(position, -Int64(farthest)), Int64(farthest)) }

    /// Lets go of what lies before `position`.
    package mutating func discard(before position: Int64) {
        let (distance, overflows) = position.subtractingReportingOverflow(start)
        let wanted = overflows ? (position > start ? .max : 0) : max(0, distance)
        let pairs = min(wanted, Int64((floats.count - head) / AudioFormat.channelCount))
        head += Int(pairs) * AudioFormat.channelCount
        start += pairs
        // Moving what is left costs less than what was taken: a long queue is not moved again and again.
        if head > 1 << 16, head >= floats.count / 2 {
            floats.removeFirst(head)
            head = 0
        }
    }
}
