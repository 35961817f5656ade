import BulkheadEvents
import BulkheadModel
import BulkheadNotices
import BulkheadSystem
import Testing

@Suite(.timeLimit(.minutes(1))) struct SummaryClockTests {
    /// Looks at the local times, each a day and `hh:mm`, and gives those at which the summary was due.
    private static func due(_ target: String, _ readings: [(Int, String)]) throws -> [String] {
        var clock = SummaryClock(minutes: try #require(NoticeRule.TimeOfDay(target)).minutes)
        var due: [String] = []
        for (day, text) in readings {
            let minutes = try #require(NoticeRule.TimeOfDay(text)).minutes
            if clock.look(SummaryClock.Reading(day: day, minutes: minutes)) { due.append("\(day) \(text)") }
        }
        return due
    }

    @Test func itComesOnceADay() throws {
        #expect(
            try Self.due("08:00", [(1, "07:59"), (1, "08:00"), (1, "08:01"), (2, "07:59"), (2, "08:00"), (2, "23:00")])
                == ["1 08:00", "2 08:00"])
        // Who begins behind the time waits for the next day.
        #expect(try Self.due("08:00", [(1, "09:00"), (1, "23:59"), (2, "00:00"), (2, "08:03")]) == ["2 08:03"])
        #expect(try Self.due("00:00", [(1, "23:59"), (2, "00:00"), (2, "12:00")]) == ["2 00:00"])
    }

    @Test func aChangeOfTheClockGivesNeitherTwoNorNone() throws {
        // In spring the hour from 2 to 3 is left out, in autumn it comes twice.
        #expect(
            try Self.due("02:30", [(1, "01:59"), (1, "03:00"), (1, "03:30"), (2, "02:30")]) == ["1 03:00", "2 02:30"])
        #expect(
            try Self.due("02:30", [(1, "02:29"), (1, "02:30"), (1, "02:59"), (1, "02:00"), (1, "02:30"), (2, "02:30")])
                == ["1 02:30", "2 02:30"])
        // Somebody sets it: ahead over the time, back over it, ahead by days, back by days.
        #expect(try Self.due("08:00", [(1, "07:00"), (1, "09:00"), (1, "07:30"), (1, "08:00")]) == ["1 09:00"])
        #expect(
            try Self.due("08:00", [(1, "07:00"), (4, "09:00"), (4, "09:01"), (5, "08:00")]) == ["4 09:00", "5 08:00"])
        #expect(
            try Self.due("08:00", [(9, "07:00"), (9, "08:00"), (3, "09:00"), (4, "08:00")]) == ["9 08:00", "4 08:00"])
        #expect(try Self.due("08:00", [(9, "08:30"), (8, "23:00"), (9, "08:00"), (10, "08:00")]) == ["10 08:00"])
        // A clock that was not set at boot.
        #expect(try Self.due("08:00", [(0, "00:01"), (20_000, "15:00"), (20_001, "08:00")]) == ["20001 08:00"])
    }

    @Test(arguments: ["8", "24:00", "08:60", "08:5", "-1:00", "8:00:00", "", "a:b", "+8:00", " 8:00"])
    func whatIsNoTimeIsNone(text: String) { #expect(NoticeRule.TimeOfDay(text) == nil) }

    @Test func aTimeIsWrittenAsItIsRead() { #expect(NoticeRule.TimeOfDay("8:05")?.text == "08:05") }
}

@Suite(.timeLimit(.minutes(1))) struct DayBookTests {
    private static func time(_ seconds: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: seconds * 1_000_000_000) }

    @Test func aDayIsCountedAndTheNextBeginsAnew() {
        var book = DayBook()
        let link = Part.link(1, name: "main")
        func take(_ part: Part, _ happening: Happening, _ words: String, at seconds: Int64) {
            book.take(Event(part, happening, time: 0), words: words, at: Self.time(seconds))
        }
        let death = Happening.child(
            .died(pid: 1, cause: "x", frame: nil, uncommitted: nil, plugin: nil, call: nil, standardError: nil))
        take(.encoder(1), death, "encoder: ended", at: 0)
        take(.encoder(2, .standby), death, "standby encoder: ended", at: 0)
        take(.encoder(3), .child(.recovered(milliseconds: 1, framesLate: 0, cause: "x")), "", at: 1)
        take(link, .link(.lost(reason: Reason("a", "b"))), "main: lost", at: 10)
        take(link, .link(.restored(server: "s", gapMilliseconds: 1, backfillMilliseconds: 1)), "", at: 75)
        var figures = DayBook.Figures()
        (figures.secondsOnAir, figures.frames, figures.skipped) = (100.2, 3000, 4)
        figures.recordedByteCount = 7
        #expect(
            book.close(figures, at: Self.time(100)).summary(bytes: figures.recordedByteCount)
                == DaySummary(
                    seconds: 100, frames: 3000, skipped: 4, deaths: ["encoder 2"], reconnections: ["main 1"], bytes: 7,
                    worst: "main: lost, for 65 s"))
        take(link, .link(.failed(reason: Reason("a", "b"))), "main: refused", at: 110)
        (figures.secondsOnAir, figures.frames) = (400, 3100)
        #expect(
            book.close(figures, at: Self.time(200)).summary(bytes: figures.recordedByteCount)
                == DaySummary(seconds: 300, frames: 100, bytes: 7, worst: "main: refused, for 90 s"))
        // It is still there the next day.
        #expect(book.close(figures, at: Self.time(300)).summary(bytes: 0).worst == "main: refused, for 3 min 10 s")
    }
}
