import BulkheadControl
import BulkheadMaster
package import BulkheadModel

/// Who creates what: read before anything is created.
package enum RunMode: Hashable, Sendable {
    /// The application's own process is the master, which creates all children.
    case create
    /// The master at this path of a control socket creates the children and holds the broadcast.
    case attach(path: String)
    /// As `create`, but the master creates the one child that is named.
    case selected(ChildrenChoice)

    /// Which children the master creates.
    package var children: ChildrenChoice {
        if case .selected(let choice) = self { return choice }
        return .both
    }

    /// Reads `mode`, `only` and `attach`; the last two imply their mode.
    /// - Throws: kind `usage`, when they contradict each other or one of them is missing.
    package init(_ words: BroadcastWords) throws(BroadcastError) {
        let only = try Self.only(words[.only])
        let address = words.last(.attach)
        let mode = words.last(.mode) ?? (only != nil ? "selected" : address != nil ? "attach" : "create")
        switch mode {
        case "create":
            if only != nil { throw Self.contradiction(.only, mode: "create", meant: "selected") }
            if address != nil { throw Self.contradiction(.attach, mode: "create", meant: "attach") }
            self = .create
        case "attach":
            if only != nil { throw Self.contradiction(.only, mode: "attach", meant: "selected") }
            guard let address else {
                throw BroadcastError(
                    .usage, "--mode attach needs the address of a master", advice: "add --attach unix:PATH")
            }
            self = .attach(path: try ControlAddress.path(from: address, flag: "--attach"))
        case "selected":
            if address != nil { throw Self.contradiction(.attach, mode: "selected", meant: "attach") }
            guard let only else {
                throw BroadcastError(
                    .usage, "--mode selected needs to know which child the master creates",
                    advice: "add --only encoder or --only plugins")
            }
            self = .selected(only)
        default:
            throw BroadcastError(
                .usage, "there is no mode \"\(mode)\"", advice: "--mode takes create, attach or selected")
        }
    }

    private static func only(_ words: [String]) throws(BroadcastError) -> ChildrenChoice? {
        guard let word = words.first else { return nil }
        guard words.allSatisfy({ $0 == word }) else {
            throw BroadcastError(
                .usage, "--only names one child, and here are \(words.joined(separator: " and "))",
                advice: "keep one of them; without --only the master creates all children")
        }
        guard let choice = ChildrenChoice(rawValue: word), choice != .both else {
            throw BroadcastError(
                .usage, "there is no child \"\(word)\" to select", advice: "--only takes encoder or plugins")
        }
        return choice
    }

    private static func contradiction(_ key: BroadcastKey, mode: String, meant: String) -> BroadcastError {
        BroadcastError(
            .usage, "\(key.flag) does not go with mode \(mode)",
            advice: "leave one of them away, or say --mode \(meant)")
    }
}
