/// A parameter of a plugin, as its library describes it.
package struct PluginParameter: Hashable, Codable, Sendable {
    /// What a value is, and how it is written.
    package enum Kind: String, Hashable, Codable, Sendable, CaseIterable {
        /// A whole number.
        case integer
        case number
        /// "true" or "false".
        case boolean
        /// One of ``PluginParameter/choices``.
        case choice
        /// "#RRGGBB" in sRGB.
        case color
        case text
        /// An absolute path that the plugin may read.
        case file
        /// A place in the picture, "x/y", each from 0 to 1.
        case position
    }

    /// A value, checked against the parameter.
    package enum Value: Hashable, Sendable {
        /// Also a boolean as 0 or 1, a choice as its index and a color as 0xRRGGBB.
        case integer(Int64)
        case number(Double)
        case text(String)
        case position(x: Double, y: Double)
    }

    /// Lowercase letters, digits and hyphens.
    package var name: String
    /// The name as the library has it.
    package var printedName: String
    /// What kind of value it takes.
    package var kind: Kind
    /// One sentence, or empty.
    package var summary: String
    /// "px", "ms", "dB", …, or empty.
    package var unit: String
    /// As a user would write it.
    package var defaultText: String
    /// For integers and numbers; nil without a limit.
    package var minimum: Double?
    /// The largest value; nil for no bound.
    package var maximum: Double?
    /// The words that it takes, where it takes a choice.
    package var choices: [String]

    /// A parameter; what is not given is empty.
    package init(
        name: String, printedName: String? = nil, kind: Kind, summary: String = "", unit: String = "",
        defaultText: String, minimum: Double? = nil, maximum: Double? = nil, choices: [String] = []
    ) {
        self.name = name
        self.printedName = printedName ?? name
        self.kind = kind
        self.summary = summary
        self.unit = unit
        self.defaultText = defaultText
        self.minimum = minimum
        self.maximum = maximum
        self.choices = choices
    }

    /// The most parameters and choices that are looked at.
    package static let maximumCount = 1024

    /// Lowercase, with one hyphen for whatever is neither letter nor digit: the form in which names are compared.
    package static func normalized(_ name: String) -> String {
        var result = ""
        for character in name.unicodeScalars {
            if character.properties.isAlphabetic || ("0"..."9").contains(character) {
                result += character.properties.lowercaseMapping
            } else if !result.isEmpty, !result.hasSuffix("-") {
                result += "-"
            }
        }
        while result.hasSuffix("-") { result.removeLast() }
        return result
    }

    /// Whether a user who writes `text` means this parameter: its name, or the name as the library prints it.
    package func isCalled(_ text: String) -> Bool {
        name == text || printedName == text || name == Self.normalized(text)
            || Self.normalized(printedName) == Self.normalized(text)
    }

    /// Reads a value as a user writes it.
    /// - Throws: a refusal that names what is accepted.
    package func value(_ text: String) throws(Refusal) -> Value {
        switch kind {
        case .text: return .text(text)
        case .file:
            guard text.isEmpty || text.hasPrefix("/") else { throw refusal(text, "the absolute path of a file") }
            return .text(text)
        case .boolean:
            switch text {
            case "true", "yes", "on", "1": return .integer(1)
            case "false", "no", "off", "0": return .integer(0)
            default: throw refusal(text, "true or false")
            }
        case .integer:
            guard let value = Int64(text), isWithin(Double(value)) else {
                throw refusal(text, "a whole number\(limits)")
            }
            return .integer(value)
        case .number:
            guard let value = Double(text), value.isFinite, isWithin(value) else {
                throw refusal(text, "a number\(limits)")
            }
            return .number(value)
        case .color:
            let digits = text.hasPrefix("#") ? text.dropFirst() : text[...]
            guard digits.utf8.count == 6, digits.allSatisfy(\.isHexDigit), let value = Int64(digits, radix: 16) else {
                throw refusal(text, "a color such as #FF8000")
            }
            return .integer(value)
        case .choice:
            guard let index = choices.firstIndex(of: text) else {
                throw refusal(text, "one of \(choices.joined(separator: ", "))")
            }
            return .integer(Int64(index))
        case .position:
            let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Double($0) }
            guard parts.count == 2, let x = parts[0], let y = parts[1], x.isFinite, y.isFinite else {
                throw refusal(text, "a place such as 0.5/0.25, from the left and from the top")
            }
            return .position(x: x, y: y)
        }
    }

    /// The range for a person: " from 0 to 1 dB", or empty.
    package var limits: String {
        let unit = unit.isEmpty ? "" : " \(unit)"
        switch (minimum, maximum) {
        case (let minimum?, let maximum?): return " from \(Self.shown(minimum)) to \(Self.shown(maximum))\(unit)"
        case (let minimum?, nil): return " from \(Self.shown(minimum))\(unit) on"
        case (nil, let maximum?): return " up to \(Self.shown(maximum))\(unit)"
        case (nil, nil): return ""
        }
    }

    /// A number as a user would write it.
    package static func shown(_ number: Double) -> String { Int64(exactly: number).map { "\($0)" } ?? "\(number)" }

    private func isWithin(_ value: Double) -> Bool {
        if let minimum, value < minimum { return false }
        if let maximum, value > maximum { return false }
        return true
    }

    private func refusal(_ text: String, _ accepted: String) -> Refusal {
        Refusal(.settings, "parameter \(name) can't be \(text.isEmpty ? "empty" : text): it is \(accepted)")
    }
}

extension [PluginParameter] {
    /// The place of the parameter that a user calls `name`; its own name goes before the one that the library prints.
    package func index(called name: String) -> Int? {
        firstIndex { $0.name == name } ?? firstIndex { $0.isCalled(name) }
    }

    /// The values that a plugin is made with: those given by name, else the defaults, in the parameters' order.
    /// - Throws: a refusal that names the parameters that there are, or what the one at fault accepts.
    package func values(given: [String: String]) throws(Refusal) -> [PluginParameter.Value] {
        var texts = map(\.defaultText)
        var named: [Int: String] = [:]
        for (name, text) in given.sorted(by: { $0.key < $1.key }) {
            guard let index = index(called: name) else { throw unknown(name) }
            if let other = named.updateValue(name, forKey: index) {
                throw Refusal(.settings, "parameter \(self[index].name) is given twice, as \(other) and as \(name)")
            }
            texts[index] = text
        }
        var values: [PluginParameter.Value] = []
        for (parameter, text) in zip(self, texts) { values.append(try parameter.value(text)) }
        return values
    }

    /// The refusal of a parameter that is not among these.
    package func unknown(_ name: String) -> Refusal {
        let known = isEmpty ? "are none" : "are \(map(\.name).joined(separator: ", "))"
        return Refusal(.settings, "parameter \(name) isn't known: there \(known)")
    }
}
