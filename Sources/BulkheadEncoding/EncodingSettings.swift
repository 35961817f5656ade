package import BulkheadWire

/// All that two encoders must be told alike to write streams that fit together.
package struct EncodingSettings: Hashable, Sendable {
    package var video: VideoSettings
    package var audioBitsPerSecond: UInt32

    /// Whether an encoder with these settings may go on in the place of one with `others`: the bitrate is changed in
    /// place, and the number of threads is no matter of what players see.
    func fits(_ others: EncodingSettings) -> Bool {
        var same = self
        same.video.bitsPerSecond = others.video.bitsPerSecond
        same.video.threads = others.video.threads
        return same == others
    }
}
