package import BulkheadMP4
import BulkheadMedia

/// Which samples of a segment a span of it takes, without encoding anything: those from the IDR before on, with an
/// edit list that hides what lies before the span.
package struct SegmentCut: Hashable, Sendable {
    /// What is subtracted from all times, in nanoseconds: the DTS of the IDR.
    package let base: Int64
    /// Where the presentation of the new file begins and ends, in nanoseconds from its start.
    package let presentation: Range<Int64>

    private let track: UInt32
    private let firstPicture: Int64
    private let ends: [UInt32: Int64]
    private let starts: [UInt32: Int64]

    /// The span of `reading` from `span.lowerBound` to `span.upperBound`, in nanoseconds of its presentation; nil
    /// where nothing of it is presented.
    package init?(_ span: Range<Int64>, of reading: SegmentReading) {
        guard let video = reading.header.tracks.first(where: \.isVideo), !span.isEmpty, span.lowerBound >= 0 else {
            return nil
        }
        let start = reading.header.presentationStart
        let (from, fromOverflows) = start.addingReportingOverflow(span.lowerBound)
        let (to, toOverflows) = start.addingReportingOverflow(span.upperBound)
        guard !fromOverflows else { return nil }
        var idr: StoredSample?
        var isPresented = false
        for sample in reading.fragments.lazy.flatMap(\.fragment.samples) where sample.track == video.id {
            let pts = video.nanoseconds(ticks: sample.pts)
            if sample.isSync, idr == nil || pts <= from { idr = sample }
            if pts >= from || video.nanoseconds(ticks: sample.pts + Int64(sample.duration)) > from {
                isPresented = true
            }
        }
        guard let idr, isPresented else { return nil }
        let base = video.nanoseconds(ticks: idr.dts)
        let end = toOverflows ? Int64.max : to
        self.base = base
        let first = max(from - base, 0)
        presentation = first..<max(first, end - base)
        track = video.id
        firstPicture = idr.dts
        starts = Dictionary(
            reading.header.tracks.map { ($0.id, $0.ticks(nanoseconds: base)) }, uniquingKeysWith: { first, _ in first })
        ends = Dictionary(
            reading.header.tracks.map { ($0.id, $0.ticks(nanoseconds: end)) }, uniquingKeysWith: { first, _ in first })
    }

    /// What the new file says of itself: it is the first segment of a recording of its own, whose frames and wall clocks
    /// are those of `reading`. Nil where that is no segment of a recording.
    package func info(of reading: SegmentReading) -> [UInt8]? {
        guard let start = reading.start, let tracks = reading.tracks else { return nil }
        let entries: [IndexEntry] = [
            .start(
                SegmentStart(
                    recording: .random(), number: 0,
                    wallClock: WallClock(nanoseconds: start.wallClock.nanoseconds &+ base),
                    monotonicNanoseconds: start.monotonicNanoseconds &+ base,
                    origin: MediaTime(nanoseconds: start.origin.nanoseconds &+ base),
                    configurationCRC: start.configurationCRC)),
            .tracks(
                SegmentTracks(
                    videoTimescale: tracks.videoTimescale, soundTimescale: tracks.soundTimescale, width: tracks.width,
                    height: tracks.height, frameRateNumerator: tracks.frameRateNumerator,
                    frameRateDenominator: tracks.frameRateDenominator, presentationStart: presentation.lowerBound)),
        ]
        return IndexWriter.bytes(of: entries)
    }

    /// Whether the span takes `sample`. A picture that is decoded within it may be needed by one that is shown within
    /// it.
    package func keeps(_ sample: StoredSample) -> Bool {
        guard let start = starts[sample.track], let end = ends[sample.track] else { return false }
        return sample.dts >= (sample.track == track ? firstPicture : start) && sample.dts < end
    }
}

/// How the segments of one recording follow each other without a gap.
package struct SegmentJoin: Sendable {
    /// Why segments can't be joined.
    package enum Obstacle: Error, Hashable, Sendable, CustomStringConvertible {
        /// The file at this place of the list is no segment of a recording.
        case noSegment(Int)
        /// The file at this place belongs to another recording than the first.
        case otherRecording(Int)
        /// The file at this place was encoded with other parameters.
        case otherConfiguration(Int)
        /// Two files are of the same segment.
        case twice(Int, Int)

        package var description: String {
            switch self {
            case .noSegment: "it is no segment of a recording"
            case .otherRecording: "it is of another recording"
            case .otherConfiguration: "it was encoded with other parameters, which one file can't hold"
            case .twice: "it is the same segment as another file"
            }
        }
    }

    /// One segment in its place.
    package struct Place: Sendable {
        /// Its place in the list that was given.
        package let source: Int
        /// What is added to its times, in nanoseconds.
        package let shift: Int64
        /// What the joined file notes before a fragment of this segment, by its place there: frames that none has.
        package let losses: [Int: IndexEntry]
        /// Its samples from these times on, in ticks of each track, are in the segment behind.
        let ends: [UInt32: Int64]

        /// Whether the joined file takes `sample` from this segment.
        package func keeps(_ sample: StoredSample) -> Bool { ends[sample.track].map { sample.dts < $0 } ?? true }
    }

    /// Frames that are in none of the segments.
    package private(set) var missing: [ClosedRange<Int64>] = []
    /// In the order of the recording.
    package private(set) var places: [Place] = []
    /// Those of the segment that has the most: tracks of sound come, and none goes.
    package private(set) var tracks: [Track] = []

    /// - Parameter readings: in any order.
    package init(_ readings: [SegmentReading]) throws(Obstacle) {
        let starts = try Self.starts(readings)
        let order = starts.indices.sorted { starts[$0].number < starts[$1].number }
        guard let first = order.first else { return }
        tracks = readings.map(\.header.tracks).max { $0.count < $1.count } ?? []
        var losses: [Int: IndexEntry] = [:]
        for (rank, index) in order.enumerated() {
            let start = starts[index]
            let own = losses
            losses = [:]
            let shift = start.origin - starts[first].origin
            var ends: [UInt32: Int64] = [:]
            if rank + 1 < order.count {
                let next = starts[order[rank + 1]]
                guard next.number != start.number else { throw .twice(index, order[rank + 1]) }
                let distance = (next.origin - start.origin).nanoseconds
                // Sound that begins with the next segment's picture may be in this one.
                let firsts = readings[order[rank + 1]].firstTimes
                for track in readings[index].header.tracks {
                    guard let first = firsts[track.id] else { continue }
                    ends[track.id] = track.ticks(nanoseconds: distance) &+ first
                }
                let kept = readings[index].frames(before: ends)
                if let behind = readings[order[rank + 1]].fragments.first?.entry, kept < behind.firstFrame {
                    missing.append(kept...behind.firstFrame - 1)
                    losses[0] = .loss(
                        first: kept, last: behind.firstFrame - 1, wallClock: behind.wallClock, cause: "no-segment")
                }
            }
            places.append(Place(source: index, shift: shift.nanoseconds, losses: own, ends: ends))
        }
    }

    private static func starts(_ readings: [SegmentReading]) throws(Obstacle) -> [SegmentStart] {
        var starts: [SegmentStart] = []
        for (index, reading) in readings.enumerated() {
            guard let start = reading.start else { throw .noSegment(index) }
            if let first = starts.first {
                guard start.recording == first.recording else { throw .otherRecording(index) }
                guard start.configurationCRC == first.configurationCRC,
                    zip(reading.header.tracks, readings[0].header.tracks).allSatisfy(==)
                else { throw .otherConfiguration(index) }
            }
            starts.append(start)
        }
        return starts
    }
}

extension SegmentReading {
    /// The DTS of the first sample of each track that has one.
    fileprivate var firstTimes: [UInt32: Int64] {
        var times: [UInt32: Int64] = [:]
        for part in fragments where times.count < header.tracks.count {
            for sample in part.fragment.samples where times[sample.track] == nil { times[sample.track] = sample.dts }
        }
        return times
    }

    /// The frame behind the last that is decoded before `ends`.
    fileprivate func frames(before ends: [UInt32: Int64]) -> Int64 {
        guard let video = header.tracks.first(where: \.isVideo), let end = ends[video.id] else { return nextFrame }
        var next: Int64?
        for part in fragments {
            let pictures = part.fragment.samples.count { $0.track == video.id && $0.dts < end }
            // From one IDR to the next, frames are as many as pictures, in whatever order.
            if part.entry.startsWithIDR || next == nil { next = part.entry.firstFrame }
            next = next.map { $0 &+ Int64(pictures) }
        }
        return next ?? 0
    }
}
