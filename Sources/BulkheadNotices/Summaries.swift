import BulkheadEvents
package import BulkheadModel
package import BulkheadRoom
import BulkheadSystem
import Glibc

/// Says once a day what the day came to, at each time that a target asks for. It lives on the reactor's thread.
package final class Summaries {
    private struct Day {
        let time: NoticeRule.TimeOfDay
        var clock: SummaryClock
        var book: DayBook
    }

    private let context: RoomContext
    private let figures: () -> DayBook.Figures
    private var days: [Day]
    private var listener: Int?
    private static let interval = Duration.seconds(5)

    /// Begins to listen to the events of `context`.
    ///
    /// - Parameters:
    ///   - times: when summaries are asked for.
    ///   - before: what had been counted when that began.
    ///   - figures: what is counted since the beginning; called on the reactor's thread.
    package init(
        at times: Set<NoticeRule.TimeOfDay>, after before: DayBook.Figures, in context: RoomContext,
        figures: @escaping () -> DayBook.Figures
    ) {
        self.context = context
        self.figures = figures
        days = times.map { Day(time: $0, clock: SummaryClock(minutes: $0.minutes), book: DayBook(after: before)) }
        let bound = ReactorBound(self, context.reactor)
        listener = context.events.listen { [reactor = context.reactor] event in
            reactor.run { bound.value.take(event) }
        }
        look()
    }

    private func take(_ event: Event) {
        guard listener != nil else { return }
        let now = MonotonicTime.now
        for index in days.indices { days[index].book.take(event, words: context.events.sentence(event), at: now) }
    }

    private func look() {
        let reading = Self.reading()
        for index in days.indices where days[index].clock.look(reading) {
            let figures = figures()
            let summary = days[index].book.close(figures, at: .now).summary(bytes: figures.recordedByteCount)
            context.post(.master, .master(.summary(summary, at: days[index].time.text)))
        }
        context.schedule(after: Self.interval) { [weak self] in self?.look() }
    }

    private static func reading() -> SummaryClock.Reading {
        var seconds = time(nil)
        var local = tm()
        localtime_r(&seconds, &local)
        var midnight = tm()
        (midnight.tm_year, midnight.tm_mon, midnight.tm_mday) = (local.tm_year, local.tm_mon, local.tm_mday)
        return SummaryClock.Reading(
            day: Int(timegm(&midnight) / 86_400), minutes: Int(local.tm_hour) * 60 + Int(local.tm_min))
    }

    /// Nothing is said any more.
    package func end() {
        if let listener { context.events.unlisten(listener) }
        listener = nil
        days = []
    }
}
