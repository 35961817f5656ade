/// One line of IRC (RFC 1459, section 2.3.1; IRCv3's message tags), read from foreign bytes and written.
package struct IRCMessage: Hashable, Sendable {
    /// Of repeated keys the last counts; a tag without a value has an empty one.
    package var tags: [String: String]
    /// Whom it is from, as `nick!user@host` or a server's name; empty where the line does not say.
    package var prefix: String
    /// In upper case, or three digits.
    package var command: String
    package var parameters: [String]

    package init(
        _ command: String, _ parameters: [String] = [], tags: [String: String] = [:], prefix: String = ""
    ) {
        self.command = command
        self.parameters = parameters
        self.tags = tags
        self.prefix = prefix
    }

    /// What stands before the `!` of the prefix.
    package var nick: String { String(prefix.prefix { $0 != "!" && $0 != "@" }) }

    /// The parameter with that number, from 0; empty where there is none.
    package func parameter(_ number: Int) -> String { parameters.indices.contains(number) ? parameters[number] : "" }

    // MARK: reading

    /// Reads a line without its end. Nil for one that has no command.
    package init?(line: Substring) {
        var rest = line
        var tags: [String: String] = [:]
        if rest.first == "@" {
            let end = rest.firstIndex(of: " ") ?? rest.endIndex
            tags = Self.tags(rest[..<end].dropFirst())
            rest = rest[end...].drop { $0 == " " }
        }
        var prefix = ""
        if rest.first == ":" {
            let end = rest.firstIndex(of: " ") ?? rest.endIndex
            prefix = String(rest[..<end].dropFirst())
            rest = rest[end...].drop { $0 == " " }
        }
        let command = rest.prefix { $0 != " " }
        guard !command.isEmpty, command.utf8.allSatisfy({ Self.isCommandByte($0) }) else { return nil }
        rest = rest.dropFirst(command.count).drop { $0 == " " }
        var parameters: [String] = []
        while !rest.isEmpty {
            // The last one may hold spaces, and may carry a colon although it is one word.
            if rest.first == ":" {
                parameters.append(String(rest.dropFirst()))
                break
            }
            let word = rest.prefix { $0 != " " }
            parameters.append(String(word))
            rest = rest.dropFirst(word.count).drop { $0 == " " }
        }
        self.init(command.uppercased(), parameters, tags: tags, prefix: prefix)
    }

    private static func isCommandByte(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }

    private static func tags(_ text: Substring) -> [String: String] {
        var tags: [String: String] = [:]
        for tag in text.split(separator: ";") {
            let parts = tag.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let key = parts.first, !key.isEmpty else { continue }
            tags[String(key)] = parts.count > 1 ? unescaped(parts[1]) : ""
        }
        return tags
    }

    /// An unknown escape loses its backslash, and a lone one at the end vanishes.
    private static func unescaped(_ value: Substring) -> String {
        guard value.contains("\\") else { return String(value) }
        var text = ""
        var isEscaped = false
        for character in value {
            guard isEscaped else {
                if character == "\\" { isEscaped = true } else { text.append(character) }
                continue
            }
            isEscaped = false
            switch character {
            case ":": text.append(";")
            case "s": text.append(" ")
            case "r": text.append("\r")
            case "n": text.append("\n")
            default: text.append(character)
            }
        }
        return text
    }

    // MARK: writing

    /// The line with its end. What would end it early or begin another one is left out: a comment can't give orders.
    package var line: String {
        var line = ""
        if !tags.isEmpty {
            let pairs = tags.sorted { $0.key < $1.key }.map { key, value in
                value.isEmpty ? Self.oneLine(key) : "\(Self.oneLine(key))=\(Self.escaped(value))"
            }
            line += "@\(pairs.joined(separator: ";")) "
        }
        if !prefix.isEmpty { line += ":\(Self.word(prefix)) " }
        line += Self.word(command)
        for (index, parameter) in parameters.enumerated() {
            let isLast = index == parameters.count - 1
            line += isLast ? " :\(Self.oneLine(parameter))" : " \(Self.word(parameter))"
        }
        return line + "\r\n"
    }

    private static func oneLine(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.filter { !["\r", "\n", "\0"].contains($0) }))
    }

    /// Something must stand in the place of a middle parameter, and must not look like the last one.
    private static func word(_ text: String) -> String {
        let word = oneLine(text).filter { $0 != " " }.drop { $0 == ":" }
        return word.isEmpty ? "*" : String(word)
    }

    private static func escaped(_ value: String) -> String {
        var text = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case ";": text += "\\:"
            case " ": text += "\\s"
            case "\\": text += "\\\\"
            case "\r": text += "\\r"
            case "\n": text += "\\n"
            case "\0": break
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
