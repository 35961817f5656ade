package import BulkheadModel

/// What can be measured of a stream, and expected.
package enum Measure: String, Hashable, Sendable, CaseIterable {
    case lost, repeated, disorder, unnumbered, frames, backwards, jumps, gap, connections
    case offset = "av-offset"
    case missing
    case inputLost = "input-lost"
    case inputRepeated = "input-repeated"
    case commentsLost = "comments-lost"
    case commentsTwice = "comments-twice"

    /// Given in time; else a count.
    package var isTime: Bool { self == .gap || self == .offset }

    /// What was measured, in milliseconds or as a count; nil where it could not be.
    package func value(in report: StreamReport, connections: Int?) -> Double? {
        switch self {
        case .lost: report.countableNumbers.map { Double($0.lost) }
        case .repeated: report.countableNumbers.map { Double($0.repeated) }
        case .disorder: report.countableNumbers.map { Double($0.disordered) }
        case .unnumbered: report.numbers.map { Double($0.unnumbered) }
        case .frames: Double(report.video?.accessUnits ?? 0)
        case .backwards:
            report.video.map { _ in
                Double(
                    report.videoTimestamps.backwards + report.videoTimestamps.repeated
                        + report.audioTimestamps.backwards + report.audioTimestamps.repeated)
            }
        case .jumps: report.video.map { _ in Double(report.videoTimestamps.jumps + report.audioTimestamps.jumps) }
        case .gap: report.arrival?.longestGap.milliseconds
        case .connections: connections.map(Double.init)
        case .offset: report.sync.map { abs($0.worstOffsetMilliseconds) }
        case .missing: report.missing.map(Double.init)
        case .inputLost: report.countableInputs.map { $0.reduce(0) { $0 + Double($1.lost + $1.disordered) } }
        case .commentsLost: report.comments.map { Double($0.lost) }
        case .commentsTwice: report.comments.map { Double($0.twice) }
        case .inputRepeated: report.countableInputs.map { $0.reduce(0) { $0 + Double($1.repeated) } }
        }
    }
}

/// One thing that must hold for a stream: `lost=0`, `gap<200ms`, `av-offset<=40ms`.
package struct Expectation: Hashable, Sendable, CustomStringConvertible {
    /// How a measured value must lie to the limit.
    package enum Relation: String, Hashable, Sendable, CaseIterable {
        case atMost = "<="
        case atLeast = ">="
        case less = "<"
        case more = ">"
        case equal = "="

        /// Whether `value` is on the right side of `limit`.
        package func holds(_ value: Double, _ limit: Double) -> Bool {
            switch self {
            case .atMost: value <= limit
            case .atLeast: value >= limit
            case .less: value < limit
            case .more: value > limit
            case .equal: value == limit
            }
        }
    }

    /// What is measured.
    package let measure: Measure
    /// How the value must lie to the limit.
    package let relation: Relation
    /// In milliseconds or as a count.
    package let limit: Double

    /// An expectation as it is made of a word such as `gap<200ms`.
    package init(_ measure: Measure, _ relation: Relation, _ limit: Double) {
        self.measure = measure
        self.relation = relation
        self.limit = limit
    }

    /// Reads expectations with commas between them.
    /// - Throws: kind `usage`, saying what is accepted.
    package static func list(_ text: String) throws(BroadcastError) -> [Expectation] {
        var list: [Expectation] = []
        for word in text.split(separator: ",", omittingEmptySubsequences: false) { list.append(try one(word)) }
        return list
    }

    private static func one(_ word: Substring) throws(BroadcastError) -> Expectation {
        let measures = Measure.allCases.map(\.rawValue).joined(separator: ", ")
        // The longer relations come first: "<" begins "<=" too.
        guard let (relation, place) = find(word) else {
            throw BroadcastError(
                .usage, "--expect \(word) has no relation",
                advice: "write one of \(measures), then =, <, <=, > or >=, then a value")
        }
        let name = String(word[..<place.lowerBound])
        guard let measure = Measure(rawValue: name) else {
            throw BroadcastError(.usage, "--expect can't measure \"\(name)\"", advice: "it knows \(measures)")
        }
        let value = String(word[place.upperBound...])
        if measure.isTime {
            guard let span = TimeSpan(value) else {
                throw BroadcastError(
                    .usage, "\"\(value)\" is no time for \(name)", advice: "write it like \(name)<200ms")
            }
            return Expectation(measure, relation, span.seconds * 1000)
        }
        guard let count = UInt32(value) else {
            throw BroadcastError(.usage, "\"\(value)\" is no count for \(name)", advice: "write it like \(name)=0")
        }
        return Expectation(measure, relation, Double(count))
    }

    private static func find(_ word: Substring) -> (Relation, Range<Substring.Index>)? {
        for relation in Relation.allCases {
            if let place = word.firstRange(of: relation.rawValue) { return (relation, place) }
        }
        return nil
    }

    package var description: String { "\(measure.rawValue)\(relation.rawValue)\(text(limit))" }

    /// A value of this measure for a person.
    package func text(_ value: Double) -> String {
        let number = value == value.rounded() ? "\(Int(value))" : DecimalText.text(value, places: 1)
        return measure.isTime ? "\(number)ms" : number
    }
}

/// An expectation and what came of it.
package struct Verdict: Hashable, Sendable {
    /// What was expected.
    package let expectation: Expectation
    /// Nil where it could not be measured, which fails the expectation.
    package let value: Double?
    /// Where it happened, in words; empty where there is nothing to say.
    package let detail: String

    /// Judges a report; `connections` counts the broadcast's, where a drill knows it.
    package init(_ expectation: Expectation, in report: StreamReport, connections: Int? = nil) {
        self.expectation = expectation
        value = Self.value(expectation, report, connections)
        detail = Self.detail(expectation.measure, report)
    }

    /// What was measured; nil where the pictures without a number decide whether the expectation holds.
    private static func value(_ expectation: Expectation, _ report: StreamReport, _ connections: Int?) -> Double? {
        let value = expectation.measure.value(in: report, connections: connections)
        guard let value, expectation.measure == .lost, let unmeasured = report.numbers?.unmeasured else { return value }
        let holds = expectation.relation.holds(value, expectation.limit)
        return holds == expectation.relation.holds(value + Double(unmeasured), expectation.limit) ? value : nil
    }

    /// The expectation holds; a value that could not be measured does not.
    package var holds: Bool { value.map { expectation.relation.holds($0, expectation.limit) } ?? false }

    /// One line for a person.
    package var text: String {
        guard let value else { return "\(expectation): not measured\(detail.isEmpty ? "" : " (\(detail))")" }
        let place = holds || detail.isEmpty ? "" : " (\(detail))"
        return "\(expectation): \(holds ? "ok" : "FAILED"), \(expectation.text(value))\(place)"
    }

    private static func detail(_ measure: Measure, _ report: StreamReport) -> String {
        switch measure {
        case .lost, .repeated, .disorder:
            if let numbers = report.numbers, report.countableNumbers == nil {
                return "\(numbers.unnumbered) of \(numbers.numbered + numbers.unnumbered) pictures have no number "
                    + "that can be read: something covers it"
            }
            if measure == .lost, let numbers = report.numbers, numbers.unmeasured > 0 {
                return "\(numbers.lost) and up to \(numbers.unmeasured) more, behind pictures without a number"
            }
            guard measure == .lost, let ranges = report.numbers?.lostRanges, !ranges.isEmpty else { return "" }
            return "frames \(ranges.prefix(20).joined(separator: ", "))\(ranges.count > 20 ? ", …" : "")"
        case .gap:
            guard let gap = report.arrival?.longestGap else { return "" }
            let frame = gap.frame.map { "frame \($0)" } ?? "access unit \(gap.unit)"
            return "before \(frame), at \(DecimalText.text(gap.endSeconds, places: 2)) s"
        case .inputLost:
            let parts = (report.inputs ?? []).enumerated().filter { $0.element.lost > 0 }.map { index, input in
                "input \(index + 1): \(input.lostRanges.prefix(10).joined(separator: ", "))"
            }
            return parts.joined(separator: "; ")
        case .commentsLost:
            guard let ranges = report.comments?.lostRanges, !ranges.isEmpty else { return "" }
            return "lines \(ranges.prefix(20).joined(separator: ", "))\(ranges.count > 20 ? ", …" : "")"
        case .offset: return report.sync.map { "\(Int($0.worstOffsetMilliseconds.rounded())) ms at worst" } ?? ""
        default: return ""
        }
    }
}
