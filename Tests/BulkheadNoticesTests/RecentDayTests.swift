import BulkheadEvents
import BulkheadModel
import BulkheadNotices
import BulkheadSystem
import Testing

@Suite(.timeLimit(.minutes(1))) struct RecentDayTests {
    private static func time(hours: Double) -> MonotonicTime { MonotonicTime(nanoseconds: Int64(hours * 3600e9)) }

    private static let link = Part.link(1, name: "main")
    private static let lost = Event(link, .link(.lost(reason: Reason("a", "b"))), time: 0)
    private static let restored = Event(
        link, .link(.restored(server: "s", gapMilliseconds: 1, backfillMilliseconds: 1)), time: 0)

    private static func figures(hours: Double) -> DayBook.Figures {
        var figures = DayBook.Figures()
        (figures.secondsOnAir, figures.frames) = (hours * 3600, Int(hours * 90_000))
        return figures
    }

    @Test func aDayIsForgottenByTheHour() {
        var day = RecentDay(after: DayBook.Figures(), at: Self.time(hours: 0))
        for hour in 0..<72 {
            if hour % 10 == 0 {
                day.take(Self.lost, words: "main: lost", at: Self.time(hours: Double(hour) + 0.2))
                // The first is the longest: four hours.
                day.take(Self.restored, words: "", at: Self.time(hours: Double(hour) + (hour == 0 ? 4.2 : 0.25)))
            }
            let end = Double(hour + 1)
            day.turn(Self.figures(hours: end), at: Self.time(hours: end))
        }
        let report = day.report(Self.figures(hours: 72.5), at: Self.time(hours: 72.5))
        #expect(report.sinceStart.seconds == 72.5 * 3600 && report.sinceStart.frames == 72 * 90_000 + 45_000)
        #expect(report.sinceStart.reconnections == ["main 8"])
        #expect(report.sinceStart.worst == "main: lost, for 4 h")
        // 23 hours that are over, and half an hour: from 49 on, with those at 50, 60 and 70.
        #expect(report.lastDay.seconds == 23.5 * 3600)
        #expect(report.lastDay.reconnections == ["main 3"])
        #expect(report.lastDay.worst == "main: lost, for 3 min")
        #expect(report.troubles == [])
    }

    @Test func whatIsWrongNowIsSaid() {
        var day = RecentDay(after: DayBook.Figures(), at: Self.time(hours: 0))
        day.take(Self.lost, words: "main: lost", at: Self.time(hours: 1))
        let report = day.report(Self.figures(hours: 2), at: Self.time(hours: 2))
        #expect(report.troubles == ["main: lost, for 60 min"] && report.lastDay.worst == report.troubles.first)
        // Asking changes nothing.
        #expect(day.report(Self.figures(hours: 2), at: Self.time(hours: 2)) == report)
    }

    /// A broadcast that is resumed goes on counting: what came before the master is not its day.
    @Test func whatAnEarlierMasterCountedIsLeftOut() {
        let day = RecentDay(after: Self.figures(hours: 100), at: Self.time(hours: 0))
        let report = day.report(Self.figures(hours: 101), at: Self.time(hours: 1))
        #expect(report.lastDay.seconds == 3600 && report.sinceStart.frames == 90_000)
    }

    /// Hours in which nobody turned the page, as of a machine that slept.
    @Test func hoursThatWereMissedPass() {
        var day = RecentDay(after: DayBook.Figures(), at: Self.time(hours: 0))
        day.take(Self.restored, words: "", at: Self.time(hours: 0.5))
        day.turn(Self.figures(hours: 1), at: Self.time(hours: 1000))
        let report = day.report(Self.figures(hours: 1), at: Self.time(hours: 1000))
        #expect(report.lastDay.reconnections == [] && report.sinceStart.reconnections == ["main 1"])
    }
}
