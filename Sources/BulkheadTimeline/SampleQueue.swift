import BulkheadMedia

/// The sound of one source that waits to be cut into blocks: sample pairs, contiguous in source time.
package struct SampleQueue: Sendable {
    private var floats: [Float] = []
    private var head = 0
    /// Source time of the first sample pair in the queue, in samples.
    package private(set) var start: Int64 = 0
    private var isEmptyEver = true
    /// Something was taken: what begins later than it is wanted is no beginning, but goes on behind a gap.
    private var hasGiven = false
    /// The last block that was taken ends in a gap.
    private var isBroken = false

    /// How long sound takes to fade at the borders of a gap, in sample pairs: 10 ms.
    private static let fadePairs = AudioFormat.sampleRate / 100

    package init() {}

    /// A queue of sound that begins at sample `start` of source time.
    package init(startingAt start: Int64) { self.start = start }

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

    /// Takes `count` sample pairs from `position` on and lets go of all before them. What is not here is silence, to and from
    /// which the sound fades; its first beginning and its end are as they are.
    /// - Parameter isOver: no more will come.
    /// - Returns: nil where none of it is here.
    package mutating func take(_ count: Int, from position: Int64, isOver: Bool = false) -> [Float]? {
        let wanted = Self.clamped(position)
        let (lead, here) = (Int(clamping: start - wanted), Int(clamping: end - wanted))
        defer { discard(before: wanted + Int64(count)) }
        guard lead < count, here > 0, end > start else {
            isBroken = false
            return nil
        }
        var block = copy(count, from: position)
        if lead > 0, hasGiven { isBroken = true }
        mend(&block, from: max(0, lead))
        hasGiven = true
        if here < count, !isOver {
            isBroken = true
            let first = max(0, lead, here - Self.fadePairs)
            Self.fade(&block, first..<here) { 1 - $0 }
        }
        return block
    }

    /// Fades a block in that follows a gap, from its pair `first` on.
    package mutating func mend(_ block: inout [Float], from first: Int = 0) {
        guard isBroken else { return }
        isBroken = false
        Self.fade(&block, first..<min(first + Self.fadePairs, block.count / AudioFormat.channelCount)) { $0 }
    }

    private static func fade(_ block: inout [Float], _ pairs: Range<Int>, _ gain: (Float) -> Float) {
        for (index, pair) in pairs.enumerated() {
            let share = gain((Float(index) + 0.5) / Float(pairs.count))
            for channel in 0..<AudioFormat.channelCount { block[pair * AudioFormat.channelCount + channel] *= share }
        }
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
