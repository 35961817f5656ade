package import BulkheadEvents
import BulkheadRoom
package import BulkheadSystem

/// What has happened in the last day and since the beginning, by the hour. A value.
package struct RecentDay: Sendable {
    package static let hour = Duration.seconds(3600)
    /// Hours that are over; with the one that runs they are a day.
    private static let mostHours = 23

    private var hours: [DayTally] = []
    private var running: DayBook
    private var whole: DayBook
    private var hourEnd: MonotonicTime

    /// - Parameter before: what had been counted before, by an earlier master.
    package init(after before: DayBook.Figures, at now: MonotonicTime) {
        running = DayBook(after: before)
        whole = DayBook(after: before)
        hourEnd = now.advanced(by: Self.hour)
    }

    package mutating func take(_ event: Event, words: @autoclosure () -> String, at now: MonotonicTime) {
        // It is asked for twice, and made once at most.
        var made: String?
        func sentence() -> String {
            let text = made ?? words()
            made = text
            return text
        }
        running.take(event, words: sentence(), at: now)
        whole.take(event, words: sentence(), at: now)
    }

    /// Time has passed: call it each hour at least.
    package mutating func turn(_ figures: DayBook.Figures, at now: MonotonicTime) {
        while now >= hourEnd {
            hours.append(running.close(figures, at: now))
            if hours.count > Self.mostHours { hours.removeFirst() }
            hourEnd = hourEnd.advanced(by: Self.hour)
        }
    }

    package func report(_ figures: DayBook.Figures, at now: MonotonicTime) -> SummaryReport {
        var day = DayTally()
        for hour in hours { day.add(hour) }
        day.add(running.tally(figures, at: now))
        return SummaryReport(
            lastDay: day.summary(bytes: figures.recordedByteCount),
            sinceStart: whole.tally(figures, at: now).summary(bytes: figures.recordedByteCount),
            troubles: whole.troubles(at: now))
    }
}

/// Listens to the events of a broadcast for who asks what has happened. It lives on the reactor's thread.
final class RecentEvents {
    private let context: RoomContext
    private let figures: () -> DayBook.Figures
    private var day: RecentDay
    private var listener: Int?

    init(after before: DayBook.Figures, in context: RoomContext, figures: @escaping () -> DayBook.Figures) {
        self.context = context
        self.figures = figures
        day = RecentDay(after: before, at: .now)
        let bound = ReactorBound(self, context.reactor)
        listener = context.events.listen { [reactor = context.reactor] event in
            reactor.run { bound.value.take(event) }
        }
        scheduleTurn()
    }

    private func take(_ event: Event) {
        guard listener != nil else { return }
        day.take(event, words: context.events.sentence(event), at: .now)
    }

    private func turn() {
        guard listener != nil else { return }
        day.turn(figures(), at: .now)
        scheduleTurn()
    }

    /// Not at once: figures are asked of who makes this.
    private func scheduleTurn() { context.schedule(after: RecentDay.hour) { [weak self] in self?.turn() } }

    var report: SummaryReport { day.report(figures(), at: .now) }

    /// Nothing is noted any more.
    func end() {
        if let listener { context.events.unlisten(listener) }
        listener = nil
    }
}
