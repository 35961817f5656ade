package import BulkheadMedia
package import BulkheadWire

/// Puts the AAC frames of inputs' own sounds in their place among what is recorded of the program.
///
/// A file can be followed by another before any picture, and what belongs into the first is to be there by then. So the
/// program waits for the tracks, which are encoded by processes of their own: for a block or two, and where one of them
/// has died for its successor, up to ``patience``. A track that comes later than that comes behind.
package struct TrackMerge: Sendable {
    /// What is recorded, in order.
    package enum Item: Hashable, Sendable {
        case packet(Packet)
        case note(RecordNote)
        case comment(RecorderComment)
        /// An AAC frame of a further track.
        case track(Int, Packet)
    }

    /// How far the program may be ahead of a track before it does not wait any more.
    package static let patience = MediaTime(milliseconds: 3000)
    /// What waits at most for the program, of all tracks together: the newest goes.
    private static let mostWaiting = 65_536

    private struct Waiting {
        let block: Int64
        let track: Int
        let bytes: [UInt8]
    }

    private var program: [Item] = []
    private var waiting: [Waiting] = []
    /// The first block that has not come, of each track that has begun.
    private var frontiers: [Int: Int64] = [:]
    /// By how much packets are later than the timeline: known from the first picture on.
    private var delay = MediaTime.zero
    private var hasBegun = false
    private var newest = MediaTime.zero

    package init() {}

    /// Takes what is recorded of the program: packets in DTS order, and notes behind their pictures.
    /// - Returns: what is to be recorded now.
    package mutating func take(_ item: Item) -> [Item] {
        if case .packet(let packet) = item {
            // The first picture is shown so much later than it is decoded.
            if !hasBegun { delay = packet.pts - packet.dts }
            hasBegun = true
            newest = max(newest, packet.dts)
        }
        program.append(item)
        return drain()
    }

    /// Takes the AAC frame of a track that stands for a block of the timeline.
    /// - Returns: what is to be recorded now.
    package mutating func take(block: Int64, track: Int, bytes: [UInt8]) -> [Item] {
        guard waiting.count < Self.mostWaiting else { return [] }
        waiting.append(Waiting(block: block, track: track, bytes: bytes))
        frontiers[track] = block + 1
        return drain()
    }

    /// No more of the program comes, and no more of the tracks.
    package mutating func takeRest() -> [Item] {
        frontiers = [:]
        return drain() + tracks(before: nil)
    }

    private mutating func drain() -> [Item] {
        guard hasBegun else { return [] }
        let frontier = frontiers.values.min().map { time(ofBlock: $0) }
        var items: [Item] = []
        var count = 0
        loop: for item in program {
            if case .packet(let packet) = item {
                if let frontier, frontier < packet.dts, newest - packet.dts <= Self.patience { break loop }
                items += tracks(before: packet.dts)
            }
            items.append(item)
            count += 1
        }
        program.removeFirst(count)
        return items
    }

    private func time(ofBlock block: Int64) -> MediaTime { AudioFormat.time(ofBlock: block) + delay }

    private mutating func tracks(before end: MediaTime?) -> [Item] {
        guard !waiting.isEmpty else { return [] }
        let isDue = { [delay] (entry: Waiting) in
            end.map { AudioFormat.time(ofBlock: entry.block) + delay < $0 } ?? true
        }
        let items = waiting.filter(isDue).map { entry -> Item in
            let start = time(ofBlock: entry.block)
            return .track(entry.track, Packet(kind: .audio, dts: start, pts: start, bytes: entry.bytes))
        }
        if !items.isEmpty { waiting.removeAll(where: isDue) }
        return items
    }
}
