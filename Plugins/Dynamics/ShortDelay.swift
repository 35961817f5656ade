/// Samples of all channels that are heard a fixed number of samples later.
struct ShortDelay {
    let sampleCount: Int
    private let channelCount: Int
    private var ring: [Float]
    private var place = 0

    init(sampleCount: Int, channelCount: Int) {
        self.sampleCount = sampleCount
        self.channelCount = channelCount
        ring = Array(repeating: 0, count: sampleCount * channelCount)
    }

    /// Takes the samples of one point in time and gives those of an earlier one.
    mutating func exchange(_ channels: inout MutableSpan<Float>) {
        for channel in 0..<channelCount { swap(&ring[place + channel], &channels[channel]) }
        place = (place + channelCount) % ring.count
    }
}
