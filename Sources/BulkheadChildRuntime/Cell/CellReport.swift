/// What a cell came to: which of its walls the kernel has granted.
package struct CellReport: Hashable, Sendable {
    /// One wall of a cell, and whether it stands.
    package struct Measure: Hashable, Sendable {
        /// Whether the kernel has granted a measure.
        package enum State: String, Hashable, Sendable {
            case granted
            /// In part, which the text says; or in another way.
            case weaker
            case missing
        }

        /// Whether the measure is in force.
        package let state: State
        /// The measure's name for people, such as "system calls".
        package let subject: String
        /// One lowercase phrase.
        package let text: String
    }

    /// The measures in the order in which they were taken.
    package private(set) var measures: [Measure] = []

    /// Every measure was granted.
    package var isWhole: Bool { measures.allSatisfy { $0.state == .granted } }

    package init() {}

    package mutating func note(_ state: Measure.State, _ subject: String, _ text: String) {
        measures.append(Measure(state: state, subject: subject, text: text))
    }

    /// The walls that a second step has raised stand beside those of the first, or in their place.
    package mutating func add(_ later: CellReport) {
        measures.removeAll { old in later.measures.contains { $0.subject == old.subject } }
        measures += later.measures
    }

    /// One sentence for the event log: what is missing, or that nothing is.
    package var summary: String {
        let short = measures.filter { $0.state != .granted }
        guard !short.isEmpty else { return "the sandbox is whole" }
        return "the sandbox is not whole: " + short.map { "\($0.subject): \($0.text)" }.joined(separator: "; ")
    }

    /// One line for each measure, its three parts with tabs between them: what `bulkhead doctor` reads.
    package var lines: [String] { measures.map { "\($0.state.rawValue)\t\($0.subject)\t\($0.text)" } }
}
