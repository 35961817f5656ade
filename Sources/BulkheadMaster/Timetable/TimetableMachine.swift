package import BulkheadModel

/// Decides which entries of a timetable are due.
///
/// In: the wall's clock, looked at some times a second. Out: which entries run, and which were missed. A broadcast that was
/// held up, suspended or resumed, and a clock that was put forward, run what was due within the last five minutes, each
/// entry once; what lies further back is said to be missed. A clock that is put back by less than three hours lets nothing
/// run a second time; by more, it is taken for corrected, and the timetable begins anew from there.
package struct TimetableMachine: Sendable {
    package enum Action: Hashable, Sendable {
        /// The entry of this number, from 0.
        case run(Int)
        /// It was due at that moment, in seconds since 1970.
        case missed(Int, at: Int64)
    }

    package static let grace: Int64 = 300
    package static let correction: Int64 = 3 * 3600

    private var schedules: [CronSchedule] = []
    private var clock = LocalClock.universal
    /// What was due up to this moment is settled.
    private var reached: Int64
    /// When there may be something to do; nil for never.
    private var next: Int64?
    /// When it was looked last.
    private var looked: Int64

    /// - Parameter moment: what was due up to here is none of its business.
    package init(from moment: Int64) { (reached, looked) = (moment, moment) }

    /// Takes other entries; what was due before `now` stays settled.
    package mutating func change(to schedules: [CronSchedule], _ clock: LocalClock, at now: Int64) {
        self.schedules = schedules
        self.clock = clock
        reached = max(reached, now)
        looked = now
        aim()
    }

    /// Takes its first entries, of a broadcast that may have been interrupted: what was due since the beginning is not settled.
    package mutating func begin(with schedules: [CronSchedule], _ clock: LocalClock) {
        self.schedules = schedules
        self.clock = clock
        aim()
    }

    /// - Parameter now: in seconds since 1970.
    package mutating func look(at now: Int64) -> [Action] {
        if now < reached - Self.correction, now < looked {
            (reached, looked) = (now, now)
            aim()
            return []
        }
        looked = now
        guard let next, now >= next else { return [] }
        var actions: [(at: Int64, action: Action)] = []
        for (index, schedule) in schedules.enumerated() {
            if let due = schedule.next(after: max(reached, now - Self.grace), clock), due <= now {
                actions.append((due, .run(index)))
            } else if let due = schedule.next(after: reached, clock), due <= now {
                actions.append((due, .missed(index, at: due)))
            }
        }
        reached = now
        aim()
        // Together, those that are due first go first, and else those that stand first.
        return actions.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }
            .map(\.element.action)
    }

    private mutating func aim() { next = schedules.compactMap { $0.next(after: reached, clock) }.min() }

    /// The next `count` runs, the soonest first: each with its entry's number and its moment.
    package func upcoming(_ count: Int, after now: Int64) -> [(entry: Int, at: Int64)] {
        Self.upcoming(schedules, clock, count, after: max(now, reached))
    }

    /// As above, of entries that no broadcast has.
    package static func upcoming(
        _ schedules: [CronSchedule], _ clock: LocalClock, _ count: Int, after now: Int64
    ) -> [(entry: Int, at: Int64)] {
        var heads = schedules.map { $0.next(after: now, clock) }
        var runs: [(Int, Int64)] = []
        while runs.count < count {
            let due = heads.enumerated().compactMap { index, head in head.map { (index, $0) } }
            guard let first = due.min(by: { ($0.1, $0.0) < ($1.1, $1.0) }) else { break }
            runs.append(first)
            heads[first.0] = schedules[first.0].next(after: first.1, clock)
        }
        return runs
    }
}
