import BulkheadMaster
import BulkheadModel
import Yams

/// One link of a configuration file's `links`, in words:
///
///     links:
///       - name: main
///         rule: priority
///         servers:
///           - server: rtmp://one.example/live
///             key: "a?b&c=d#e/f"
///           - rtmp://two.example/live/KEY
package struct LinkWords: Hashable, Sendable {
    /// One server of it.
    package struct Server: Hashable, Sendable {
        package var server = ""
        package var key: String?
        package var keyFile: String?
        package var weight: String?
        package var priority: String?
    }

    package var name: String?
    package var rule: String?
    package var isRedundant: Bool?
    package var hasScriptData: Bool?
    package var backfill: String?
    package var watch: String?
    package var servers: [Server] = []
    /// Where it stands, for errors.
    package var place: String

    /// Reads the list `links`.
    /// - Throws: kind `usage`; nothing thrown repeats an address or a key.
    static func read(_ node: Node, named name: String) throws(BroadcastError) -> [LinkWords] {
        guard case .sequence(let sequence) = node else {
            throw misfit(place(of: node, name), "\"links\" is a list of links", "begin each with a dash")
        }
        var links: [LinkWords] = []
        for item in sequence { links.append(try link(item, name)) }
        return links
    }

    private static func link(_ node: Node, _ name: String) throws(BroadcastError) -> LinkWords {
        let place = place(of: node, name)
        var link = LinkWords(place: place)
        if case .scalar(let scalar) = node {
            link.servers = [Server(server: scalar.string)]
            return link
        }
        // A link of one server may be written without a list.
        var sole = Server()
        for (key, value) in try pairs(of: node, place) {
            switch key {
            case "name": link.name = try text(value, key, name)
            case "rule": link.rule = try text(value, key, name)
            case "backfill": link.backfill = try text(value, key, name)
            case "watch": link.watch = try text(value, key, name)
            case "redundant": link.isRedundant = try isOn(value, key, name)
            case "script-data": link.hasScriptData = try isOn(value, key, name)
            case "servers":
                guard case .sequence(let sequence) = value else {
                    throw misfit(Self.place(of: value, name), "\"servers\" is a list", "begin each with a dash")
                }
                for item in sequence { link.servers.append(try server(item, name)) }
            default: try take(key, value, into: &sole, name)
            }
        }
        if !sole.server.isEmpty { link.servers.insert(sole, at: 0) }
        guard !link.servers.isEmpty else { throw misfit(place, "the link has no server", "add \"servers:\" to it") }
        return link
    }

    private static func isOn(_ value: Node, _ key: String, _ name: String) throws(BroadcastError) -> Bool {
        guard let isOn = value.bool else {
            throw misfit(place(of: value, name), "\"\(key)\" is either true or false", "mend it there")
        }
        return isOn
    }

    private static func server(_ node: Node, _ name: String) throws(BroadcastError) -> Server {
        if case .scalar(let scalar) = node { return Server(server: scalar.string) }
        let place = place(of: node, name)
        var server = Server()
        for (key, value) in try pairs(of: node, place) { try take(key, value, into: &server, name) }
        guard !server.server.isEmpty else { throw misfit(place, "the server has no address", "add \"server:\" to it") }
        return server
    }

    private static func take(
        _ key: String, _ value: Node, into server: inout Server, _ name: String
    ) throws(BroadcastError) {
        switch key {
        case "server": server.server = try text(value, key, name)
        case "key": server.key = try text(value, key, name)
        case "key-file": server.keyFile = try text(value, key, name)
        case "weight": server.weight = try text(value, key, name)
        case "priority": server.priority = try text(value, key, name)
        default:
            throw misfit(
                place(of: value, name), "a link has no key \"\(key.prefix(40))\"",
                "it has name, rule, redundant, script-data, backfill, watch and servers; a server has server, key, key-file, weight, priority"
            )
        }
    }

    private static func pairs(of node: Node, _ place: String) throws(BroadcastError) -> [(String, Node)] {
        guard case .mapping(let mapping) = node else {
            throw misfit(place, "this is neither an address nor keys with values", "mend it there")
        }
        var pairs: [(String, Node)] = []
        for (key, value) in mapping {
            guard let word = key.string else { throw misfit(place, "a key is no plain word", "mend it there") }
            pairs.append((word, value))
        }
        return pairs
    }

    private static func text(_ node: Node, _ key: String, _ name: String) throws(BroadcastError) -> String {
        guard case .scalar(let scalar) = node else {
            throw misfit(place(of: node, name), "\"\(key)\" takes one value", "mend it there")
        }
        return scalar.string
    }

    private static func place(of node: Node, _ name: String) -> String {
        node.mark.map { "\(name), line \($0.line)" } ?? name
    }

    private static func misfit(_ place: String, _ problem: String, _ advice: String) -> BroadcastError {
        BroadcastError(.usage, "\(place): \(problem)", advice: advice)
    }
}
