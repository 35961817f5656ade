package import BulkheadChildren
package import BulkheadModel
import BulkheadPluginCatalog
package import BulkheadWire
import Glibc

/// Finds the libraries that plugins are in, without ever loading one into this process.
package struct PluginFinder: Sendable {
    private let catalog: PluginCatalog

    package init(programs: Programs) { catalog = programs.pluginCatalog() }

    /// A plugin as it is to be loaded.
    package struct Found: Hashable, Sendable {
        /// With the parameters by the names that the plugin gives them.
        package var choice: PluginChoice
        package var library: PluginLibrary

        package init(choice: PluginChoice, library: PluginLibrary) {
            self.choice = choice
            self.library = library
        }
    }

    /// Finds the plugin of `choice`, and sees that it takes its parameters.
    /// - Throws: kind `plugin`: there is none, or a parameter does not fit, with what would.
    package func find(_ choice: PluginChoice) async throws(BroadcastError) -> Found {
        do throws(PluginCatalogError) {
            return try Self.fit(choice, to: try await catalog.describe(choice.identity))
        } catch { throw BroadcastError(error) }
    }

    /// Sees that a plugin takes its parameters with `changes` made.
    /// - Parameters:
    ///   - description: of the library that is loaded; the one on disk may be another meanwhile.
    ///   - folder: where relative files among the changes count from.
    /// - Throws: kind `plugin`, saying what would fit.
    package static func change(
        _ choice: PluginChoice, by changes: [String: String], in folder: String, of description: PluginDescription
    ) throws(BroadcastError) -> Found {
        do throws(PluginCatalogError) {
            var changed = choice
            let new = try parameters(changes, of: description, from: folder)
            changed.parameters = try parameters(choice.parameters, of: description, from: choice.folder)
            changed.parameters.merge(new) { $1 }
            return try fit(changed, to: description)
        } catch { throw BroadcastError(error) }
    }

    private static func fit(
        _ choice: PluginChoice, to plugin: PluginDescription
    ) throws(PluginCatalogError) -> Found {
        var found = choice
        found.parameters = try parameters(choice.parameters, of: plugin, from: choice.folder)
        try plugin.check(found.parameters)
        let library = PluginLibrary(plugin, fileParameters: files(found.parameters, of: plugin))
        return Found(choice: found, library: library)
    }

    /// The parameters by the plugin's own names, and files by their absolute paths.
    /// - Throws: a refusal of what the plugin does not have, or is given twice.
    static func parameters(
        _ given: [String: String], of plugin: PluginDescription, from folder: String
    ) throws(PluginCatalogError) -> [String: String] {
        try plugin.check(
            given.filter { name, _ in
                plugin.parameters.index(called: name).map { plugin.parameters[$0].kind != .file } ?? true
            })
        var parameters: [String: String] = [:]
        for (name, value) in given {
            guard let index = plugin.parameters.index(called: name) else { continue }
            let parameter = plugin.parameters[index]
            parameters[parameter.name] = isFile(value, for: parameter, in: folder) ? absolute(value, in: folder) : value
        }
        return parameters
    }

    private static func files(_ parameters: [String: String], of plugin: PluginDescription) -> Set<String> {
        Set(plugin.parameters.filter { isFile(parameters[$0.name] ?? "", for: $0, in: "") }.map(\.name))
    }

    /// Whether a value is a file that the plugin is to read. Other kinds of plugin have files as plain text.
    private static func isFile(_ value: String, for parameter: PluginParameter, in folder: String) -> Bool {
        switch parameter.kind {
        case .file: true
        // A text that happens to be the name of a folder, such as "/", is a text.
        case .text: value.contains("/") && isRegularFile(absolute(value, in: folder))
        default: false
        }
    }

    private static func isRegularFile(_ path: String) -> Bool {
        var information = stat()
        return stat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFREG && access(path, R_OK) == 0
    }

    /// `path` from the root; a relative one counts from `folder`.
    static func absolute(_ path: String, in folder: String) -> String {
        path.isEmpty || path.hasPrefix("/") || folder.isEmpty ? path : folder + "/" + path
    }
}
