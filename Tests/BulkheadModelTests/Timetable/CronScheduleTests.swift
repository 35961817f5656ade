import BulkheadModel
import Foundation
import Testing

/// The times of a timetable over years, held against calendars.
@Suite(.timeLimit(.minutes(2))) struct CronScheduleTests {
    private static func clock(_ zone: String) throws -> LocalClock {
        let zone = try #require(TimeZone(identifier: zone))
        return LocalClock { Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double($0)))) }
    }

    /// A moment of UTC, such as `2026-03-29T00:59:59Z`.
    private static func moment(_ text: String) throws -> Int64 {
        Int64(try Date(text, strategy: .iso8601).timeIntervalSince1970)
    }

    private static func moments(
        _ schedule: String, after start: String, count: Int, in zone: String = "Europe/Berlin"
    ) throws -> [String] {
        let (schedule, clock) = (try CronSchedule(schedule), try clock(zone))
        var (moment, found) = (try moment(start), [String]())
        while found.count < count, let next = schedule.next(after: moment, clock) {
            found.append(Date(timeIntervalSince1970: Double(next)).formatted(.iso8601))
            moment = next
        }
        return found
    }

    @Test(
        arguments: [
            ("0 1 * * *", ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"]),
            ("30 20 * * fri", ["2026-01-02T19:30:00Z", "2026-01-09T19:30:00Z"]),
            ("*/20 8-9 1 jan *", ["2026-01-01T07:00:00Z", "2026-01-01T07:20:00Z"]),
            ("5,10 0 1 1 *", ["2025-12-31T23:05:00Z", "2025-12-31T23:10:00Z"]),
            // Both days are restricted: either does. 2026-01-03 is a Saturday.
            ("0 12 5 * sat", ["2026-01-03T11:00:00Z", "2026-01-05T11:00:00Z"]),
            ("0 12 */2 * sat", ["2026-01-03T11:00:00Z", "2026-01-17T11:00:00Z"]),
            ("0 0 * * 7", ["2026-01-03T23:00:00Z", "2026-01-10T23:00:00Z"]),
            ("0 0 * * fri-sun", ["2026-01-01T23:00:00Z", "2026-01-02T23:00:00Z"]),
            ("@monthly", ["2025-12-31T23:00:00Z", "2026-01-31T23:00:00Z"]),
            ("@yearly", ["2025-12-31T23:00:00Z", "2026-12-31T23:00:00Z"]),
            ("0 0 29 2 *", ["2028-02-28T23:00:00Z", "2032-02-28T23:00:00Z"]),
            ("0 0 29 feb mon", ["2026-02-01T23:00:00Z", "2026-02-08T23:00:00Z"]),
        ] as [(String, [String])])
    func timesAreThoseOfTheFields(schedule: String, expected: [String]) throws {
        #expect(try Self.moments(schedule, after: "2025-12-31T22:59:59Z", count: 2) == expected)
    }

    /// No year that 100 divides and 400 does not is a leap year.
    @Test func leapDaysLieEightYearsApartAtMost() throws {
        let found = try Self.moments("0 0 29 2 *", after: "2095-01-01T00:00:00Z", count: 2, in: "UTC")
        #expect(found == ["2096-02-29T00:00:00Z", "2104-02-29T00:00:00Z"])
    }

    /// 2026-03-29 in Berlin, 02:00 to 03:00 are left out: what is due then comes at 03:00, once.
    @Test func whatIsLeftOutComesRightAfterTheGap() throws {
        let after = "2026-03-28T12:00:00Z"
        #expect(
            try Self.moments("30 2 * * *", after: after, count: 2) == ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"])
        #expect(
            try Self.moments("0,30 2 * * *", after: after, count: 2)
                == ["2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"])
        #expect(
            try Self.moments("30 * * * *", after: "2026-03-29T00:00:00Z", count: 3)
                == ["2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z", "2026-03-29T02:30:00Z"])
    }

    /// 2026-10-25 in Berlin, 02:00 to 03:00 come twice: what names the hour comes the first time, what is hourly both times.
    @Test func whatComesTwiceRunsOnce() throws {
        let after = "2026-10-24T12:00:00Z"
        #expect(
            try Self.moments("30 2 * * *", after: after, count: 2) == ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"])
        #expect(
            try Self.moments("30 * * * *", after: "2026-10-25T00:00:00Z", count: 3)
                == ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z"])
    }

    /// Half an hour, at the other end of the world.
    @Test func smallShiftsAreShiftsToo() throws {
        let zone = "Australia/Lord_Howe"
        #expect(
            try Self.moments("15 2 * * *", after: "2026-10-03T00:00:00Z", count: 1, in: zone)
                == ["2026-10-03T15:30:00Z"])
    }

    /// Each night of thirty years has its run, and only one.
    @Test(arguments: ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"])
    func eachDayHasOneRun(zone: String) throws {
        let (schedule, clock) = (try CronSchedule("30 2 * * *"), try Self.clock(zone))
        var moment = try Self.moment("2020-01-01T00:00:00Z")
        var day: Int64?
        for _ in 0..<10_950 {
            moment = try #require(schedule.next(after: moment, clock))
            let shown = clock.shown(at: moment) / 86_400
            if let day { #expect(shown == day + 1) }
            day = shown
        }
    }

    @Test(arguments: [
        "", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *", "* * * 13 *", "* * * * 8",
        "0 0 31 4 *", "0 0 30 2 *", "0 0 31 feb,apr *", "@reboot", "@often", "5-1 * * * *", "*/0 * * * *",
        "*/x * * * *", "1/2/3 * * * *", "1-2-3 * * * *", ", * * * *", "-1 * * * *", "99999999999999999999 * * * *",
        "mon * * * *", "* * * fri *", "١ * * * *",
    ]) func whatIsNoTimeIsRefused(text: String) {
        #expect(throws: BroadcastError.self) { try CronSchedule(text) }
    }

    @Test func whatNeverComesIsSaidSo() throws {
        let error = #expect(throws: BroadcastError.self) { try CronSchedule("0 0 31 4 *") }
        #expect(error?.problem.contains("never comes") == true)
        // With a day of the week there is another way.
        #expect(try CronSchedule("0 0 31 4 mon").next(after: 0, .universal) != nil)
    }

    @Test func scheduleIsItsText() throws {
        let schedule = try CronSchedule("*/5 8-18 * * MON-fri")
        let line = JSONLine.encode([schedule])
        #expect(String(decoding: line, as: UTF8.self) == "[\"*/5 8-18 * * MON-fri\"]\n")
        #expect(try JSONLine.decode([CronSchedule].self, from: line) == [schedule])
        #expect(throws: (any Error).self) { try JSONLine.decode([CronSchedule].self, from: Array("[\"x\"]".utf8)) }
    }

    @Test func daysAreThoseOfTheCalendar() {
        #expect(CalendarDay.text(of: 0) == "1970-01-01 00:00")
        #expect(CalendarDay.text(of: 951_827_640) == "2000-02-29 12:34")
        #expect(CalendarDay.text(of: -60) == "1969-12-31 23:59")
        #expect(CalendarDay(number: 0).weekday == 4)
    }

    @Test func zonesAreNames() {
        for name in ["Europe/Berlin", "UTC", "Etc/GMT+1"] { #expect(Timetable.isZoneName(name)) }
        for name in ["", "/etc/passwd", "../x", "a b", String(repeating: "a", count: 65)] {
            #expect(!Timetable.isZoneName(name))
        }
    }
}
