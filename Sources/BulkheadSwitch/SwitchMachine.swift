package import BulkheadModel
package import BulkheadSystem

/// Decides which of several ways a stream takes. It has no clock, socket or process.
///
///     working ──condition, policy, hand──▶ (awaiting IDR) ──▶ stopping ──▶ starting ──first IDR──▶ working
///
/// A way is started only once the one that is left is known to have stopped, or has had its time to. The same rules hold
/// for whichever way is at work.
package struct SwitchMachine: Sendable {
    package enum Event: Hashable, Sendable {
        /// The switch begins; with the way that was at work when it ended last.
        case begin(saved: Way?, SwitchMode)
        case report(Way, WayReport)
        /// Time has passed: several times in each period.
        case tick
        /// The system of the way publishes no more.
        case stopped(Way)
        /// The server has taken the way's stream.
        case accepted(Way)
        /// An IDR of the stream has come to the server, by the way that is at work.
        case keyframe
        /// The system can't be started, in words.
        case startFailed(Way, String)
        case hand(SwitchMode)
    }

    package enum Action: Hashable, Sendable {
        case start(Way)
        case stop(Way)
        case tell(News)
        /// The way at work, or the mode, is another one: it is to be kept for the next switch process.
        case save
    }

    package enum News: Hashable, Sendable {
        case abnormal(Way, SwitchCondition)
        case clear(Way)
        /// The way is abnormal, and the other one is not ready.
        case backupNotReady(Way)
        case switching(from: Way, to: Way, SwitchCause)
        case stopUnconfirmed(Way)
        case working(Way, SwitchCause, SwitchTimes)
        case startFailed(Way, String)
        case mode(SwitchMode)
    }

    /// Where the switch stands.
    package enum Phase: String, Codable, Hashable, Sendable {
        case idle, working
        case awaitingKeyframe = "awaiting-keyframe"
        case stopping, starting
    }

    /// One change from a way to a way, which may be the same one that is started anew.
    fileprivate struct Change: Hashable, Sendable {
        let from: Way
        let to: Way
        let cause: SwitchCause
        /// When the sign showed first.
        let onset: MonotonicTime
        let decided: MonotonicTime
        var stopped: MonotonicTime?
        var accepted: MonotonicTime?
        /// Why the way can't be started.
        var failure: String?
    }

    /// Automatic switches in a minute.
    package static let mostSwitches = 2
    private static let minute = Duration.seconds(60)
    /// A way that fails at once is not started anew before.
    private static let startPause = 1000
    /// For how long what has gone wrong is remembered.
    private static let memory = Duration.seconds(600)

    private let rules: SwitchRules
    package private(set) var phase = Phase.idle
    package private(set) var mode = SwitchMode.auto
    /// The way at work, or being started.
    package private(set) var way: Way
    private var change: Change?
    /// When ``phase`` began.
    private var since: MonotonicTime
    private var watches: [Way: ConditionWatch]
    /// What is told to be abnormal, of the way at work.
    private var told: SwitchCondition?
    private var isToldNotReady = false
    /// When the stream was switched automatically, the oldest first.
    private var switches: [MonotonicTime] = []
    /// When a way was left because it was abnormal.
    private var trouble: [(way: Way, time: MonotonicTime)] = []
    /// Since when the ways that are not at work could be.
    private var readySince: [Way: MonotonicTime] = [:]

    /// A switch that has not begun.
    package init(_ rules: SwitchRules, at now: MonotonicTime) {
        self.rules = rules
        way = rules.preferred
        since = now
        watches = Dictionary(
            rules.ways.map { way in
                let period = Duration.milliseconds(rules.periodMilliseconds)
                return (way, ConditionWatch(rules.conditions(of: way), period: period, at: now))
            }, uniquingKeysWith: { first, _ in first })
    }

    /// What the way said last.
    package func report(of way: Way) -> WayReport? { watches[way]?.report }

    /// The way that is told to stop, while it is waited for.
    package var leaving: Way? { phase == .stopping ? change?.from : nil }

    /// The condition that is met by the way at work.
    package func abnormal(at now: MonotonicTime) -> SwitchCondition? {
        phase == .working ? watches[way]?.met(at: now)?.condition : nil
    }

    /// Takes in what has happened, and gives what is to be done, in this order.
    package mutating func handle(_ event: Event, at now: MonotonicTime) -> [Action] {
        switch event {
        case .begin(let saved, let mode):
            guard phase == .idle else { return [] }
            self.mode = mode
            way = [mode.way, saved].compactMap { $0 }.first { rules.ways.contains($0) } ?? rules.preferred
            // Another one may still be at work, by a wish of a process that is no more.
            let stops = others.dropFirst().map { Action.stop($0) }
            return stops + go(from: others.first ?? way, to: way, .beginning, onset: now, at: now)
        case .report(let way, let report):
            watches[way]?.take(report, at: now)
            noteReadiness(at: now)
            return decide(at: now)
        case .tick: return passTime(at: now) + decide(at: now)
        case .stopped(let way):
            guard phase == .stopping, change?.from == way else { return [] }
            return start(at: now)
        case .accepted(let way):
            guard phase == .starting, self.way == way, change?.accepted == nil else { return [] }
            change?.accepted = now
            return []
        case .keyframe: return takeKeyframe(at: now)
        case .startFailed(let way, let words):
            guard phase == .starting, self.way == way else { return [] }
            change?.failure = words
            return passTime(at: now)
        case .hand(let mode): return obey(mode, at: now)
        }
    }

    // MARK: the course of a change

    private mutating func go(
        from: Way, to: Way, _ cause: SwitchCause, onset: MonotonicTime, at now: MonotonicTime
    ) -> [Action] {
        change = Change(from: from, to: to, cause: cause, onset: onset, decided: now)
        (phase, since) = (.stopping, now)
        guard from != to, cause != .beginning else { return [.stop(from)] }
        return [.tell(.switching(from: from, to: to, cause)), .stop(from)]
    }

    private mutating func start(at now: MonotonicTime) -> [Action] {
        guard let to = change?.to else { return [] }
        change?.stopped = now
        let isOther = way != to || change?.cause == .beginning
        way = to
        (phase, since) = (.starting, now)
        (told, isToldNotReady, readySince) = (nil, false, [:])
        return (isOther ? [.save] : []) + [.start(to)]
    }

    private mutating func takeKeyframe(at now: MonotonicTime) -> [Action] {
        switch phase {
        case .awaitingKeyframe: return leave(at: now)
        case .starting:
            // What comes before is what the other way has left on the road.
            guard let change, change.accepted != nil else { return [] }
            (phase, since, self.change) = (.working, now, nil)
            watches[way]?.begin(settling: .milliseconds(rules.settleMilliseconds), at: now)
            return [.tell(.working(way, change.cause, change.times(at: now)))]
        case .idle, .working, .stopping: return []
        }
    }

    /// The way at work works: it is left behind an IDR, so that what it still brings is in the GOP that the other begins with.
    private mutating func awaitKeyframe(
        to wish: Way, _ cause: SwitchCause, at now: MonotonicTime
    ) -> [Action] {
        change = Change(from: way, to: wish, cause: cause, onset: now, decided: now)
        (phase, since) = (.awaitingKeyframe, now)
        return []
    }

    private mutating func leave(at now: MonotonicTime) -> [Action] {
        guard let change else { return [] }
        return go(from: change.from, to: change.to, change.cause, onset: now, at: now)
    }

    private mutating func passTime(at now: MonotonicTime) -> [Action] {
        forget(at: now)
        let milliseconds = now.since(since) / 1_000_000
        switch phase {
        case .awaitingKeyframe where milliseconds >= rules.keyframeMilliseconds: return leave(at: now)
        case .stopping where milliseconds >= rules.stopMilliseconds:
            let unconfirmed =
                change.map { $0.cause == .beginning ? [] : [Action.tell(.stopUnconfirmed($0.from))] } ?? []
            return unconfirmed + start(at: now)
        case .starting where milliseconds >= Self.startPause && change?.failure != nil:
            return failStart(change?.failure ?? "", at: now)
        case .starting where milliseconds >= rules.startMilliseconds:
            return failStart("no \(rules.awaited) has come within \(rules.startMilliseconds / 1000) s", at: now)
        default: return []
        }
    }

    private mutating func failStart(_ words: String, at now: MonotonicTime) -> [Action] {
        trouble.append((way, now))
        let failed = [Action.tell(.startFailed(way, words))]
        guard mode == .auto, let next = successor(at: now), maySwitch(at: now) else {
            return failed + go(from: way, to: way, .startFailed, onset: change?.onset ?? now, at: now)
        }
        switches.append(now)
        return failed + go(from: way, to: next, .startFailed, onset: change?.onset ?? now, at: now)
    }

    // MARK: decisions

    private mutating func decide(at now: MonotonicTime) -> [Action] {
        guard phase == .working || phase == .awaitingKeyframe else { return [] }
        guard let met = watches[way]?.met(at: now) else {
            guard phase == .working else { return [] }
            let cleared = told == nil ? [] : [Action.tell(.clear(way))]
            (told, isToldNotReady) = (nil, false)
            return cleared + considerReturn(at: now)
        }
        var actions: [Action] = []
        if told != met.condition {
            told = met.condition
            actions.append(.tell(.abnormal(way, met.condition)))
        }
        // What was decided by hand or policy needs no IDR any more.
        if phase == .awaitingKeyframe { return actions + leave(at: now) }
        guard mode == .auto else { return actions }
        guard let next = successor(at: now) else {
            guard !isToldNotReady, let other = others.first else { return actions }
            isToldNotReady = true
            return actions + [.tell(.backupNotReady(other))]
        }
        guard now.since(since) >= dwell.nanoseconds || switches.isEmpty, maySwitch(at: now) else { return actions }
        trouble.append((way, now))
        switches.append(now)
        return actions + go(from: way, to: next, .condition(met.condition), onset: met.since, at: now)
    }

    private mutating func considerReturn(at now: MonotonicTime) -> [Action] {
        guard mode == .auto, now.since(since) >= dwell.nanoseconds, maySwitch(at: now),
            let goal = wayToReturnTo(at: now)
        else { return [] }
        switches.append(now)
        return awaitKeyframe(to: goal, .policy, at: now)
    }

    private func wayToReturnTo(at now: MonotonicTime) -> Way? {
        let ready = others.filter { way in
            readySince[way].map { now.since($0) >= Int64(rules.clearMilliseconds) * 1_000_000 } ?? false
        }
        switch rules.policy {
        case .stay: return nil
        case .return: return ready.first { $0 == rules.preferred }
        case .best:
            let here = troubles(of: way)
            guard let best = ready.min(by: { troubles(of: $0) < troubles(of: $1) }) else { return nil }
            if troubles(of: best) < here { return best }
            return ready.first { $0 == rules.preferred && troubles(of: $0) == here }
        }
    }

    private mutating func obey(_ mode: SwitchMode, at now: MonotonicTime) -> [Action] {
        guard mode != self.mode, mode.way.map(rules.ways.contains) ?? true else { return [] }
        self.mode = mode
        let changed: [Action] = [.tell(.mode(mode)), .save]
        guard let wish = mode.way else {
            // What waited for an IDR by policy waits no more.
            if phase == .awaitingKeyframe, mode == .hold { (phase, since, change) = (.working, now, nil) }
            return changed
        }
        switch phase {
        case .idle: return changed
        case .working:
            guard wish != way else { return changed }
            guard watches[way]?.met(at: now) == nil else {
                return changed + go(from: way, to: wish, .hand, onset: now, at: now)
            }
            return changed + awaitKeyframe(to: wish, .hand, at: now)
        case .awaitingKeyframe:
            if wish == way {
                (phase, since, change) = (.working, now, nil)
            } else if change?.to != wish {
                change = Change(from: way, to: wish, cause: .hand, onset: now, decided: now)
            }
            return changed
        case .stopping:
            guard let change, change.to != wish else { return changed }
            // The stop goes on; only its aim is another.
            self.change = Change(from: change.from, to: wish, cause: .hand, onset: now, decided: now)
            return changed
        case .starting:
            guard wish != way else { return changed }
            return changed + go(from: way, to: wish, .hand, onset: now, at: now)
        }
    }

    // MARK: what holds it up

    /// At least so long a way works: twice as long with each automatic switch.
    private var dwell: Duration {
        let doublings = min(max(0, switches.count - 1), 16)
        return .milliseconds(min(rules.longestDwellMilliseconds, rules.dwellMilliseconds << doublings))
    }

    /// Not more than two switches in any minute.
    private func maySwitch(at now: MonotonicTime) -> Bool {
        switches.count { now.since($0) <= Self.minute.nanoseconds } < Self.mostSwitches
    }

    private mutating func forget(at now: MonotonicTime) {
        switches.removeAll { now.since($0) > Self.memory.nanoseconds }
        trouble.removeAll { now.since($0.time) > Self.memory.nanoseconds }
    }

    /// The ways that are not at work, in their order.
    private var others: [Way] { rules.ways.filter { $0 != way } }

    /// Whether a way that is not at work could be.
    package func isReady(_ way: Way, at now: MonotonicTime) -> Bool {
        guard watches[way]?.report?.isReady != false else { return false }
        return !rules.idleAreWatched || watches[way]?.met(at: now) == nil
    }

    private func troubles(of way: Way) -> Int { trouble.count { $0.way == way } }

    /// What takes over from the way at work: of the ways that could, the first of those that have failed least.
    private func successor(at now: MonotonicTime) -> Way? {
        others.filter { isReady($0, at: now) }.min { troubles(of: $0) < troubles(of: $1) }
    }

    private mutating func noteReadiness(at now: MonotonicTime) {
        for other in others { readySince[other] = isReady(other, at: now) ? readySince[other] ?? now : nil }
    }
}

extension SwitchMachine.Change {
    fileprivate func times(at now: MonotonicTime) -> SwitchTimes {
        func seconds(_ from: MonotonicTime, _ to: MonotonicTime) -> Double { Double(max(0, to.since(from))) / 1e9 }
        let stopped = stopped ?? decided
        let accepted = accepted ?? stopped
        return SwitchTimes(
            detect: seconds(onset, decided), stop: seconds(decided, stopped), start: seconds(stopped, accepted),
            firstIDR: seconds(accepted, now))
    }
}
