import BulkheadMP4
package import NIOCore

/// The newest segments of a stream as HLS has them, with their parts, and the playlists over them.
///
/// A segment begins with a picture that a decoder can start with. How long segments are aimed at is settled by the first GOP:
/// two seconds, or the GOP's length where that is more. Their numbers follow from the time (``StreamTimeline``), so that
/// a server that was restarted goes on with them. A value: no clock, no socket.
/// - SeeAlso: draft-pantos-hls-rfc8216bis.
package struct SegmentWindow: Sendable {
    package struct Segment: Sendable {
        /// Its media sequence number.
        package let number: Int64
        /// In milliseconds of the stream.
        package let start: Int64
        /// When it was taken, in milliseconds since 1970.
        let wallClock: Int64
        /// The name of the initialization segment that it needs.
        let header: String
        /// Nothing leads from the one before to this one.
        let isBehindGap: Bool
        package fileprivate(set) var parts: [MediaPart] = []
        package fileprivate(set) var isComplete = false

        package var byteCount: Int { parts.reduce(0) { $0 + $1.bytes.readableBytes } }
        /// In milliseconds.
        package var duration: Int64 { parts.reduce(0) { $0 + $1.duration } }
    }

    /// Complete segments that a playlist shows.
    package static let segmentCount = 7
    /// Segments beyond the playlist that can still be fetched by players with an older one.
    private static let retiredCount = 3
    /// The last complete segments whose parts the playlist shows.
    private static let segmentsInParts = 2
    private static let longestTarget: Int64 = 12_000
    private static let shortestTarget: Int64 = 2000

    private var segments: [Segment] = []
    private var headers: [(name: String, tracks: PackagedTracks, bytes: ByteBuffer)] = []
    /// What came before it was settled how long segments are.
    private var unsettled: [MediaPart] = []
    /// Milliseconds that a segment is aimed at; nil until that is settled.
    package private(set) var target: Int64?
    /// Of all parts, in milliseconds.
    private var partTarget = Packager.partMilliseconds
    /// From 1: hls.js takes a playlist that begins with 0 for one that does not count, and corrects it where it is right.
    private var discontinuities = 1
    private var lastNumber: Int64?
    private(set) package var isEnded = false
    /// The bytes of the segments together may be no more.
    package var byteLimit: Int { didSet { trim() } }

    package init(byteLimit: Int) { self.byteLimit = byteLimit }

    // MARK: what comes

    /// Other tracks from the next part on.
    package mutating func take(_ tracks: PackagedTracks) {
        let bytes = tracks.header
        let name = PackagedTracks.name(of: bytes)
        headers.removeAll { $0.name == name }
        headers.append((name, tracks, ByteBuffer(bytes: bytes)))
        if headers.count > Self.segmentCount { headers.removeFirst() }
    }

    /// Takes the next part.
    package mutating func take(_ part: MediaPart, on timeline: StreamTimeline) {
        isEnded = false
        guard let target else {
            unsettled.append(part)
            settle(on: timeline)
            return
        }
        add(part, target, timeline)
    }

    /// The publisher has left for good: what is open is complete.
    package mutating func end(on timeline: StreamTimeline) {
        if target == nil, !unsettled.isEmpty {
            target = Self.shortestTarget
            takeUnsettled(on: timeline)
        }
        complete()
        isEnded = true
    }

    /// Whatever comes next has nothing to do with this: it is not shown any more.
    package mutating func breakOff() {
        complete()
        unsettled = []
    }

    private mutating func settle(on timeline: StreamTimeline) {
        guard let first = unsettled.first, let last = unsettled.last, unsettled.count > 1 else { return }
        let length = last.start - first.start
        guard last.isIndependent && length >= Self.shortestTarget - 100 || length >= Self.longestTarget else { return }
        target = max(Self.shortestTarget, min(Self.longestTarget, (length + 500) / 1000 * 1000))
        takeUnsettled(on: timeline)
    }

    private mutating func takeUnsettled(on timeline: StreamTimeline) {
        // Where pictures come more slowly than parts are long, and where tracks were waited for.
        partTarget = unsettled.map(\.duration).reduce(partTarget, max)
        let parts = unsettled
        unsettled = []
        for part in parts { if let target { add(part, target, timeline) } }
    }

    private mutating func add(_ part: MediaPart, _ target: Int64, _ timeline: StreamTimeline) {
        guard let header = headers.last?.name else { return }
        var begins = true
        if let open = segments.last, !open.isComplete {
            let isDue =
                part.isIndependent
                && part.start + target / 4 >= timeline.start(of: open.number + 1, target: target)
            // What would make it round to more than the target does not belong to it.
            begins =
                isDue || part.isBehindGap || open.header != header
                || open.duration + part.duration >= target + 500
            if begins { complete() }
        }
        if begins {
            var number = timeline.number(at: part.start, target: target)
            if part.isBehindGap, let last = lastNumber, number > last + 1 {
                // Numbers follow each other within a playlist: what was before is not shown any more.
                forget(segments.count)
            } else if let last = lastNumber {
                number = last + 1
            }
            // Nothing was shown before the very first, also where another server had shown it.
            let isBehindGap =
                lastNumber != nil && (part.isBehindGap || segments.last.map { $0.header != header } ?? false)
            segments.append(
                Segment(
                    number: number, start: part.start, wallClock: timeline.wallClock(at: part.start), header: header,
                    isBehindGap: isBehindGap))
            lastNumber = number
        }
        segments[segments.count - 1].parts.append(part)
        trim()
    }

    private mutating func complete() {
        guard let last = segments.indices.last else { return }
        segments[last].isComplete = true
    }

    private mutating func trim() {
        forget(segments.count - Self.segmentCount - Self.retiredCount - 1)
        var byteCount = segments.reduce(0) { $0 + $1.byteCount }
        while byteCount > byteLimit, segments.count > 1 {
            byteCount -= segments[0].byteCount
            forget(1)
        }
    }

    private mutating func forget(_ count: Int) {
        guard count > 0 else { return }
        discontinuities += segments.prefix(count).count(where: \.isBehindGap)
        segments.removeFirst(count)
        headers = headers.enumerated().filter { index, header in
            index == headers.count - 1 || segments.contains { $0.header == header.name }
        }.map(\.element)
    }

    // MARK: what is asked for

    /// There is something to show.
    package var isReady: Bool { segments.contains(where: \.isComplete) }

    /// The bytes of the initialization segment with this name.
    package func header(named name: String) -> ByteBuffer? { headers.first { $0.name == name }?.bytes }

    package func segment(_ number: Int64) -> Segment? { segments.first { $0.number == number } }

    /// What is added next: the part of a segment, counted from 0.
    package var next: (segment: Int64, part: Int)? {
        guard let last = segments.last else { return nil }
        return last.isComplete ? (last.number + 1, 0) : (last.number, last.parts.count)
    }

    /// Whether the playlist has the segment, or the part of it, or what follows.
    package func has(_ number: Int64, part: Int?) -> Bool {
        guard let last = segments.last else { return false }
        if number < last.number { return true }
        guard number == last.number else { return false }
        return last.isComplete || part.map { $0 < last.parts.count } ?? false
    }

    /// The tracks of the newest segment.
    package var tracks: PackagedTracks? { headers.last?.tracks }

    // MARK: playlists

    /// The multivariant playlist, with one variant.
    package var multivariantPlaylist: String? {
        guard isReady, let tracks else { return nil }
        let shown = segments.filter(\.isComplete)
        let rates = shown.map { Int64($0.byteCount) * 8000 / max(1, $0.duration) }
        let sum = shown.reduce((bytes: 0, time: Int64(0))) { ($0.bytes + $1.byteCount, $0.time + $1.duration) }
        var line = "#EXT-X-STREAM-INF:BANDWIDTH=\(max(1, rates.max() ?? 1))"
        line += ",AVERAGE-BANDWIDTH=\(max(1, Int64(sum.bytes) * 8000 / max(1, sum.time)))"
        line += ",CODECS=\"\(tracks.codecs)\""
        if let video = tracks.video { line += ",RESOLUTION=\(video.width)x\(video.height)" }
        let areIndependent = segments.allSatisfy { $0.parts.first?.isIndependent ?? true }
        return "#EXTM3U\n#EXT-X-VERSION:6\n" + (areIndependent ? "#EXT-X-INDEPENDENT-SEGMENTS\n" : "")
            + "\(line)\n\(Self.mediaName)\n"
    }

    /// The name of the media playlist beside the multivariant one.
    package static let mediaName = "live.m3u8"

    /// The media playlist.
    package var playlist: String? { playlist(skipping: false) }

    /// The media playlist.
    /// - Parameter isSkipping: without the segments that end before the skip boundary, for a player that has them from an
    ///   earlier playlist (6.2.5.1).
    package func playlist(skipping isSkipping: Bool) -> String? {
        guard isReady, let target else { return nil }
        let open = segments.last { !$0.isComplete }
        let shown = Array(segments.filter(\.isComplete).suffix(Self.segmentCount)) + [open].compactMap { $0 }
        guard let first = shown.first else { return nil }
        let skipped = isSkipping ? skippedCount(of: shown, target) : 0
        let passed = segments.prefix { $0.number < first.number }.count(where: \.isBehindGap)
        var lines = [
            "#EXTM3U", "#EXT-X-VERSION:\(skipped > 0 ? 9 : 6)", "#EXT-X-TARGETDURATION:\(target / 1000)",
            "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=\(Self.seconds(target * Self.skipBoundary))"
                + ",PART-HOLD-BACK=\(Self.seconds(partTarget * 3)),HOLD-BACK=\(Self.seconds(target * 3))",
            "#EXT-X-PART-INF:PART-TARGET=\(Self.seconds(partTarget))", "#EXT-X-MEDIA-SEQUENCE:\(first.number)",
        ]
        lines.append("#EXT-X-DISCONTINUITY-SEQUENCE:\(discontinuities + passed)")
        if skipped > 0 { lines.append("#EXT-X-SKIP:SKIPPED-SEGMENTS=\(skipped)") }
        var header = shown.prefix(skipped).last?.header
        let firstInParts = shown.count - (open == nil ? 0 : 1) - Self.segmentsInParts
        for (index, segment) in shown.enumerated().dropFirst(skipped) {
            if segment.isBehindGap { lines.append("#EXT-X-DISCONTINUITY") }
            if segment.header != header {
                lines.append("#EXT-X-MAP:URI=\"\(Self.headerName(segment.header))\"")
                header = segment.header
            }
            lines += Self.lines(of: segment, inParts: index >= firstInParts)
        }
        if isEnded {
            lines.append("#EXT-X-ENDLIST")
        } else if let next {
            lines.append("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"\(Self.partName(next.segment, next.part))\"")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The skip boundary, from the playlist's end, in targets (4.4.3.8): what is before it may be left out.
    private static let skipBoundary: Int64 = 6

    /// How many segments lie wholly before the skip boundary.
    private func skippedCount(of shown: [Segment], _ target: Int64) -> Int {
        var behind = shown.reduce(0) { $0 + $1.duration }
        return shown.prefix { segment in
            behind -= segment.duration
            return segment.isComplete && behind > target * Self.skipBoundary
        }.count
    }

    private static func lines(of segment: Segment, inParts: Bool) -> [String] {
        var lines = ["#EXT-X-PROGRAM-DATE-TIME:\(dateTime(segment.wallClock))"]
        if inParts {
            for (number, part) in segment.parts.enumerated() {
                lines.append(
                    "#EXT-X-PART:DURATION=\(seconds(part.duration)),URI=\"\(partName(segment.number, number))\""
                        + (part.isIndependent ? ",INDEPENDENT=YES" : ""))
            }
        }
        if segment.isComplete {
            lines += ["#EXTINF:\(seconds(segment.duration)),", segmentName(segment.number)]
        }
        return lines
    }

    package static func headerName(_ name: String) -> String { "init-\(name).mp4" }
    package static func segmentName(_ number: Int64) -> String { "s\(number).m4s" }
    package static func partName(_ number: Int64, _ part: Int) -> String { "p\(number).\(part).m4s" }

    /// Milliseconds as decimal seconds.
    private static func seconds(_ milliseconds: Int64) -> String {
        let rest = String(milliseconds % 1000)
        return "\(milliseconds / 1000).\(String(repeating: "0", count: 3 - rest.count))\(rest)"
    }

    /// As ISO 8601 has it, in UTC with milliseconds.
    static func dateTime(_ milliseconds: Int64) -> String {
        let (days, time) = max(0, milliseconds).quotientAndRemainder(dividingBy: 86_400_000)
        // Civil from days, counted from March of year 0 (Hinnant): 146,097 days in 400 years.
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let place = (5 * dayOfYear + 2) / 153
        let month = place < 10 ? place + 3 : place - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let rest = String(time % 1000)
        return "\(year)-\(two(month))-\(two(dayOfYear - (153 * place + 2) / 5 + 1))T"
            + "\(two(time / 3_600_000)):\(two(time / 60_000 % 60)):\(two(time / 1000 % 60))."
            + String(repeating: "0", count: 3 - rest.count) + rest + "Z"
    }
}
