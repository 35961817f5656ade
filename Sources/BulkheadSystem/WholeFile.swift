import Glibc

/// Files of this user alone that are replaced as a whole or not at all, whatever the process or the machine does meanwhile.
package enum WholeFile {
    /// Why a file was not replaced; what was there still is.
    package struct Failure: Error, Hashable, Sendable {
        /// What could not be written.
        package let path: String
        /// The system's number of the error.
        package let errno: Int32
    }

    /// Puts `bytes` into the place of the file at `path`, in a folder that is there. May block; returns when they are on the
    /// disk, in a file of mode 0600.
    package static func write(_ bytes: [UInt8], to path: String) throws(Failure) {
        let draft = path + ".new"
        let file = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw Failure(path: draft, errno: errno) }
        let written = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
        var number = written < 0 ? errno : written < bytes.count ? ENOSPC : 0
        if number == 0, fsync(file) != 0 { number = errno }
        close(file)
        if number == 0, rename(draft, path) != 0 { number = errno }
        guard number == 0 else {
            unlink(draft)
            throw Failure(path: path, errno: number)
        }
        // The name is on the disk when the folder is.
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { return }
        fsync(directory)
        close(directory)
    }

    /// Makes the folder `path`, and those on the way to it, for this user alone. Whether it worked shows when it is used.
    /// - Returns: the number of the system's error that says why one could not be made; nil where all are there.
    @discardableResult package static func makeFolder(_ path: String) -> Int32? {
        var end = path.startIndex
        var obstacle: Int32?
        let path = path + "/"
        while let slash = path[end...].dropFirst().firstIndex(of: "/") {
            if mkdir(String(path[..<slash]), 0o700) != 0, errno != EEXIST { obstacle = errno }
            end = slash
        }
        return obstacle
    }
}
