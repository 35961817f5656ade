import BulkheadModel
package import BulkheadProbe

/// What a viewer measured, for people.
package enum StreamText {
    /// The report, one fact a line.
    package static func lines(_ report: StreamReport) -> [String] {
        var lines: [String] = []
        if let video = report.video {
            let size = video.width.flatMap { width in video.height.map { " \(width)x\($0)" } } ?? ""
            lines.append(
                "picture: \(video.codec)\(size), \(decimal(video.framesPerSecond, 2)) fps, "
                    + "\(StatusLine.rate(video.bitsPerSecond)), \(video.accessUnits) access units in "
                    + "\(decimal(report.seconds, 1)) s")
            lines.append("keyframes: \(keyframes(video))")
        }
        if let audio = report.audio {
            lines.append(
                "sound: \(audio.codec), \(StatusLine.rate(audio.bitsPerSecond)), \(CountText.text(audio.packets, "packet"))"
            )
        }
        if let arrival = report.arrival {
            let frame = arrival.longestGap.frame.map { "frame \($0)" } ?? "access unit \(arrival.longestGap.unit)"
            lines.append(
                "gaps: longest \(decimal(arrival.longestGap.milliseconds, 1)) ms before \(frame) at "
                    + "\(decimal(arrival.longestGap.endSeconds, 2)) s, median \(Int(arrival.medianGapMilliseconds)) ms, "
                    + "99 of 100 up to \(Int(arrival.usualGapMilliseconds)) ms")
        }
        lines.append("timestamps: \(faults(report))")
        lines.append("frames: \(numbers(report))")
        if let sync = report.sync {
            lines.append(
                "sound against picture: \(signed(sync.typicalOffsetMilliseconds)) ms, at worst "
                    + "\(signed(sync.worstOffsetMilliseconds)) ms, by "
                    + CountText.text(sync.beeps, "beep"))
        }
        if report.reconnects > 0 { lines.append("connections lost: \(report.reconnects)") }
        if report.decoderRestarts > 0 {
            lines.append("the decoder was started again: \(CountText.times(report.decoderRestarts))")
        }
        return lines
    }

    private static func keyframes(_ video: StreamReport.Video) -> String {
        guard let shortest = video.shortestKeyframeIntervalSeconds, let longest = video.longestKeyframeIntervalSeconds
        else { return "\(video.keyframes)" }
        let interval =
            shortest == longest
            ? "every \(decimal(longest, 2)) s" : "every \(decimal(shortest, 2)) to \(decimal(longest, 2)) s"
        let changes =
            video.configurationChanges > 0
            ? ", \(CountText.text(video.configurationChanges, "configuration change"))" : ""
        return "\(video.keyframes), \(interval)\(changes)"
    }

    private static func faults(_ report: StreamReport) -> String {
        func phrase(_ name: String, _ times: StreamReport.Timestamps) -> String? {
            let parts = [(times.backwards, "back"), (times.repeated, "repeated"), (times.jumps, "jumps")]
                .filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
            return parts.isEmpty ? nil : "\(name) \(parts.joined(separator: ", "))"
        }
        let phrases = [phrase("picture", report.videoTimestamps), phrase("sound", report.audioTimestamps)]
        let found = phrases.compactMap { $0 }
        return found.isEmpty ? "no fault" : found.joined(separator: "; ")
    }

    private static func numbers(_ report: StreamReport) -> String {
        guard let numbers = report.numbers else { return "no numbers in the pictures, so none can be missed" }
        var parts = ["\(numbers.first) to \(numbers.last)", "\(numbers.lost) lost"]
        if !numbers.lostRanges.isEmpty {
            parts[1] += " (\(numbers.lostRanges.prefix(10).joined(separator: ", ")))"
        }
        parts += ["\(numbers.repeated) repeated", "\(numbers.disordered) out of order"]
        if numbers.unnumbered > 0 { parts.append("\(numbers.unnumbered) without a number") }
        if numbers.unmeasured > 0 { parts.append("\(numbers.unmeasured) not measured behind those") }
        if numbers.replayed > 0 { parts.append("\(numbers.replayed) sent again to a new connection") }
        if numbers.restarts > 0 { parts.append("the source began anew \(CountText.times(numbers.restarts))") }
        if numbers.unread > 0 { parts.append("\(numbers.unread) not looked at") }
        return parts.joined(separator: ", ")
    }

    private static func decimal(_ value: Double, _ places: Int) -> String { DecimalText.text(value, places: places) }

    private static func signed(_ value: Double) -> String { "\(value < 0 ? "" : "+")\(Int(value.rounded()))" }
}

extension StatusLine {
    /// What a viewer sees at the moment.
    package init(_ view: LiveView) {
        var parts = ["watching \(Self.clock(view.secondsWatched))"]
        if view.silentSeconds > 1 { parts.append("nothing for \(Int(view.silentSeconds)) s") }
        parts.append("\(DecimalText.text(view.framesPerSecond, places: 1)) fps")
        parts.append(Self.rate(view.bitsPerSecond))
        if view.isNumbered {
            parts.append("lost \(view.lost)")
            parts.append("repeated \(view.repeated)")
            if view.disordered > 0 { parts.append("out of order \(view.disordered)") }
        }
        parts.append("longest gap \(Int(view.longestGapMilliseconds.rounded())) ms")
        if view.timestampFaults > 0 { parts.append("timestamp faults \(view.timestampFaults)") }
        if let offset = view.offsetMilliseconds { parts.append("sound \(offset < 0 ? "" : "+")\(Int(offset)) ms") }
        if let frame = view.frame { parts.append("frame \(frame)") }
        self.init(parts: parts)
    }
}
