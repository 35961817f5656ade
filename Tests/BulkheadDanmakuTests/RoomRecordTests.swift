import BulkheadDanmaku
import BulkheadMedia
import BulkheadModel
import Testing

private func comment(_ id: String, sent: Int64? = nil, source: String = "irc") -> RoomComment {
    RoomComment(id: id, source: source, authorID: "u\(id)", author: "ann", text: "text \(id)", sentMilliseconds: sent)
}

private let zero = MediaTime.zero

@Suite(.timeLimit(.minutes(1))) struct RoomRecordTests {
    private var record: RoomRecord

    init() throws { record = RoomRecord(try #require(Canvas(width: 1280, height: 720))) }

    @Test mutating func aCommentIsShownOnce() {
        let first = record.take(comment("1"), at: zero, now: 0)
        let again = record.take(comment("1"), at: zero, now: 0)
        let elsewhere = record.take(comment("1", source: "other"), at: zero, now: 0)
        #expect(first == .staged(.flies) && again == .known && elsewhere == .staged(.merged))
    }

    /// A minute's backlog goes into the log, not onto the picture.
    @Test mutating func whatCameBehindABreakIsNotShown() {
        let old = record.take(comment("1", sent: 100_000), at: zero, now: 108_001)
        let young = record.take(comment("2", sent: 100_002), at: zero, now: 108_001)
        #expect(old == .late && young == .staged(.flies))
        // A clock that is ahead says nothing of age.
        let ahead = record.take(comment("3", sent: 999_999), at: zero, now: 108_001)
        #expect(ahead == .staged(.flies))
        let hostile = record.take(comment("4", sent: .min), at: zero, now: 108_001)
        #expect(hostile == .late)
    }

    /// What the server still had comes at once: of what is young enough some come onto the picture, and all stay in the log.
    @Test mutating func whatIsReadAgainBehindABreakIsNoBurst() {
        var shown = 0
        for number in 0..<80 as Range<Int64> {
            let time = MediaTime(milliseconds: number * 10)
            let outcome = record.take(comment("\(number)", sent: 99_999), at: time, now: 101_000, isReplayed: true)
            if outcome != .late { shown += 1 }
        }
        #expect(shown == 4 && record.logged == 80)
        let live = record.take(comment("live", sent: 101_000), at: MediaTime(milliseconds: 791), now: 101_000)
        #expect(live == .staged(.flies))
        var staff = comment("staff", sent: 101_000)
        staff.rank = .staff
        let byStaff = record.take(staff, at: MediaTime(milliseconds: 792), now: 101_000, isReplayed: true)
        #expect(byStaff != .late)
    }

    @Test mutating func whatWasPaidForStaysUntilItsEnd() {
        let paid = PaidComment(comment("1"), amountMicros: 5_000_000, currency: "EUR", from: 1000, until: 61_000)
        let taken = record.take(paid: paid, at: zero, now: 2000)
        let twice = record.take(paid: paid, at: zero, now: 2000)
        #expect(taken && !twice)
        let early = record.advance(to: zero, now: 60_999)
        #expect(!early && record.paid.map(\.until) == [61_000])
        let over = record.advance(to: zero, now: 61_000)
        #expect(over && record.paid.isEmpty)
        let late = record.take(
            paid: PaidComment(comment("2"), amountMicros: 1, currency: "EUR", from: 0, until: 50_000), at: zero,
            now: 61_000)
        #expect(!late)
    }

    @Test mutating func thereIsABoundToWhatIsPaid() {
        for index in 0..<RoomRecord.mostPaid + 5 {
            _ = record.take(
                paid: PaidComment(
                    comment("\(index)"), amountMicros: Int64(index), currency: "EUR", from: 0, until: 100_000),
                at: zero,
                now: 0)
        }
        #expect(record.paid.count == RoomRecord.mostPaid)
        #expect(record.paid.first?.amountMicros == 5)
    }

    @Test mutating func aPinEnds() {
        record.pin(comment("1"), until: 5000)
        let before = record.advance(to: zero, now: 4999)
        #expect(!before && record.pinned?.until == 5000)
        let after = record.advance(to: zero, now: 5000)
        #expect(after && record.pinned == nil)
        record.pin(comment("2"))
        let never = record.advance(to: zero, now: .max)
        #expect(!never && record.pinned != nil)
    }

    @Test mutating func whatIsTakenBackAtItsSourceGoesEverywhere() {
        let paid = PaidComment(comment("1"), amountMicros: 1, currency: "EUR", from: 0, until: 100_000)
        _ = record.take(paid: paid, at: zero, now: 0)
        record.pin(paid.comment)
        record.remove(from: "other") { _ in true }
        #expect(record.paid.count == 1 && record.pinned != nil && record.stage.flying.count == 1)
        record.remove(from: "irc") { $0.authorID == "u1" }
        #expect(record.paid.isEmpty && record.pinned == nil && record.stage.flying.isEmpty)
    }

    @Test mutating func cursorsGoForwardOnly() {
        _ = record.take(comment("5", sent: 5000), at: zero, now: 5000)
        _ = record.take(comment("3", sent: 3000), at: zero, now: 5000)
        #expect(record.cursors["irc"]?.lastID == "5")
        record.note(pageToken: "next", of: "irc")
        _ = record.take(comment("6", sent: 6000), at: zero, now: 6000)
        #expect(record.cursors["irc"]?.lastMilliseconds == 6000)
        #expect(record.cursors["irc"]?.pageToken == "next")
    }

    /// A server whose clock is ten seconds behind ours, and one that cuts times to seconds when it replays.
    @Test func cursorsGoByTheClockOfTheSource() {
        var cursor = ChatCursor()
        cursor.advance(to: comment("", sent: 20_000))
        cursor.advance(to: comment("1", sent: 10_547))
        #expect(cursor.lastID == "1" && cursor.lastMilliseconds == 10_547)
        cursor.advance(to: comment("2", sent: 10_000))
        #expect(cursor.lastID == "2" && cursor.lastMilliseconds == 10_547)
        cursor.advance(to: comment("0", sent: 9_547))
        cursor.advance(to: comment("-", sent: .min))
        #expect(cursor.lastID == "2")
        cursor.advance(to: comment("3", sent: nil))
        #expect(cursor.lastID == "3" && cursor.lastMilliseconds == 10_547)
    }

    @Test mutating func theWholeRecordComesBackByValue() throws {
        record.platform = "twitch"
        record.room = "ann"
        record.title = "Köln 弹幕 🎉"
        record.category = "music"
        record.notice = "back at 8"
        var settings = DanmakuSettings()
        settings.size = 28
        settings.blockedWords = ["gold"]
        record.change(to: settings)
        for index in 0..<50 { _ = record.take(comment("\(index)", sent: 1), at: zero, now: 1) }
        _ = record.take(
            paid: PaidComment(comment("p"), amountMicros: 7, currency: "CNY", from: 0, until: 9), at: zero, now: 1)
        record.pin(comment("q"), until: 12)
        record.note(ChatGap(source: "irc", from: 3, until: 4))
        let line = JSONLine.encode(record)
        let copy = try JSONLine.decode(RoomRecord.self, from: line)
        #expect(copy == record)
        let known = copy.stage.flying.map(\.comment.id)
        // 1080 lines hold 28 lanes of letters of 28 lines.
        #expect(known.count == 28)
        var again = copy
        let twice = again.take(comment("49"), at: zero, now: 1)
        #expect(twice == .known)
    }

    @Test mutating func seenIDsAreBounded() throws {
        var seen = SeenIDs()
        for index in 0..<SeenIDs.capacity + 10 {
            let isNew = seen.note("\(index)", of: "irc")
            #expect(isNew)
        }
        let forgotten = seen.note("0", of: "irc")
        let known = seen.note("\(SeenIDs.capacity)", of: "irc")
        #expect(forgotten && !known)
        let line = JSONLine.encode(seen)
        #expect(line.count < 220_000)
        #expect(try JSONLine.decode(SeenIDs.self, from: line) == seen)
    }

    /// Numbers in a file that can't be counted with are another version's, and trap nothing.
    @Test(arguments: ["shown", "merged", "shed", "blocked"]) mutating func countsInAFileAreChecked(name: String) throws
    {
        let text = String(decoding: JSONLine.encode(record), as: UTF8.self)
        let spoiled = text.replacing("\"\(name)\":0", with: "\"\(name)\":\(Int.max)")
        #expect(text != spoiled)
        #expect(try !JSONLine.decode(RoomRecord.self, from: Array(spoiled.utf8)).isOfThisVersion)
        #expect(try JSONLine.decode(RoomRecord.self, from: Array(text.utf8)).isOfThisVersion)
    }

    @Test(arguments: [#""AAAA""#, #""?""#, #""AAAAAAAAAAAAAAAAAAAAAA==""#, "7"])
    func whatIsNoRingIsRefused(text: String) {
        #expect(throws: (any Error).self) { try JSONLine.decode(SeenIDs.self, from: Array(text.utf8)) }
    }
}
