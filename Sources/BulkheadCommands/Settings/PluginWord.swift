import BulkheadMaster

/// One plugin as it is written: `PATH[,name=value…]`.
enum PluginWord {
    /// Reads a plugin's path, made absolute, and its parameters.
    /// - Throws: kind `usage` for a parameter without a value; kind `plugin` where there is no such file.
    static func choice(_ word: String) throws(BroadcastError) -> PluginChoice {
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
        let absolute = FilePaths.absolute(path)
        if let problem = FilePaths.readingProblem(absolute) {
            throw BroadcastError(
                .plugin, "the plugin \(path.isEmpty ? "\"\"" : path) can't be read: \(problem.phrase)",
                advice: "check --plugin, which takes the path of a shared library")
        }
        return PluginChoice(path: absolute, parameters: parameters)
    }
}
