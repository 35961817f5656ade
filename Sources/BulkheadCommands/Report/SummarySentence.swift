import BulkheadEvents
import BulkheadModel

/// A day on air in one sentence.
enum SummarySentence {
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
