import BulkheadPluginKit

/// Sound that is held back. Where samples are missing on the timeline, silence is.
struct SoundDelay {
    var delaySampleCount = 0
    private let channelCount: Int
    /// Samples in a ring, each at its index on the timeline modulo the ring's length.
    private var ring: [Float]
    private let sampleCapacity: Int
    private var nextSample: Int64?

    /// The longest delay of all parameters together, and room for a block.
    private static let capacity = 1 << 19

    init(channelCount: Int) {
        self.channelCount = channelCount
        sampleCapacity = Self.capacity
        ring = [Float](repeating: 0, count: Self.capacity * channelCount)
    }

    mutating func process(_ block: borrowing AudioBlock) -> Outcome {
        skip(to: block.firstSample)
        for sample in 0..<block.sampleCount {
            let now = block.firstSample + Int64(sample)
            let target = place(now)
            let source = place(now - Int64(min(delaySampleCount, sampleCapacity - 1)))
            for channel in 0..<channelCount {
                ring[target + channel] = block[sample, channel]
                block[sample, channel] = ring[source + channel]
            }
        }
        nextSample = block.firstSample + Int64(block.sampleCount)
        return delaySampleCount == 0 ? .unchanged : .changed
    }

    /// Puts silence where samples were left out, or everywhere when the timeline is another one.
    private mutating func skip(to first: Int64) {
        guard let next = nextSample, next != first else { return }
        guard first > next, first - next < Int64(sampleCapacity) else {
            for index in ring.indices { ring[index] = 0 }
            return
        }
        for sample in next..<first {
            let target = place(sample)
            for channel in 0..<channelCount { ring[target + channel] = 0 }
        }
    }

    private func place(_ sample: Int64) -> Int { Int(sample & Int64(sampleCapacity - 1)) * channelCount }
}
