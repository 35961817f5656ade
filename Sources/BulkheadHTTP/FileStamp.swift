#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What differs between two states of a file: its number, time and length.
package struct FileStamp: Hashable, Sendable {
    private let inode: UInt64
    private let seconds: Int
    private let nanoseconds: Int
    private let byteCount: Int64

    /// Nil where there is no file at `path`.
    package init?(_ path: String) {
        var information = stat()
        guard stat(path, &information) == 0 else { return nil }
        inode = UInt64(information.st_ino)
        seconds = information.st_mtim.tv_sec
        nanoseconds = information.st_mtim.tv_nsec
        byteCount = Int64(information.st_size)
    }
}
