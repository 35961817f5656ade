import BulkheadEvents
import Glibc

/// Folders in which plugins may write that were allowed to, one for each host's place.
package enum PluginData {
    /// The folder for `name`, below the user's state folder, whose parents are made; empty where the user has none.
    static func folder(_ name: String) -> String {
        let archive = DeathArchive.standard
        guard let slash = archive.path.lastIndex(of: "/") else { return "" }
        archive.makeFolder()
        let folder = archive.path[..<slash] + "/plugins"
        mkdir(String(folder), 0o700)
        return "\(folder)/\(folderName(name))"
    }

    /// `name` in letters that mean nothing to a file system: it comes from a library's file name.
    package static func folderName(_ name: String) -> String {
        let plain = name.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }
        return plain.isEmpty ? "plugin" : String(plain.prefix(64))
    }
}
