import CBulkheadLinux

/// Blocks of a file that are taken before they are written to.
package enum FileBlocks {
    /// Takes blocks for `byteCount` bytes from `start` on; the file does not become longer.
    /// - Returns: false where the file system gives none, or too few: some may have been taken all the same.
    package static func take(_ byteCount: Int64, from start: Int64, of descriptor: CInt) -> Bool {
        bulkhead_preallocate(descriptor, start, byteCount) == 0
    }
}
