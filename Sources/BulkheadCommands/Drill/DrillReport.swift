package import BulkheadEvents
import BulkheadLinks
import BulkheadMaster
package import BulkheadProbe

/// What became of one fault.
package struct FaultRecord: Encodable, Hashable, Sendable {
    package var fault: String
    /// The link whose server or path it was done to, or the first.
    package var link = 1
    /// It was done to a server or the path to it, and shows at that link alone.
    package var isServers = false
    /// Whether it was done.
    package var isDone: Bool
    /// What was done, or why nothing was: one lowercase phrase.
    package var action: String
    /// On air, when it was done.
    package var seconds: Double
    /// Where the timeline stood.
    package var frame: Int?
    /// The event that tells of the end of the part.
    package var death: Event?
    /// How long after the fault its successor worked.
    package var backAfterSeconds: Double?
    /// Frames that had to be given again, and so were late; nil where nobody says.
    package var framesLate: Int?
    /// The longest time without a picture at the viewer, while the fault was felt.
    package var longestGapMilliseconds: Double?

    package init(fault: String, isDone: Bool, action: String, seconds: Double, frame: Int? = nil) {
        self.fault = fault
        self.isDone = isDone
        self.action = action
        self.seconds = seconds
        self.frame = frame
    }

    /// The end of what the part had written to its standard error; empty where it wrote nothing.
    package var lastWords: String {
        guard case .child(.died(_, _, _, _, _, _, let words?)) = death?.happening else { return "" }
        return words
    }

    /// One line for a person.
    package var text: String {
        var text = "\(fault): \(isDone ? "" : "NOT DONE: ")\(action)"
        if let frame, isDone { text += " at frame \(frame), \(StatusLine.decimal(seconds, places: 2)) s" }
        if let death {
            text += "; \(EventLine.sentence(death))"
            if case .child(.died(_, _, let owed?, _, _, _, _)) = death.happening { text += ", it owed frame \(owed)" }
        }
        if let backAfterSeconds { text += "; works again after \(Int((backAfterSeconds * 1000).rounded())) ms" }
        if let framesLate, framesLate > 0 { text += "; \(framesLate) frames late" }
        if let longestGapMilliseconds { text += "; longest gap \(Int(longestGapMilliseconds.rounded())) ms" }
        return text
    }
}

/// What a drill came to.
package struct DrillReport: Sendable {
    /// Nil unless the faults were drawn at random.
    package var seed: UInt64?
    package var faults: [FaultRecord]
    /// What the viewer of each link measured; one at least.
    package var links: [Link]
    /// The longest gap while no fault was felt, in milliseconds.
    package var undisturbedGapMilliseconds: Double?
    /// Why the broadcast or the drill did not come to its end; nil when it did.
    package var failure: String?
    package var wallSeconds: Double

    /// What came of one link.
    package struct Link: Sendable {
        package var number: Int
        package var verdicts: [Verdict]
        package var measured: StreamReport
        package var connections: Int

        package init(number: Int, verdicts: [Verdict], measured: StreamReport, connections: Int) {
            self.number = number
            self.verdicts = verdicts
            self.measured = measured
            self.connections = connections
        }
    }

    package init(
        seed: UInt64?, faults: [FaultRecord], links: [Link], undisturbedGapMilliseconds: Double?, failure: String?,
        wallSeconds: Double
    ) {
        self.seed = seed
        self.faults = faults
        self.links = links
        self.undisturbedGapMilliseconds = undisturbedGapMilliseconds
        self.failure = failure
        self.wallSeconds = wallSeconds
    }

    package var verdicts: [Verdict] { links.flatMap(\.verdicts) }

    package var passed: Bool { failure == nil && verdicts.allSatisfy(\.holds) && faults.allSatisfy(\.isDone) }

    /// For a person, one fact a line.
    package var lines: [String] {
        var lines = faults.map(\.text)
        for link in links {
            // One link needs no name.
            let name = links.count == 1 ? "" : "link \(link.number): "
            lines += StreamText.lines(link.measured).map { name + $0 }
            lines.append("\(name)connections: \(link.connections)")
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

/// The closing line of a drill, for scripts.
struct DrillLine: Encodable {
    var kind = "summary"
    var part = "drill"
    var passed: Bool
    var seed: UInt64?
    var faults: [FaultRecord]
    var expectations: [VerdictLine]
    var measured: StreamReport
    var connections: Int
    /// All links, where there are several; the fields above are those of the first.
    var links: [LinkLine]?
    var undisturbedGapMilliseconds: Double?
    var failure: String?

    struct LinkLine: Encodable {
        var link: Int
        var expectations: [VerdictLine]
        var measured: StreamReport
        var connections: Int
    }

    /// Nil for a report without a link, which there is none of.
    init?(_ report: DrillReport) {
        guard let first = report.links.first else { return nil }
        passed = report.passed
        seed = report.seed
        faults = report.faults
        expectations = first.verdicts.map(VerdictLine.init)
        measured = first.measured
        connections = first.connections
        if report.links.count > 1 {
            links = report.links.map {
                LinkLine(
                    link: $0.number, expectations: $0.verdicts.map(VerdictLine.init), measured: $0.measured,
                    connections: $0.connections)
            }
        }
        undisturbedGapMilliseconds = report.undisturbedGapMilliseconds
        failure = report.failure
    }
}
