import BulkheadWire
import Foundation

/// A plugin's check as lines for a person.
enum PluginCheckText {
    static func title(_ plugin: PluginDescription) -> String {
        EventLine.clean(
            "\(plugin.identity): \(plugin.name) \(plugin.version)"
                + (plugin.path == plugin.identity ? "" : ", \(plugin.path)"))
    }

    /// A line for the test, and below it what was found.
    static func lines(_ result: PluginCheckResult) -> String {
        let state = !result.passed ? "FAILED" : result.findings.isEmpty ? "ok" : "ok, but"
        var lines = ["  \(padded(result.test, 20)) \(result.times.map(times) ?? state)"]
        if result.times != nil, !result.passed { lines[0] += "  FAILED" }
        for finding in result.findings {
            lines.append("    \(finding.severity.rawValue): \(EventLine.clean(finding.text))")
        }
        for line in result.backtrace.prefix(6) { lines.append("      \(line)") }
        return lines.joined(separator: "\n")
    }

    static func line(_ summary: PluginCheckSummary) -> String {
        return "\(summary.plugin) is \(summary.isFit ? "" : "not ")fit for a broadcast: "
            + "\(CountText.text(summary.tests, "test")), \(CountText.text(summary.errors, "error")), "
            + CountText.text(summary.warnings, "warning")
    }

    private static func times(_ times: PluginCheckTimes) -> String {
        func milliseconds(_ microseconds: Double) -> String { String(format: "%.2f", microseconds / 1000) }
        return "median \(milliseconds(times.median)) ms, p99 \(milliseconds(times.p99)) ms of "
            + String(format: "%.1f", times.interval / 1000) + " ms (\(times.count))"
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
