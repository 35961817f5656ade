/// How far a recording has come, for one that goes on with it.
package struct RecordingPlace: Codable, Hashable, Sendable {
    /// The two halves of the recording's identity.
    package var high: UInt64, low: UInt64
    /// The number of the segment that is written, from 0.
    package var segment: UInt32
    /// The path of its file.
    package var path: String

    package init(high: UInt64, low: UInt64, segment: UInt32, path: String) {
        self.high = high
        self.low = low
        self.segment = segment
        self.path = path
    }
}
