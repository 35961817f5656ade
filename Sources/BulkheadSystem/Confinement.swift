import CBulkheadLinux
package import SystemPackage

/// What a process can give up for good, one piece at a time. Each throws the kernel's errno: ENOSYS or EOPNOTSUPP for
/// what it does not have.
package enum Confinement {
    /// A resource limit of setrlimit(2), lowered for good.
    package enum Limit: Hashable, Sendable {
        /// In bytes.
        case coreDump, privateMemory, addressSpace, fileSize, lockedMemory, queuedMessages
        case openFiles
        /// Of the user, in all processes.
        case threads
        /// How far a process may put itself before others.
        case priority, realTimePriority

        fileprivate var number: CInt {
            let limit =
                switch self {
                case .coreDump: BULKHEAD_LIMIT_CORE
                case .privateMemory: BULKHEAD_LIMIT_DATA
                case .addressSpace: BULKHEAD_LIMIT_ADDRESS_SPACE
                case .fileSize: BULKHEAD_LIMIT_FILE_SIZE
                case .lockedMemory: BULKHEAD_LIMIT_LOCKED_MEMORY
                case .queuedMessages: BULKHEAD_LIMIT_QUEUED_MESSAGES
                case .openFiles: BULKHEAD_LIMIT_OPEN_FILES
                case .threads: BULKHEAD_LIMIT_THREADS
                case .priority: BULKHEAD_LIMIT_NICE
                case .realTimePriority: BULKHEAD_LIMIT_REAL_TIME
                }
            return CInt(limit.rawValue)
        }
    }

    /// Lowers a limit to `value`, and never raises one.
    package static func lower(_ limit: Limit, to value: UInt64) throws(Errno) {
        try Errno.check(bulkhead_lower_limit(limit.number, value))
    }

    /// The limit in force; nil when there is none.
    package static func value(of limit: Limit) -> UInt64? {
        var value: UInt64 = .max
        return bulkhead_limit(limit.number, &value) == 0 && value != .max ? value : nil
    }

    /// Sets `no_new_privs`: no program that this process executes gains rights by its file.
    package static func refuseNewPrivileges() throws(Errno) { try Errno.check(bulkhead_refuse_new_privileges()) }

    /// Gives up root's capabilities, where the process has any.
    package static func dropCapabilities() throws(Errno) { try Errno.check(bulkhead_drop_capabilities()) }

    /// Leaves the first of the CPUs that this process may use to others.
    /// - Returns: how many are left to it.
    package static func leaveFirstCPU() throws(Errno) -> Int { Int(try Errno.check(bulkhead_leave_first_cpu())) }

    /// Keeps a plugin host from reading this process's memory and environment where Landlock would not: on kernels
    /// without it no process of this user may trace this process any more.
    package static func hideMemoryWithoutLandlock() {
        guard Landlock.version == nil else { return }
        _ = bulkhead_set_dumpable(0)
    }

    /// From now on this process may only call what computing takes: no new process or program, no connection, no
    /// signal or look at another process.
    /// - Parameter isReadOnly: files can't be opened for writing either.
    package static func filterCalls(isReadOnly: Bool) throws(Errno) {
        try Errno.check(bulkhead_seccomp_enter(isReadOnly ? CInt(BULKHEAD_SECCOMP_READ_ONLY.rawValue) : 0))
    }
}

/// Which files a process may still touch, kept by the kernel.
/// - SeeAlso: landlock(7).
package struct Landlock: ~Copyable {
    /// What a rule allows below a path.
    package struct Access: OptionSet, Sendable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }
        /// To read files, and to list folders.
        package static let read = Access(rawValue: BULKHEAD_LANDLOCK_READ.rawValue)
        /// To write to files that exist.
        package static let write = Access(rawValue: BULKHEAD_LANDLOCK_WRITE.rawValue)
        /// To make, rename and remove files and folders.
        package static let make = Access(rawValue: BULKHEAD_LANDLOCK_MAKE.rawValue)
    }

    /// The version that the kernel offers, from 1; nil where it has none, or has it switched off.
    package static var version: Int? {
        let version = bulkhead_landlock_version()
        return version > 0 ? Int(version) : nil
    }

    private let version: CInt
    private let rules: OwnedDescriptor

    /// Begins rules that allow nothing.
    package init(version: Int) throws(Errno) {
        self.version = CInt(version)
        rules = OwnedDescriptor(adopting: try Errno.check(bulkhead_landlock_create(CInt(version))))
    }

    /// Allows `access` to a file, or to all below a folder.
    package func allow(_ access: Access, to path: String) throws(Errno) {
        try Errno.check(bulkhead_landlock_allow(rules.rawValue, version, path, CInt(access.rawValue)))
    }

    /// Puts this thread, and those that it starts, under the rules.
    package consuming func enter() throws(Errno) {
        let outcome = bulkhead_landlock_enter(rules.rawValue)
        rules.close()
        try Errno.check(outcome)
    }

    /// Closes the rules without entering them.
    package consuming func discard() { rules.close() }
}
