import BulkheadMaster
import BulkheadModel
import Yams

/// The list `plugins` of a configuration file: words as on the command line, or mappings.
///
///     plugins:
///       - plugin: frei0r:glow
///         name: soft
///         parameters: {blur: 0.3}
///         deadline: 8ms
///         memory: 256M
///         data: true
///         enabled: true
///       - ladspa:1423
enum PluginEntries {
    static let key = "plugins"
    private static let own = ["name", "deadline", "memory", "data", "enabled"]

    /// The entries as words of ``PluginWord``.
    /// - Throws: kind `usage`, naming `place` and what an entry takes.
    static func words(_ node: Node, at place: String) throws(BroadcastError) -> [String] {
        if node.null != nil { return [] }
        guard case .sequence(let sequence) = node else {
            throw BroadcastError(
                .usage, "\(place): \"plugins\" takes a list",
                advice: "write one entry a line, such as \"- plugin: frei0r:glow\"")
        }
        var words: [String] = []
        for item in sequence {
            if case .scalar(let scalar) = item {
                words.append(scalar.string)
            } else {
                words.append(try word(item, at: place))
            }
        }
        return words
    }

    private static func word(_ node: Node, at place: String) throws(BroadcastError) -> String {
        guard case .mapping(let mapping) = node else { throw misfit(place, "an entry of \"plugins\" is a list") }
        var plugin = ""
        var values: [(name: String, value: String)] = []
        for (keyNode, value) in mapping {
            let name = keyNode.string ?? ""
            switch name {
            case "plugin": plugin = try text(value, name, place)
            case "parameters":
                if value.null != nil { continue }
                guard case .mapping(let parameters) = value else {
                    throw misfit(place, "\"parameters\" of a plugin is no list of names and values")
                }
                for (parameter, value) in parameters {
                    let name = parameter.string ?? ""
                    guard !name.isEmpty, !name.hasPrefix("@"), !name.contains("="), !name.contains(",") else {
                        throw misfit(place, "\"\(name)\" is no parameter of a plugin")
                    }
                    values.append((name, try text(value, name, place)))
                }
            case _ where own.contains(name): values.append(("@\(name)", try text(value, name, place)))
            default: throw misfit(place, "there is no \"\(name)\" for a plugin")
            }
        }
        guard !plugin.isEmpty else { throw misfit(place, "an entry of \"plugins\" names no plugin") }
        return PluginWord.word(plugin, values)
    }

    private static func text(_ node: Node, _ name: String, _ place: String) throws(BroadcastError) -> String {
        guard case .scalar(let scalar) = node else { throw misfit(place, "\"\(name)\" of a plugin takes one value") }
        return scalar.string
    }

    private static func misfit(_ place: String, _ problem: String) -> BroadcastError {
        BroadcastError(
            .usage, "\(place): \(problem)",
            advice: "an entry has plugin, name, parameters, deadline, memory, data and enabled")
    }
}
