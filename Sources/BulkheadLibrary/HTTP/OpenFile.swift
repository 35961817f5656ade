import BulkheadLibraryProtocol
import BulkheadSystem
import CBulkheadLinux
import Glibc
import NIOPosix
import SystemPackage

/// A regular file, open for reading as long as this lives.
final class OpenFile: Sendable {
    let descriptor: CInt
    /// When it was opened.
    let byteCount: Int64
    let modified: (seconds: Int64, nanoseconds: Int64)
    let inode: UInt64
    let owner: UInt32

    /// The file at `path` below `folder`. No link on the way is followed, and nothing outside the folder is opened, whoever
    /// changes it meanwhile.
    convenience init(_ path: MediaPath, below folder: String) throws(Errno) {
        let place = bulkhead_open_meant(
            FileName.bytes(folder), FileName.bytes(path.description), CInt(BULKHEAD_KIND_FILE.rawValue))
        guard place >= 0 else { throw Errno(rawValue: -place) }
        defer { _ = Glibc.close(place) }
        // What is meant is pinned: the same file is opened once more, for reading.
        try self.init("/proc/self/fd/\(place)", 0)
    }

    /// A file that a person or this program has named; its last name may be no link.
    convenience init(named path: String) throws(Errno) { try self.init(path, O_NOFOLLOW) }

    private init(_ path: String, _ flags: CInt) throws(Errno) {
        // A pipe must not hold us.
        let descriptor = open(FileName.bytes(path), O_RDONLY | O_CLOEXEC | O_NONBLOCK | flags)
        guard descriptor >= 0 else { throw Errno(rawValue: errno) }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else {
            _ = Glibc.close(descriptor)
            throw .invalidArgument
        }
        self.descriptor = descriptor
        byteCount = Int64(facts.st_size)
        modified = (Int64(facts.st_mtim.tv_sec), Int64(facts.st_mtim.tv_nsec))
        inode = UInt64(facts.st_ino)
        owner = facts.st_uid
    }

    deinit { _ = Glibc.close(descriptor) }

    /// Up to `count` bytes from `offset` on, on a thread that may wait.
    func read(at offset: Int64, count: Int) async throws -> [UInt8] {
        try await NIOThreadPool.singleton.runIfActive { try self.readBlocking(at: offset, count: count) }
    }

    func readBlocking(at offset: Int64, count: Int) throws(Errno) -> [UInt8] {
        var failure: Errno?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let result = pread(
                    descriptor, buffer.baseAddress.map { $0 + filled }, count - filled, off_t(offset) + off_t(filled))
                if result < 0, errno == EINTR { continue }
                if result < 0 { failure = Errno(rawValue: errno) }
                guard result > 0 else { return }
                filled += result
            }
        }
        if let failure { throw failure }
        return bytes
    }
}
