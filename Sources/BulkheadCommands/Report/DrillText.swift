package import BulkheadDrill
import BulkheadEvents
import BulkheadModel
import BulkheadProbe

extension FaultRecord {
    /// One line for a person.
    package var text: String {
        var text = "\(fault): \(isDone ? "" : "NOT DONE: ")\(action)"
        if let frame, isDone { text += " at frame \(frame), \(DecimalText.text(seconds, places: 2)) s" }
        if let death {
            text += "; \(EventLine.sentence(death))"
            if case .child(.died(_, _, let owed?, _, _, _, _)) = death.happening { text += ", it owed frame \(owed)" }
        }
        if let loot { text += loot.isEmpty ? "; it got nothing" : "; IT GOT \(loot.joined(separator: ", "))" }
        if let backAfterSeconds { text += "; works again after \(Int((backAfterSeconds * 1000).rounded())) ms" }
        if let framesLate, framesLate > 0 { text += "; \(framesLate) frames late" }
        if let longestGapMilliseconds { text += "; longest gap \(Int(longestGapMilliseconds.rounded())) ms" }
        return text
    }
}

extension DrillReport {
    private static func text(_ input: StreamReport.InputNumbers) -> String {
        "shown in \(input.shown) frames, \(DecimalText.text(input.numbersPerFrame, places: 2)) numbers a frame, \(input.lost) lost, "
            + "\(input.repeated) repeated, \(input.unread) not read"
    }

    /// For a person, one fact a line.
    package var lines: [String] {
        var lines = faults.map(\.text)
        for link in links {
            // One link needs no name.
            let name = links.count == 1 ? "" : "link \(link.number): "
            lines += StreamText.lines(link.measured).map { name + $0 }
            lines.append("\(name)connections: \(link.connections)")
            for (index, input) in (link.measured.inputs ?? []).enumerated() {
                lines.append("\(name)input \(index + 1): \(Self.text(input))")
            }
            if let missing = link.measured.missing { lines.append("\(name)frames missing: \(missing)") }
        }
        if let longest = links.first?.measured.arrival?.longestGap, let undisturbed = undisturbedGapMilliseconds {
            let excess = max(0, longest.milliseconds - undisturbed)
            lines.append(
                "longest gap undisturbed: \(Int(undisturbed.rounded())) ms; with faults \(Int(excess.rounded())) ms more"
            )
        }
        for link in links {
            let name = links.count == 1 ? "" : "link \(link.number): "
            lines += link.verdicts.map { name + $0.text }
        }
        if let comments = links.first?.measured.comments {
            let said = CountText.text(comments.said, "line")
            lines.append("comments: \(said) said, \(comments.lost) lost, \(comments.twice) there twice")
        }
        if let recording {
            let unreadable = recording.unreadable
            let unread = unreadable > 0 ? ", \(unreadable) of them on a disk that can't be read" : ""
            lines.append(
                "recording: \(CountText.text(recording.files, "file"))\(unread); frames up to \(recording.frames - 1), "
                    + "\(recording.missing.reduce(0) { $0 + $1.count }) missing")
        }
        if let failure { lines.append(failure) }
        for record in faults where !passed {
            guard !record.lastWords.isEmpty else { continue }
            lines.append("\(record.fault): its last words:")
            lines += record.lastWords.split(separator: "\n").suffix(12).map { "    \($0)" }
        }
        if let seed {
            lines.append("seed \(seed): the same faults again with --random --seed \(seed) and the same other flags")
        }
        let kept = verdicts.count(where: \.holds)
        lines.append(
            passed
                ? "PASSED: \(verdicts.count) of \(verdicts.count) expectations hold, \(faults.count) of \(faults.count) faults done"
                : "FAILED: \(kept) of \(verdicts.count) expectations hold, \(faults.count(where: \.isDone)) of "
                    + "\(faults.count) faults done")
        return lines
    }
}
