import BulkheadModel
import BulkheadSystem
import Glibc
import Synchronization
import SystemPackage

/// Reads a certificate and its key, and reads them again when their files change, on a thread of its own: the server's process
/// touches no file, and a slow disk holds up nothing.
///
/// Both are replaced one after the other: they are read when they have been the same for a second. Files that can't be read are
/// looked at again; what was read last stays in force. Whether the bytes are a certificate is the server's to say.
final class CertificateWatch: Sendable {
    private struct Stamp: Hashable {
        let inode: UInt64
        let seconds: Int
        let nanoseconds: Int
        let byteCount: Int64

        init?(_ path: String) {
            var information = stat()
            guard stat(path, &information) == 0 else { return nil }
            inode = UInt64(information.st_ino)
            seconds = information.st_mtim.tv_sec
            nanoseconds = information.st_mtim.tv_nsec
            byteCount = Int64(information.st_size)
        }
    }

    private struct State {
        /// Of the last look; nil before the first.
        var seen: [Stamp?]?
        /// Of what was read.
        var read: [Stamp?]?
        /// Why they could not be read.
        var problem: String?
        /// A look is on its way.
        var isLooking = false
    }

    /// What a look has come to.
    enum Finding: Sendable {
        case changed(chain: [UInt8], key: [UInt8])
        /// Told once.
        case unreadable(String)
    }

    private let files: CertificateFiles
    private let thread = SerialThread()
    private let state = Mutex(State())

    init(_ files: CertificateFiles) { self.files = files }

    /// Calls `tell` on the thread with what is new. Call it once a second.
    func look(_ tell: @escaping @Sendable (Finding) -> Void) {
        let isFirst = state.withLock { state in
            defer { state.isLooking = true }
            return !state.isLooking
        }
        guard isFirst else { return }
        thread.run { [self] in
            defer { state.withLock { $0.isLooking = false } }
            let stamps = [Stamp(files.certificate), Stamp(files.key)]
            let isDue = state.withLock { state in
                defer { state.seen = stamps }
                return state.read != stamps && (state.seen == stamps || state.seen == nil)
            }
            guard isDue else { return }
            do throws(Errno) {
                let (chain, key) = (try Self.read(files.certificate), try Self.read(files.key))
                state.withLock { ($0.read, $0.problem) = (stamps, nil) }
                tell(.changed(chain: chain, key: key))
            } catch {
                let isNew = state.withLock { state in
                    defer { state.problem = error.description }
                    return state.problem != error.description
                }
                if isNew { tell(.unreadable("they can't be read: \(error.description)")) }
            }
        }
    }

    /// In bytes; a longer file is no certificate.
    private static let longest = 1 << 20

    private static func read(_ path: String) throws(Errno) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw Errno(rawValue: errno) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count < longest {
            let count = Glibc.read(descriptor, &piece, piece.count)
            guard count >= 0 else { throw Errno(rawValue: errno) }
            if count == 0 { return bytes }
            bytes += piece.prefix(count)
        }
        throw .fileTooLarge
    }
}
