/// One thing that `bulkhead library doctor` has looked at.
struct LibraryFinding: Encodable, Hashable, Sendable {
    enum State: String, Encodable, Hashable, Sendable {
        case ok
        /// The library works without it, or still does.
        case note
        case wrong
    }

    let state: State
    let subject: String
    /// What was found: one lowercase phrase.
    let text: String
    /// What to do about it; empty where nothing is wrong.
    let advice: String

    init(_ state: State, _ subject: String, _ text: String, advice: String = "") {
        self.state = state
        self.subject = subject
        self.text = text
        self.advice = advice
    }

    /// For a person.
    var line: String {
        let mark =
            switch state {
            case .ok: "ok      "
            case .note: "-       "
            case .wrong: "WRONG   "
            }
        let text = "\(mark)\(subject): \(text)\(advice.isEmpty ? "" : "; \(advice)")"
        return String(
            String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
    }
}
