/// Puts an input's packets on one timeline without jumps. Times are nanoseconds.
///
/// A packet whose time does not follow on its own stream's last one is judged by those that come after it. Where they
/// go on as if it were not there, it is a stray, and is put where it belongs; so are packets that crowd at one time.
/// Where they go on from it, it is a gap, or, where it lies behind or too far ahead, a jump: it is put after the end of
/// all that came before, and streams that jump likewise are moved by the same, so that they stay together.
package struct TimestampRepair: Sendable {
    /// What is known of a stream before its first packet.
    package struct Stream: Hashable, Sendable {
        /// From packet to packet; 0 when not known.
        package let step: Int64
        /// Sound: packets always last as long as they are apart.
        package let isSteady: Bool

        /// What is known of a stream: its usual step in nanoseconds, and whether that is exact.
        package init(step: Int64, isSteady: Bool) {
            self.step = step
            self.isSteady = isSteady
        }
    }

    private struct Track {
        /// What is added to the stream's timestamps.
        var offset: Int64
        /// Where its next packet should stand, with the offset.
        var expected: Int64
        /// Where its last packet stands.
        var last: Int64
        /// From the one before to that one, and how often that has come in a row.
        var lastStep: (length: Int64, count: Int)?
        var composition: Int64?
        /// The time of the stream's first packet, as the packet said it.
        let first: Int64
    }

    private enum Verdict {
        /// The packets that follow go on as if this one were not there.
        case stray
        /// Many packets follow that all have about the same time.
        case crowded
        /// The packets that follow continue from this one.
        case moved
        /// Not enough of them are there.
        case open
    }

    /// How far a packet may stand behind its place.
    static let backwardLimit: Int64 = 500_000_000
    /// How far a packet may stand after its place before it is questioned.
    static let gapLimit: Int64 = 1_000_000_000
    /// How far ahead of all that came before the input may go on after a gap; what is farther is a jump.
    package let forwardLimit: Int64
    /// How long packets must go on from a strange time to be believed.
    private let window: Int64
    /// By how much the input's time jumped last, in nanoseconds; nil where it has not.
    package private(set) var lastJump: Int64?
    private let isLive: Bool
    private let streams: [Int: Stream]
    private var steps: [Int: Int64] = [:]
    private var tracks: [Int: Track] = [:]
    private var end: Int64?
    private var newestOffset: Int64 = 0

    /// - Parameter isLive: what is held back to judge a packet comes late: a fifth of a second has to do.
    package init(streams: [Int: Stream], forwardLimit: Int64, isLive: Bool) {
        self.streams = streams
        self.forwardLimit = forwardLimit
        self.isLive = isLive
        window = isLive ? 200_000_000 : 1_000_000_000
        for (index, stream) in streams where (1...20_000_000_000).contains(stream.step) { steps[index] = stream.step }
    }

    /// The times of the next packet; nil when more of those that follow must be seen first.
    package mutating func place(
        _ stamp: PacketStamp, following: some Collection<PacketStamp>, _ lookahead: Lookahead
    ) -> PlacedTimes? {
        let step = steps[stamp.stream] ?? 0
        guard let time = stamp.time else {
            if let expected = tracks[stamp.stream]?.expected { tracks[stamp.stream]?.expected = expected &+ step }
            return PlacedTimes(dts: nil, pts: nil)
        }
        guard var track = tracks[stamp.stream] else { return placeFirst(stamp, time, following, lookahead) }
        var error = time &+ track.offset &- track.expected
        for other in tracks.values where other.offset != track.offset {
            let moved = time &+ other.offset &- track.expected
            if moved.magnitude < error.magnitude, moved.magnitude < UInt64(Self.gapLimit) {
                track.offset = other.offset
                error = moved
            }
        }
        // What comes later than the last one is not behind: packets have come closer together.
        let isBehind = error < -Self.backwardLimit && time &+ track.offset < track.last
        if isBehind || error > Self.gapLimit &+ stamp.elapsed {
            switch verdict(time, track, stamp.stream, following, lookahead) {
            case .stray, .crowded: return putInPlace(stamp, track, step)
            case .moved: break
            case .open:
                if lookahead == .more { return nil }
                let isGap = error > 0 && error <= forwardLimit && tracks.count == 1
                if lookahead == .end, !isGap { return putInPlace(stamp, track, step) }
            }
            let farthest = max(end ?? track.expected, track.expected) &+ forwardLimit &+ stamp.elapsed
            if error < 0 || time &+ track.offset > farthest {
                let target = othersStay(stamp.stream, following) ? track.expected : max(end ?? .min, track.expected)
                lastJump = error
                track.offset = target &- time
                newestOffset = track.offset
            }
        } else if error < step / 10 &- step, step >= 5_000_000 {
            switch crowds(time, stamp.stream, following, lookahead) {
            case nil: return nil
            case true?: return putInPlace(stamp, track, step)
            case false?: break
            }
        } else if streams[stamp.stream]?.isSteady != true || step == 0 {
            learn(time &+ track.offset &- track.last, &track, stamp.stream)
        }
        return keep(stamp, time, track)
    }

    /// How often a longer distance comes before it is none of several pauses.
    private static let repetitions = 8

    /// Headers give an average. A distance counts where it is shorter, or comes again and again: else it is a pause.
    private mutating func learn(_ seen: Int64, _ track: inout Track, _ stream: Int) {
        guard (4_000_000...Self.gapLimit).contains(seen) else { return track.lastStep = nil }
        let isRepeated = track.lastStep.map { (seen &- $0.length).magnitude <= UInt64(seen / 4) } ?? false
        let count = isRepeated ? min(Self.repetitions, (track.lastStep?.count ?? 0) + 1) : 1
        track.lastStep = (seen, count)
        let known = steps[stream] ?? 0
        if known == 0 || seen < known || count == Self.repetitions { steps[stream] = seen }
    }

    // MARK: the three ways to place a packet

    /// The packet has its place where it says.
    private mutating func keep(_ stamp: PacketStamp, _ time: Int64, _ track: Track) -> PlacedTimes {
        var track = track
        let step = steps[stamp.stream] ?? 0
        track.last = time &+ track.offset
        track.expected = track.last &+ step
        end = max(end ?? .min, track.expected)
        var pts = stamp.pts.map { $0 &+ track.offset }
        if let composition = stamp.composition {
            let isLikely = isLikely(composition, after: track.composition, step: step)
            if isLikely { track.composition = composition } else { pts = nil }
        }
        tracks[stamp.stream] = track
        return PlacedTimes(dts: stamp.dts.map { $0 &+ track.offset }, pts: pts)
    }

    /// The packet's time is wrong: it comes one step after the last one.
    private mutating func putInPlace(_ stamp: PacketStamp, _ track: Track, _ step: Int64) -> PlacedTimes {
        let time = track.expected
        var track = track
        track.lastStep = nil
        track.last = time
        track.expected = time &+ step
        end = max(end ?? .min, track.expected)
        tracks[stamp.stream] = track
        guard stamp.dts != nil else { return PlacedTimes(dts: nil, pts: time) }
        if let pts = stamp.pts.map({ $0 &+ track.offset }), (pts &- time).magnitude <= limit(step).magnitude {
            return PlacedTimes(dts: time, pts: pts)
        }
        guard let composition = stamp.composition, isLikely(composition, after: track.composition, step: step) else {
            return PlacedTimes(dts: time, pts: nil)
        }
        return PlacedTimes(dts: time, pts: time &+ composition)
    }

    /// The first packet of a stream, which has none before it to be compared with.
    private mutating func placeFirst(
        _ stamp: PacketStamp, _ time: Int64, _ following: some Collection<PacketStamp>, _ lookahead: Lookahead
    ) -> PlacedTimes? {
        let step = steps[stamp.stream] ?? 0
        // Whoever watches a live input waits for its first picture; what is wrong with its time is a jump later on.
        guard let start = isLive ? time : firstTime(stamp.stream, time, following, lookahead) else { return nil }
        var offset = newestOffset
        if let end, start &+ offset > end &+ max(forwardLimit, 10_000_000_000) &+ stamp.elapsed {
            offset = end &- start
        }
        let next = following.first { $0.stream == stamp.stream && $0.composition != nil }
        let track = Track(
            offset: offset, expected: start &+ offset, last: start &+ offset, composition: next?.composition,
            first: start)
        return start == time ? keep(stamp, time, track) : putInPlace(stamp, track, step)
    }

    // MARK: judging

    private func verdict(
        _ time: Int64, _ track: Track, _ stream: Int, _ following: some Collection<PacketStamp>,
        _ lookahead: Lookahead
    ) -> Verdict {
        let step = max(1_000_000, steps[stream] ?? 0)
        var run = step
        var previous = time
        for next in following where next.stream == stream {
            guard let later = next.time else {
                run += step
                continue
            }
            let error = later &+ track.offset &- (track.expected &+ run)
            if error >= -Self.backwardLimit, error <= Self.gapLimit { return .stray }
            // Where they go elsewhere again soon after, what lies before that has to do.
            let jumpsAgain =
                later &- previous &- step < -Self.backwardLimit || later &- previous &- step > Self.gapLimit
            if jumpsAgain, run < window / 4 {
                run += step
                continue
            }
            if jumpsAgain || run >= window {
                let (progress, length) = jumpsAgain ? (previous &- time, run - step) : (later &- time, run)
                let isSteady = streams[stream]?.isSteady ?? false
                return progress >= length / (isSteady ? 2 : 20) ? .moved : .crowded
            }
            previous = later
            run += step
        }
        // The input may end soon after a jump.
        if lookahead == .end, run >= window / 4 {
            let isSteady = streams[stream]?.isSteady ?? false
            return previous &- time >= (run - step) / (isSteady ? 2 : 20) ? .moved : .crowded
        }
        return .open
    }

    /// Whether the packets from `time` on all have about the same time; nil when more of them must be seen.
    private func crowds(
        _ time: Int64, _ stream: Int, _ following: some Collection<PacketStamp>, _ lookahead: Lookahead
    ) -> Bool? {
        guard let step = steps[stream] else { return false }
        var run = step
        for next in following where next.stream == stream {
            guard let later = next.time else { continue }
            if (later &- time).magnitude > UInt64(max(1_000_000, run / 20)) { return false }
            if run >= window { return true }
            run += step
        }
        return lookahead == .more ? nil : run > 3 * step
    }

    /// Where the stream begins: at its first packet, unless those that follow agree that it begins elsewhere. Nil when
    /// more of them must be seen.
    private func firstTime(
        _ stream: Int, _ time: Int64, _ following: some Collection<PacketStamp>, _ lookahead: Lookahead
    ) -> Int64? {
        let step = max(1_000_000, steps[stream] ?? 0)
        let other =
            tracks.first { $0.key != stream }?.value.first
            ?? following.first { $0.stream != stream && $0.time != nil }?.time
        guard let isCrowd = crowds(time, stream, following, lookahead) else { return nil }
        // Times that stand still say nothing: picture and sound of most inputs begin together.
        if isCrowd { return other ?? time }
        var previous = time
        var run = step
        var rest: (start: Int64, headLength: Int64, length: Int64)?
        for next in following where next.stream == stream {
            guard let later = next.time else { continue }
            if let begun = rest {
                let error = later &- (begun.start &+ begun.length)
                if error.magnitude > UInt64(Self.gapLimit) { return time }
                rest?.length = begun.length + step
                if begun.length >= begun.headLength, begun.length >= 2 * step { break }
            } else {
                let gap = later &- (previous &+ step)
                if gap < -Self.backwardLimit || gap > Self.gapLimit {
                    rest = (later, run, step)
                } else if run >= window {
                    return time
                }
            }
            previous = later
            run += step
        }
        guard let rest, rest.length >= rest.headLength, rest.length >= 2 * step else {
            return lookahead == .more ? nil : time
        }
        let isStray =
            other.map { (rest.start &- $0).magnitude < (time &- $0).magnitude } ?? (rest.start < time)
        return isStray ? rest.start &- rest.headLength : time
    }

    /// Whether a stream other than `stream` goes on where it was.
    private func othersStay(_ stream: Int, _ following: some Collection<PacketStamp>) -> Bool {
        for (other, track) in tracks where other != stream {
            var last: Int64?
            for next in following where next.stream == other { last = next.time ?? last }
            if let last, (last &+ track.offset &- track.expected).magnitude < 3_000_000_000 { return true }
        }
        return false
    }

    private func isLikely(_ composition: Int64, after last: Int64?, step: Int64) -> Bool {
        let limit = limit(step).magnitude
        return composition.magnitude <= limit || last.map { (composition &- $0).magnitude <= limit } ?? true
    }

    /// How long before it is shown a packet is decoded at the most: the 16 pictures that H.264 can reorder.
    private func limit(_ step: Int64) -> Int64 { max(600_000_000, 17 * step) }
}
