import BulkheadEvents
import BulkheadModel
import BulkheadNotices
import BulkheadSystem
import Testing

@Suite(.timeLimit(.minutes(1))) struct AlarmCourseTests {
    private static let lost = Event(
        .link(1, name: "main"), .link(.lost(reason: Reason("unreachable", "no answer"))), time: 0)
    private static let lostAgain = Event(
        .link(1, name: "main"), .link(.lost(reason: Reason("refused", "refused"))), time: 5)
    private static let otherLost = Event(
        .link(2, name: "other"), .link(.lost(reason: Reason("unreachable", "no answer"))), time: 0)
    private static let connected = Event(.link(1, name: "main"), .link(.connected(server: "a")), time: 65)
    private static let lag = Event(.timeline, .timeline(.lag(milliseconds: 3000)), time: 0)
    private static let unreachable = Event(
        .master, .master(.launchFailed(reason: Reason("installation", "missing"))), time: 0)

    /// Hears events and ticks at seconds, and gives what was told, as `seconds state code`.
    private static func told(
        _ change: (inout NoticeRule) -> Void, level: EventLevel? = nil, codes: [String] = [],
        _ events: [(Int, Event)], until end: Int = 0
    ) -> [String] {
        var rule = NoticeRule()
        change(&rule)
        var course = AlarmCourse(NoticeTarget(url: "https://h/", level: level, codes: codes, rule: rule))
        var told: [String] = []
        var rest = events[...]
        for second in 0...max(end, events.last?.0 ?? 0) {
            let now = MonotonicTime(nanoseconds: Int64(second) * 1_000_000_000)
            var tellings: [AlarmCourse.Telling] = []
            while let (due, event) = rest.first, due == second {
                rest.removeFirst()
                tellings += course.take(event, at: now)
            }
            tellings += course.tick(at: now)
            told += tellings.map { telling in
                let words = [
                    telling.state?.rawValue, telling.seconds.map { "after \(Int($0))" }, telling.event.code,
                    telling.leftOut > 0 ? "without \(telling.leftOut)" : nil,
                ]
                return "\(second): " + words.compactMap { $0 }.joined(separator: " ")
            }
        }
        return told
    }

    private static func told(
        level: EventLevel? = nil, codes: [String] = [], _ events: [(Int, Event)], until end: Int = 0
    ) -> [String] { told({ _ in }, level: level, codes: codes, events, until: end) }

    @Test func whoIsToldOfATroubleIsToldOfItsEnd() {
        #expect(
            Self.told([(0, Self.lost), (5, Self.lostAgain), (65, Self.connected)])
                == ["0: raised link.lost", "65: cleared after 65 link.connected"])
        #expect(Self.told([(0, Self.otherLost), (65, Self.connected)]) == ["0: raised link.lost"])
        #expect(Self.told([(0, Self.connected)]) == [])
        // Once, however often the end is told.
        #expect(Self.told([(0, Self.lost), (1, Self.connected), (2, Self.connected)]).count == 2)
        // A target that asked for errors alone was told nothing, and stays so.
        #expect(Self.told(level: .error, [(0, Self.lost), (59, Self.connected)], until: 200) == [])
        // Who named the event is told each.
        #expect(Self.told(codes: ["link.lost"], [(0, Self.lost), (5, Self.lostAgain)]).count == 2)
    }

    @Test func whatLastsIsAnError() {
        #expect(
            Self.told(level: .error, [(0, Self.lost), (5, Self.lostAgain), (65, Self.connected)])
                == ["60: raised after 60 link.lost", "65: cleared after 65 link.connected"])
        #expect(
            Self.told({ $0.holdSeconds = 10 }, level: .error, [(0, Self.lost)], until: 70)
                == ["60: raised after 60 link.lost"])
        #expect(
            Self.told({ $0.holdSeconds = 90 }, level: .error, [(0, Self.lost)], until: 100)
                == ["90: raised after 90 link.lost"])
        #expect(
            Self.told(
                {
                    $0.holdSeconds = 60
                    $0.repeatSeconds = 300
                }, level: .error, [(0, Self.lost)], until: 400)
                == ["60: raised after 60 link.lost", "360: lasting after 360 link.lost"])
        // Not where it was not asked for.
        #expect(Self.told(level: .error, codes: ["encoder.*"], [(0, Self.lost)], until: 100) == [])
    }

    /// What becomes worse is told at once, also to who knew of it.
    @Test func whatBecomesWorseIsTold() {
        func trouble(_ action: RecordingAction) -> Event {
            Event(
                .recording(1, name: "recording"),
                .recording(
                    .trouble(
                        trouble: .slow, subject: .media, path: "/r.mp4", errno: nil, text: nil, frames: 0,
                        action: action)),
                time: 0)
        }
        let (slow, stuck) = (trouble(.none), trouble(.retries))
        #expect(
            Self.told([(0, slow), (5, stuck), (6, slow), (7, stuck)])
                == ["0: raised recording.trouble", "5: raised recording.trouble"])
        #expect(Self.told(level: .error, [(0, slow), (5, stuck)], until: 10) == ["5: raised recording.trouble"])
    }

    @Test func whatDoesNotLastIsNotTold() {
        let hold: (inout NoticeRule) -> Void = { $0.holdSeconds = 60 }
        #expect(Self.told(hold, [(0, Self.lost), (59, Self.connected)], until: 200) == [])
        #expect(
            Self.told(hold, [(0, Self.lost), (5, Self.lostAgain), (65, Self.connected)], until: 200)
                == ["60: raised after 60 link.lost", "65: cleared after 65 link.connected"])
        // Nor is its end, by whatever name it was asked for.
        #expect(Self.told(hold, codes: ["link.*"], [(0, Self.lost), (59, Self.connected)], until: 200) == [])
        // What heals itself at once is not waited for; what needs a person is told.
        #expect(Self.told(hold, [(0, Self.lag), (1, Self.unreachable)]) == ["1: master.launch-failed"])
        // Unless it was asked for by its name.
        #expect(Self.told(hold, codes: ["timeline.lag"], [(0, Self.lag)]) == ["0: timeline.lag"])
    }

    @Test func aTroubleIsToldAgainWhileItLasts() {
        #expect(
            Self.told(
                { $0.repeatSeconds = 300 }, [(0, Self.lost), (5, Self.lostAgain), (700, Self.connected)], until: 2000)
                == [
                    "0: raised link.lost", "300: lasting after 300 link.lost", "600: lasting after 600 link.lost",
                    "700: cleared after 700 link.connected",
                ])
        #expect(
            Self.told(
                {
                    $0.repeatSeconds = 300
                    $0.holdSeconds = 60
                }, [(0, Self.lost)], until: 700)
                == [
                    "60: raised after 60 link.lost", "360: lasting after 360 link.lost",
                    "660: lasting after 660 link.lost",
                ])
    }

    @Test func theRateCountsWhatItLeavesOut() {
        let rate: (inout NoticeRule) -> Void = { $0.rate = .init(count: 2, seconds: 60) }
        #expect(
            Self.told(rate, [(0, Self.lag), (1, Self.lag), (2, Self.lag), (3, Self.lag), (63, Self.lag)])
                == ["0: timeline.lag", "1: timeline.lag", "63: timeline.lag without 2"])
        // A trouble waits, and is not left out; its end comes in any case.
        #expect(
            Self.told(rate, [(0, Self.lag), (0, Self.lag), (1, Self.lost), (32, Self.connected)], until: 90)
                == [
                    "0: timeline.lag", "0: timeline.lag", "31: raised after 30 link.lost",
                    "32: cleared after 31 link.connected",
                ])
        #expect(
            Self.told(rate, [(0, Self.lag), (0, Self.lag), (1, Self.lost), (2, Self.connected)], until: 90).count == 2)
    }

    @Test func aReminderIsNotForWhoIsRemindedAnyway() {
        let still = Event(
            .link(1, name: "main"), .link(.stillLost(seconds: 60, from: 0, reason: Reason("unreachable", "no answer"))),
            time: 60)
        #expect(Self.told([(0, Self.lost), (60, still)]) == ["0: raised link.lost", "60: link.still-lost"])
        #expect(Self.told({ $0.holdSeconds = 10 }, [(0, Self.lost), (60, still)]).count == 1)
        #expect(Self.told({ $0.repeatSeconds = 600 }, [(0, Self.lost), (60, still)]).count == 1)
    }

    @Test func theSummaryIsForWhoAskedForIt() {
        func summary(_ at: String) -> Event { Event(.master, .master(.summary(DaySummary(), at: at)), time: 0) }
        let events = [(0, summary("08:00")), (1, summary("20:00"))]
        #expect(Self.told(events) == [])
        #expect(Self.told({ $0.summary = .init("20:00") }, level: .error, events) == ["1: master.summary"])
        #expect(Self.told(codes: ["master.*"], events).count == 2)
        #expect(Self.told({ $0.summary = .init("20:00") }, codes: ["link.*"], events) == ["1: master.summary"])
    }

    /// The next encoder has another number, and ends the trouble of the last one.
    @Test func aSuccessorEndsTheTroubleOfADeath() {
        let died = Event(
            .encoder(1),
            .child(
                .died(
                    pid: 1, cause: "SIGKILL", frame: nil, uncommitted: nil, plugin: nil, call: nil, standardError: nil)),
            time: 0)
        let standbyDied = Event(.encoder(2, .standby), died.happening, time: 0)
        let back = Event(.encoder(2), .child(.recovered(milliseconds: 9, framesLate: 0, cause: "SIGKILL")), time: 1)
        #expect(Self.told([(0, died), (1, back)]).count == 2)
        #expect(Self.told({ $0.holdSeconds = 60 }, [(0, died), (1, back)], until: 100) == [])
        #expect(
            Self.told({ $0.holdSeconds = 60 }, [(0, died)], until: 100) == ["60: raised after 60 encoder.died"])
        #expect(Self.told({ $0.holdSeconds = 60 }, [(0, standbyDied)], until: 100) == [])
    }

    @Test func whatIsRememberedIsBounded() {
        var rule = NoticeRule()
        rule.holdSeconds = 60
        var course = AlarmCourse(NoticeTarget(url: "https://h/", rule: rule))
        var told = 0
        for number in 0..<1000 {
            let event = Event(
                .plugin(PluginID(number), name: "p"), .plugin(.refused(reason: Reason("x", "y"))), time: 0)
            told += course.take(event, at: MonotonicTime(nanoseconds: 0)).count
        }
        #expect(told == 1000 - AlarmCourse.mostTroubles)
        #expect(course.tick(at: MonotonicTime(nanoseconds: 61_000_000_000)).count == AlarmCourse.mostTroubles)
    }
}
