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

    private struct Open {
        let level: EventLevel
        let since: MonotonicTime
        let words: String

        func words(at now: MonotonicTime) -> String {
            let seconds = seconds(at: now)
            return seconds < 1 ? words : "\(words), for \(NoticeWords.span(seconds))"
        }

        func seconds(at now: MonotonicTime) -> Double { Double(max(0, now.since(since))) / 1e9 }
    }

    private var tally = DayTally()
    private var open: [Trouble: Open] = [:]
    private var before: Figures

    /// - Parameter before: what had been counted when the book was begun: a broadcast that is resumed goes on counting.
    package init(after before: Figures = Figures()) { self.before = before }

    /// Takes note of an event; `words` says it to people.
    package mutating func take(_ event: Event, words: @autoclosure () -> String, at now: MonotonicTime) {
        switch event.happening {
        case .child(.died): tally.died(event.part.role.rawValue)
        case .link(.restored): tally.reconnected(event.part.name)
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
    package mutating func close(_ figures: Figures, at now: MonotonicTime) -> DayTally {
        for trouble in open.values.sorted(by: { $0.since < $1.since }) { weigh(trouble, until: now) }
        var closed = tally
        closed.seconds = max(0, figures.secondsOnAir - before.secondsOnAir)
        closed.frames = max(0, figures.frames - before.frames)
        closed.skipped = max(0, figures.skipped - before.skipped)
        closed.slated = max(0, figures.slated - before.slated)
        (tally, before) = (DayTally(), figures)
        return closed
    }

    /// What it would come to if it were closed now.
    package func tally(_ figures: Figures, at now: MonotonicTime) -> DayTally {
        var copy = self
        return copy.close(figures, at: now)
    }

    /// What is wrong and not over, the oldest first, in words.
    package func troubles(at now: MonotonicTime) -> [String] {
        open.values.sorted { $0.since < $1.since }.map { $0.words(at: now) }
    }

    private mutating func weigh(_ trouble: Open, until now: MonotonicTime) {
        tally.weigh(trouble.level, seconds: trouble.seconds(at: now), trouble.words(at: now))
    }
}

/// What has come together in a day, or in a part of it that is added to others.
package struct DayTally: Sendable {
    private struct Rank: Comparable {
        let level: EventLevel
        let seconds: Double

        static func < (left: Self, right: Self) -> Bool { (left.level, left.seconds) < (right.level, right.seconds) }
    }

    /// Names of links and roles; there are a few.
    private static let mostNames = 64

    fileprivate(set) var seconds = 0.0
    fileprivate(set) var frames = 0
    fileprivate(set) var skipped = 0
    fileprivate(set) var slated = 0
    private var deaths: [String: Int] = [:]
    private var reconnections: [String: Int] = [:]
    private var worst: (rank: Rank, words: String)?

    package init() {}

    fileprivate mutating func died(_ role: String) { Self.count(1, role, in: &deaths) }

    fileprivate mutating func reconnected(_ link: String) { Self.count(1, link, in: &reconnections) }

    fileprivate mutating func weigh(_ level: EventLevel, seconds: Double, _ words: String) {
        weigh(Rank(level: level, seconds: seconds), words)
    }

    private mutating func weigh(_ rank: Rank, _ words: String) {
        if worst.map({ $0.rank < rank }) ?? true { worst = (rank, words) }
    }

    /// Adds what another part of the same time came to.
    package mutating func add(_ other: DayTally) {
        seconds += other.seconds
        frames += other.frames
        skipped += other.skipped
        slated += other.slated
        for (name, count) in other.deaths { Self.count(count, name, in: &deaths) }
        for (name, count) in other.reconnections { Self.count(count, name, in: &reconnections) }
        if let theirs = other.worst { weigh(theirs.rank, theirs.words) }
    }

    /// - Parameter bytes: the size of all that is recorded.
    package func summary(bytes: Int64) -> DaySummary {
        DaySummary(
            seconds: seconds.rounded(), frames: frames, skipped: skipped, slated: slated, deaths: Self.list(deaths),
            reconnections: Self.list(reconnections), bytes: bytes, worst: worst?.words)
    }

    private static func count(_ count: Int, _ name: String, in counts: inout [String: Int]) {
        guard counts[name] != nil || counts.count < mostNames else { return }
        counts[name, default: 0] += count
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
