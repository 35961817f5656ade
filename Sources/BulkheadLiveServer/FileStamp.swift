#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What differs between two states of a file.
struct FileStamp: Hashable {
    private let inode: UInt64
    private let seconds: Int
    private let nanoseconds: Int
    private let byteCount: Int64

    init?(_ path: String) {
        var information = stat()
        guard stat(path, &information) == 0 else { return nil }
        inode = UInt64(information.st_ino)
        seconds = information.st_mtim.tv_sec
        nanoseconds = information.st_mtim.tv_nsec
        byteCount = Int64(information.st_size)
    }
}
