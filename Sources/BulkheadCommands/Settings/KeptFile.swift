import BulkheadModel
import Glibc
import SystemPackage

/// A person's file that is replaced as a whole or not at all: with its mode, its owner, and at the end of its links.
struct KeptFile {
    /// Where the bytes lie, behind all symbolic links.
    let path: String
    private let information: stat

    /// - Throws: kind `file`: there is none, or it is no file.
    init(at path: String) throws(BroadcastError) {
        guard let resolved = realpath(path, nil) else { throw Self.failure(path, errno) }
        defer { free(resolved) }
        self.path = String(cString: resolved)
        var information = stat()
        guard stat(self.path, &information) == 0 else { throw Self.failure(path, errno) }
        guard information.st_mode & S_IFMT == S_IFREG else {
            throw BroadcastError(
                code: .notWritable, ["path": path], "\(path) is no file", advice: "change what it comes from")
        }
        self.information = information
    }

    /// - Throws: kind `file`; what was there still is.
    func write(_ text: String) throws(BroadcastError) {
        let draft = "\(path).\(getpid()).new"
        let file = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw Self.failure(path, errno) }
        var number: Int32 = 0
        do throws(Errno) { try fill(file, Array(text.utf8)) } catch { number = error.rawValue }
        close(file)
        // Somebody may have changed it meanwhile: then the draft is of a file that is no more.
        var now = stat()
        if number == 0,
            stat(path, &now) != 0 || now.st_ino != information.st_ino
                || now.st_mtim.tv_sec != information.st_mtim.tv_sec
                || now.st_mtim.tv_nsec != information.st_mtim.tv_nsec
        {
            unlink(draft)
            throw BroadcastError(
                code: .notWritable, ["path": path], "\(path) was changed by somebody else meanwhile",
                advice: "try again")
        }
        if number == 0, rename(draft, path) != 0 { number = errno }
        guard number == 0 else {
            unlink(draft)
            throw Self.failure(path, number)
        }
        // The name is on the disk when the folder is.
        let folder = open(FilePath(path).removingLastComponent().string, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { return }
        fsync(folder)
        close(folder)
    }

    private func fill(_ file: CInt, _ bytes: [UInt8]) throws(Errno) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(file, $0.baseAddress?.advanced(by: written), bytes.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw count < 0 ? Errno(rawValue: errno) : .noSpace }
            written += count
        }
        // Who may read it is decided before its name is there; a file that changes hands would be another's secret.
        if information.st_uid != geteuid() || information.st_gid != getegid() {
            guard fchown(file, information.st_uid, information.st_gid) == 0 else { throw Errno(rawValue: errno) }
        }
        guard fchmod(file, information.st_mode & 0o7777) == 0, fsync(file) == 0 else { throw Errno(rawValue: errno) }
    }

    private static func failure(_ path: String, _ number: Int32) -> BroadcastError {
        BroadcastError(
            code: .notWritable, ["path": path], "\(path) can't be written: \(Errno(rawValue: number).phrase)",
            advice: "check who may write to it and to its folder, or name another with --config")
    }
}
