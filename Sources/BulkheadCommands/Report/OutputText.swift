import BulkheadModel

/// What goes out, for a person.
enum OutputText {
    /// One line: size, keyframes, bitrate and loudness as far as they are known, and the conditions that are met.
    static func line(_ output: OutputStatus) -> String {
        var parts: [String] = []
        if let canvas = output.canvas { parts.append("\(canvas)") }
        if let seconds = output.keyframeSeconds {
            parts.append("a keyframe each \(DecimalText.text(seconds, places: 1)) s")
        }
        if let rate = output.bitsPerSecond { parts.append(StatusLine.rate(rate)) }
        if let loudness = output.shortTermLoudness { parts.append("loudness \(lufs(loudness))") }
        if let loudness = output.integratedLoudness { parts.append("integrated \(lufs(loudness))") }
        if !output.alarms.isEmpty { parts.append("alarms: \(output.alarms.map { "\($0)" }.joined(separator: ", "))") }
        return parts.joined(separator: ", ")
    }

    private static func lufs(_ value: Double) -> String {
        "\(value < 0 ? "-" : "")\(DecimalText.text(abs(value), places: 1)) LUFS"
    }
}
