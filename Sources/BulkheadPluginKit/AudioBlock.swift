import CBulkheadPlugin

/// One block of sound on its way through a plugin, which changes it in place: interleaved floats, 1.0 is full scale.
/// It exists only while ``AudioFilter/process(_:)`` runs.
public struct AudioBlock: ~Copyable {
    /// The index of the block's first sample on the broadcast's timeline. Samples that are left out between two blocks
    /// were not shown to the plugin.
    public let firstSample: Int64
    /// For each channel.
    public let sampleCount: Int
    /// Interleaved channels, left first.
    public let channelCount: Int
    @usableFromInline let samples: UnsafeMutablePointer<Float>

    /// Nil when the host passed no samples.
    init?(_ block: bulkhead_audio_block, channelCount: Int) {
        guard let samples = block.samples else { return nil }
        self.init(
            firstSample: block.first_sample, sampleCount: Int(block.sample_count), channelCount: channelCount,
            samples: samples)
    }

    private init(firstSample: Int64, sampleCount: Int, channelCount: Int, samples: UnsafeMutablePointer<Float>) {
        self.firstSample = firstSample
        self.sampleCount = sampleCount
        self.channelCount = channelCount
        self.samples = samples
    }

    /// One sample of one channel.
    @inlinable
    public subscript(sample: Int, channel: Int) -> Float {
        get {
            precondition(sample >= 0 && sample < sampleCount && channel >= 0 && channel < channelCount)
            return samples[sample * channelCount + channel]
        }
        nonmutating set {
            precondition(sample >= 0 && sample < sampleCount && channel >= 0 && channel < channelCount)
            samples[sample * channelCount + channel] = newValue
        }
    }

    /// Calls `body` for each point in time with the samples of its channels, left first.
    @inlinable
    public borrowing func forEachSample(_ body: (_ channels: inout MutableSpan<Float>) -> Void) {
        for sample in 0..<sampleCount {
            let channels = UnsafeMutableBufferPointer(start: samples + sample * channelCount, count: channelCount)
            var span = channels.mutableSpan
            body(&span)
        }
    }

    /// Runs `body` on a block that is made of `samples`, as a test does.
    public static func with<Result>(
        _ samples: inout [Float], firstSample: Int64 = 0, channelCount: Int = 2,
        _ body: (borrowing AudioBlock) throws -> Result
    ) rethrows -> Result {
        let sampleCount = samples.count / channelCount
        return try samples.withUnsafeMutableBufferPointer { buffer in
            // An empty array may have no address; no sample is touched there then.
            let base = buffer.baseAddress ?? UnsafeMutablePointer<Float>.allocate(capacity: 1)
            defer { if buffer.baseAddress == nil { base.deallocate() } }
            return try body(
                AudioBlock(
                    firstSample: firstSample, sampleCount: sampleCount, channelCount: channelCount, samples: base))
        }
    }
}
