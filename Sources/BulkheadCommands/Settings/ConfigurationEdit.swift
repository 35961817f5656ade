package import BulkheadModel
import Yams

/// Changes plain values in the text of a configuration file, and leaves all else as it is: comments, order, blank lines.
package enum ConfigurationEdit {
    /// The text with each of `values` in the place of its key's former value, or behind all others.
    ///
    /// What is changed is read again and compared: where the file would then say anything else than it did with the new
    /// values, nothing is changed.
    /// - Parameters:
    ///   - values: by the names of settings, as words.
    ///   - name: stands for the file in what is thrown.
    /// - Throws: kind `usage`, where the text is no configuration, or a value stands in a form that is not to be touched.
    package static func text(
        _ text: String, setting values: [String: String], named name: String
    ) throws(BroadcastError) -> String {
        let before = try ConfigurationFile.words(in: text, named: name)
        var expected = before
        // By bytes: to Swift, the two of another system's line end are one character.
        var lines = text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
        let hasReturns = lines.contains { $0.hasSuffix("\r") }
        for (key, value) in values.sorted(by: { $0.key < $1.key }) {
            guard let broadcastKey = BroadcastKey(rawValue: key) else { throw SettingsChange.unchangeable(key) }
            if before[broadcastKey] == [value] { continue }
            expected[broadcastKey] = [value]
            let scalar = Self.scalar(value, isSwitch: broadcastKey.isSwitch)
            guard let place = try place(of: key, in: lines.joined(separator: "\n"), named: name) else {
                append("\(key): \(scalar)" + (hasReturns ? "\r" : ""), to: &lines)
                continue
            }
            guard lines.indices.contains(place.line),
                let line = replaced(lines[place.line], from: place.column, by: scalar)
            else { throw untouchable(key, name, place.line + 1) }
            lines[place.line] = line
        }
        let changed = lines.joined(separator: "\n")
        let after = try? ConfigurationFile.words(in: changed, named: name)
        guard after == expected else {
            let line = values.keys.sorted().compactMap { BroadcastKey(rawValue: $0).flatMap(before.place) }.first
            throw BroadcastError(
                .usage, "\(line ?? name) is written in a form that is not changed from here",
                advice:
                    "write \(values.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", ")) there"
            )
        }
        return changed
    }

    /// Where the value of a key begins, from 0; nil where the file does not set it.
    private static func place(
        of key: String, in text: String, named name: String
    ) throws(BroadcastError) -> (line: Int, column: Int)? {
        guard let node = try? Yams.compose(yaml: text), case .mapping(let mapping) = node else { return nil }
        guard let (_, value) = mapping.first(where: { $0.key.string == key }) else { return nil }
        guard case .scalar(let scalar) = value, let mark = scalar.mark,
            [.any, .plain, .singleQuoted, .doubleQuoted].contains(scalar.style), mapping.style != .flow
        else { throw untouchable(key, name, value.mark?.line) }
        return (mark.line - 1, mark.column - 1)
    }

    private static func untouchable(_ key: String, _ name: String, _ line: Int?) -> BroadcastError {
        BroadcastError(
            .usage,
            "\(name)\(line.map { ", line \($0)" } ?? ""): \"\(key)\" is written in a form that is not changed from here",
            advice: "change it there, and then `bulkhead reload`")
    }

    /// `line` with another value from `column` on, which Yams counts in Unicode scalars; nil where the value is not all in it.
    private static func replaced(_ line: String, from column: Int, by scalar: String) -> String? {
        let scalars = Array(line.unicodeScalars)
        guard column >= 0, column <= scalars.count else { return nil }
        var end = column
        if column < scalars.count, scalars[column] == "'" || scalars[column] == "\"" {
            let quote = scalars[column]
            end += 1
            while end < scalars.count, scalars[end] != quote { end += scalars[end] == "\\" && quote == "\"" ? 2 : 1 }
            guard end < scalars.count else { return nil }
            end += 1
        } else {
            end = scalars.count
            for index in column..<scalars.count
            where scalars[index] == "#" && (index == column || " \t".unicodeScalars.contains(scalars[index - 1])) {
                end = index
                break
            }
            while end > column, " \t\r".unicodeScalars.contains(scalars[end - 1]) { end -= 1 }
        }
        var result = String.UnicodeScalarView()
        result.append(contentsOf: scalars[..<column])
        // An empty value stands right behind its colon.
        if column > 0, scalars[column - 1] == ":" { result.append(" ") }
        result.append(contentsOf: scalar.unicodeScalars)
        if end == column, end < scalars.count, scalars[end] == "#" { result.append(" ") }
        result.append(contentsOf: scalars[end...])
        return String(result)
    }

    private static func append(_ line: String, to lines: inout [String]) {
        // Behind the last line's end is an empty piece; what ends a document stays at the end.
        var index = lines.count
        if lines.last == "" { index -= 1 }
        if index > 0, lines[index - 1].hasPrefix("...") { index -= 1 }
        lines.insert(line, at: index)
        if index == lines.count - 1 { lines.append("") }
    }

    /// A word as YAML has it: quoted where it would be read as something else.
    private static func scalar(_ value: String, isSwitch: Bool) -> String {
        let plain = value.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || ".-+/_".contains($0)) }
        let isWord = plain && value.first.map { $0.isLetter || $0.isNumber } == true
        let special = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"]
        if isWord, isSwitch || !special.contains(value.lowercased()) { return value }
        return "'" + value.replacing("'", with: "''") + "'"
    }
}
