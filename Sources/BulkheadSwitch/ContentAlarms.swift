package import BulkheadModel
package import BulkheadSystem

/// Says when what a program looks and sounds like meets a condition, and when no more.
///
/// Conditions are `black`, `frozen`, `silence` and `clipping`; of others nothing is known here.
package struct ContentAlarms: Sendable {
    package enum News: Hashable, Sendable {
        /// Met, and for how many seconds by now.
        case raised(SwitchCondition, seconds: Double)
        /// Not met any more, and for how many seconds it was.
        case cleared(SwitchCondition, seconds: Double)
    }

    package private(set) var conditions: [SwitchCondition]
    /// Those that are met, with when that began.
    private var raised: [SwitchCondition: MonotonicTime] = [:]

    package init(_ conditions: [SwitchCondition]) { self.conditions = conditions }

    /// The conditions that are met, in their order.
    package var met: [SwitchCondition] { conditions.filter { raised[$0] != nil } }

    /// Other conditions from now on; those that are kept stay as they are.
    /// - Returns: what is told no more.
    package mutating func change(to conditions: [SwitchCondition], at time: MonotonicTime) -> [News] {
        let news = self.conditions.filter { !conditions.contains($0) }.compactMap { clear($0, at: time) }
        self.conditions = conditions
        return news
    }

    package mutating func look(at judge: ContentJudge, _ time: MonotonicTime) -> [News] {
        conditions.compactMap { condition in
            let seconds: Double? =
                switch condition.sign {
                case .black: judge.black(at: time)
                case .frozen: judge.frozen(at: time)
                case .silence: judge.silent(at: time)
                case .clipping: judge.clipped(at: time)
                default: nil
                }
            guard let seconds, seconds > 0, seconds * 1000 >= Double(condition.milliseconds) else {
                return clear(condition, at: time)
            }
            guard raised[condition] == nil else { return nil }
            raised[condition] = time.advanced(by: -Int64(min(seconds, 1e6) * 1e9))
            return .raised(condition, seconds: seconds)
        }
    }

    private mutating func clear(_ condition: SwitchCondition, at time: MonotonicTime) -> News? {
        guard let since = raised.removeValue(forKey: condition) else { return nil }
        return .cleared(condition, seconds: Double(max(0, time.since(since))) / 1e9)
    }
}
