/// When a packet says it is to be decoded and shown, as it stands in the input, in nanoseconds.
package struct PacketStamp: Hashable, Sendable {
    /// The stream's index in the input.
    package let stream: Int
    /// Nil where the packet has none, or one that can't be true.
    package let dts: Int64?
    /// When it is shown; nil where the packet has no such time, or one that can't be true.
    package let pts: Int64?
    /// How long the packet was waited for; 0 for an input that can wait.
    package let elapsed: Int64

    /// Times beyond this can't be true: 36 years.
    private static let farthest: UInt64 = 1 << 60

    /// A stamp; times beyond 36 years are dropped.
    package init(stream: Int, dts: Int64?, pts: Int64?, elapsed: Int64 = 0) {
        self.stream = stream
        self.dts = dts.flatMap { $0.magnitude < Self.farthest ? $0 : nil }
        self.pts = pts.flatMap { $0.magnitude < Self.farthest ? $0 : nil }
        self.elapsed = min(max(0, elapsed), Int64(Self.farthest))
    }

    /// The time by which the packet's place in its stream is judged.
    var time: Int64? { dts ?? pts }

    /// How much later than it is decoded the packet is shown.
    var composition: Int64? {
        guard let dts, let pts else { return nil }
        return pts - dts
    }
}

/// The times that a packet gets.
package struct PlacedTimes: Hashable, Sendable {
    /// When the packet is decoded, in nanoseconds of the source's timeline; nil where it is not known.
    package var dts: Int64?
    /// When the packet is shown, in nanoseconds of the source's timeline; nil where it is not known.
    package var pts: Int64?

    /// Times as they are placed.
    package init(dts: Int64?, pts: Int64?) {
        self.dts = dts
        self.pts = pts
    }
}

/// How far ahead of a packet the input has been read.
package enum Lookahead: Hashable, Sendable {
    /// More can be had.
    case more
    /// No more can be held.
    case full
    /// Nothing follows what is there.
    case end
}
