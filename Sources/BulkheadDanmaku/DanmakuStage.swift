package import BulkheadMedia

/// Which comments are seen, where and when: decides, and draws nothing.
///
/// Comments of one mode never overlap. What finds no place waits a second, paid ones longer, and is left out then; equal
/// ones are one with a number. All that is decided stands in ``flying``: whoever draws it, and how often that process dies,
/// the picture is the same. It can be saved at any moment, and goes on where it was.
///
/// All move at one speed, whatever their length, so that none is overtaken: a lane is free as soon as the last one's end has
/// come in. Where speeds differ all the same, because the settings have changed meanwhile, both ends of the time in which
/// two are seen are looked at.
package struct DanmakuStage: Codable, Hashable, Sendable {
    /// What became of a comment.
    package enum Outcome: Hashable, Sendable {
        case flies
        /// It waits for a place.
        case waits
        /// An equal one that is seen, or waits, stands for it.
        case merged
        /// There was no place.
        case shed
        /// It is not to be shown.
        case blocked
    }

    /// How many comments have met which end.
    package struct Counts: Codable, Hashable, Sendable {
        package var shown = 0
        package var merged = 0
        package var shed = 0
        package var blocked = 0

        package init() {}
    }

    private struct Waiting: Codable, Hashable, Sendable {
        let comment: RoomComment
        let text: String
        var count: Int
        let since: Int64
    }

    /// Between two comments in a lane, in lines.
    package static let gap = 20.0
    /// The height of a lane for letters of height 1.
    package static let laneHeight = 1.35
    /// The lines of a picture's height.
    package static let pictureHeight = 1080.0
    /// How long equal comments are one.
    package static let mergeNanoseconds: Int64 = 5_000_000_000
    /// How long a comment waits for a place; that of the anchor, or one that was paid for, ten times as long.
    package static let waitNanoseconds: Int64 = 1_000_000_000
    /// How many comments wait at most.
    package static let mostWaiting = 64

    package private(set) var settings = DanmakuSettings()
    /// Those that are seen, or soon are, the oldest first.
    package private(set) var flying: [FlyingComment] = []
    package private(set) var counts = Counts()
    private var waiting: [Waiting] = []
    /// The picture's width in lines.
    private var pictureWidth: Double

    /// A stage over pictures of the size `canvas`.
    package init(_ canvas: Canvas) { pictureWidth = Self.width(of: canvas) }

    /// How many wait for a place.
    package var waitingCount: Int { waiting.count }

    /// Whether all numbers can be counted with: the stage may come from a file.
    var isSane: Bool {
        settings.outside == nil && settings.size.isFinite && settings.opacity.isFinite && settings.area.isFinite
            && flying.allSatisfy(\.isSane)
            && waiting.allSatisfy { FlyingComment.times.contains($0.since) && (1...1_000_000_000).contains($0.count) }
            && [counts.shown, counts.merged, counts.shed, counts.blocked].allSatisfy { abs($0 >> 1) < 1 << 60 }
            && flying.count <= DanmakuSettings.densityRange.upperBound && waiting.count <= Self.mostWaiting
    }

    private static func width(of canvas: Canvas) -> Double {
        pictureHeight * Double(canvas.width) / Double(canvas.height)
    }

    // MARK: what changes

    /// Pictures have this size from now on. Comments that are seen stay in their lanes.
    package mutating func change(to canvas: Canvas) { pictureWidth = Self.width(of: canvas) }

    /// Comments that come from now on are shown so. What is seen goes on as it is, but for what is blocked now.
    package mutating func change(to settings: DanmakuSettings) {
        self.settings = settings
        flying.removeAll { settings.blocks($0.comment, text: $0.text) }
        for entry in waiting where settings.blocks(entry.comment, text: entry.text) { leave(entry, \.blocked) }
        waiting.removeAll { settings.blocks($0.comment, text: $0.text) }
        if !settings.isShown { clear() }
    }

    /// Nothing is seen any more.
    package mutating func clear() {
        flying = []
        for entry in waiting { leave(entry, \.shed) }
        waiting = []
    }

    /// One that waits is never seen, nor are those that it stands for.
    private mutating func leave(_ entry: Waiting, _ end: WritableKeyPath<Counts, Int>) {
        counts[keyPath: end] += entry.count
        counts.merged -= entry.count - 1
    }

    /// The timeline is counted from elsewhere: all times are so much later on it.
    mutating func shift(byNanoseconds shift: Int64) {
        flying = flying.compactMap { $0.shifted(by: shift) }
        waiting = waiting.compactMap { entry in
            let (since, overflows) = entry.since.addingReportingOverflow(shift)
            return overflows
                ? nil : Waiting(comment: entry.comment, text: entry.text, count: entry.count, since: since)
        }
    }

    /// A comment was taken back, or all of an author were.
    package mutating func remove(where isTakenBack: (RoomComment) -> Bool) {
        flying.removeAll { isTakenBack($0.comment) }
        waiting.removeAll { isTakenBack($0.comment) }
    }

    /// Takes a comment that came at `time`.
    package mutating func offer(_ comment: RoomComment, at time: MediaTime) -> Outcome {
        advance(to: time)
        let text = CommentText.clean(comment.text)
        guard settings.isShown, !text.isEmpty, !settings.blocks(comment, text: text) else {
            counts.blocked += 1
            return .blocked
        }
        if merge(text, comment, at: time) {
            counts.merged += 1
            return .merged
        }
        if let placed = place(comment, text, count: 1, at: time) {
            flying.append(placed)
            counts.shown += 1
            return .flies
        }
        return wait(comment, text, at: time)
    }

    /// Lets go what is no longer seen, and gives places to those that wait.
    package mutating func advance(to time: MediaTime) {
        let now = time.nanoseconds
        flying.removeAll { $0.end <= now }
        var rest: [Waiting] = []
        // Those of higher rank first, and then in the order in which they came.
        let ordered = waiting.enumerated().sorted {
            ($0.element.comment.rank.rawValue, $1.offset) > ($1.element.comment.rank.rawValue, $0.offset)
        }
        // Whether there is a place does not depend on a comment's length.
        var full: Set<CommentMode> = []
        for (_, entry) in ordered {
            let mode = shownMode(of: entry.comment)
            if !full.contains(mode), let placed = place(entry.comment, entry.text, count: entry.count, at: time) {
                flying.append(placed)
                counts.shown += 1
                continue
            }
            if mode != .positioned { full.insert(mode) }
            if now - entry.since < Self.patience(of: entry.comment) {
                rest.append(entry)
            } else {
                leave(entry, \.shed)
            }
        }
        waiting = rest.sorted { $0.since < $1.since }
    }

    private static func patience(of comment: RoomComment) -> Int64 {
        comment.rank == .ordinary ? waitNanoseconds : 10 * waitNanoseconds
    }

    // MARK: crowds

    /// Counts the comment to an equal one, whoever wrote it. What was paid for stands by itself.
    private mutating func merge(_ text: String, _ comment: RoomComment, at time: MediaTime) -> Bool {
        guard comment.rank != .paid else { return false }
        let mode = shownMode(of: comment)
        let place = mode == .positioned ? comment.place : nil
        if let index = flying.lastIndex(where: {
            $0.text == text && $0.mode == mode && $0.comment.rank != .paid
                && (place == nil || $0.comment.place == place)
                && time.nanoseconds - $0.start < Self.mergeNanoseconds
        }) {
            flying[index].count += 1
            return true
        }
        if let index = waiting.firstIndex(where: {
            $0.text == text && shownMode(of: $0.comment) == mode && $0.comment.rank != .paid
                && (place == nil || $0.comment.place == place)
        }) {
            waiting[index].count += 1
            return true
        }
        return false
    }

    private mutating func wait(_ comment: RoomComment, _ text: String, at time: MediaTime) -> Outcome {
        if waiting.count >= Self.mostWaiting {
            // The newest of the lowest rank goes: the new one, unless somebody of a lower rank waits.
            guard
                let index = waiting.indices.reversed().first(where: { waiting[$0].comment.rank < comment.rank })
            else {
                counts.shed += 1
                return .shed
            }
            leave(waiting.remove(at: index), \.shed)
        }
        waiting.append(Waiting(comment: comment, text: text, count: 1, since: time.nanoseconds))
        return .waits
    }

    // MARK: lanes

    private func shownMode(of comment: RoomComment) -> CommentMode {
        if comment.mode == .positioned, comment.place == nil { return .scroll }
        return settings.modes.contains(comment.mode) ? comment.mode : .scroll
    }

    /// The comment in the first lane that is free; nil where none is.
    private func place(_ comment: RoomComment, _ text: String, count: Int, at time: MediaTime) -> FlyingComment? {
        guard flying.count < settings.density else { return nil }
        let mode = shownMode(of: comment)
        let lane = settings.size * Self.laneHeight
        // The outline of letters.
        let width = CommentText.ems(text) * settings.size + settings.size * 0.2
        let isMoving = mode == .scroll || mode == .reverse
        let speed = isMoving ? pictureWidth / settings.scrollSeconds : 0
        let seconds = isMoving ? (pictureWidth + width) / speed : settings.standSeconds
        let hindering = flying.filter { flown in
            flown.mode == mode
                && !(isMoving && flown.speed >= speed
                    && flown.isIn(at: time, gap: Self.gap, pictureWidth: pictureWidth))
        }
        for (left, top) in places(of: comment, mode, width: width, lane: lane) {
            var next = FlyingComment(
                comment: comment, text: text, mode: mode, top: top, left: left, height: lane, size: settings.size,
                width: width, speed: speed, start: time.nanoseconds, end: time.nanoseconds + Int64(seconds * 1e9))
            let isFree = hindering.allSatisfy {
                !$0.shares(next) || $0.lets(next, gap: Self.gap, pictureWidth: pictureWidth)
            }
            guard isFree else { continue }
            next.count = count
            return next
        }
        return nil
    }

    /// Where a comment may be: the upper edges of all lanes, in the order in which they are filled, or its own place.
    private func places(
        of comment: RoomComment, _ mode: CommentMode, width: Double, lane: Double
    ) -> [(left: Double?, top: Double)] {
        if mode == .positioned, let place = comment.place {
            return [
                (
                    max(0, min(place.x * pictureWidth, pictureWidth - width)),
                    max(0, min(place.y * Self.pictureHeight, Self.pictureHeight - lane))
                )
            ]
        }
        let laneCount = max(1, Int(Self.pictureHeight * settings.area / lane))
        return (0..<laneCount).map { number in
            (nil, mode == .bottom ? Self.pictureHeight - lane * Double(number + 1) : lane * Double(number))
        }
    }
}
