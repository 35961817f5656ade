import BulkheadChildren
import BulkheadMaster

/// Where plugins are found by their name.
enum PluginFolders {
    /// `lib/bulkhead/plugins` of the installation, and the folder of the programs where they lie as they were built.
    static func all(beside programs: Programs) -> [String] {
        [programs.folder + "/../../lib/bulkhead/plugins", programs.folder]
    }

    /// The name of the plugin in a file: `invert` for `libInvert.so`; nil for other files.
    static func name(ofFile file: String) -> String? {
        guard file.hasPrefix("lib"), file.hasSuffix(".so"), file.count > 6 else { return nil }
        return file.dropFirst(3).dropLast(3).lowercased()
    }

    /// The path of the plugin called `name`; nil when there is none.
    static func path(ofPlugin name: String, in folders: [String]) -> String? {
        for folder in folders {
            if let file = FilePaths.names(in: folder).first(where: { Self.name(ofFile: $0) == name.lowercased() }) {
                return FilePaths.absolute("\(folder)/\(file)")
            }
        }
        return nil
    }
}
