/// The one format of sound between processes: interleaved 32-bit float, stereo, 48 kHz, in blocks of one AAC frame.
package enum AudioFormat {
    /// Samples a second of each channel.
    package static let sampleRate = 48_000
    /// Channels, interleaved: left, right.
    package static let channelCount = 2
    /// Sample pairs in a block: what one AAC-LC frame codes (ISO/IEC 14496-3, 4.5.1.1).
    package static let samplesPerBlock = 1024
    /// Floats in a block.
    package static let floatsPerBlock = samplesPerBlock * channelCount

    /// The sample pairs of block `number`.
    package static func samples(ofBlock number: Int64) -> Range<Int64> {
        let start = number * Int64(samplesPerBlock)
        return start..<start + Int64(samplesPerBlock)
    }

    /// The time at which block `number` starts.
    package static func time(ofBlock number: Int64) -> MediaTime {
        MediaTime(ticks: number, of: Timebase(UInt32(samplesPerBlock), UInt32(sampleRate)))
    }
}
