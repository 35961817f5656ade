package import BulkheadMedia
package import BulkheadModel
package import BulkheadWire

/// Where inputs go on behind each frame that is not safe yet: what is shown is ahead of what was given to destinations.
package struct FrameTrail: Sendable {
    /// Frames that wait for an encoder; beyond that the oldest are let go.
    private static let most = 2048

    private var entries: [(frame: FrameNumber, inputs: [InputID: SourceResume])] = []

    package init() {}

    /// A frame was given. Their numbers rise.
    package mutating func gave(_ frame: FrameNumber, _ inputs: [InputID: SourceResume]) {
        if entries.count >= Self.most { entries.removeFirst(entries.count - Self.most + 1) }
        entries.append((frame, inputs))
    }

    /// All frames up to `frame` are safe.
    /// - Returns: where inputs go on behind it; nil where it was not given, or is old.
    package mutating func reached(_ frame: FrameNumber) -> [InputID: SourceResume]? {
        guard let index = entries.lastIndex(where: { $0.frame <= frame }) else { return nil }
        let inputs = entries[index].inputs
        // The newest stays: it is asked for again.
        entries.removeFirst(index)
        return inputs
    }
}
