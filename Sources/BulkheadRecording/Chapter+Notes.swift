package import BulkheadMP4
package import BulkheadMedia

/// Something that was noted in a segment, and where.
package struct NotedEntry: Hashable, Sendable {
    package let entry: IndexEntry
    /// Nanoseconds from where the presentation of the segment begins.
    package let start: Int64

    package init(_ entry: IndexEntry, start: Int64) {
        self.entry = entry
        self.start = start
    }
}

/// Where frames are in a segment, from one of its IDRs on: pictures may be missing before it, and behind it they may lie in
/// another order than their numbers.
struct FramePlace: Hashable, Sendable {
    /// A frame, and its DTS in nanoseconds, counted from the first of the segment.
    var frame: FrameNumber = 0
    var start: Int64 = 0
    let frameDuration: MediaTime

    /// Where `entry` is; at this place where it is about no frame, or one that can't be.
    func located(_ entry: IndexEntry) -> NotedEntry {
        guard let frame = entry.frame else { return NotedEntry(entry, start: start) }
        let distance = frame.subtractingReportingOverflow(self.frame)
        let time = distance.partialValue.multipliedReportingOverflow(by: frameDuration.nanoseconds)
        let sum = time.partialValue.addingReportingOverflow(start)
        let isSound = !distance.overflow && !time.overflow && !sum.overflow
        return NotedEntry(entry, start: isSound ? max(0, sum.partialValue) : start)
    }
}

extension IndexEntry {
    /// The frame that a note is about; nil for what is no note, or about none.
    package var frame: FrameNumber? {
        switch self {
        case .join(_, let frame), .takeover(let frame, _, _), .loss(let frame, _, _, _), .clockJump(let frame, _, _),
            .mark(let frame, _, _), .scene(let frame, _, _):
            frame
        case .start, .tracks, .fragment, .torn, .end, .unknown: nil
        }
    }

    /// The name of the chapter that it makes, and which are left out last where there are too many; nil for none.
    fileprivate var title: (text: String, rank: Int)? {
        switch self {
        case .mark(_, _, let text): (text, 0)
        case .scene(_, _, let name): ("Scene: \(name)", 1)
        case .takeover(_, _, let cause): ("Takeover" + (cause.isEmpty ? "" : ": \(cause)"), 2)
        case .start, .tracks, .fragment, .join, .loss, .clockJump, .torn, .end, .unknown: nil
        }
    }
}

extension Chapter {
    /// As many chapters as a file can have of what was noted, in order: marks before scenes, scenes before takeovers. What
    /// is noted twice, as where two segments have the same picture, is one chapter.
    package static func all(of notes: some Sequence<NotedEntry>) -> [Chapter] {
        var known: Set<IndexEntry> = []
        var chapters: [(chapter: Chapter, rank: Int)] = []
        for note in notes {
            guard let title = note.entry.title, known.insert(note.entry).inserted else { continue }
            chapters.append((Chapter(start: note.start, title: title.text), title.rank))
        }
        let inOrder = chapters.enumerated().sorted { ($0.element.rank, $0.offset) < ($1.element.rank, $1.offset) }
        return inOrder.map(\.element.chapter).prefix(most).sorted { $0.start < $1.start }
    }
}

extension SegmentReading {
    /// All that was noted, in the file and in `index` alone, with its place.
    package func notes(with index: IndexReading?) -> [NotedEntry] {
        var place = FramePlace(frameDuration: tracks?.frameDuration ?? .zero)
        let video = header.tracks.first(where: \.isVideo)
        let hidden = hidden
        var notes: [NotedEntry] = []
        for (number, part) in fragments.enumerated() {
            if part.entry.startsWithIDR || number == 0 {
                place.frame = part.entry.firstFrame
                place.start = (video?.nanoseconds(ticks: part.entry.firstDTS) ?? 0) - hidden
            }
            notes += part.notes.filter(\.isNote).map(place.located)
        }
        let known = Set(notes.map(\.entry))
        let others = (index?.entries ?? []).map(\.entry).filter { $0.isNote && !known.contains($0) }
        return notes + others.map(place.located)
    }

    /// How much of the file an edit list hides before the presentation begins, in nanoseconds: of a span that was cut, what
    /// lies between the IDR and it.
    private var hidden: Int64 {
        // A file that was cut may begin with sound alone.
        guard let video = header.tracks.first(where: \.isVideo),
            let first = fragments.first(where: { $0.entry.frameCount > 0 })?.entry
        else { return 0 }
        let hidden = header.presentationStart - video.nanoseconds(ticks: first.firstPTS)
        // Less is what ticks round.
        return hidden > 1_000_000 ? hidden : 0
    }
}
