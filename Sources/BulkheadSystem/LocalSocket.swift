import CBulkheadLinux
import Glibc
package import SystemPackage

/// The process at the other end of a local socket, as the kernel knows it (SO_PEERCRED).
package struct PeerCredentials: Hashable, Sendable {
    /// The process that connected; its id may be in use by another process by now.
    package let pid: Int32
    /// The user that the process ran as when it connected.
    package let uid: UInt32

    /// Asks the kernel about the peer of a connected local socket.
    package init(of socket: borrowing OwnedDescriptor) throws(Errno) {
        var pid: pid_t = 0
        var uid: uid_t = 0
        try Errno.check(bulkhead_peer_credentials(socket.rawValue, &pid, &uid))
        self.pid = pid
        self.uid = uid
    }

    /// The peer was started by this process, and has not ended.
    package var isOwnChild: Bool {
        // proc_pid_stat(5): the name stands in parentheses and may hold any; state and parent follow.
        guard let text = SmallText.of("/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else { return false }
        let fields = text[text.index(after: end)...].split(separator: " ")
        return fields.count > 1 && Int32(fields[1]) == getpid()
    }
}

/// Calls for sockets in the file system.
package enum LocalSocket {
    /// The longest path that an address holds, in bytes.
    package static let maximumPathByteCount = 107

    /// Listens at `path`, non-blocking, for this user alone: the file has mode 0600. Nothing may be there yet.
    /// - Parameter group: the group whose members may connect as well, by mode 0660; nil for none. This process must belong to it,
    ///   or be root's.
    package static func listen(at path: String, group: UInt32? = nil) throws(Errno) -> OwnedDescriptor {
        OwnedDescriptor(adopting: try Errno.check(bulkhead_listen_local(path, group ?? .max, 16)))
    }

    /// Connects to `path`, blocking.
    /// - Throws: EAGAIN where the other end has taken no connection for two seconds.
    package static func connect(to path: String) throws(Errno) -> OwnedDescriptor {
        OwnedDescriptor(adopting: try Errno.check(bulkhead_connect_local(path)))
    }

    /// Accepts one connection, non-blocking; nil when none waits.
    package static func accept(_ listener: CInt) throws(Errno) -> OwnedDescriptor? {
        let result = bulkhead_accept(listener)
        if result == -CInt(Errno.wouldBlock.rawValue) { return nil }
        return OwnedDescriptor(adopting: try Errno.check(result))
    }
}

/// The one-time set-up of a process.
package enum ProcessSetup {
    /// A write to a closed pipe or socket, or beyond the largest file that this process may have, returns an error from
    /// now on, and ends nothing.
    package static func ignoreWriteSignals() {
        _ = bulkhead_ignore_broken_pipes()
        _ = bulkhead_ignore_full_files()
    }

    /// Raises the limit of open descriptors as far as this process may.
    /// - Returns: how many may be open.
    package static func raiseDescriptorLimit() -> UInt64 {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(7), &limit) == 0 else { return .max }  // RLIMIT_NOFILE
        var raised = limit
        raised.rlim_cur = min(limit.rlim_max, 65_536)
        if raised.rlim_cur > limit.rlim_cur, setrlimit(__rlimit_resource_t(7), &raised) == 0 { limit = raised }
        return UInt64(limit.rlim_cur)
    }

    /// Keeps libdispatch from telling the system's log of each thread whose priority it may not raise, as ordinary users may not.
    /// To be called before there is a second thread.
    package static func silenceDispatch() { setenv("LIBDISPATCH_LOG", "NO", 0) }

    /// Puts something in place of standard descriptors that are closed, so that no file or socket of ours gets their
    /// numbers. Standard input stays unreadable.
    package static func occupyStandardDescriptors() {
        for number in CInt(0)...2 where fcntl(number, F_GETFD) < 0 {
            // The lowest free number is the one that was asked for.
            _ = open("/dev/null", number == 0 ? O_WRONLY : O_RDWR)
        }
    }

    /// Standard input was closed when this process began.
    package static var standardInputIsClosed: Bool {
        let flags = fcntl(0, F_GETFL)
        return flags < 0 || flags & O_ACCMODE == O_WRONLY
    }
}
