import BulkheadEvents
import BulkheadModel
import BulkheadSwitch

extension SwitchMachine.News {
    /// What is told of it; nil for what viewers and people do not notice.
    var happening: SwitchHappening? {
        switch self {
        case .abnormal(let way, let condition): .abnormal(way: way.rawValue, condition: "\(condition)")
        case .clear(let way): .clear(way: way.rawValue)
        case .backupNotReady(let way): .backupNotReady(way: way.rawValue)
        case .switching(let from, let to, let cause):
            .switching(former: from.rawValue, way: to.rawValue, cause: cause.word)
        case .working(_, .beginning, _), .stopUnconfirmed: nil
        case .working(let way, let cause, let times):
            .working(
                way: way.rawValue, cause: cause.word, milliseconds: Self.milliseconds(times.total),
                detect: Self.milliseconds(times.detect), stop: Self.milliseconds(times.stop),
                start: Self.milliseconds(times.start), idr: Self.milliseconds(times.firstIDR))
        case .startFailed(let way, let words): .startFailed(way: way.rawValue, text: words)
        case .mode(let mode): .mode(mode: mode.rawValue)
        }
    }

    private static func milliseconds(_ seconds: Double) -> Int { Int((min(seconds, 1e9) * 1000).rounded()) }
}
