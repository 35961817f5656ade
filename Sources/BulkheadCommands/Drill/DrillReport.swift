package import BulkheadMaster
package import BulkheadProbe

/// What became of one fault.
package struct FaultRecord: Encodable, Hashable, Sendable {
    package var fault: String
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

    /// One line for a person.
    package var text: String {
        var text = "\(fault): \(isDone ? "" : "NOT DONE: ")\(action)"
        if let frame, isDone { text += " at frame \(frame), \(StatusLine.decimal(seconds, places: 2)) s" }
        if let death {
            text += "; \(death.part) \(death.message)"
            if let owed = death.details["frame"] { text += ", it owed frame \(owed)" }
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
    package var verdicts: [Verdict]
    package var measured: StreamReport
    package var connections: Int
    /// The longest gap while no fault was felt, in milliseconds.
    package var undisturbedGapMilliseconds: Double?
    /// Why the broadcast or the drill did not come to its end; nil when it did.
    package var failure: String?
    package var wallSeconds: Double

    package init(
        seed: UInt64?, faults: [FaultRecord], verdicts: [Verdict], measured: StreamReport, connections: Int,
        undisturbedGapMilliseconds: Double?, failure: String?, wallSeconds: Double
    ) {
        self.seed = seed
        self.faults = faults
        self.verdicts = verdicts
        self.measured = measured
        self.connections = connections
        self.undisturbedGapMilliseconds = undisturbedGapMilliseconds
        self.failure = failure
        self.wallSeconds = wallSeconds
    }

    package var passed: Bool { failure == nil && verdicts.allSatisfy(\.holds) && faults.allSatisfy(\.isDone) }

    /// For a person, one fact a line.
    package var lines: [String] {
        var lines = faults.map(\.text) + StreamText.lines(measured)
        lines.append("connections: \(connections)")
        if let longest = measured.arrival?.longestGap, let undisturbed = undisturbedGapMilliseconds {
            let excess = max(0, longest.milliseconds - undisturbed)
            lines.append(
                "longest gap undisturbed: \(Int(undisturbed.rounded())) ms; with faults \(Int(excess.rounded())) ms more"
            )
        }
        lines += verdicts.map(\.text)
        if let failure { lines.append(failure) }
        for record in faults where !passed {
            guard let stderr = record.death?.details["stderr"], !stderr.isEmpty else { continue }
            lines.append("\(record.fault): its last words:")
            lines += stderr.split(separator: "\n").suffix(12).map { "    \($0)" }
        }
        if let seed { lines.append("seed \(seed): the same faults again with --random --seed \(seed)") }
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
    var undisturbedGapMilliseconds: Double?
    var failure: String?

    init(_ report: DrillReport) {
        passed = report.passed
        seed = report.seed
        faults = report.faults
        expectations = report.verdicts.map(VerdictLine.init)
        measured = report.measured
        connections = report.connections
        undisturbedGapMilliseconds = report.undisturbedGapMilliseconds
        failure = report.failure
    }
}
