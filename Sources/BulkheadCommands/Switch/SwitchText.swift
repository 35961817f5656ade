import BulkheadModel
import BulkheadSwitch
import BulkheadSwitcher

/// A switch's status for people.
enum SwitchText {
    static func lines(_ status: SwitchStatus) -> [String] {
        var first = "\(status.name): \(status.way.rawValue) \(phase(status.phase)), \(status.mode.rawValue)"
        if let abnormal = status.abnormal { first += "; abnormal: \(abnormal)" }
        var lines = [first]
        for (way, report) in [(Way.push, status.push), (.pull, status.pull), (.backup, status.backup)] {
            guard let report else { continue }
            lines.append("\(way.rawValue): \(text(report, isAtWork: way == status.way))")
        }
        if let last = status.last {
            lines.append(
                "last switch: \(seconds(last.total)): detect \(seconds(last.detect)), stop \(seconds(last.stop)), "
                    + "start \(seconds(last.start)), first IDR \(seconds(last.firstIDR))")
        }
        return lines.map(EventLine.clean)
    }

    private static func phase(_ phase: SwitchMachine.Phase) -> String {
        switch phase {
        case .idle: "not begun"
        case .working: "works"
        case .awaitingKeyframe: "is left at the next IDR"
        case .stopping: "waits for the other to stop"
        case .starting: "starts"
        }
    }

    private static func text(_ report: WayReport, isAtWork: Bool) -> String {
        var parts: [String] = []
        if isAtWork {
            parts.append(report.isOnAir ? "on air" : "off air")
            if let age = report.secondsSinceLastFrame { parts.append("last picture \(seconds(age)) ago") }
            if let rate = report.framesPerSecond { parts.append("\(tenths(rate)) fps") }
            if let rate = report.bitsPerSecond { parts.append("\(Int(min(rate, 1e12) / 1000)) kbit/s") }
            if let queue = report.queuedSeconds { parts.append("\(seconds(queue)) queued") }
        } else {
            parts.append(report.isReady == false ? "not ready" : "ready")
        }
        if let drops = report.drops, drops > 0 { parts.append("\(drops) dropped") }
        if let failures = report.failures, failures > 0 { parts.append("\(failures) failures") }
        if !report.words.isEmpty { parts.append(report.words) }
        return parts.joined(separator: ", ")
    }

    private static func seconds(_ value: Double) -> String { "\((min(value, 1e9) * 100).rounded() / 100) s" }
    private static func tenths(_ value: Double) -> String { "\((min(value, 1e9) * 10).rounded() / 10)" }
}
