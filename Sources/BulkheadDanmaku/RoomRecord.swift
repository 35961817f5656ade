package import BulkheadMedia

/// All of a live room that is not picture and sound, as it is to come back after any break: the server's, the chat's, a
/// plugin host's, the master's or the machine's.
///
/// Three clocks are kept apart. Comments that fly have the timeline's: a server that was changed does not touch them. What
/// was paid for or pinned has that of the world: it runs out while nobody is here. What was missed has the source's.
/// No secret is in it.
package struct RoomRecord: Codable, Hashable, Sendable {
    /// Of the layout of the file; one that is higher is another version's.
    package static let currentVersion = 1

    private(set) var version = Self.currentVersion
    /// Where the room is, such as `twitch`; empty where nobody has said.
    package var platform = ""
    /// The room's name or number there.
    package var room = ""
    package var title = ""
    package var category = ""
    package var notice = ""
    /// A comment that stays in sight.
    package private(set) var pinned: Pinned?
    /// In the order in which they came.
    package private(set) var paid: [PaidComment] = []
    /// How it is shown that is not a comment in flight; nil where nobody has said.
    package internal(set) var board: BoardStyle?
    package private(set) var stage: DanmakuStage
    /// Viewers may write on the watch page; nil where nobody has said, which is no.
    package internal(set) var viewers: Bool?
    /// How far each chat connection has got, by its name.
    package private(set) var cursors: [String: ChatCursor] = [:]
    package private(set) var seen = SeenIDs()
    /// The latest spans in which comments may have been missed.
    package private(set) var gaps: [ChatGap] = []
    /// What the configuration said when it was last taken up.
    package internal(set) var configured = RoomFields()
    /// How many comments the room's log has.
    package private(set) var logged: Int64 = 0
    /// When the timeline stood where; nil before the first comment.
    private var anchor: Anchor?
    /// When the last of the comments that were missed was shown, on the timeline.
    private var replayedAt: Int64?
    /// From one such to the next, in nanoseconds.
    private static let replayPause: Int64 = 250_000_000

    /// One moment on two clocks.
    private struct Anchor: Codable, Hashable, Sendable {
        /// On the timeline.
        let nanoseconds: Int64
        /// Since 1970.
        let milliseconds: Int64
    }

    /// Whether this version of the program can go on with it.
    package var isOfThisVersion: Bool {
        version == Self.currentVersion && configured.outside == nil && stage.isSane && board?.isInRange ?? true
    }

    /// Viewers may write on the watch page.
    package var isOpenToViewers: Bool { viewers ?? false }

    /// A comment that stays in sight until a time of the world.
    package struct Pinned: Codable, Hashable, Sendable {
        package let comment: RoomComment
        /// In milliseconds since 1970; nil for until it is taken off.
        package let until: Int64?
    }

    /// How many comments that were paid for are kept, and how many gaps.
    package static let (mostPaid, mostGaps) = (100, 50)
    /// Of title, category, notice and what else a person sets, in characters.
    package static let longestText = 500

    /// The record of a room of which nothing is known yet, over pictures of the size `canvas`.
    package init(_ canvas: Canvas) { stage = DanmakuStage(canvas) }

    // MARK: comments

    /// What became of a comment.
    package enum Outcome: Hashable, Sendable {
        /// It has come already.
        case known
        /// It is too old to be seen, and stands in the log alone.
        case late
        case staged(DanmakuStage.Outcome)
    }

    /// Takes a comment that came at `time` of the timeline, and `now`, in milliseconds since 1970.
    ///
    /// One that its source took longer ago than a comment takes to cross the picture came behind a break, and is not shown:
    /// no backlog bursts onto the picture. What was paid for is shown as long as it lasts. With `isReplayed` it came while
    /// what was missed is being read, from wherever: how far the source has got is not told by it, and of ordinary comments that
    /// are older than a second four a second are shown.
    package mutating func take(
        _ comment: RoomComment, at time: MediaTime, now: Int64, isReplayed: Bool = false
    ) -> Outcome {
        guard note(comment, isReplayed) else { return .known }
        anchor = Anchor(nanoseconds: time.nanoseconds, milliseconds: now)
        if let sent = comment.sentMilliseconds, comment.rank != .paid {
            let (age, overflows) = now.subtractingReportingOverflow(sent)
            if overflows || age > Int64(stage.settings.scrollSeconds * 1000) { return .late }
        }
        if isReplayed, comment.rank == .ordinary, !isFresh(comment, now: now) {
            if let last = replayedAt, (0..<Self.replayPause).contains(time.nanoseconds - last) { return .late }
            replayedAt = time.nanoseconds
        }
        return .staged(stage.offer(comment, at: time))
    }

    /// Whether its source took it within the last second: so many come without a break as well.
    private func isFresh(_ comment: RoomComment, now: Int64) -> Bool {
        guard let sent = comment.sentMilliseconds else { return false }
        let (age, overflows) = now.subtractingReportingOverflow(sent)
        return !overflows && age <= 1000
    }

    /// Takes a comment that was paid for, which stays in sight until its end; `now` is in milliseconds since 1970.
    /// - Returns: false when it has come already, or is over.
    package mutating func take(
        paid: PaidComment, at time: MediaTime, now: Int64, isReplayed: Bool = false
    ) -> Bool {
        guard note(paid.comment, isReplayed) else { return false }
        guard paid.until > now else { return false }
        anchor = Anchor(nanoseconds: time.nanoseconds, milliseconds: now)
        _ = stage.offer(paid.comment, at: time)
        keep(paid)
        return true
    }

    private mutating func keep(_ paid: PaidComment) {
        self.paid.append(paid)
        // The cheapest goes first where there are too many, and of equal ones the one that ends first.
        if self.paid.count > Self.mostPaid,
            let index = self.paid.indices.min(by: {
                (self.paid[$0].amountMicros, self.paid[$0].until) < (self.paid[$1].amountMicros, self.paid[$1].until)
            })
        {
            self.paid.remove(at: index)
        }
    }

    /// Counts a comment to those that are known.
    /// - Returns: false when it has come already.
    private mutating func note(_ comment: RoomComment, _ isReplayed: Bool) -> Bool {
        // The last one of a replay comes once more when all of it is there.
        if !isReplayed { cursors[comment.source, default: ChatCursor()].advance(to: comment) }
        guard seen.note(comment.id, of: comment.source) else { return false }
        logged = logged.addingReportingOverflow(1).partialValue
        return true
    }

    /// Takes a line of the log that was written after the record was: the comment is known, and was seen then. What was paid for
    /// goes on until its end.
    package mutating func know(_ entry: RoomLogEntry) {
        guard entry.number > logged else { return }
        let isNew = note(entry.comment, entry.isReplayed ?? false)
        logged = entry.number
        if isNew, let paid = PaidComment(entry) { keep(paid) }
    }

    /// Comments were taken back at their source: one, all of an author, or all.
    package mutating func remove(from source: String, where isTakenBack: (RoomComment) -> Bool) {
        func isGone(_ comment: RoomComment) -> Bool { comment.source == source && isTakenBack(comment) }
        stage.remove(where: isGone)
        paid.removeAll { isGone($0.comment) }
        if let pinned, isGone(pinned.comment) { self.pinned = nil }
    }

    /// What was paid for is taken off.
    package mutating func removePaid() { paid = [] }

    package mutating func pin(_ comment: RoomComment?, until: Int64? = nil) {
        pinned = comment.map { Pinned(comment: $0, until: until) }
    }

    /// A chat connection has missed what came between two times of its source, or could not say.
    package mutating func note(_ gap: ChatGap) {
        gaps.append(gap)
        if gaps.count > Self.mostGaps { gaps.removeFirst(gaps.count - Self.mostGaps) }
    }

    /// How far the source `name` has got, as itself says.
    package mutating func note(pageToken: String, of name: String) {
        cursors[name, default: ChatCursor()].pageToken = pageToken
    }

    // MARK: time

    /// Lets go what is over: on the picture by `time`, what was paid for or pinned by `now`, in milliseconds since 1970.
    /// - Returns: whether something that was paid for or pinned is over.
    package mutating func advance(to time: MediaTime, now: Int64) -> Bool {
        stage.advance(to: time)
        let before = paid.count
        paid.removeAll { $0.until <= now }
        guard let until = pinned?.until, until <= now else { return paid.count != before }
        pinned = nil
        return true
    }

    // MARK: settings

    package mutating func change(to settings: DanmakuSettings) { stage.change(to: settings) }
    package mutating func change(to canvas: Canvas) { stage.change(to: canvas) }
    /// Nothing flies any more; what was paid for and pinned stays.
    package mutating func clear() { stage.clear() }

    /// Where the last timeline would stand at `now`, in milliseconds since 1970, had time not stopped on it.
    package func time(at now: Int64) -> MediaTime {
        guard let anchor else { return .zero }
        let (passed, overflows) = now.subtractingReportingOverflow(anchor.milliseconds)
        let (nanoseconds, isFar) = max(0, overflows ? 0 : passed).multipliedReportingOverflow(by: 1_000_000)
        let (time, isFarther) = anchor.nanoseconds.addingReportingOverflow(nanoseconds)
        return MediaTime(nanoseconds: isFar || isFarther ? anchor.nanoseconds : time)
    }

    /// Another timeline begins, and stands at `time` at `now`, in milliseconds since 1970. What flew on the last one goes on
    /// where it would be, had time not stopped, and is gone where it would be.
    package mutating func beginTimeline(at time: MediaTime, now: Int64) {
        guard let anchor, case let (passed, overflows) = now.subtractingReportingOverflow(anchor.milliseconds),
            !overflows,
            (0...Self.longestBreak).contains(passed)
        else {
            self.anchor = nil
            return stage.clear()
        }
        let (shift, isFar) = (time.nanoseconds - passed * 1_000_000).subtractingReportingOverflow(anchor.nanoseconds)
        if isFar { stage.clear() } else { stage.shift(byNanoseconds: shift) }
        self.anchor = Anchor(nanoseconds: time.nanoseconds, milliseconds: now)
        stage.advance(to: time)
    }

    /// In milliseconds: whatever flew longer ago is gone, and a clock that was set back says nothing.
    private static let longestBreak: Int64 = 120_000
}

/// A comment that was paid for, which stays in sight for a while.
package struct PaidComment: Codable, Hashable, Sendable {
    package let comment: RoomComment
    /// In millionths of the currency.
    package let amountMicros: Int64
    /// ISO 4217, or the source's own word.
    package let currency: String
    /// In milliseconds since 1970.
    package let from: Int64
    package let until: Int64

    /// How long what was paid for stays in sight where its source does not say: by what it is worth in dollars of the
    /// United States, roughly.
    package static func standardSeconds(amountMicros: Int64, currency: String) -> Int64 {
        let divisors = [
            "CNY": 7.0, "HKD": 8, "TWD": 30, "THB": 35, "PHP": 55, "INR": 85, "RUB": 90, "JPY": 150, "KRW": 1350,
        ]
        let dollars = Double(amountMicros) / 1e6 / (divisors[currency] ?? 1)
        return switch dollars {
        case ..<2: 60
        case ..<5: 120
        case ..<20: 300
        case ..<50: 900
        case ..<100: 1800
        default: 3600
        }
    }

    /// As the room's log has it; nil for one that was not paid for.
    package init?(_ entry: RoomLogEntry) {
        guard let amount = entry.amountMicros, let until = entry.until else { return nil }
        self.init(
            entry.comment, amountMicros: amount, currency: entry.currency ?? "", from: entry.time, until: until)
    }

    package init(_ comment: RoomComment, amountMicros: Int64, currency: String, from: Int64, until: Int64) {
        var comment = comment
        comment.rank = .paid
        self.comment = comment
        self.amountMicros = amountMicros
        self.currency = currency
        self.from = from
        self.until = until
    }
}

/// How far a chat connection has got.
package struct ChatCursor: Codable, Hashable, Sendable {
    package private(set) var lastID = ""
    /// In milliseconds since 1970, by the source's clock; nil where it gives none.
    package private(set) var lastMilliseconds: Int64?
    /// What the source gives to be continued by; nil where it does not.
    package var pageToken: String?

    package init() {}

    /// The comment has come.
    package mutating func advance(to comment: RoomComment) {
        // The moment of a joining, before the first comment, is by our own clock.
        guard !lastID.isEmpty else {
            (lastID, lastMilliseconds) = (comment.id, comment.sentMilliseconds ?? lastMilliseconds)
            return
        }
        // What is read again behind a break is older than what is known; servers that replay cut times to seconds.
        if let last = lastMilliseconds, let sent = comment.sentMilliseconds,
            sent.addingReportingOverflow(1000).partialValue <= last
        {
            return
        }
        lastID = comment.id
        lastMilliseconds = [lastMilliseconds, comment.sentMilliseconds].compactMap { $0 }.max()
    }
}

/// A span in which a chat connection may have missed comments.
package struct ChatGap: Codable, Hashable, Sendable {
    package let source: String
    /// In milliseconds since 1970, by the source's clock where it has one.
    package let from: Int64
    package let until: Int64

    package init(source: String, from: Int64, until: Int64) {
        self.source = source
        self.from = from
        self.until = until
    }
}
