import CBulkheadLinux
package import Synchronization
package import SystemPackage

/// The one owner of an open file descriptor.
package struct OwnedDescriptor: ~Copyable, Sendable {
    /// How many owners went away without `close()`. A test run ends with 0.
    package static let droppedOpen = Atomic<Int>(0)

    /// For calls that use the descriptor without keeping it.
    package let rawValue: CInt

    /// Takes over `rawValue`, which no other code may close.
    package init(adopting rawValue: CInt) { self.rawValue = rawValue }

    /// Creates shared memory that no process can shrink or grow, so a peer can't pull it from under a mapping.
    package init(memfdNamed name: String, byteCount: Int) throws(Errno) {
        rawValue = try Errno.check(bulkhead_memfd_create_sealed(name, byteCount))
    }

    /// Opens the same file once more, in a way that can't be mapped or written for writing.
    package func reopenedReadOnly() throws(Errno) -> OwnedDescriptor {
        OwnedDescriptor(adopting: try Errno.check(bulkhead_reopen_read_only(rawValue)))
    }

    /// Makes a second descriptor of the same open file, close-on-exec.
    package func duplicate() throws(Errno) -> OwnedDescriptor {
        OwnedDescriptor(adopting: try Errno.check(bulkhead_duplicate(rawValue)))
    }

    /// Lets no new mapping of this memfd be writable; the ones that exist stay as they are.
    package func sealFutureWrites() throws(Errno) { try Errno.check(bulkhead_memfd_seal_future_writes(rawValue)) }

    /// Sets or clears O_NONBLOCK, which all descriptors of the open file share.
    package func setNonblocking(_ enabled: Bool) throws(Errno) {
        try Errno.check(bulkhead_set_nonblocking(rawValue, enabled ? 1 : 0))
    }

    /// Gives the descriptor to a caller that will close it.
    package consuming func release() -> CInt {
        let descriptor = rawValue
        discard self
        return descriptor
    }

    /// Closes the descriptor. It is gone whatever the kernel answers.
    package consuming func close() {
        let descriptor = rawValue
        discard self
        // Linux frees the descriptor whatever close() answers; there is nothing to do about an error.
        _ = bulkhead_close(descriptor)
    }

    deinit {
        Self.droppedOpen.add(1, ordering: .relaxed)
        _ = bulkhead_close(rawValue)
    }
}

/// Two connected stream sockets.
package struct SocketPair: ~Copyable {
    /// The end that this process keeps.
    package var ours: OwnedDescriptor
    /// The end that goes to the child.
    package var theirs: OwnedDescriptor

    /// Makes two connected Unix stream sockets, close-on-exec.
    package init() throws(Errno) {
        var pair: [CInt] = [-1, -1]
        try Errno.check(bulkhead_socketpair(&pair))
        ours = OwnedDescriptor(adopting: pair[0])
        theirs = OwnedDescriptor(adopting: pair[1])
    }

    /// Closes both ends.
    package consuming func close() {
        ours.close()
        theirs.close()
    }
}
