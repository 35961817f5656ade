import BulkheadDrill
import BulkheadProbe

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
    /// Nil for a drill without a recording; what is missing as the first and the last frame of each stretch.
    var recording: DrillReport.Recording?
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
        recording = report.recording
        failure = report.failure
    }
}
