/// One thing that `bulkhead doctor` has looked at.
package struct Finding: Encodable, Hashable, Sendable {
    /// What a check came to.
    package enum State: String, Encodable, Hashable, Sendable {
        case ok
        /// Bulkhead works without it.
        case absent
        /// Without it there is no broadcast.
        case missing
    }

    /// What the check came to.
    package let state: State
    /// What was checked, such as "screen".
    package let subject: String
    /// What was found: one lowercase phrase.
    package let text: String
    /// What to do about it: one lowercase phrase, or empty.
    package let advice: String

    /// A finding; `advice` says what to do, and is empty where nothing is wrong.
    package init(_ state: State, _ subject: String, _ text: String, advice: String = "") {
        self.state = state
        self.subject = subject
        self.text = text
        self.advice = advice
    }

    /// For a person.
    package var line: String {
        let mark =
            switch state {
            case .ok: "ok      "
            case .absent: "-       "
            case .missing: "MISSING "
            }
        return EventLine.clean("\(mark)\(subject): \(text)\(advice.isEmpty ? "" : "; \(advice)")")
    }
}
