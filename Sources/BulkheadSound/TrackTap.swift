import BulkheadMedia
package import BulkheadModel

/// Cuts the sound of strips, as it is before gain, pan and ducking, into the blocks of the timeline: strips work
/// ``SoundMix/lookAhead`` pairs ahead of the block that is made.
package struct TrackTap: Sendable {
    /// What each strip has given beyond the last block.
    private var rests: [InputID: [Float]] = [:]
    private static let restCount = AudioFormat.channelCount * SoundMix.lookAhead

    package init() {}

    /// The next block of each input that has given something for it or for the one before; others are silent.
    /// - Parameter samples: of each strip, from the end of what it gave for the block before, or, for the first block of
    ///   all, from its start.
    package mutating func block(of samples: [(input: InputID, samples: [Float])]) -> [InputID: [Float]] {
        var blocks: [InputID: [Float]] = [:]
        var rests: [InputID: [Float]] = [:]
        for (input, samples) in samples {
            let isFirst = samples.count > AudioFormat.floatsPerBlock
            let rest = isFirst ? [] : self.rests[input] ?? [Float](repeating: 0, count: Self.restCount)
            let all = rest + samples
            blocks[input] = Array(all.prefix(AudioFormat.floatsPerBlock))
            rests[input] = Array(all.dropFirst(AudioFormat.floatsPerBlock))
        }
        for (input, rest) in self.rests where blocks[input] == nil {
            blocks[input] = rest + [Float](repeating: 0, count: AudioFormat.floatsPerBlock - rest.count)
        }
        self.rests = rests
        return blocks
    }
}
