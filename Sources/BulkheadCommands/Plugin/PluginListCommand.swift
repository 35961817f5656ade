package import ArgumentParser
import BulkheadChildren
import BulkheadMaster
import BulkheadModel
import BulkheadPluginCatalog
import BulkheadWire

/// `bulkhead plugin list`: the plugins that there are, and what one of them can be told.
package struct PluginListCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the installed plugins, or show the parameters of one.",
        discussion: """
            Plugins are looked for in the folders that BULKHEAD_PLUGIN_PATH, FREI0R_PATH and LADSPA_PATH name, in the \
            user's folders below ~/.local/lib, and where the system keeps them. Each library is looked at by a \
            short-lived process, and not again until its file changes. A library that can't be used is listed with the \
            reason.
            """)

    @Argument(help: ArgumentHelp("The plugin to show: NAME, frei0r:NAME, ladspa:LABEL or a path."))
    var name: String?

    @Option(help: ArgumentHelp("List one kind only: bulkhead, frei0r or ladspa.", valueName: "kind"))
    var kind: String?

    @Flag(help: "Print one JSON object for each plugin.")
    var json = false

    @Flag(help: "Examine every library again.")
    var refresh = false

    @Option(
        help: ArgumentHelp(
            "List the chain of the broadcast that this master holds, as `plugin chain` does.", valueName: "unix:path"))
    var attach: String?

    @Option(help: ArgumentHelp("The folder with Bulkhead's other programs.", visibility: .hidden))
    var libexec: String?

    package init() {}

    package func run() async throws {
        if let attach {
            for line in try PluginChainCommand.lines(attach: attach, json: json) { print(line) }
            return
        }
        let programs = libexec.map { Programs(folder: FilePaths.absolute($0)) } ?? .find()
        let catalog = programs.pluginCatalog(isFresh: refresh)
        if let name {
            let plugin: PluginDescription
            do throws(PluginCatalogError) { plugin = try await catalog.describe(name) } catch {
                throw BroadcastError(error)
            }
            return print(json ? JSONLine.text(plugin) ?? "" : PluginPage.page(plugin))
        }
        var kinds = PluginDescription.Kind.allCases
        if let kind {
            guard let only = PluginDescription.Kind(rawValue: kind) else {
                throw BroadcastError(
                    .usage, "there is no kind of plugin \"\(kind)\"", advice: "--kind takes bulkhead, frei0r or ladspa")
            }
            kinds = [only]
        }
        let listings = await catalog.all(of: kinds)
        if json {
            for listing in listings { print(JSONLine.text(listing) ?? "") }
        } else {
            print(PluginPage.table(listings))
        }
    }
}

/// Plugins as lines for a person.
enum PluginPage {
    /// A line for each plugin, and below them those that can't be used.
    static func table(_ listings: [PluginListing]) -> String {
        let usable = listings.filter { $0.plugin != nil }
        let width = min(40, usable.map(\.identity.count).max() ?? 0)
        var lines = usable.map { listing in
            let identity = listing.identity + String(repeating: " ", count: max(0, width - listing.identity.count))
            return "\(identity)  \(listing.plugin.map(phrase) ?? "")"
        }
        let broken = listings.filter { $0.plugin == nil }
        if !broken.isEmpty {
            lines.append("")
            lines.append("can't be used:")
            lines += broken.map { "\($0.path)\($0.label.isEmpty ? "" : "#\($0.label)"): \($0.problem ?? "")" }
        }
        if listings.isEmpty { lines.append("there are no plugins") }
        return lines.map(clean).joined(separator: "\n")
    }

    /// All that is known of one plugin.
    static func page(_ plugin: PluginDescription) -> String {
        var lines = ["\(plugin.identity): \(plugin.name)" + (plugin.version.isEmpty ? "" : " \(plugin.version)")]
        if !plugin.summary.isEmpty { lines.append(plugin.summary) }
        lines.append("\(media(plugin)) \(plugin.role.rawValue), \(plugin.kind.rawValue), \(plugin.path)")
        if !plugin.author.isEmpty { lines.append("by \(plugin.author)") }
        if !plugin.license.isEmpty { lines.append("license: \(plugin.license)") }
        lines.append(plugin.parameters.isEmpty ? "It has no parameters." : "Parameters:")
        for parameter in plugin.parameters {
            let initial = parameter.defaultText.isEmpty ? "" : ", \(parameter.defaultText) unless told otherwise"
            lines.append("  \(parameter.name): \(accepted(parameter))\(initial)")
            if !parameter.summary.isEmpty { lines.append("    \(parameter.summary)") }
        }
        return lines.map(clean).joined(separator: "\n")
    }

    private static func phrase(_ plugin: PluginDescription) -> String {
        let count = plugin.parameters.count
        let parameters = count == 1 ? "1 parameter" : "\(count) parameters"
        let summary = plugin.summary.isEmpty ? plugin.name : "\(plugin.name): \(plugin.summary)"
        let line = "\(media(plugin)) \(plugin.role.rawValue), \(parameters). \(summary)"
        return line.count > 160 ? line.prefix(159) + "…" : line
    }

    private static func media(_ plugin: PluginDescription) -> String {
        switch (plugin.takesVideo, plugin.takesAudio) {
        case (true, true): "picture and sound"
        case (true, false): "picture"
        case (false, true): "sound"
        case (false, false): "event"
        }
    }

    /// What a parameter accepts, as a phrase.
    private static func accepted(_ parameter: PluginParameter) -> String {
        switch parameter.kind {
        case .integer: "a whole number\(parameter.limits)"
        case .number: "a number\(parameter.limits)"
        case .boolean: "true or false"
        case .choice: "one of \(parameter.choices.joined(separator: ", "))"
        case .color: "a color such as #FF8000"
        case .text: "text"
        case .file: "the path of a file"
        case .position: "a place such as 0.5/0.25, from the left and from the top"
        }
    }

    /// A library's text may hold what a terminal would obey.
    private static func clean(_ line: String) -> String { EventLine.clean(line) }
}
