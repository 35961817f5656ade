/// What can happen to one kind of part. Each subject names its cases a second time as words, so that the compiler holds
/// cases, codes, decoding and documentation together.
package protocol HappeningSubject: Hashable, Sendable {
    /// One word for each case; the raw values are stable.
    associatedtype Word: RawRepresentable<String>, CaseIterable, Hashable, Sendable

    var facts: Facts<Word> { get }
    /// The inverse of ``facts``.
    init(_ word: Word, _ values: Values) throws(HappeningError)
    static func meaning(of word: Word) -> Meaning
}

/// What one case says: its word, its level, and its payload as values.
package struct Facts<Word: Sendable>: Sendable {
    package let word: Word
    package let level: Happening.Level
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

    package init(_ code: String, _ text: String) {
        self.code = code
        self.text = text
    }

    init(_ values: Values) throws(HappeningError) {
        self.init(try values.required(.reason), try values.required(.text))
    }
}
