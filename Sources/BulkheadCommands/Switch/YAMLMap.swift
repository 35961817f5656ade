import BulkheadModel
import Yams

/// A mapping of a configuration file, with the keys that it may have.
struct YAMLMap {
    private let name: String
    private let pairs: [String: Node]
    /// Where it stands, for errors.
    let place: String

    /// Reads `text`, which is named `name` in errors.
    /// - Throws: kind `usage`.
    static func root(_ text: String, named name: String, keys: [String]) throws(BroadcastError) -> YAMLMap {
        let node: Node?
        do { node = try Yams.compose(yaml: text) } catch {
            throw BroadcastError(.usage, "\(name) is no YAML", advice: "mend it there")
        }
        guard let node, node.null == nil else {
            throw BroadcastError(.usage, "\(name) is empty", advice: "write one key a line")
        }
        return try YAMLMap(node, name, name, keys)
    }

    private init(_ node: Node, _ place: String, _ name: String, _ keys: [String]) throws(BroadcastError) {
        guard case .mapping(let mapping) = node else {
            throw BroadcastError(.usage, "\(place) holds no keys", advice: "write one key a line")
        }
        var pairs: [String: Node] = [:]
        for (key, value) in mapping {
            guard let word = key.string, keys.isEmpty || keys.contains(word) else {
                let line = key.mark.map { "\(name), line \($0.line)" } ?? place
                throw BroadcastError(
                    .usage, "\(line): there is no key \"\((key.string ?? "").prefix(40))\"",
                    advice: "the keys are \(keys.joined(separator: ", "))")
            }
            pairs[word] = value.null != nil && value.string == nil ? nil : value
        }
        (self.name, self.place, self.pairs) = (name, place, pairs)
    }

    private func line(_ key: String) -> String { pairs[key]?.mark.map { "\(name), line \($0.line)" } ?? place }

    /// An error at `key`.
    func misfit(_ key: String, _ problem: String, _ advice: String) -> BroadcastError {
        BroadcastError(.usage, "\(line(key)): \(problem)", advice: advice)
    }

    /// One value; nil where there is none.
    func text(_ key: String) throws(BroadcastError) -> String? {
        guard let node = pairs[key] else { return nil }
        guard case .scalar(let scalar) = node else { throw misfit(key, "\"\(key)\" takes one value", "mend it there") }
        return scalar.string
    }

    func required(_ key: String) throws(BroadcastError) -> String {
        guard let text = try text(key), !text.isEmpty else {
            throw misfit(key, "there is no \"\(key)\"", "add \"\(key):\"")
        }
        return text
    }

    /// One value or a list.
    func texts(_ key: String) throws(BroadcastError) -> [String] {
        guard let node = pairs[key] else { return [] }
        guard case .sequence(let sequence) = node else { return [try text(key) ?? ""] }
        var texts: [String] = []
        for item in sequence {
            guard case .scalar(let scalar) = item else {
                throw misfit(key, "the list \"\(key)\" holds more than plain values", "write one value a line")
            }
            texts.append(scalar.string)
        }
        return texts
    }

    /// True or false; nil where there is none.
    func flag(_ key: String) throws(BroadcastError) -> Bool? {
        switch try text(key) {
        case nil: return nil
        case "true", "yes": return true
        case "false", "no": return false
        default: throw misfit(key, "\"\(key)\" is true or false", "mend it there")
        }
    }

    /// A list of mappings with these keys.
    func maps(_ key: String, keys: [String]) throws(BroadcastError) -> [YAMLMap] {
        guard let node = pairs[key] else { return [] }
        guard case .sequence(let sequence) = node else {
            throw misfit(key, "\"\(key)\" is a list", "begin each of its items with a dash")
        }
        var maps: [YAMLMap] = []
        for item in sequence {
            let place = item.mark.map { "\(name), line \($0.line)" } ?? line(key)
            maps.append(try YAMLMap(item, place, name, keys))
        }
        return maps
    }

    /// Keys of any name with one value each.
    func pairs(_ key: String) throws(BroadcastError) -> [String: String] {
        guard let map = try map(key, keys: []) else { return [:] }
        var texts: [String: String] = [:]
        for name in map.pairs.keys { texts[name] = try map.text(name) }
        return texts
    }

    /// - Parameter keys: that it may have; none for any.
    func map(_ key: String, keys: [String]) throws(BroadcastError) -> YAMLMap? {
        guard let node = pairs[key] else { return nil }
        return try YAMLMap(node, "\(line(key)): \"\(key)\"", name, keys)
    }

    func required(_ key: String, keys: [String]) throws(BroadcastError) -> YAMLMap {
        guard let map = try map(key, keys: keys) else { throw misfit(key, "there is no \"\(key)\"", "add \"\(key):\"") }
        return map
    }
}
