package import BulkheadEvents
import BulkheadMaster
import BulkheadModel

/// A death as a few lines for a person.
package enum DeathText {
    /// One line for a death: which process, of what, how soon it was noticed and replaced.
    package static func text(_ death: DeathRecord) -> String {
        var line = "\(EventLine.timestamp(death.time)) \(death.part) \(death.pid): \(death.cause)"
        if let plugin = death.plugin { line += " in the plugin \(plugin)" }
        if let frame = death.frame { line += ", at frame \(frame)" }
        line += "; seen within \(milliseconds(death.detectedWithinMilliseconds))"
        if let recovered = death.recoveredAfterMilliseconds {
            line += ", worked again after \(milliseconds(recovered))"
        } else {
            line += ", not replaced yet"
        }
        line += ", \(CountText.text(death.framesLate, "frame")) late"
        return ([EventLine.clean(line)] + words(death.standardError)).joined(separator: "\n")
    }

    /// What a child wrote last. Its first lines say what happened, the ones behind them where.
    private static func words(_ text: String) -> [String] {
        let lines = text.split(separator: "\n").map { "    " + EventLine.clean(String($0)) }
        let leftOut = lines.count - firstLineCount - lastLineCount
        guard leftOut > 1 else { return lines }
        return lines.prefix(firstLineCount) + ["    … \(CountText.text(leftOut, "line")), all of them with --json"]
            + lines.suffix(lastLineCount)
    }

    private static let firstLineCount = 4
    private static let lastLineCount = 8

    private static func milliseconds(_ value: Double) -> String {
        "\(Int(max(0, min(value.isFinite ? value : 0, 1e12)).rounded())) ms"
    }
}
