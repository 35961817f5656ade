import BulkheadEvents
import Glibc

/// Folders in which plugins may write, one for each host's place.
enum PluginData {
    /// The folder for `name`, below the user's state folder, whose parents are made.
    static func folder(_ name: String) -> String {
        let archive = DeathArchive.standard
        archive.makeFolder()
        let state = archive.path.lastIndex(of: "/").map { String(archive.path[..<$0]) } ?? "/tmp"
        mkdir(state + "/plugins", 0o700)
        return state + "/plugins/" + name
    }
}
