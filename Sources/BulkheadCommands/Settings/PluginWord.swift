import BulkheadMaster
import SystemPackage

/// One plugin as it is written: `PATH[,name=value…]`, or the name of an installed one instead of the path.
enum PluginWord {
    /// Reads a plugin's path, made absolute, and its parameters.
    /// - Throws: kind `usage` for a parameter without a value; kind `plugin` where there is no such file.
    /// - Parameter folders: where plugins are found by name.
    static func choice(_ word: String, folders: [String]) throws(BroadcastError) -> PluginChoice {
        let parts = word.split(separator: ",", omittingEmptySubsequences: false)
        let path = parts.first.map(String.init) ?? ""
        var parameters: [String: String] = [:]
        for part in parts.dropFirst() {
            guard let equals = part.firstIndex(of: "="), equals > part.startIndex else {
                throw BroadcastError(
                    .usage, "the plugin parameter \"\(part)\" has no value", advice: "write --plugin PATH,name=value")
            }
            parameters[String(part[..<equals])] = String(part[part.index(after: equals)...])
        }
        if !path.contains("/"), let found = PluginFolders.path(ofPlugin: path, in: folders) {
            return PluginChoice(path: found, parameters: parameters)
        }
        let absolute = FilePaths.absolute(path)
        if !path.contains("/"), !path.isEmpty, FilePaths.readingProblem(absolute) == .noSuchFileOrDirectory {
            throw BroadcastError(
                .plugin,
                "there is no plugin \(path): looked for lib\(path).so in \(Self.list(folders)), "
                    + "and for a file \(path) in the working directory",
                advice: "bulkhead doctor lists the plugins that are installed")
        }
        if let problem = FilePaths.readingProblem(absolute) {
            throw BroadcastError(
                .plugin, "the plugin \(path.isEmpty ? "\"\"" : path) can't be read: \(problem.phrase)",
                advice: "--plugin takes the path of a shared library, or a name that bulkhead doctor lists")
        }
        return PluginChoice(path: absolute, parameters: parameters)
    }

    private static func list(_ folders: [String]) -> String {
        folders.map { FilePath($0).lexicallyNormalized().string }.joined(separator: " and ")
    }
}
