package import BulkheadEvents
package import BulkheadModel
package import BulkheadSystem

/// Troubles of links, recordings and inputs that last, and when it is said again that they do: decides, and carries nothing
/// out.
package struct RemindersMachine: Sendable {
    /// After how long it is said; then each day.
    static let steps: [Duration] = [.seconds(60), .seconds(600), .seconds(3600)]
    private static let day = Duration.seconds(86_400)

    private struct Open {
        var event: Event
        let since: MonotonicTime
        /// Since 1970.
        let time: Double
        var told = 0

        var due: MonotonicTime {
            let steps = RemindersMachine.steps
            let wait = told < steps.count ? steps[told] : RemindersMachine.day * (told - steps.count + 1)
            return since.advanced(by: wait)
        }
    }

    private var open: [Trouble: Open] = [:]

    package init() {}

    /// Takes note of what an event says.
    package mutating func take(_ event: Event, at now: MonotonicTime) {
        let news = event.trouble
        for trouble in news.ends { open[trouble] = nil }
        guard let trouble = news.begins, Self.happening(of: event, seconds: 0, from: 0) != nil else { return }
        if open[trouble] != nil {
            open[trouble]?.event = event
        } else if open.count < AlarmCourse.mostTroubles {
            open[trouble] = Open(event: event, since: now, time: event.time)
        }
    }

    /// When ``due(at:)`` is to be asked; nil while nothing lasts.
    package var next: MonotonicTime? { open.values.map(\.due).min() }

    /// What is to be said by now, about whom. A part is named once, for what it has had longest.
    package mutating func due(at now: MonotonicTime) -> [(part: Part, happening: Happening)] {
        var said: [(part: Part, happening: Happening)] = []
        for (trouble, state) in open.sorted(by: { $0.value.since < $1.value.since }) where state.due <= now {
            while let due = open[trouble]?.due, due <= now { open[trouble]?.told += 1 }
            let seconds = Double(now.since(state.since)) / 1e9
            let part = state.event.part
            guard let happening = Self.happening(of: state.event, seconds: seconds, from: state.time),
                part.role == .recording || !said.contains(where: { $0.part == part })
            else { continue }
            said.append((part, happening))
        }
        return said
    }

    /// How it is said that what `event` has told is still so; nil for what is not said again.
    private static func happening(of event: Event, seconds: Double, from: Double) -> Happening? {
        let whole = seconds.rounded(.down)
        return switch event.happening {
        case .link(.lost(let reason)):
            .link(.stillLost(seconds: Int(clamping: Int64(whole)), from: from, reason: reason))
        case .recording(.trouble(let trouble, let subject, _, _, _, _, _)):
            .recording(.stillTroubled(trouble: trouble, subject: subject, seconds: whole, from: from))
        case .child(.died), .child(.refused):
            event.part.role == .source ? .source(.stillDown(seconds: whole, from: from)) : nil
        case .source(.missing): .source(.stillDown(seconds: whole, from: from))
        case .timeline(.showing): .timeline(.stillStandingIn(seconds: whole, from: from))
        default: nil
        }
    }
}

/// Says again what lasts, on the terminal and to all who listen. It lives on the reactor's thread.
package final class Reminders {
    private let events: EventLog
    private let reactor: Reactor
    private var machine = RemindersMachine()
    private var listener: Int?
    private var timer: Reactor.Token?

    /// Begins to listen to `events`.
    package init(_ events: EventLog, on reactor: Reactor) {
        self.events = events
        self.reactor = reactor
        let bound = ReactorBound(self, reactor)
        listener = events.listen { [reactor] event in
            let news = event.trouble
            guard news.begins != nil || !news.ends.isEmpty else { return }
            reactor.run { bound.value.take(event) }
        }
    }

    private func take(_ event: Event) {
        guard listener != nil else { return }
        machine.take(event, at: .now)
        schedule()
    }

    private func schedule() {
        if let timer { reactor.cancel(timer) }
        let bound = ReactorBound(self, reactor)
        timer = machine.next.map { due in reactor.schedule(at: due) { bound.value.say() } }
    }

    private func say() {
        timer = nil
        for (part, happening) in machine.due(at: .now) { events.post(part, happening) }
        schedule()
    }

    /// Nothing is said any more.
    package func end() {
        if let listener { events.unlisten(listener) }
        listener = nil
        if let timer { reactor.cancel(timer) }
        timer = nil
    }
}
