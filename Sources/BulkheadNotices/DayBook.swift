package import BulkheadEvents
package import BulkheadModel
package import BulkheadSystem

/// What has happened since the last summary of the day, or since the beginning.
package struct DayBook: Sendable {
    /// What is counted elsewhere, since the beginning.
    package struct Figures: Hashable, Sendable {
        package var secondsOnAir = 0.0
        package var frames = 0
        package var skipped = 0
        package var slated = 0
        /// Of all recordings, in bytes.
        package var recordedByteCount: Int64 = 0

        package init() {}

        /// What a broadcast's status says.
        package init(_ status: BroadcastStatus) {
            secondsOnAir = status.secondsOnAir
            frames = status.frames
            skipped = status.framesSkipped
            slated = status.framesSlated
            recordedByteCount = (status.recordings ?? []).reduce(0) { $0 + Int64(clamping: $1.durableBytes) }
        }
    }

    private struct Rank: Comparable {
        let level: EventLevel
        let seconds: Double

        static func < (left: Self, right: Self) -> Bool { (left.level, left.seconds) < (right.level, right.seconds) }
    }

    private struct Open {
        let level: EventLevel
        let since: MonotonicTime
        let words: String
    }

    /// Names of links and roles; there are a few.
    private static let mostNames = 64

    private var deaths: [String: Int] = [:]
    private var reconnections: [String: Int] = [:]
    private var open: [Trouble: Open] = [:]
    private var worst: (rank: Rank, words: String)?
    private var before = Figures()

    package init() {}

    /// Takes note of an event; `words` says it to people.
    package mutating func take(_ event: Event, words: @autoclosure () -> String, at now: MonotonicTime) {
        switch event.happening {
        case .child(.died): Self.count(event.part.role.rawValue, in: &deaths)
        case .link(.restored): Self.count(event.part.name, in: &reconnections)
        default: break
        }
        // Whoever is told of the broadcast is no part of it, and what it does between two notices is nothing.
        guard event.part.role != .notifier else { return }
        let news = event.trouble
        for trouble in news.ends {
            guard let over = open.removeValue(forKey: trouble) else { continue }
            weigh(over, until: now)
        }
        if let trouble = news.begins {
            guard open[trouble] == nil, open.count < AlarmCourse.mostTroubles else { return }
            open[trouble] = Open(level: event.level, since: now, words: words())
        } else if event.level == .error {
            weigh(Open(level: .error, since: now, words: words()), until: now)
        }
    }

    /// Closes the day: what it came to, and the next one begins.
    package mutating func close(_ figures: Figures, at now: MonotonicTime) -> DaySummary {
        for trouble in open.values.sorted(by: { $0.since < $1.since }) { weigh(trouble, until: now) }
        let summary = DaySummary(
            seconds: max(0, (figures.secondsOnAir - before.secondsOnAir).rounded()),
            frames: max(0, figures.frames - before.frames), skipped: max(0, figures.skipped - before.skipped),
            slated: max(0, figures.slated - before.slated), deaths: Self.list(deaths),
            reconnections: Self.list(reconnections), bytes: figures.recordedByteCount, worst: worst?.words)
        (deaths, reconnections, worst, before) = ([:], [:], nil, figures)
        return summary
    }

    private mutating func weigh(_ trouble: Open, until now: MonotonicTime) {
        let seconds = Double(max(0, now.since(trouble.since))) / 1e9
        let rank = Rank(level: trouble.level, seconds: seconds)
        guard worst.map({ $0.rank < rank }) ?? true else { return }
        worst = (rank, seconds < 1 ? trouble.words : "\(trouble.words), for \(NoticeWords.span(seconds))")
    }

    private static func count(_ name: String, in counts: inout [String: Int]) {
        guard counts[name] != nil || counts.count < mostNames else { return }
        counts[name, default: 0] += 1
    }

    private static func list(_ counts: [String: Int]) -> [String] {
        counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    }
}

/// When the summary of a day is due: once for each date, at a time of the day that may be left out or come twice.
package struct SummaryClock: Hashable, Sendable {
    /// The local time at one moment.
    package struct Reading: Hashable, Sendable {
        /// Counts the days of the calendar.
        package let day: Int
        /// Since midnight.
        package let minutes: Int

        package init(day: Int, minutes: Int) {
            self.day = day
            self.minutes = minutes
        }
    }

    private let minutes: Int
    /// The last day that needs no summary any more; nil before the clock was looked at.
    private var done: Int?

    package init(minutes: Int) { self.minutes = minutes }

    /// Whether the summary is due. Call it each second or so.
    package mutating func look(_ reading: Reading) -> Bool {
        let today = reading.minutes >= minutes ? reading.day : reading.day - 1
        // The beginning, or a clock that was wrong and has been set: by a year ahead, or by more than a day back.
        guard let done, today - done < 365, done - today <= 1 else {
            self.done = today
            return false
        }
        guard today > done else { return false }
        self.done = today
        return true
    }
}
