import BulkheadMedia
import BulkheadModel
import BulkheadSystem

/// Which conditions of one way are met, by its reports.
struct ConditionWatch: Sendable {
    /// A condition that is met.
    struct Met: Hashable, Sendable {
        let condition: SwitchCondition
        /// When the sign showed first.
        let since: MonotonicTime
    }

    private(set) var conditions: [SwitchCondition]
    private let period: Duration
    /// For each condition, since when its sign has shown without a break.
    private var shownSince: [MonotonicTime?]
    private var failures: CountWindow
    private var drops: CountWindow
    private(set) var report: WayReport?
    private(set) var reportedAt: MonotonicTime
    /// When the system itself spoke last.
    private var heardAt: MonotonicTime
    /// Rates and queues say nothing before.
    private var settledAt: MonotonicTime

    init(_ conditions: [SwitchCondition], period: Duration, at now: MonotonicTime) {
        self.conditions = conditions
        self.period = period
        shownSince = Array(repeating: nil, count: conditions.count)
        failures = CountWindow(keeping: Self.longest(conditions) { if case .failures = $0 { true } else { false } })
        drops = CountWindow(keeping: Self.longest(conditions) { if case .drops = $0 { true } else { false } })
        (reportedAt, heardAt) = (now, now)
        settledAt = now
    }

    private static func longest(_ conditions: [SwitchCondition], _ isMeant: (SwitchCondition.Sign) -> Bool) -> Duration
    {
        .milliseconds(conditions.filter { isMeant($0.sign) }.map(\.milliseconds).max() ?? 0)
    }

    /// The way has begun to work: what was before is of no interest.
    mutating func begin(settling: Duration, at now: MonotonicTime) {
        shownSince = Array(repeating: nil, count: conditions.count)
        failures.clear()
        drops.clear()
        (reportedAt, heardAt) = (now, now)
        settledAt = now.advanced(by: settling)
    }

    /// Other conditions from now on, none of them about counts; of those that are kept it is known since when they show.
    mutating func change(to conditions: [SwitchCondition]) {
        let known = Dictionary(zip(self.conditions, shownSince)) { first, _ in first }
        self.conditions = conditions
        shownSince = conditions.map { known[$0] ?? nil }
    }

    mutating func take(_ report: WayReport, at now: MonotonicTime) {
        self.report = report
        reportedAt = now
        if !report.isSecondHand { heardAt = now }
        if let count = report.failures { failures.note(count, at: now) }
        if let count = report.drops { drops.note(count, at: now) }
        for (index, condition) in conditions.enumerated() {
            guard let onset = onset(of: condition, in: report, at: now) else {
                shownSince[index] = nil
                continue
            }
            // What the report times itself may have begun anew since the last one: a picture that has stood for a tenth of a
            // second at each report is another one each time.
            shownSince[index] = condition.sign.isTimedByReport ? onset : min(shownSince[index] ?? onset, onset)
        }
    }

    /// The condition that is met and was the first to show.
    func met(at now: MonotonicTime) -> Met? { allMet(at: now).min { $0.since < $1.since } }

    /// All that are met, in their order.
    func allMet(at now: MonotonicTime) -> [Met] {
        zip(conditions, shownSince).compactMap { condition, since -> Met? in
            switch condition.sign {
            case .reportMissing(let periods):
                guard now.since(heardAt) > (period * periods).nanoseconds else { return nil }
                return Met(condition: condition, since: heardAt)
            case .failures, .drops:
                return since.map { Met(condition: condition, since: $0) }
            default:
                // As of the last report: while reports are missing, nothing is known of the sign.
                guard let since, reportedAt.since(since) >= Int64(condition.milliseconds) * 1_000_000 else {
                    return nil
                }
                return Met(condition: condition, since: since)
            }
        }
    }

    /// Since when the sign shows, by this report alone; nil when it does not.
    private func onset(of condition: SwitchCondition, in report: WayReport, at now: MonotonicTime) -> MonotonicTime? {
        func before(_ seconds: Double?) -> MonotonicTime? {
            guard let seconds, seconds > 0 else { return nil }
            return now.advanced(by: -Int64(min(seconds, 1e6) * 1e9))
        }
        let span = Int64(condition.milliseconds) * 1_000_000
        switch condition.sign {
        case .noData:
            guard let seconds = report.secondsSinceLastFrame, seconds * 1000 >= Double(condition.milliseconds) else {
                return nil
            }
            return before(seconds) ?? now
        case .offAir: return report.isOnAir ? nil : now
        case .black: return before(report.blackSeconds)
        case .frozen: return before(report.frozenSeconds)
        case .silence: return before(report.silentSeconds)
        case .clipping: return before(report.clippedSeconds)
        case .framesPerSecond(let limit):
            return isSettled(now) && limit.isAbove(report.framesPerSecond, of: report.expectedFramesPerSecond)
                ? now : nil
        case .bitrate(let limit):
            return isSettled(now) && limit.isAbove(report.bitsPerSecond, of: report.expectedBitsPerSecond) ? now : nil
        case .excessBitrate(let limit):
            return isSettled(now) && limit.isBelow(report.bitsPerSecond, of: report.expectedBitsPerSecond) ? now : nil
        case .loudness(let aim): return report.shortTermLoudness.map(aim.isMissed) == true ? now : nil
        case .integratedLoudness(let aim): return report.integratedLoudness.map(aim.isMissed) == true ? now : nil
        case .size(let rule): return rule.isBroken(by: report.canvas, wanted: report.wantedCanvas) ? now : nil
        case .keyframes(let distance):
            return (report.keyframeSeconds ?? 0) * 1000 > Double(distance) ? now : nil
        case .queue(let length):
            guard isSettled(now), let seconds = report.queuedSeconds, seconds * 1000 > Double(length) else {
                return nil
            }
            return now
        case .failures(let count): return failures.onset(ofMoreThan: count, within: span, at: now)
        case .drops(let count): return drops.onset(ofMoreThan: count, within: span, at: now)
        case .reportMissing: return nil
        }
    }

    private func isSettled(_ now: MonotonicTime) -> Bool { now >= settledAt }
}

extension SwitchCondition.Sign {
    /// Whether a report says for how long the sign has shown; of the others it says only that they do.
    fileprivate var isTimedByReport: Bool {
        switch self {
        case .noData, .black, .frozen, .silence, .clipping: true
        case .offAir, .framesPerSecond, .bitrate, .excessBitrate, .loudness, .integratedLoudness, .size, .keyframes,
            .failures, .drops, .reportMissing, .queue:
            false
        }
    }
}

extension SwitchCondition.Limit {
    fileprivate func isAbove(_ value: Double?, of expected: Double?) -> Bool {
        guard let value else { return false }
        switch self {
        case .number(let number): return value < number
        case .percent(let percent):
            guard let expected, expected > 0 else { return false }
            return value < expected * Double(percent) / 100
        }
    }

    fileprivate func isBelow(_ value: Double?, of expected: Double?) -> Bool {
        guard let value else { return false }
        switch self {
        case .number(let number): return value > number
        case .percent(let percent):
            guard let expected, expected > 0 else { return false }
            return value > expected * Double(percent) / 100
        }
    }
}

extension SwitchCondition.SizeRule {
    /// What is not known breaks no rule.
    fileprivate func isBroken(by canvas: Canvas?, wanted: Canvas?) -> Bool {
        guard let canvas else { return false }
        switch self {
        case .wrong: return wanted.map { $0 != canvas } ?? false
        case .not(let right): return canvas != right
        case .over(let most):
            return max(canvas.width, canvas.height) > max(most.width, most.height)
                || min(canvas.width, canvas.height) > min(most.width, most.height)
        }
    }
}

/// How much a counter has grown lately.
private struct CountWindow: Sendable {
    private let keeping: Int64
    private var last: Int?
    /// When it grew and by how much, the oldest first.
    private var steps: [(time: MonotonicTime, count: Int)] = []
    /// Reports come once in a period: more steps than these are merged.
    private static let mostSteps = 256

    init(keeping: Duration) { self.keeping = keeping.nanoseconds }

    mutating func clear() {
        steps.removeAll()
        last = nil
    }

    mutating func note(_ count: Int, at now: MonotonicTime) {
        defer { last = count }
        // A counter that runs back was begun anew.
        guard let last, count != last else { return }
        let growth = count > last ? count.subtractingReportingOverflow(last).partialValue : max(0, count)
        guard keeping > 0, growth > 0 else { return }
        steps.removeAll { now.since($0.time) > keeping }
        if steps.count < Self.mostSteps { return steps.append((now, growth)) }
        let sum = steps[steps.count - 1].count.addingReportingOverflow(growth)
        steps[steps.count - 1].count = sum.overflow ? .max : sum.partialValue
    }

    /// When the first of them came, if there were more than `count` in the last `span` nanoseconds.
    func onset(ofMoreThan count: Int, within span: Int64, at now: MonotonicTime) -> MonotonicTime? {
        let recent = steps.filter { now.since($0.time) <= span }
        var left = count
        for step in recent {
            guard step.count <= left else { return recent.first?.time }
            left -= step.count
        }
        return nil
    }
}
