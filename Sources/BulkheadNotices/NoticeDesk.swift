package import BulkheadEvents
package import BulkheadModel
package import BulkheadRoom

/// Whoever wants to be told of a broadcast's events, and what is told again while it lasts: notices for each kind of target,
/// reminders, and a summary a day.
package final class NoticeDesk {
    private let context: RoomContext
    private let figures: () -> DayBook.Figures
    private var targets: [NoticeTarget]
    /// One for each kind of target that there is.
    private var rooms: [Notices] = []
    /// Those of targets that are told nothing more, with notices on their way.
    private var leaving: [Notices] = []
    private let reminders: Reminders
    private var summaries: Summaries?
    private let recent: RecentEvents
    private let before: DayBook.Figures

    /// Begins to tell.
    /// - Parameters:
    ///   - before: what an earlier master had counted of the broadcast.
    ///   - figures: what is counted since the beginning; called on the reactor's thread.
    package init(
        _ targets: [NoticeTarget], after before: DayBook.Figures, in context: RoomContext,
        figures: @escaping () -> DayBook.Figures
    ) {
        self.before = before
        self.targets = targets
        self.context = context
        self.figures = figures
        reminders = Reminders(context.events, on: context.reactor)
        recent = RecentEvents(after: before, in: context, figures: figures)
        rooms = NoticeTarget.Kind.allCases.compactMap { room(of: $0) }
        beginSummaries()
    }

    package var status: [NoticeTargetStatus] { rooms.flatMap(\.status) }
    /// What has happened in the last day and since the beginning.
    package var report: SummaryReport { recent.report }
    package var children: [ChildStatus] { rooms.map(\.child) }

    /// Tells an event that stands in no log.
    package func tell(_ event: Event) { for room in rooms { room.tell(event) } }

    /// Others are told from now on. Targets of a kind of which nothing has changed notice nothing.
    package func change(_ wanted: [NoticeTarget], on owner: isolated any Actor) async {
        let before = targets
        targets = wanted
        leaving.removeAll(where: \.isGone)
        if Self.summaryTimes(before) != Self.summaryTimes(wanted) {
            summaries?.end()
            beginSummaries()
        }
        for kind in NoticeTarget.Kind.allCases
        where before.filter({ $0.kind == kind }) != wanted.filter({ $0.kind == kind }) {
            let former = rooms.first { $0.kind == kind }
            // A file has one writer: the former one is waited for. All others are told without a pause.
            if kind == .file { await former?.finish(on: owner) }
            let place = rooms.firstIndex { $0.kind == kind } ?? rooms.endIndex
            rooms.removeAll { $0.kind == kind }
            if let room = room(of: kind, goingOn: former) { rooms.insert(room, at: min(place, rooms.endIndex)) }
            // What an address that does not answer was not told is nothing to wait for now.
            if kind != .file, let former {
                former.beginEnd()
                leaving.append(former)
            }
        }
    }

    /// Ends what is told, and waits a while for what is not delivered yet.
    package func finish(on owner: isolated any Actor) async {
        reminders.end()
        recent.end()
        summaries?.end()
        // Files last: they are told how it went with the others.
        for room in rooms where room.kind != .file { room.beginEnd() }
        for room in leaving + rooms where room.kind != .file { await room.finish(on: owner) }
        for room in rooms where room.kind == .file { await room.finish(on: owner) }
    }

    /// - Parameter former: what targets that stay were told by so far.
    private func room(of kind: NoticeTarget.Kind, goingOn former: Notices? = nil) -> Notices? {
        targets.contains { $0.kind == kind } ? Notices(kind, of: targets, goingOn: former, in: context) : nil
    }

    private func beginSummaries() {
        let times = Self.summaryTimes(targets)
        summaries = times.isEmpty ? nil : Summaries(at: times, after: before, in: context, figures: figures)
    }

    private static func summaryTimes(_ targets: [NoticeTarget]) -> Set<NoticeRule.TimeOfDay> {
        Set(targets.compactMap(\.rule.summary))
    }
}
