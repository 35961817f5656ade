import BulkheadModel

/// What can happen to one kind of part. Each subject names its cases a second time as words, so that the compiler holds
/// cases, codes, decoding and documentation together.
package protocol HappeningSubject: Hashable, Sendable {
    /// One word for each case; the raw values are stable.
    associatedtype Word: RawRepresentable<String>, CaseIterable, Hashable, Sendable

    /// The case's word, its level, and its payload as values.
    var facts: Facts<Word> { get }
    /// The inverse of ``facts``.
    init(_ word: Word, _ values: Values) throws(HappeningError)
    /// What docs/events.md says of `word`.
    static func meaning(of word: Word) -> Meaning
}

/// What one case says: its word, its level, and its payload as values.
package struct Facts<Word: Sendable>: Sendable {
    /// The case's word, the code's part behind the period.
    package let word: Word
    /// How much attention the case asks for.
    package let level: Happening.Level
    /// The payload, by the keys of JSON.
    package let values: Values

    init(_ word: Word, _ level: Happening.Level = .notice, _ values: Values = [:]) {
        self.word = word
        self.level = level
        self.values = values
    }
}

/// What a word promises to readers of events.
package struct Meaning: Hashable, Sendable {
    /// More than one where the level depends on the values.
    package let levels: [Happening.Level]
    /// The keys of the values; those of optional payloads may be missing.
    package let keys: [Key]
    /// When it is posted, in one line.
    package let text: String

    init(_ levels: [Happening.Level], _ keys: [Key], _ text: String) {
        self.levels = levels
        self.keys = keys
        self.text = text
    }
}

/// A row of docs/events.md.
package struct CodeDescription: Hashable, Sendable {
    /// Such as `link.restored`, or `*.died` for all children.
    package let code: String
    /// What the code promises to readers.
    package let meaning: Meaning
}

extension HappeningSubject {
    var name: String { facts.word.rawValue }
    var level: Happening.Level { facts.level }
    var values: Values { facts.values }

    /// Nil when this subject has no such word.
    init?(name: String, _ values: Values) throws(HappeningError) {
        guard let word = Word(rawValue: name) else { return nil }
        try self.init(word, values)
    }

    static func descriptions(prefix: String) -> [CodeDescription] {
        Word.allCases.map { CodeDescription(code: "\(prefix).\($0.rawValue)", meaning: meaning(of: $0)) }
    }

    static func descriptions(_ role: Part.Role) -> [CodeDescription] { descriptions(prefix: role.rawValue) }
}

/// Why a part refused, failed or gave up: a stable word for programs, and the words of the part or of the system.
package struct Reason: Hashable, Sendable {
    /// Such as `not-found` or `timeout`; the code of a `Refusal`, a `PublishError` or a `BroadcastError`.
    package let code: String
    /// One lowercase phrase, without advice.
    package let text: String

    /// A reason with its stable word and the words of the part itself.
    package init(_ code: String, _ text: String) {
        self.code = code
        self.text = text
    }

    init(_ values: Values) throws(HappeningError) {
        self.init(try values.required(.reason), try values.required(.text))
    }
}
