import Glibc
package import SystemPackage

/// A stretch of shared memory in this process's address space, unmapped when the last reference goes.
///
/// Other processes change it at any time: copy a number before checking it, and use the copy.
package final class SharedMapping {
    /// Whether this process may write to the mapping.
    package enum Access { case readOnly, readWrite }

    /// The first byte; aligned to a page.
    package let base: UnsafeMutableRawPointer
    /// The mapping's length in bytes.
    package let byteCount: Int

    /// Maps the first `byteCount` bytes behind `descriptor`, which may be closed afterwards.
    /// - Throws: the errno of mmap: EPERM or EACCES for a writable mapping of what may only be read, EINVAL for a file
    ///   that is too short.
    package init(_ descriptor: borrowing OwnedDescriptor, byteCount: Int, access: Access) throws(Errno) {
        var information = stat()
        guard fstat(descriptor.rawValue, &information) == 0 else { throw Errno(rawValue: errno) }
        guard byteCount > 0, information.st_size >= off_t(byteCount) else { throw .invalidArgument }
        let protection = access == .readWrite ? PROT_READ | PROT_WRITE : PROT_READ
        guard let memory = mmap(nil, byteCount, protection, MAP_SHARED, descriptor.rawValue, 0), memory != MAP_FAILED
        else { throw Errno(rawValue: errno) }
        // Pictures of a broadcast don't belong in a core dump, and take long to write.
        madvise(memory, byteCount, 16 /* MADV_DONTDUMP */)
        base = memory
        self.byteCount = byteCount
    }

    /// Changes what this process may do with `bytes` of the mapping, which are whole pages. Every thread that does more
    /// ends the process with SIGSEGV.
    package func allow(_ access: Access, to bytes: Range<Int>) throws(Errno) {
        guard bytes.lowerBound >= 0, bytes.upperBound <= byteCount else { throw .invalidArgument }
        let protection = access == .readWrite ? PROT_READ | PROT_WRITE : PROT_READ
        guard mprotect(base + bytes.lowerBound, bytes.count, protection) == 0 else { throw Errno(rawValue: errno) }
    }

    deinit { munmap(base, byteCount) }
}
