import BulkheadDanmaku

/// What was missed of a channel, asked for with IRCv3's draft/chathistory: which question is put next, and when all is known.
///
/// Where the id of the last known line is known, it is asked for what came behind it (AFTER), in order. A server that has
/// forgotten the line, or cannot be asked by ids, is read backwards instead (LATEST, then BEFORE), until a known line was
/// there, or one that is older than the last one by more than clocks differ. Lines that are written meanwhile come by
/// themselves; some come twice.
/// - SeeAlso: IRCv3, extensions/chathistory.md.
struct IRCHistory: Sendable {
    /// What follows.
    enum Step: Hashable {
        /// These are the parameters of CHATHISTORY.
        case ask([String])
        /// Nothing was missed that has not come by now.
        case finished
        /// Nothing is known of what was said then; in milliseconds since 1970.
        case gap(from: Int64, until: Int64)
    }

    /// What an answer held, in the order in which it came.
    struct Page: Hashable {
        /// Of lines of any kind: a page of notices is not empty.
        var ids: [String] = []
        var count = 0
        var oldest: Int64?
        var newest: Int64?

        mutating func note(_ id: String?, _ milliseconds: Int64?) {
            count += 1
            if let id { ids.append(id) }
            guard let milliseconds else { return }
            oldest = min(oldest ?? milliseconds, milliseconds)
            newest = max(newest ?? milliseconds, milliseconds)
        }
    }

    /// How many lines are asked for at once, where the server does not say less.
    private static let pageCount = 100
    /// How many pages are asked for: what lies beyond is a gap.
    private static let mostPages = 50
    /// How far clocks of servers may be apart, in milliseconds.
    private static let clockFuzz: Int64 = 10_000

    private let channel: String
    /// The last line that is known.
    private var knownID: String
    private var knownTime: Int64?
    /// ISUPPORT's CHATHISTORY: the most lines of one answer; nil where the server says nothing, 0 for as many as it likes.
    private var limit: Int?
    /// ISUPPORT's MSGREFTYPES, or what the server has refused, says that it can't be asked by ids.
    private var usesTimes = false
    private var isForwards = false
    private var pages = 0
    /// How many lines have come, in all pages: whether anything goes on.
    private(set) var lines = 0
    private var oldestID: String?
    private var oldestTime: Int64?
    /// So many lines were written in this millisecond that times can't tell them apart: some may not have come.
    private var crowded: Int64?
    /// The first line that came by itself: all behind it has come.
    private var firstLive: (id: String, time: Int64?)?

    init(channel: String, since cursor: ChatCursor) {
        self.channel = channel
        knownID = cursor.lastID
        knownTime = cursor.lastMilliseconds
    }

    /// Takes a word of ISUPPORT.
    mutating func note(support word: String) {
        if word.hasPrefix("CHATHISTORY=") {
            limit = Int(word.dropFirst("CHATHISTORY=".count)).map { max(0, $0) }
        } else if word.hasPrefix("MSGREFTYPES=") {
            let types = word.dropFirst("MSGREFTYPES=".count).split(separator: ",")
            usesTimes = !types.contains("msgid") && types.contains("timestamp")
        }
    }

    /// What is read now lies behind all that was read before.
    var goesOn: Bool { isForwards || pages == 0 }

    /// A line came by itself.
    mutating func note(live id: String, _ milliseconds: Int64?) {
        if firstLive == nil { firstLive = (id, milliseconds) }
    }

    // MARK: questions

    /// The first question.
    mutating func begin() -> Step {
        // What stands for an id where there was none is no id of the server's.
        let isAskable = !knownID.isEmpty && knownID.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F }
        guard isAskable, !usesTimes else { return beginBackwards() }
        isForwards = true
        return ask("AFTER", "msgid=\(knownID)")
    }

    private mutating func beginBackwards() -> Step {
        (isForwards, pages) = (false, 0)
        return ask("LATEST", "*")
    }

    /// How many lines are asked for.
    private var count: Int {
        guard let limit, limit > 0 else { return Self.pageCount }
        return min(Self.pageCount, limit)
    }

    private func ask(_ command: String, _ reference: String) -> Step {
        .ask([command, channel, reference, "\(count)"])
    }

    /// Takes the answer to the last question.
    /// - Parameter now: in milliseconds since 1970.
    mutating func take(_ page: Page, now: Int64) -> Step {
        pages += 1
        lines += page.count
        return isForwards ? wentForwards(page, now: now) : wentBackwards(page, now: now)
    }

    private mutating func wentForwards(_ page: Page, now: Int64) -> Step {
        guard let last = page.ids.last else {
            // Nothing was written, or the server has forgotten the line: the latest ones tell.
            return pages == 1 || page.count > 0 ? beginBackwards() : .finished
        }
        (knownID, knownTime) = (last, page.newest ?? knownTime)
        if let firstLive, page.ids.contains(firstLive.id) { return .finished }
        guard pages < Self.mostPages else { return gap(until: firstLive?.time ?? now) }
        return ask("AFTER", "msgid=\(last)")
    }

    private mutating func wentBackwards(_ page: Page, now: Int64) -> Step {
        // A channel in which nothing was ever written has nothing to miss.
        let isBlank = pages == 1 && page.count == 0 && knownID.isEmpty
        if isBlank || page.ids.contains(knownID) || isOlder(page.oldest) {
            return crowded.map { .gap(from: $0, until: $0) } ?? .finished
        }
        let isNew = page.oldest.map { time in oldestTime.map { time < $0 } ?? true } ?? false
        if let first = page.ids.first { oldestID = first }
        if let time = page.oldest { oldestTime = min(oldestTime ?? time, time) }
        guard page.count > 0, pages < Self.mostPages else { return gap(until: oldestTime ?? now) }
        if !usesTimes, let oldestID { return ask("BEFORE", "msgid=\(oldestID)") }
        guard let oldestTime else { return gap(until: now) }
        // Others may have been written in the same millisecond: it is asked for once more, and then left behind.
        if !isNew, page.count >= count { crowded = oldestTime }
        let edge = isNew ? oldestTime.addingReportingOverflow(1).partialValue : oldestTime
        guard isNew || page.oldest == oldestTime, let text = ServerTime.text(edge) else {
            return gap(until: oldestTime)
        }
        return ask("BEFORE", "timestamp=\(text)")
    }

    private func isOlder(_ time: Int64?) -> Bool {
        guard let time, let knownTime else { return false }
        let (early, overflows) = knownTime.subtractingReportingOverflow(Self.clockFuzz)
        return !overflows && time <= early
    }

    /// The server could not answer the last question, for the reason that has this name.
    mutating func failed(_ code: String, now: Int64) -> Step {
        if code == "INVALID_MSGREFTYPE", !usesTimes {
            usesTimes = true
            guard !isForwards, let oldestTime, let text = ServerTime.text(oldestTime) else { return beginBackwards() }
            return ask("BEFORE", "timestamp=\(text)")
        }
        return isForwards ? beginBackwards() : gap(until: oldestTime ?? firstLive?.time ?? now)
    }

    /// Takes what a server without the command has replayed by itself.
    mutating func replayed(_ page: Page, now: Int64) -> Step {
        page.ids.contains(knownID) || isOlder(page.oldest) ? .finished : gap(until: page.oldest ?? now)
    }

    /// No answer comes any more.
    func givenUp(now: Int64) -> Step { gap(until: oldestTime ?? firstLive?.time ?? now) }

    /// A server that cuts times to seconds when it replays may give an earlier one.
    private func gap(until: Int64) -> Step {
        guard let knownTime else { return .finished }
        return .gap(from: knownTime, until: max(knownTime, until))
    }
}
