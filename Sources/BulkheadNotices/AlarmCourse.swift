package import BulkheadEvents
package import BulkheadModel
package import BulkheadSystem

/// What one target is told of a broadcast's events, and when: decides, and carries nothing out.
///
/// Who is told that a trouble has begun is told that it is over. A trouble that the target's rule holds back is told once it
/// has lasted, and not at all where it is over before. What has lasted for ``errorSeconds`` is an error, whatever it began as:
/// it has not healed by itself.
package struct AlarmCourse: Sendable {
    /// One event as the target is told of it.
    package struct Telling: Hashable, Sendable {
        /// What an event says of a trouble that lasts.
        package enum State: String, Codable, Hashable, Sendable {
            /// It has begun.
            case raised
            /// It was told before, and is still there.
            case lasting
            /// It is over.
            case cleared
        }

        /// What happened; of a trouble that lasts, its last event.
        package var event: Event
        /// Nil for an event that stands for itself.
        package var state: State?
        /// How long the trouble has lasted; nil where it has just begun.
        package var seconds: Double?
        /// How often the trouble was told before.
        package var repetition = 0
        /// Events that the target was not told of since the last one, because of its rate.
        package var leftOut = 0

        package init(
            _ event: Event, _ state: State? = nil, seconds: Double? = nil, repetition: Int = 0, leftOut: Int = 0
        ) {
            self.event = event
            self.state = state
            self.seconds = seconds
            self.repetition = repetition
            self.leftOut = leftOut
        }
    }

    private struct Open {
        var event: Event
        let since: MonotonicTime
        /// How long it is to last before it is told.
        var holdSeconds: Double
        /// The worst that was told of it.
        var level: EventLevel
        /// When it was told last; nil while it was not.
        var toldAt: MonotonicTime?
        var tellings = 0
    }

    /// After so long a trouble is an error.
    package static let errorSeconds = 60.0
    /// Of those that are remembered; a plugin or a name can't make it more.
    package static let mostTroubles = 256

    private let target: NoticeTarget
    private var open: [Trouble: Open] = [:]
    private var budget: Budget?
    private var leftOut = 0

    package init(_ target: NoticeTarget) {
        self.target = target
        budget = target.rule.rate.map { Budget($0.count, each: .seconds($0.seconds)) }
    }

    /// What follows for the target from an event.
    package mutating func take(_ event: Event, at now: MonotonicTime) -> [Telling] {
        if case .master(.summary(_, let at)) = event.happening { return summary(event, at, now) }
        let news = event.trouble
        let isWanted = target.wants(event.code, event.level)
        var tellings: [Telling] = []
        var isTold = false
        var isHeldBack = false
        for trouble in news.ends {
            guard let over = open.removeValue(forKey: trouble) else { continue }
            isHeldBack = isHeldBack || over.toldAt == nil
            // An error that ends another trouble is news of its own.
            guard over.toldAt != nil, !isTold, news.begins == nil else { continue }
            isTold = true
            // Always, whatever the rate is: who was woken is told when to sleep again.
            tellings.append(release(Telling(event, .cleared, seconds: Self.seconds(from: over.since, to: now))))
        }
        if let trouble = news.begins {
            tellings += begin(trouble, event, isWanted: isWanted, at: now)
        } else if !isTold, isWanted, isAtOnce(event, news), !isHeldBack || event.level == .error {
            tellings += tell(Telling(event), at: now)
        }
        return tellings
    }

    /// What is due by now of troubles that last. Call it each second or so.
    package mutating func tick(at now: MonotonicTime) -> [Telling] {
        var tellings: [Telling] = []
        for (trouble, state) in open.sorted(by: { $0.value.since < $1.value.since }) {
            let telling: Telling
            if let toldAt = state.toldAt {
                guard let period = target.rule.repeatSeconds, Self.seconds(from: toldAt, to: now) >= period else {
                    continue
                }
                telling = Telling(
                    state.event, .lasting, seconds: Self.seconds(from: state.since, to: now),
                    repetition: state.tellings)
            } else {
                let seconds = Self.seconds(from: state.since, to: now)
                guard seconds >= state.holdSeconds else { continue }
                telling = Telling(state.event, .raised, seconds: seconds)
            }
            // It is still there when the rate allows it again.
            guard budget?.take(at: now) ?? true else { break }
            open[trouble]?.toldAt = now
            open[trouble]?.tellings += 1
            tellings.append(release(telling))
        }
        return tellings
    }

    private mutating func begin(
        _ trouble: Trouble, _ event: Event, isWanted: Bool, at now: MonotonicTime
    ) -> [Telling] {
        let hold = target.rule.holdSeconds
        if let former = open[trouble] {
            open[trouble]?.event = event
            guard isWanted else { return [] }
            open[trouble]?.level = max(former.level, event.level)
            guard former.toldAt != nil else {
                // It has become as bad as the target wants it.
                open[trouble]?.holdSeconds = hold ?? 0
                return hold == nil ? raise(trouble, event, at: now) : []
            }
            // In other words it is no other trouble; unless it has become worse, or all that happens is wanted.
            let isNews = event.level > former.level || target.kind == .file || !target.codes.isEmpty
            guard isNews, hold == nil, target.rule.repeatSeconds == nil else { return [] }
            return tell(Telling(event, .raised), at: now)
        }
        let isLater = !isWanted && target.kind != .file && target.wants(event.code, .error)
        guard isWanted || isLater else { return [] }
        guard open.count < Self.mostTroubles else { return isWanted ? tell(Telling(event), at: now) : [] }
        open[trouble] = Open(
            event: event, since: now, holdSeconds: isWanted ? hold ?? 0 : max(hold ?? 0, Self.errorSeconds),
            level: event.level)
        return isWanted && hold == nil ? raise(trouble, event, at: now) : []
    }

    /// Tells of a trouble at its beginning, if the rate allows; else ``tick(at:)`` does.
    private mutating func raise(_ trouble: Trouble, _ event: Event, at now: MonotonicTime) -> [Telling] {
        guard budget?.take(at: now) ?? true else { return [] }
        open[trouble]?.toldAt = now
        open[trouble]?.tellings = 1
        return [release(Telling(event, .raised))]
    }

    /// Whether an event that begins nothing is told when it happens.
    private func isAtOnce(_ event: Event, _ news: TroubleNews) -> Bool {
        let isNamed = !target.codes.isEmpty
        // The rule says it in its own time.
        if news.goesOn { return isNamed || (target.rule.holdSeconds == nil && target.rule.repeatSeconds == nil) }
        // Who wants to hear of what lasts does not want what has healed already.
        return target.rule.holdSeconds == nil || isNamed || event.level == .error
    }

    /// The summary is for those who asked for it, at their time.
    private mutating func summary(_ event: Event, _ at: String, _ now: MonotonicTime) -> [Telling] {
        let isAsked = target.rule.summary.map { $0.text == at } ?? false
        let isNamed = !target.codes.isEmpty && target.wants(event.code, event.level)
        let isLogged = target.kind == .file && target.wants(event.code, event.level)
        return isAsked || isNamed || isLogged ? [release(Telling(event))] : []
    }

    private mutating func tell(_ telling: Telling, at now: MonotonicTime) -> [Telling] {
        guard budget?.take(at: now) ?? true else {
            leftOut += 1
            return []
        }
        return [release(telling)]
    }

    private mutating func release(_ telling: Telling) -> Telling {
        var telling = telling
        telling.leftOut = leftOut
        leftOut = 0
        return telling
    }

    private static func seconds(from: MonotonicTime, to: MonotonicTime) -> Double {
        Double(max(0, to.since(from))) / 1e9
    }
}
