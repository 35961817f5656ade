import BulkheadSystem
import Glibc

/// Finds the libraries that plugins are in, without ever loading one into this process.
struct PluginFinder: Sendable {
    let programs: Programs

    /// Where the plugin of `choice` lies.
    /// - Throws: kind `plugin`: there is none, or its parameters don't fit, with what would.
    func find(_ choice: PluginChoice) async throws(BroadcastError) -> PluginLibraryPlace {
        guard access(choice.identity, R_OK) == 0 else {
            throw BroadcastError(.plugin, "the plugin \(choice.identity) can't be read")
        }
        return PluginLibraryPlace(path: choice.identity)
    }

    /// `path` from the root; a relative one counts from `folder`.
    static func absolute(_ path: String, in folder: String) -> String {
        path.isEmpty || path.hasPrefix("/") || folder.isEmpty ? path : folder + "/" + path
    }
}
