import BulkheadControlFormats
import BulkheadControlRoom
import BulkheadEvents
import BulkheadModel
import BulkheadNotices
import BulkheadSystem
import BulkheadWire
import Glibc

/// A week's worth of events in a minute or so, and what memory is left of them: everything in a master and a control room that keeps
/// something of events is given them, by the clock of that week. Names and causes differ each time, as those of a library's
/// inputs and of other processes do.
///
/// Fails where memory has grown by more than a megabyte from the end of the first day to that of the seventh.
@main enum Main {
    private static let days = 7
    private static let day = 86_400
    /// A bad hour each day, in which something happens five times a second; else each ten seconds.
    private static let badHour = 18
    private static let mostGrowth = 1 << 20

    static func main() {
        let start = MonotonicTime.now
        var week = Week()
        var residents: [Int] = []
        for number in 1...days {
            week.pass(seconds: day, badFrom: badHour * 3600)
            residents.append(resident())
            defer { fflush(nil) }
            print(
                "day \(number): \(week.count) events, \(week.told) notices, RSS \(residents[number - 1] >> 10) KiB, "
                    + "\(week.kept)")
        }
        let seconds = Double(MonotonicTime.now.since(start)) / 1e9
        let growth = residents[days - 1] - residents[0]
        print(
            "growth from day 1 to day \(days): \(growth >> 10) KiB; \(DecimalText.text(seconds, places: 1)) s, "
                + "\(DecimalText.text(seconds / Double(week.count) * 1e6, places: 1)) us for each event")
        guard growth <= mostGrowth else {
            print("memory has grown by more than \(mostGrowth >> 10) KiB")
            exit(1)
        }
    }

    /// Of this process, in bytes.
    private static func resident() -> Int {
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 128)
        guard fgets(&line, CInt(line.count), file) != nil else { return 0 }
        let fields = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            .split(separator: " ")
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * Int(sysconf(CInt(_SC_PAGESIZE))) : 0
    }
}

/// All who keep something of events, by a clock of its own.
private struct Week {
    private let log = EventLog()
    private var now = MonotonicTime(nanoseconds: 1_000_000_000)
    private var seconds = 0
    private(set) var count = 0
    private(set) var told = 0
    private var random: UInt64 = 42

    private var recent: RecentDay
    private var summary = DayBook()
    private var reminders = RemindersMachine()
    private var deaths = DeathRecords()
    private var counts = EventCounts()
    private var ring = EventRing()
    private let targets: [NoticeTarget]
    private var courses: [AlarmCourse]
    /// Its child takes all, its child is gone, and one that is told of all.
    private var machines: [NoticesMachine]

    init() {
        recent = RecentDay(after: DayBook.Figures(), at: now)
        var rule = NoticeRule()
        (rule.holdSeconds, rule.repeatSeconds) = (60, 1800)
        targets = [
            NoticeTarget(url: "https://a.example/hook", name: "hook"),
            NoticeTarget(.command, url: "/usr/bin/page", name: "pager", rule: rule),
            NoticeTarget(.file, url: "/var/log/show.log", name: "log"),
        ]
        courses = targets.map { AlarmCourse($0) }
        machines = targets.map { NoticesMachine([$0], origin: "week") }
        for index in [0, 2] {
            _ = machines[index].handle(.launched(ChildID(index + 1)), at: now)
            _ = machines[index].handle(.ready(ChildID(index + 1)), at: now)
        }
    }

    mutating func pass(seconds span: Int, badFrom: Int) {
        for second in 0..<span {
            seconds += 1
            now = now.advanced(by: .seconds(1))
            let isBad = (badFrom..<badFrom + 3600).contains(second)
            for _ in 0..<(isBad ? 5 : second % 10 == 0 ? 1 : 0) { happen() }
            // Targets are asked each second in a master; here that would take most of the time.
            if second % 10 == 0 { tick() }
        }
    }

    private mutating func next(_ range: Int) -> Int {
        random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(random >> 33) % range
    }

    private mutating func happen() {
        let number = next(40) + 1
        let link = Part.link(LinkID(number), name: "guest \(count)")
        let encoder = Part.encoder(ChildID(count + 1))
        switch next(12) {
        case 0: take(link, .link(.lost(reason: Reason("closed", "the server \(count) has closed the connection"))))
        case 1:
            let server = "rtmp://\(count).example"
            take(link, .link(.restored(server: server, gapMilliseconds: 5, backfillMilliseconds: 9)))
        case 2:
            take(
                encoder,
                .child(
                    .died(
                        pid: Int32(count), cause: "exit code \(count)", frame: Int64(count), uncommitted: 3,
                        plugin: nil,
                        call: nil, standardError: String(repeating: "x", count: 2000))))
        case 3: take(encoder, .child(.recovered(milliseconds: 200, framesLate: 3, cause: "exit code \(count)")))
        case 4:
            let text = "\(count) kb/s"
            take(.output, .output(.raised(.bitrate, condition: "bitrate > 6M for 10s", seconds: 10, text: text)))
        case 5: take(.output, .output(.cleared(.bitrate, condition: "bitrate > 6M for 10s", seconds: 30)))
        case 6: take(.timeline, .timeline(.ending))
        case 7: take(link, .link(.failed(reason: Reason("refused", "key \(count) is not known"))))
        case 8: take(link, .link(.removed))
        case 9:
            take(
                .master,
                .master(
                    .reloadRefused(
                        path: "/etc/bulkhead/show.yaml", reason: Reason("usage", "line \(count) can't be read"))))
        case 10: take(.master, .master(.strangerRefused(uid: count, pid: number)))
        default: take(link, .link(.added))
        }
    }

    private mutating func take(_ part: Part, _ happening: Happening) {
        count += 1
        log.post(part, happening)
        guard let event = log.recent.last else { return }
        recent.take(event, words: log.sentence(event), at: now)
        summary.take(event, words: log.sentence(event), at: now)
        reminders.take(event, at: now)
        counts.take(event)
        _ = ring.add(JSONLine.text(event) ?? "")
        if case .child(.died(let pid?, let cause, _, _, _, _, _)) = happening {
            deaths.add(Self.record(part, pid, cause, event.time), at: .init(PostID(1), .onAir), now)
        }
        send(courses.indices.map { courses[$0].take(event, at: now) })
    }

    private mutating func send(_ tellings: [[AlarmCourse.Telling]]) {
        for (index, list) in tellings.enumerated() {
            for telling in list {
                told += 1
                let body = NoticeBody(
                    type: telling.event.code, seconds: telling.event.time, origin: "week",
                    text: log.sentence(telling.event), alarm: nil, leftOut: nil, data: telling.event)
                let actions = machines[index].handle(.happened(body: JSONLine.encode(body), targets: [0]), at: now)
                for case .give(let child, let notice, _) in actions {
                    _ = machines[index].handle(
                        .settled(child, number: notice.number, target: 0, .delivered, text: ""), at: now)
                }
            }
        }
    }

    private mutating func tick() {
        send(courses.indices.map { courses[$0].tick(at: now) })
        for (part, happening) in reminders.due(at: now) { log.post(part, happening) }
        guard seconds % 3600 == 0 else { return }
        var figures = DayBook.Figures()
        (figures.secondsOnAir, figures.frames) = (Double(seconds), seconds * 25)
        recent.turn(figures, at: now)
        if seconds % 86_400 == 0 { _ = summary.close(figures, at: now) }
    }

    private static func record(_ part: Part, _ pid: Int32, _ cause: String, _ time: Double) -> DeathRecord {
        DeathRecord(
            time: time, part: part, pid: pid, cause: cause, detectedWithinMilliseconds: 1, framesLate: 3,
            standardError: String(repeating: "x", count: 2000))
    }

    /// How much is kept at the moment.
    var kept: String {
        "\(log.recent.count) events, \(deaths.all.count) deaths and "
            + "\(machines.map { $0.status[0].waiting }.reduce(0, +)) notices kept"
    }
}
