import BulkheadMP4
import BulkheadMedia

/// What a segment's media file and its index say differently.
package struct SegmentCheck: Hashable, Sendable {
    /// One disagreement, or one fault of either file.
    package struct Finding: Hashable, Sendable {
        /// What it is, for programs: in lowercase, with hyphens.
        package let code: String
        /// Where in the media file; nil where that is not the point.
        package let mediaOffset: UInt64?
        /// Where in the index; nil where that is not the point.
        package let indexOffset: UInt64?
        /// One lowercase phrase, with the numbers.
        package let phrase: String
        /// Whether nothing is wrong with it: what a killed writer leaves, and what readers pass over.
        package let isHarmless: Bool
    }

    /// In the order of the media file, then of the index.
    package private(set) var findings: [Finding] = []

    /// Whether the two agree, and nothing in either is spoiled.
    package var isSound: Bool { findings.allSatisfy(\.isHarmless) }

    /// - Parameters:
    ///   - reading: the media file, with checksums.
    ///   - index: nil where there is none.
    ///   - mediaByteCount: the length of the media file.
    ///   - isBeingWritten: whether a recorder is at work: one of the two files is ahead of the other then, at its end.
    package init(
        _ reading: SegmentReading, index: IndexReading?, mediaByteCount: UInt64, isBeingWritten: Bool = false
    ) {
        checkMedia(reading)
        guard let index else {
            // A file that is no segment of a recording has none.
            add("no-index", "there is no index", isHarmless: reading.start == nil)
            sort()
            return
        }
        checkFaults(of: index)
        checkHeads(reading, index)
        checkFragments(reading, index, mediaByteCount: mediaByteCount)
        checkNotes(reading, index)
        checkEnd(reading, index)
        if isBeingWritten { forgive(from: Self.agreedEnd(reading, index)) }
        sort()
    }

    /// Where the last fragment ends that both have.
    private static func agreedEnd(_ reading: SegmentReading, _ index: IndexReading) -> UInt64 {
        let known = Set(reading.fragments.map(\.entry.bytes))
        let both = index.entries.compactMap { located in
            if case .fragment(let entry) = located.entry, known.contains(entry.bytes) {
                return entry.bytes.upperBound
            }
            return nil
        }
        return both.max() ?? reading.header.byteCount
    }

    /// What is said of the media file from `place` on is on its way.
    private mutating func forgive(from place: UInt64) {
        let onTheWay: Set = ["torn", "zeros", "not-in-index", "note-not-in-index", "not-on-disk", "spoiled-sample"]
        findings = findings.map { finding in
            guard onTheWay.contains(finding.code), let offset = finding.mediaOffset, offset >= place else {
                return finding
            }
            return Finding(
                code: finding.code, mediaOffset: offset, indexOffset: finding.indexOffset, phrase: finding.phrase,
                isHarmless: true)
        }
    }

    private mutating func add(
        _ code: String, _ phrase: String, media: UInt64? = nil, index: UInt64? = nil, isHarmless: Bool = false
    ) {
        findings.append(
            Finding(code: code, mediaOffset: media, indexOffset: index, phrase: phrase, isHarmless: isHarmless))
    }

    private mutating func sort() {
        findings.sort { left, right in
            (left.mediaOffset ?? .max, left.indexOffset ?? .max) < (
                right.mediaOffset ?? .max, right.indexOffset ?? .max
            )
        }
    }

    // MARK: the media file alone

    private mutating func checkMedia(_ reading: SegmentReading) {
        switch reading.ending {
        case .whole: break
        case .zeros(let bytes):
            add("zeros", "\(bytes.count) bytes of zeros end the file", media: bytes.lowerBound)
        case .torn(let bytes, let error):
            add(
                "torn", "the last \(bytes.count) bytes are no whole fragment: \(error)", media: bytes.lowerBound)
        }
        for spoiled in reading.spoiled {
            add(
                "spoiled-fragment", "a fragment of \(spoiled.bytes.count) bytes can't be read: \(spoiled.error)",
                media: spoiled.bytes.lowerBound)
        }
        for part in reading.fragments {
            guard let place = part.spoiledSample else { continue }
            add("spoiled-sample", "the bytes of a sample are none of a picture or of sound", media: place)
        }
        for table in reading.differingTables {
            add(
                "table-differs",
                "the table of track \(table.track) says other things of its samples than the fragments",
                media: table.offset)
        }
        if reading.lacksTables {
            add(
                "no-tables",
                "the file was finished, and the tables at its end are gone: nothing plays it before it is repaired",
                media: reading.end)
        }
        checkFrames(reading)
    }

    private mutating func checkFrames(_ reading: SegmentReading) {
        for gap in reading.unexplainedGaps {
            add(
                "frames-missing",
                "frames \(gap.frames.lowerBound) to \(gap.frames.upperBound) are missing, and nothing says why",
                media: reading.fragments[gap.part].entry.bytes.lowerBound)
        }
        var expected: FrameNumber?
        for part in reading.fragments {
            let first = part.entry.firstFrame
            if part.entry.startsWithIDR {
                if let wanted = expected, first < wanted {
                    add(
                        "frames-twice", "frame \(first) comes after frame \(wanted - 1)",
                        media: part.entry.bytes.lowerBound)
                }
                expected = first
            }
            expected = expected.map { $0 &+ FrameNumber(part.entry.frameCount) }
        }
    }

    // MARK: both

    private mutating func checkFaults(of index: IndexReading) {
        for fault in index.faults {
            switch fault {
            case .notAnIndex, .unknownVersion: add("no-index", fault.description, index: 0)
            case .badChecksum(let offset): add("index-checksum", fault.description, index: offset)
            case .senseless(let offset): add("index-senseless", fault.description, index: offset)
            }
        }
        if index.halfByteCount > 0 {
            add(
                "half-record", "the index ends with \(index.halfByteCount) bytes of a record, which are ignored",
                index: index.byteCount - UInt64(index.halfByteCount), isHarmless: true)
        }
    }

    private mutating func checkHeads(_ reading: SegmentReading, _ index: IndexReading) {
        for located in index.entries {
            switch located.entry {
            case .start(let start) where start != reading.start:
                let isOther = start.recording != reading.start?.recording || start.number != reading.start?.number
                add(
                    isOther ? "other-segment" : "start-differs",
                    isOther ? "the index is of another segment" : "the file and the index have another beginning",
                    media: 0, index: located.offset)
            case .tracks(let tracks) where tracks != reading.tracks:
                add("start-differs", "the file and the index have other tracks", media: 0, index: located.offset)
            default: break
            }
        }
    }

    private mutating func checkFragments(_ reading: SegmentReading, _ index: IndexReading, mediaByteCount: UInt64) {
        let parts = Dictionary(
            reading.fragments.map { ($0.entry.bytes.lowerBound, $0.entry) }, uniquingKeysWith: { first, _ in first })
        var seen: Set<UInt64> = []
        for located in index.entries {
            guard case .fragment(let entry) = located.entry else { continue }
            let start = entry.bytes.lowerBound
            if let actual = parts[start] {
                if !seen.insert(start).inserted {
                    add("twice", "a fragment is in the index twice", media: start, index: located.offset)
                }
                let names = entry.differences(from: actual)
                guard !names.isEmpty else { continue }
                add(
                    "fragment-differs", "file and index differ in \(names.joined(separator: ", "))", media: start,
                    index: located.offset)
            } else if entry.bytes.upperBound > mediaByteCount {
                add(
                    "not-on-disk",
                    "a fragment of \(entry.bytes.count) bytes is in the index, and the file ends at \(mediaByteCount)",
                    media: start, index: located.offset)
            } else {
                add(
                    "no-fragment", "there is no whole fragment where the index has one of \(entry.bytes.count) bytes",
                    media: start, index: located.offset)
            }
        }
        for part in reading.fragments where !seen.contains(part.entry.bytes.lowerBound) {
            add(
                "not-in-index", "a fragment of \(part.entry.bytes.count) bytes is not in the index",
                media: part.entry.bytes.lowerBound)
        }
    }

    private mutating func checkNotes(_ reading: SegmentReading, _ index: IndexReading) {
        var inIndex: [IndexEntry: [UInt64]] = [:]
        let lastFragment = index.entries.last { if case .fragment = $0.entry { true } else { false } }?.offset ?? 0
        for located in index.entries where located.entry.isNote {
            inIndex[located.entry, default: []].append(located.offset)
        }
        for part in reading.fragments {
            for note in part.notes where note.isNote {
                if inIndex[note]?.isEmpty ?? true {
                    add("note-not-in-index", "the index lacks: \(note.phrase)", media: part.entry.bytes.lowerBound)
                } else {
                    inIndex[note]?.removeFirst()
                }
            }
        }
        for (note, offsets) in inIndex {
            // A torn range stands in the index alone, and so does what was noted behind the last fragment.
            if case .torn = note { continue }
            for offset in offsets where offset < lastFragment {
                add("note-not-in-file", "the file lacks: \(note.phrase)", index: offset)
            }
        }
    }

    private mutating func checkEnd(_ reading: SegmentReading, _ index: IndexReading) {
        let ends = index.entries.filter { if case .end = $0.entry { true } else { false } }
        guard reading.header.isFinished, let tail = reading.tail else {
            for end in ends {
                add("not-finished", "the index says that the file was finished, and it is not", index: end.offset)
            }
            if ends.isEmpty, !reading.lacksTables {
                add("not-finished", "the file was not finished: it plays as it is", isHarmless: true)
            }
            return
        }
        if ends.isEmpty {
            add("end-not-in-index", "the file was finished, and the index does not say so", media: tail.lowerBound)
        }
        for end in ends where end.entry != .end(tail: tail, frame: reading.nextFrame) {
            add(
                "end-differs", "file and index differ in how the file ends", media: tail.lowerBound, index: end.offset)
        }
    }
}

extension FragmentEntry {
    /// What is another in `other`, in words.
    fileprivate func differences(from other: FragmentEntry) -> [String] {
        func value<Value: Equatable>(_ name: String, _ path: KeyPath<FragmentEntry, Value>) -> String? {
            self[keyPath: path] == other[keyPath: path] ? nil : name
        }
        return [
            value("length", \.bytes), value("checksum", \.crc), value("first frame", \.firstFrame),
            value("number of frames", \.frameCount), value("first DTS", \.firstDTS), value("last DTS", \.lastDTS),
            value("first PTS", \.firstPTS), value("duration", \.duration), value("place of the IDR", \.idrOffset),
            value("flags", \.startsWithIDR), value("wall clock", \.wallClock),
        ].compactMap { $0 }
    }
}

extension IndexEntry {
    /// Whether it is noted with a fragment, and is no fragment itself.
    package var isNote: Bool {
        switch self {
        case .join, .takeover, .loss, .clockJump, .torn, .mark, .scene: true
        case .start, .tracks, .fragment, .end, .unknown: false
        }
    }

    /// What it says, as one phrase.
    package var phrase: String {
        switch self {
        case .start: "the beginning of a segment"
        case .tracks: "the tracks of a segment"
        case .fragment(let entry): "a fragment from frame \(entry.firstFrame) on"
        case .join(let previous, let frame): "frame \(frame) goes on where segment \(previous) ended"
        case .takeover(let frame, _, let cause): "takeover at frame \(frame)" + (cause.isEmpty ? "" : ": \(cause)")
        case .loss(let first, let last, _, let cause):
            "frames \(first) to \(last) are lost" + (cause.isEmpty ? "" : ": \(cause)")
        case .clockJump(let frame, let before, let after):
            "the clock was set by \((Double(after.nanoseconds) - Double(before.nanoseconds)) / 1e9) s at frame \(frame)"
        case .torn(let bytes, let errno, _): "\(bytes.count) bytes at \(bytes.lowerBound) are torn (errno \(errno))"
        case .scene(let frame, _, let name): "scene \(name) from frame \(frame) on"
        case .mark(let frame, _, let text): "mark at frame \(frame): \(text)"
        case .end(_, let frame): "the end before frame \(frame)"
        case .unknown(let kind): "an entry of the unknown kind \(kind)"
        }
    }
}
