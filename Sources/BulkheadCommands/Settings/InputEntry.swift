import BulkheadMaster
import BulkheadModel
import Yams

/// One input of a configuration file's `inputs`: a list of words as on the command line, or of keys with values.
///
///     inputs:
///       - v4l2:/dev/video0,name=camera
///       - name: guest
///         input: guest.mkv
///         audio: fra
///         gain: -6
///       - name: music
///         input: playlist:/srv/music
///         loop: true
///         duck: {under: camera, depth: 12}
///
/// or a map of names to such entries:
///
///     inputs:
///       camera: v4l2:/dev/video0
///       guest: {input: guest.mkv, delay: 80ms}
package struct InputEntry: Hashable, Sendable {
    /// What may stand behind an input on the command line, as a key.
    struct Option: Hashable, Sendable {
        let key: String
        let value: String
        /// Where it stands, for errors.
        let place: String
    }

    static let key = "inputs"

    /// An address, or a word with options as on the command line.
    var input = ""
    /// Options stand behind the address.
    var isWord = false
    var options: [Option] = []
    var format: String?
    var loops: Bool?
    /// What the mix does with its sound; nil for sound as it is.
    var strip: StripSettings?
    /// What stands in for it, and when.
    var backup = BackupWords()
    /// Where it stands, for errors; nil on the command line.
    var place: String?

    /// Reads the list or the map `inputs`.
    /// - Throws: kind `usage`, naming the file and the line.
    static func read(_ node: Node, named file: String) throws(BroadcastError) -> [InputEntry] {
        if node.null != nil { return [] }
        var entries: [InputEntry] = []
        switch node {
        case .sequence(let sequence): for item in sequence { entries.append(try entry(item, nil, file)) }
        case .mapping(let mapping):
            for (name, item) in mapping {
                guard let word = name.string else { throw at(name, file, "a name is no plain word", "mend it there") }
                let place = place(of: name, file)
                entries.append(try entry(item, Option(key: "name", value: word, place: place), file))
            }
        default: throw at(node, file, "\"inputs\" is a list of inputs, or a map of names to inputs", example)
        }
        return entries
    }

    private static func entry(_ node: Node, _ name: Option?, _ file: String) throws(BroadcastError) -> InputEntry {
        var entry = InputEntry()
        entry.place = name?.place ?? place(of: node, file)
        switch node {
        case .scalar(let scalar): (entry.input, entry.isWord) = (scalar.string, true)
        case .mapping(let mapping):
            for (keyNode, value) in mapping {
                guard let key = keyNode.string else {
                    throw at(keyNode, file, "a key is no plain word", "mend it there")
                }
                guard name == nil || key != "name" else {
                    throw at(keyNode, file, "the input has a name already", "leave \"name\" away")
                }
                try entry.take(key, value, file)
            }
        default: throw at(node, file, "this is no input", example)
        }
        if let name { entry.options.append(name) }
        guard !entry.input.isEmpty else {
            throw BroadcastError(
                .usage, "\(entry.place ?? file): the input has no address", advice: "add \"input:\" to it")
        }
        return entry
    }

    private mutating func take(_ key: String, _ value: Node, _ file: String) throws(BroadcastError) {
        switch key {
        case "input": input = try Self.text(value, key, file)
        case "format": format = try Self.text(value, key, file)
        case "loop":
            guard let isOn = value.bool else {
                throw Self.at(value, file, "\"loop\" is either true or false", "mend it there")
            }
            loops = isOn
        case _ where AudioWords.stripKeys.contains(key):
            var strip = strip ?? StripSettings()
            let word = "\(key)=\(try Self.stripText(value, key, file))"
            do { try AudioWords.change(&strip, word) } catch { throw Self.at(value, file, error.problem, error.advice) }
            self.strip = strip
        case _ where BackupWords.keys.contains(key):
            try backup.take(key, value) { Self.at(value, file, $0, $1) }
        case _ where InputWords.optionKeys.contains(key):
            options.append(
                Option(key: key, value: try Self.text(value, key, file), place: Self.place(of: value, file)))
        default:
            let keys = ["input", "format", "loop"] + InputWords.optionKeys + AudioWords.stripKeys + BackupWords.keys
            throw Self.at(
                value, file, "an input has no key \"\(key.prefix(40))\"", "it has \(keys.joined(separator: ", "))")
        }
    }

    /// A value as it stands on the command line: `duck` may be a map, whose other keys follow the input that is to be heard.
    private static func stripText(_ node: Node, _ key: String, _ file: String) throws(BroadcastError) -> String {
        guard key == "duck", case .mapping(let mapping) = node else { return try text(node, key, file) }
        var (under, words) = ("", [String]())
        for (keyNode, value) in mapping {
            let word = keyNode.string ?? ""
            let text = try text(value, word, file)
            if word == "under" { under = text } else { words.append("\(word)=\(text)") }
        }
        guard !under.isEmpty else {
            throw at(node, file, "\"duck\" names no input that is to be heard", "add \"under:\" to it")
        }
        return ([under] + words).joined(separator: ",")
    }

    private static func text(_ node: Node, _ key: String, _ file: String) throws(BroadcastError) -> String {
        guard case .scalar(let scalar) = node else {
            throw at(node, file, "\"\(key)\" takes one value", "mend it there")
        }
        return scalar.string
    }

    private static func place(of node: Node, _ file: String) -> String {
        node.mark.map { "\(file), line \($0.line)" } ?? file
    }

    private static let example = "write \"- test\", or \"camera: v4l2:/dev/video0\""

    private static func at(_ node: Node, _ file: String, _ problem: String, _ advice: String) -> BroadcastError {
        BroadcastError(.usage, "\(place(of: node, file)): \(problem)", advice: advice)
    }

    /// Says where the entry stands in what is wrong with it.
    func located<Value>(_ body: () throws(BroadcastError) -> Value) throws(BroadcastError) -> Value {
        do { return try body() } catch {
            // What stands in a line of its own has been said.
            guard let place, !error.problem.hasPrefix(place.prefix { $0 != "," } + ", line ") else { throw error }
            throw BroadcastError(code: error.code, error.parameters, "\(place): \(error.problem)", advice: error.advice)
        }
    }
}
