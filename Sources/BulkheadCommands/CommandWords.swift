package import ArgumentParser

/// The words of a command line that name a command.
package enum CommandWords {
    /// What is said of the first word that names no command where one must stand, such as `braodcast` or `link pasue`; nil
    /// where there is none.
    package static func unknown(in arguments: [String], of root: any ParsableCommand.Type = BulkheadCommand.self)
        -> String?
    {
        var command: any ParsableCommand.Type = root
        for word in arguments {
            let configuration = command.configuration
            let subcommands = configuration.subcommands
            guard !word.hasPrefix("-"), !subcommands.isEmpty, word != "help" else { return nil }
            if let next = subcommands.first(where: { name(of: $0) == word }) {
                command = next
                continue
            }
            let names = subcommands.map(name)
            let closest = names.min { word.editDistance(to: $0) < word.editDistance(to: $1) } ?? ""
            let isClose = word.utf8.count <= 64 && word.editDistance(to: closest) <= max(2, closest.count / 3)
            // It may be a word of the command that is meant where none is named.
            guard isClose || configuration.defaultSubcommand == nil, !word.contains("://") else { return nil }
            let parent = command == root ? "" : " \(name(of: command))"
            let advice =
                isClose ? "did you mean \"bulkhead\(parent) \(closest)\"?" : "bulkhead help\(parent) lists them"
            return "there is no command \"\(word.prefix(40))\"; \(advice)"
        }
        return nil
    }

    private static func name(of command: any ParsableCommand.Type) -> String {
        command.configuration.commandName ?? String(describing: command).lowercased()
    }
}
