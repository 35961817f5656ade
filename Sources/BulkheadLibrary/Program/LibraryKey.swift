import BulkheadSystem
import Glibc

/// Keys that are shared by two parts of a library, as files of this user alone: the first line.
enum LibraryKey {
    private static let longest = 1024
    private static let shortest = 16

    static func read(_ path: String) throws(StartError) -> [UInt8] {
        let file: OpenFile
        do { file = try OpenFile(named: path) } catch {
            throw StartError(settings: "the key \(path) can't be read: \(error)")
        }
        var facts = stat()
        guard fstat(file.descriptor, &facts) == 0, facts.st_mode & 0o077 == 0 else {
            throw StartError(settings: "the key \(path) can be read by others: chmod 600 \(path)")
        }
        let bytes = (try? file.readBlocking(at: 0, count: longest)) ?? []
        let key = Array(bytes.prefix { $0 != 0x0A && $0 != 0x0D })
        guard key.count >= shortest else {
            throw StartError(settings: "the key \(path) is too short: write 16 characters or more into its first line")
        }
        return key
    }

    /// The key at `path`, which is made where there is none.
    static func own(_ path: String) throws(StartError) -> [UInt8] {
        if access(path, F_OK) == 0 { return try read(path) }
        var text = ""
        for _ in 0..<8 { text += String(UInt64.random(in: 0 ... .max) | 1 << 63, radix: 16) }
        do throws(WholeFile.Failure) { try WholeFile.write(Array((text + "\n").utf8), to: path) } catch {
            throw StartError("the key \(path) can't be written: \(String(cString: strerror(error.errno)))")
        }
        return try read(path)
    }
}

/// Keeps a second process out of a folder's databases, as long as it is open.
final class FolderLock: Sendable {
    private let descriptor: CInt

    init(_ folder: MediaFolder) throws(StartError) {
        let path = folder.ownPath("lock")
        let descriptor = open(FileName.bytes(path), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw StartError("\(path) can't be opened: \(String(cString: strerror(errno))); check --folder")
        }
        // One that was killed lets go a moment later.
        guard FileHold.own(descriptor, looks: 100) else {
            _ = close(descriptor)
            throw StartError("another library uses \(folder.path): end it, or choose another --folder")
        }
        self.descriptor = descriptor
    }

    deinit { _ = close(descriptor) }
}
