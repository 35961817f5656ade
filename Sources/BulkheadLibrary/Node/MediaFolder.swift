import BulkheadLibraryProtocol
import BulkheadSystem
import Glibc
import SystemPackage

/// The folder that holds a node's recordings, and in `.library` what the library itself keeps.
struct MediaFolder: Sendable {
    /// Below the folder; hidden, so that it is none of the recordings.
    static let ownName = ".library"
    private static let mostFiles = 200_000
    private static let deepest = 8

    let path: String

    /// Makes the folder where there is none.
    /// - Throws: what the system says.
    init(_ path: String) throws(Errno) {
        self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        WholeFile.makeFolder(self.path)
        if let obstacle = WholeFile.makeFolder(own) { throw Errno(rawValue: obstacle) }
        var facts = stat()
        guard stat(own, &facts) == 0 else { throw Errno(rawValue: errno) }
    }

    /// A folder that a library has used.
    /// - Throws: where it is none: a mistyped name must not become a folder.
    init(used path: String) throws(StartError) {
        guard access(FileName.bytes(path + "/" + Self.ownName), F_OK) == 0 else {
            throw StartError("\(path) was used by no library yet: check --folder")
        }
        self = try LibraryServeCommand.mediaFolder(path)
    }

    var own: String { path + "/" + Self.ownName }
    func ownPath(_ name: String) -> String { own + "/" + name }

    /// Whether the folder is the one that was begun: of a disk that has gone away nothing is to be learnt.
    var isThere: Bool {
        var facts = stat()
        return stat(own, &facts) == 0 && facts.st_mode & S_IFMT == S_IFDIR
    }

    func open(_ media: MediaPath) throws(Errno) -> OpenFile { try OpenFile(media, below: path) }

    /// The index that a recorder has written beside a file.
    func openIndex(of media: MediaPath) -> OpenFile? {
        MediaPath(media.description + ".index").flatMap { try? OpenFile($0, below: path) }
    }

    /// A recording that lies in the folder.
    struct Entry: Hashable, Sendable {
        let path: MediaPath
        let byteCount: Int64
        let modifiedNanoseconds: Int64
        let inode: UInt64
    }

    /// All `.mp4` files in and below the folder, but for hidden ones; nil where it can't be read to its end. May wait.
    func list() -> [Entry]? {
        var entries: [Entry] = []
        guard isThere, list("", depth: 0, into: &entries) else { return nil }
        return entries
    }

    private func list(_ below: String, depth: Int, into entries: inout [Entry]) -> Bool {
        let place = FileName.bytes(below.isEmpty ? path : path + "/" + below)
        // A folder that has gone meanwhile holds nothing.
        guard let folder = opendir(place) else { return depth > 0 && errno == ENOENT }
        defer { closedir(folder) }
        var folders: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(folder) else {
                if errno != 0 { return false }
                break
            }
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { FileName.text($0) }
            }
            guard !name.hasPrefix(".") else { continue }
            let place = below.isEmpty ? name : below + "/" + name
            var facts = stat()
            guard lstat(FileName.bytes(path + "/" + place), &facts) == 0 else { continue }
            if facts.st_mode & S_IFMT == S_IFDIR, depth < Self.deepest { folders.append(place) }
            guard facts.st_mode & S_IFMT == S_IFREG, name.hasSuffix(".mp4"), let media = MediaPath(place) else {
                continue
            }
            guard entries.count < Self.mostFiles else { return false }
            entries.append(
                Entry(
                    path: media, byteCount: Int64(facts.st_size),
                    modifiedNanoseconds: Int64(facts.st_mtim.tv_sec) * 1_000_000_000 + Int64(facts.st_mtim.tv_nsec),
                    inode: UInt64(facts.st_ino)))
        }
        for folder in folders.sorted() { guard list(folder, depth: depth + 1, into: &entries) else { return false } }
        return true
    }
}
