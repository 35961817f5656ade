package import ArgumentParser

/// Lists the settings of a broadcast, for people, or as a schema for an editor.
package struct SettingsCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "settings", abstract: "List the settings of a broadcast, what they take, and when they apply.",
        discussion: """
            With --format json-schema, the output is a JSON Schema of the configuration file, with which an editor \
            completes and checks it.
            """)

    @Option(help: ArgumentHelp("text, markdown, man or json-schema (default: text).", valueName: "name"))
    var format: SettingsReference.Format?

    package init() {}

    package func run() throws { print(SettingsReference.page(format ?? .text), terminator: "") }
}

extension SettingsReference.Format: ExpressibleByArgument {}
