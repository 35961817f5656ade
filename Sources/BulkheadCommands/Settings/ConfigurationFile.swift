import BulkheadDanmaku
import BulkheadMaster
package import BulkheadModel
import Glibc
import SystemPackage
import Yams

/// A configuration file: YAML with one key for each flag of `bulkhead broadcast`.
package enum ConfigurationFile {
    /// Files beyond this size are no configuration.
    private static let maximumByteCount = 1 << 20

    /// What the file is called before people, where they have edited another one than what is read: a service manager may hand
    /// over a copy.
    private static let nameVariable = "BULKHEAD_CONFIG_NAME"

    /// What people are to be told that the file at `path` is called.
    package static func shownName(of path: String) -> String {
        guard let name = getenv(nameVariable).map({ String(cString: $0) }), !name.isEmpty else { return path }
        return name
    }

    /// Reads the file at `path`. Paths in it stay as they are written: they count from the working directory, as on the
    /// command line.
    /// - Parameter name: what stands for it in what is thrown.
    /// - Throws: kind `usage`: no such file, no YAML, an unknown key or a value of the wrong kind.
    package static func words(at path: String, named name: String? = nil) throws(BroadcastError) -> BroadcastWords {
        let text: String
        do throws(Errno) { text = try SmallFile.text(at: path, limit: maximumByteCount) } catch {
            throw BroadcastError(
                .usage, "the configuration file \(path) can't be read: \(error.phrase)", advice: "check --config")
        }
        return try words(in: text, named: name ?? path)
    }

    /// Reads YAML text; `name` stands for it in what is thrown.
    package static func words(in text: String, named name: String) throws(BroadcastError) -> BroadcastWords {
        let node: Node?
        do {
            node = try Yams.compose(yaml: text)
        } catch {
            throw BroadcastError(.usage, "\(name) is no YAML: \(phrase(error))", advice: "mend it there")
        }
        guard let node, node.null == nil else { return BroadcastWords() }
        guard case .mapping(let mapping) = node else {
            throw BroadcastError(
                .usage, "\(name) holds no keys", advice: "write one key a line, such as \"size: 1280x720\"")
        }
        var words = BroadcastWords()
        for (keyNode, value) in mapping {
            let line = keyNode.mark.map { ", line \($0.line)" } ?? ""
            let place = "\(name)\(line)"
            guard let keyName = keyNode.string else {
                throw BroadcastError(.usage, "\(place): a key is no plain word", advice: "mend it there")
            }
            if keyName == PluginEntries.key {
                guard words[.plugin].isEmpty else {
                    throw BroadcastError(
                        .usage, "\(place): plugins stand under \"plugin\" already", advice: "keep one of them")
                }
                words.set(.plugin, try PluginEntries.words(value, at: place), at: place)
                continue
            }
            if keyName == "links" {
                words.links = try LinkWords.read(value, named: name)
                continue
            }
            if keyName == "scenes" {
                (words.scenes, words.scenePlaces) = try SceneWords.read(value, named: name)
                continue
            }
            if keyName == TimetableWords.key {
                words.timetable = try TimetableWords.entries(value, named: name)
                continue
            }
            if keyName == TimetableWords.zoneKey {
                words.timezone = try TimetableWords.zone(value, named: name)
                continue
            }
            if keyName == RoomWords.key {
                let room = try RoomWords.settings(value, at: place)
                words.room = room.fields.isEmpty ? nil : room
                words.set(.room, [room.name], at: place)
                continue
            }
            if keyName == InputEntry.key {
                words.inputs = try InputEntry.read(value, named: name)
                try checkInputs(words, at: place)
                continue
            }
            guard let key = BroadcastKey(rawValue: keyName) else { throw unknown(keyName, at: place) }
            guard words[key].isEmpty else {
                throw BroadcastError(.usage, "\(place): \"\(key.rawValue)\" is set twice", advice: "keep one of them")
            }
            words.set(key, try texts(of: value, for: key, at: place), at: place)
            if key == .input { try checkInputs(words, at: place) }
        }
        return words
    }

    private static func checkInputs(_ words: BroadcastWords, at place: String) throws(BroadcastError) {
        guard words.inputs.isEmpty || words[.input].isEmpty else {
            throw BroadcastError(
                .usage, "\(place): inputs stand under \"input\" and under \"inputs\"", advice: "keep one of them")
        }
    }

    private static func texts(
        of node: Node, for key: BroadcastKey, at place: String
    ) throws(BroadcastError) -> [String] {
        switch node {
        case .scalar(let scalar):
            if node.null != nil, !isQuoted(scalar) { return [] }
            if key.isSwitch {
                guard let isOn = node.bool else {
                    throw BroadcastError(
                        .usage, "\(place): \"\(key.rawValue)\" is either true or false", advice: "mend it there")
                }
                return [isOn ? "true" : "false"]
            }
            return [scalar.string]
        case .sequence(let sequence) where key.isList:
            var texts: [String] = []
            for item in sequence {
                guard case .scalar(let scalar) = item else {
                    throw BroadcastError(
                        .usage, "\(place): the list \"\(key.rawValue)\" holds more than plain values",
                        advice: "write one value a line")
                }
                texts.append(scalar.string)
            }
            return texts
        case .sequence:
            throw BroadcastError(
                .usage, "\(place): \"\(key.rawValue)\" takes one value, this is a list", advice: "keep one of them")
        case .mapping, .alias:
            throw BroadcastError(
                .usage, "\(place): \"\(key.rawValue)\" takes \(key.isList ? "a value or a list" : "a value")",
                advice: "mend it there")
        }
    }

    private static func isQuoted(_ scalar: Node.Scalar) -> Bool {
        scalar.style == .singleQuoted || scalar.style == .doubleQuoted
    }

    private static func unknown(_ name: String, at place: String) -> BroadcastError {
        let general = "the keys are the flags of `bulkhead broadcast --help`, without dashes"
        // Comparing takes the product of both lengths, and what is longer than this resembles none.
        guard name.utf8.count <= 64 else {
            return BroadcastError(
                .usage, "\(place): there is no key that begins with \"\(name.prefix(40))\"", advice: general)
        }
        let names =
            BroadcastKey.allCases.map(\.rawValue) + [
                "links", "scenes", InputEntry.key, TimetableWords.key, TimetableWords.zoneKey,
            ]
        let closest = names.min { name.editDistance(to: $0) < name.editDistance(to: $1) } ?? ""
        let isClose = name.editDistance(to: closest) <= max(2, closest.count / 2)
        return BroadcastError(
            .usage, "\(place): there is no key \"\(name)\"",
            advice: isClose ? "did you mean \"\(closest)\"?" : general)
    }

    private static func phrase(_ error: any Error) -> String {
        guard let error = error as? YamlError else { return "\(error)" }
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return "line \(mark.line): \(problem)"
        case .duplicatedKeysInMapping(let duplicates, _): return "a key is set twice: \(duplicates)"
        default: return "it can't be parsed"
        }
    }
}

extension String {
    /// How many characters must be added, taken away or replaced to make `other` of this.
    package func editDistance(to other: String) -> Int {
        let other = Array(other)
        var row = Array(0...other.count)
        for (index, character) in enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in other.indices {
                let replaced = diagonal + (character == other[column] ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = Swift.min(replaced, row[column] + 1, diagonal + 1)
            }
        }
        return row[other.count]
    }
}
