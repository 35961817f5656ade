import BulkheadChildRuntime
import BulkheadSystem
import BulkheadWire

/// The second step of a notifier's cell: what its kind of target takes, and nothing else.
enum NotifierCell {
    /// Gives up what delivering to `addresses` does not take. Call it on the only thread that there is so far.
    static func enter(for addresses: [NoticeAddress]) -> CellReport {
        switch addresses.first?.kind ?? .http {
        case .http: Cell.enter(.connecting(outOfMemoryScore: 600, calls: .network))
        // Commands are the user's own, and may do what the user may.
        case .command: CellReport()
        case .file: Cell.enter(files(addresses))
        }
    }

    /// The folders of the files, in which they are put aside as well.
    private static func files(_ addresses: [NoticeAddress]) -> CellProfile {
        var profile = CellProfile(outOfMemoryScore: 600)
        profile.capabilities = [.readAnyFile, .writeAnyFile]
        profile.calls = []
        profile.writesFiles = true
        profile.files =
            CellProfile.machine
            + Set(addresses.map { folder(of: $0.url) }).sorted().map { path in
                var grant = FileGrant([.read, .write, .make], .folder, named: path)
                grant.isTold = true
                return grant
            }
        return profile
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
        return String(path[..<slash])
    }
}
