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
        /// Of the user, in all processes, timers among them.
        case queuedSignals

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
                case .queuedSignals: BULKHEAD_LIMIT_QUEUED_SIGNALS
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

    /// What root may keep of its capabilities.
    package struct Capabilities: OptionSet, Hashable, Sendable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }
        /// To read the files of other users.
        package static let readAnyFile = Capabilities(rawValue: BULKHEAD_ROOT_READS_ANY_FILE.rawValue)
        /// To write where other users may, below what else is allowed.
        package static let writeAnyFile = Capabilities(rawValue: BULKHEAD_ROOT_WRITES_ANY_FILE.rawValue)
        /// To read what a graphics card shows.
        package static let seeScreen = Capabilities(rawValue: BULKHEAD_ROOT_SEES_SCREEN.rawValue)
    }

    /// Gives up root's capabilities but `kept`, where the process has any.
    package static func dropCapabilities(except kept: Capabilities = []) throws(Errno) {
        try Errno.check(bulkhead_drop_capabilities(CInt(kept.rawValue)))
    }

    /// Leaves the first of the CPUs that this process may use to others.
    /// - Returns: how many are left to it.
    package static func leaveFirstCPU() throws(Errno) -> Int { Int(try Errno.check(bulkhead_leave_first_cpu())) }

    /// Keeps other processes of this user from reading this process's memory, environment and descriptors, and from tracing
    /// it. Root may still.
    package static func hideMemory() { _ = bulkhead_set_dumpable(0) }

    /// What a process may call besides what computing takes.
    package struct Calls: OptionSet, Hashable, Sendable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }
        /// Nothing that makes, changes or removes a file: where Landlock does not see to that.
        package static let readOnly = Calls(rawValue: BULKHEAD_SECCOMP_READ_ONLY.rawValue)
        /// Sockets of programs of this machine.
        package static let localSockets = Calls(rawValue: BULKHEAD_SECCOMP_LOCAL_SOCKETS.rawValue)
        /// Sockets of the network.
        package static let network = Calls(rawValue: BULKHEAD_SECCOMP_NETWORK.rawValue)
        /// What drivers ask for, and sound and screen servers.
        package static let devices = Calls(rawValue: BULKHEAD_SECCOMP_DEVICES.rawValue)
        /// What it takes to give up more later.
        package static let narrowing = Calls(rawValue: BULKHEAD_SECCOMP_NARROWS.rawValue)
    }

    /// From now on this process may only call what computing takes, and `calls`: no new process or program, no signal or
    /// look at another process, and without these no connection.
    package static func filterCalls(_ calls: Calls) throws(Errno) {
        try Errno.check(bulkhead_seccomp_enter(CInt(calls.rawValue)))
    }
}
