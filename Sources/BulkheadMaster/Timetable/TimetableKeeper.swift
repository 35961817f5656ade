import BulkheadChildren
import BulkheadEvents
package import BulkheadModel
import BulkheadRoom

/// The timetable of a broadcast on air: looks at the clock, and hands out what is due, one entry after the other.
///
/// It lives on the reactor's thread.
final class TimetableKeeper {
    private let context: RoomContext
    private var timetable: Timetable?
    private var clock = LocalClock.universal
    private var machine: TimetableMachine
    /// What is due and not begun.
    private var due: [TimetableEntry] = []
    /// More than this waits for nothing: an entry that takes so long is in the way of all others.
    private static let mostDue = 64

    /// - Parameter moment: when the broadcast began, or was last heard of before it was resumed, in seconds since 1970.
    init(from moment: Double, in context: RoomContext) {
        machine = TimetableMachine(from: Int64(moment))
        self.context = context
    }

    /// The clock of a zone; `nil` stands for the machine's own. Its files are read by a thread of their own.
    /// - Throws: kind `usage`, where there is no such zone.
    static func clock(of zone: String?) async throws(BroadcastError) -> LocalClock {
        let clock = await BlockingChild.onThread { () -> LocalClock? in
            let clock = zone.map { LocalClock.zone($0) } ?? .local
            _ = clock?.shown(at: 0)
            return clock
        }
        guard let clock else {
            throw BroadcastError(
                code: .settingOutOfRange, ["setting": "timezone"], "there is no time zone \(zone ?? "")",
                advice: "write a name such as Europe/Berlin")
        }
        return clock
    }

    /// Begins with a timetable: what was due since ``init(from:in:)`` is not settled.
    func begin(_ timetable: Timetable, _ clock: LocalClock) {
        (self.timetable, self.clock) = (timetable, clock)
        machine.begin(with: timetable.entries.map(\.at), clock)
    }

    /// Goes on with another timetable, or with none.
    func change(to timetable: Timetable?, _ clock: LocalClock) {
        (self.timetable, self.clock) = (timetable, clock)
        machine.change(to: timetable?.entries.map(\.at) ?? [], clock, at: Int64(EventLog.wallClock()))
    }

    /// Call it some times a second.
    /// - Returns: whether something is due that was not before.
    func look() -> Bool {
        guard let timetable, !timetable.entries.isEmpty else { return false }
        let count = due.count
        for action in machine.look(at: Int64(EventLog.wallClock())) {
            switch action {
            case .run(let index):
                let entry = timetable.entries[index]
                guard due.count < Self.mostDue else {
                    let reason = Reason("busy", "\(Self.mostDue) entries wait to be done already")
                    context.post(
                        .timetable,
                        .timetable(.failed(entry: entry.at.text, text: entry.text, reason: reason)))
                    continue
                }
                due.append(entry)
            case .missed(let index, let moment):
                let entry = timetable.entries[index]
                context.post(
                    .timetable,
                    .timetable(.missed(entry: entry.at.text, text: entry.text, from: Double(moment))))
            }
        }
        return due.count > count
    }

    /// What is to be done next; nil where nothing is.
    func takeDue() -> TimetableEntry? { due.isEmpty ? nil : due.removeFirst() }

    /// Tells how it went with an entry.
    func ended(_ entry: TimetableEntry, _ error: BroadcastError?) {
        let happening: TimetableHappening =
            if let error {
                .failed(
                    entry: entry.at.text, text: entry.text, reason: Reason(error.code.rawValue, error.problem))
            } else {
                .ran(entry: entry.at.text, text: entry.text)
            }
        context.post(.timetable, .timetable(happening))
    }

    /// The next runs, the soonest first.
    func upcoming(_ count: Int) -> [TimetableRun] {
        guard let timetable else { return [] }
        return machine.upcoming(count, after: Int64(EventLog.wallClock())).map { run in
            timetable.entries[run.entry].run(at: run.at, clock)
        }
    }
}

extension TimetableEntry {
    /// A run of it, as a person is told.
    package func run(at moment: Int64, _ clock: LocalClock) -> TimetableRun {
        TimetableRun(
            time: Double(moment), local: CalendarDay.text(of: clock.shown(at: moment)), at: at.text, text: text)
    }
}
