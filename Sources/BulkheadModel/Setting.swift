/// One setting of a broadcast, declared once.
///
/// Its flag, its key in a configuration file, its word for `bulkhead set`, the check of its range, its entry in the JSON
/// schema and its row in the manual all come from the declaration in ``all``. A new setting is a property of
/// ``BroadcastSettings`` and its declaration, nothing more.
package struct Setting: Sendable {
    /// When a new value takes effect.
    package enum Application: String, Sendable, CaseIterable {
        /// At once, with everything as it is.
        case inPlace = "at once"
        /// At a frame, by a takeover to an encoder with the new value.
        case takeover = "by a takeover"
        /// Only when a broadcast starts.
        case atStart = "at the start"
    }

    /// What settings are about, as a list of flags groups them.
    package enum Section: Hashable, Sendable {
        case input, encoding, course
    }

    /// The flag without its dashes, the key in a file, the word for `bulkhead set`.
    package let name: String
    /// What it is about.
    package fileprivate(set) var section = Section.encoding
    /// What stands for the value in a list of flags.
    package let placeholder: String
    /// What it does, as one or two sentences for a person.
    package let help: String
    /// Which values it takes, to end the sentence "it takes …".
    package let takes: String
    /// When a new value takes effect.
    package let applies: Application
    /// It is on or off: a flag without a value, `true` or `false` in a file.
    package let isSwitch: Bool
    /// What JSON Schema says of the value.
    package let schema: SettingSchema
    private let acceptor: @Sendable (String) -> Bool
    private let reader: @Sendable (String, inout BroadcastSettings) -> Bool
    private let checker: @Sendable (BroadcastSettings) -> Bool
    private let writer: @Sendable (BroadcastSettings) -> String?

    /// Declares a setting that always has a value.
    init<Value>(
        _ name: String, _ path: any WritableKeyPath<BroadcastSettings, Value> & Sendable, _ type: SettingType<Value>,
        _ applies: Application, placeholder: String = "", help: String
    ) {
        self.init(
            name, type, applies, placeholder: placeholder, help: help, read: { $1[keyPath: path] = $0 },
            value: { $0[keyPath: path] })
    }

    /// Declares a setting that may be unset.
    init<Value>(
        _ name: String, optional path: any WritableKeyPath<BroadcastSettings, Value?> & Sendable,
        _ type: SettingType<Value>, _ applies: Application, placeholder: String = "", help: String
    ) {
        self.init(
            name, type, applies, placeholder: placeholder, help: help, read: { $1[keyPath: path] = $0 },
            value: { $0[keyPath: path] })
    }

    private init<Value>(
        _ name: String, _ type: SettingType<Value>, _ applies: Application, placeholder: String, help: String,
        read: @escaping @Sendable (Value, inout BroadcastSettings) -> Void,
        value: @escaping @Sendable (BroadcastSettings) -> Value?
    ) {
        self.name = name
        self.placeholder = placeholder
        self.help = help
        self.applies = applies
        takes = type.takes
        isSwitch = type.isSwitch
        schema = type.schema
        acceptor = { type.value($0) != nil }
        reader = { text, settings in
            guard let value = type.value(text) else { return false }
            read(value, &settings)
            return true
        }
        checker = { settings in value(settings).map(type.contains) ?? true }
        writer = { settings in value(settings).map(type.text) }
    }

    /// The declaration with that name; nil where there is none.
    package static func named(_ name: String) -> Setting? { all.first { $0.name == name } }

    /// The setting as one of a section.
    func of(_ section: Section) -> Setting {
        var setting = self
        setting.section = section
        return setting
    }

    /// The settings that can be changed while a broadcast is on air.
    package static let changeable = all.filter { $0.applies != .atStart }

    /// Reads `text`, and writes the value into `settings`.
    /// - Throws: kind `usage`, saying what the setting takes; `settings` is unchanged.
    package func read(_ text: String, into settings: inout BroadcastSettings) throws(BroadcastError) {
        guard reader(text, &settings) else { throw misfit(text) }
    }

    /// Whether `text` is one of its values.
    package func accepts(_ text: String) -> Bool { acceptor(text) }

    /// The failure for `text` that is none of its values.
    func misfit(_ text: String) -> BroadcastError {
        BroadcastError(
            code: .settingValue, ["setting": name], "\(name) \"\(text)\" is out of range or no such value",
            advice: "it takes \(takes)")
    }

    /// Whether the value in `settings` lies in its range: what another process sends is checked.
    package func isInRange(_ settings: BroadcastSettings) -> Bool { checker(settings) }

    /// The value in `settings` as a person would write it; nil where it is unset.
    package func text(_ settings: BroadcastSettings) -> String? { writer(settings) }
}

/// What JSON Schema says of a setting's value in a configuration file.
package enum SettingSchema: Hashable, Sendable {
    case boolean
    case integer(ClosedRange<Int>)
    /// Text with a form of its own, such as a size or a bit rate.
    case text
    case choice([String])
}

/// How the values of a setting are read, written and checked.
struct SettingType<Value>: Sendable {
    let takes: String
    let schema: SettingSchema
    var isSwitch = false
    /// Nil for text that is no value, and for values out of range.
    let value: @Sendable (String) -> Value?
    let text: @Sendable (Value) -> String
    let contains: @Sendable (Value) -> Bool
}

extension SettingType where Value == UInt32 {
    static func bitRate(_ range: ClosedRange<UInt32>, example: String) -> Self {
        let (low, high) = (BitRate(bitsPerSecond: range.lowerBound), BitRate(bitsPerSecond: range.upperBound))
        return Self(
            takes: "\(low) to \(high) bits a second: \(example)", schema: .text,
            value: { BitRate($0).flatMap { range.contains($0.bitsPerSecond) ? $0.bitsPerSecond : nil } },
            text: { "\(BitRate(bitsPerSecond: $0))" }, contains: { range.contains($0) })
    }

    /// A plain number is milliseconds, as broadcasters give a buffer; with a unit it is a span of time.
    static func milliseconds(_ range: ClosedRange<UInt32>, _ takes: String) -> Self {
        Self(
            takes: takes, schema: .text,
            value: { text in
                let number =
                    UInt32(plain: text)
                    ?? (text.contains(where: \.isLetter) ? TimeSpan(text) : nil).map { span in
                        UInt32(min(span.seconds * 1000, Double(UInt32.max)).rounded())
                    }
                return number.flatMap { range.contains($0) ? $0 : nil }
            }, text: { "\($0)" }, contains: { range.contains($0) })
    }
}

extension SettingType where Value == UInt8 {
    static func count(_ range: ClosedRange<UInt8>, _ takes: String) -> Self {
        Self(
            takes: takes, schema: .integer(Int(range.lowerBound)...Int(range.upperBound)),
            value: { UInt8(plain: $0).flatMap { range.contains($0) ? $0 : nil } }, text: { "\($0)" },
            contains: { range.contains($0) })
    }
}

extension SettingType where Value == Double {
    static func seconds(_ range: ClosedRange<Double>, _ takes: String) -> Self {
        Self(
            takes: takes, schema: .text,
            value: { TimeSpan($0).flatMap { range.contains($0.seconds) ? $0.seconds : nil } }, text: { "\($0)" },
            contains: { range.contains($0) })
    }
}

extension SettingType where Value == Bool {
    static var onOrOff: Self {
        Self(
            takes: "true or false", schema: .boolean, isSwitch: true,
            value: { ["true": true, "false": false][$0] }, text: { $0 ? "true" : "false" }, contains: { _ in true })
    }
}

extension SettingType where Value == String {
    /// A plain word that only x264 knows; `none` stands for no word where `none` is allowed.
    static func x264Name(_ takes: String, allowsNone: Bool = false) -> Self {
        @Sendable func isPlain(_ text: String) -> Bool {
            !text.isEmpty && text.utf8.count <= 64
                && text.allSatisfy { $0.isLetter || $0.isNumber || ",-".contains($0) }
        }
        return Self(
            takes: takes, schema: .text,
            value: { allowsNone && $0 == "none" ? "" : isPlain($0) ? $0 : nil },
            text: { $0.isEmpty ? "none" : $0 }, contains: { $0.isEmpty ? allowsNone : isPlain($0) })
    }

    static func oneOf(_ words: [String]) -> Self {
        Self(
            takes: words.listed, schema: .choice(words), value: { words.contains($0) ? $0 : nil }, text: { $0 },
            contains: { words.contains($0) })
    }
}

extension SettingType where Value: RawRepresentable & CaseIterable & Sendable, Value.RawValue == String {
    static func choice() -> Self {
        let words = Value.allCases.map(\.rawValue)
        return Self(
            takes: words.listed, schema: .choice(words), value: { Value(rawValue: $0) }, text: { $0.rawValue },
            contains: { _ in true })
    }
}

extension [String] {
    /// "a", "a or b", "a, b or c".
    fileprivate var listed: String {
        guard let last, count > 1 else { return first ?? "" }
        return dropLast().joined(separator: ", ") + " or " + last
    }
}
