package import BulkheadModel
package import BulkheadSystem

/// Says when what goes out meets a condition, and when no more.
///
/// Conditions are judged by reports, as a switch judges them. A switch asks for the first that is met; here each is told by itself.
package struct ConditionAlarms: Sendable {
    package enum News: Hashable, Sendable {
        /// Met, for how many seconds by now, and by which value; nil where the condition says it all.
        case raised(SwitchCondition, seconds: Double, text: String?)
        /// Not met any more, and for how many seconds it was.
        case cleared(SwitchCondition, seconds: Double)
    }

    private var watch: ConditionWatch
    /// Those that are met, with when that began.
    private var raised: [SwitchCondition: MonotonicTime] = [:]

    package init(_ conditions: [SwitchCondition]) {
        // Reports come when they come: that one is missing is no condition here.
        watch = ConditionWatch(conditions, period: .seconds(1), at: MonotonicTime(nanoseconds: 0))
    }

    package var conditions: [SwitchCondition] { watch.conditions }

    /// The conditions that are met, in their order.
    package var met: [SwitchCondition] { conditions.filter { raised[$0] != nil } }

    /// Other conditions from now on; those that are kept stay as they are.
    /// - Returns: what is told no more.
    package mutating func change(to conditions: [SwitchCondition], at time: MonotonicTime) -> [News] {
        let news = self.conditions.filter { !conditions.contains($0) }.compactMap { clear($0, at: time) }
        watch.change(to: conditions)
        return news
    }

    package mutating func take(_ report: WayReport, at time: MonotonicTime) -> [News] {
        watch.take(report, at: time)
        let met = Dictionary(watch.allMet(at: time).map { ($0.condition, $0.since) }) { first, _ in first }
        return conditions.compactMap { condition in
            guard let since = met[condition] else { return clear(condition, at: time) }
            guard raised[condition] == nil else { return nil }
            raised[condition] = since
            return .raised(
                condition, seconds: Double(max(0, time.since(since))) / 1e9, text: report.value(for: condition.sign))
        }
    }

    private mutating func clear(_ condition: SwitchCondition, at time: MonotonicTime) -> News? {
        guard let since = raised.removeValue(forKey: condition) else { return nil }
        return .cleared(condition, seconds: Double(max(0, time.since(since))) / 1e9)
    }
}

extension WayReport {
    /// What it says of a sign, in words with a unit; nil where that is how long the sign has lasted.
    fileprivate func value(for sign: SwitchCondition.Sign) -> String? {
        func tenths(_ value: Double?, _ unit: String) -> String? {
            value.map { "\($0 < 0 ? "-" : "")\(DecimalText.text(abs($0), places: 1)) \(unit)" }
        }
        return switch sign {
        case .loudness: tenths(shortTermLoudness, "LUFS")
        case .integratedLoudness: tenths(integratedLoudness, "LUFS")
        case .size: canvas.map { "\($0)" }
        case .keyframes: tenths(keyframeSeconds, "s")
        case .bitrate, .excessBitrate: tenths(bitsPerSecond.map { $0 / 1000 }, "kb/s")
        default: nil
        }
    }
}
