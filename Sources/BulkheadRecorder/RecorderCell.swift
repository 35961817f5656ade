import BulkheadChildRuntime
import BulkheadSystem
import BulkheadWire

/// The second step of a recorder's cell: the folder that it writes to, and nothing else.
enum RecorderCell {
    /// Gives up what writing in `folder` does not take. Call it on the only thread that there is so far.
    ///
    /// - Parameter device: what it writes to is open already, and no folder is needed.
    static func enter(folder: String, device: Bool) -> CellReport {
        var profile = CellProfile(outOfMemoryScore: 100)
        profile.capabilities = [.readAnyFile, .writeAnyFile]
        profile.calls = []
        profile.writesFiles = true
        profile.files = CellProfile.machine
        if !device {
            var grant = FileGrant([.read, .write, .make], .folder, named: folder)
            grant.isTold = true
            profile.files?.append(grant)
        }
        return Cell.enter(profile)
    }
}
