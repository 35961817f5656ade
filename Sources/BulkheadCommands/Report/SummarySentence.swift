import BulkheadEvents
import BulkheadModel

/// A day on air in one sentence.
enum SummarySentence {
    /// What has happened lately: a line for each span, and one for each trouble.
    static func text(_ report: SummaryReport) -> String {
        let now = report.troubles.isEmpty ? ["now: nothing is wrong"] : report.troubles.map { "now: \($0)" }
        let lines = ["last 24 hours: \(text(report.lastDay))", "since the start: \(text(report.sinceStart))"] + now
        return lines.map(EventLine.clean).joined(separator: "\n")
    }

    static func text(_ summary: DaySummary) -> String {
        var parts = [
            "\(StatusLine.clock(summary.seconds)) on air", CountText.text(summary.frames, "frame"),
            "\(summary.skipped) skipped",
        ]
        if summary.slated > 0 { parts.append("\(summary.slated) as the slate for want of an encoder") }
        parts.append(summary.deaths.isEmpty ? "no process died" : "died: \(summary.deaths.joined(separator: ", "))")
        parts.append(
            summary.reconnections.isEmpty
                ? "no reconnection" : "reconnected: \(summary.reconnections.joined(separator: ", "))")
        if summary.bytes > 0 { parts.append("\(RecordingText.size(Double(summary.bytes))) recorded") }
        return parts.joined(separator: ", ") + "; "
            + (summary.worst.map { "worst trouble: \($0)" } ?? "no trouble")
    }
}
