import CBulkheadLinux
package import SystemPackage

/// Which files a process may still touch, kept by the kernel.
/// - SeeAlso: landlock(7).
package struct Landlock: ~Copyable {
    /// What a rule allows below a path.
    package struct Access: OptionSet, Hashable, Sendable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }
        /// To read files, and to list folders.
        package static let read = Access(rawValue: BULKHEAD_LANDLOCK_READ.rawValue)
        /// To write to files that exist.
        package static let write = Access(rawValue: BULKHEAD_LANDLOCK_WRITE.rawValue)
        /// To make, rename and remove files and folders.
        package static let make = Access(rawValue: BULKHEAD_LANDLOCK_MAKE.rawValue)
        /// To give devices orders.
        package static let control = Access(rawValue: BULKHEAD_LANDLOCK_CONTROL.rawValue)
    }

    /// What goes on unwatched.
    package struct Openings: OptionSet, Hashable, Sendable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }
        /// Any TCP port may be bound and connected to.
        package static let network = Openings(rawValue: BULKHEAD_LANDLOCK_NETWORK.rawValue)
        /// Abstract sockets of other programs may be connected to.
        package static let localSockets = Openings(rawValue: BULKHEAD_LANDLOCK_LOCAL_SOCKETS.rawValue)
    }

    /// The version that the kernel offers, from 1; nil where it has none, or has it switched off.
    package static var version: Int? {
        let version = bulkhead_landlock_version()
        return version > 0 ? Int(version) : nil
    }

    private let version: CInt
    private let rules: OwnedDescriptor

    /// Begins rules that allow nothing but `openings`.
    package init(version: Int, openings: Openings = []) throws(Errno) {
        self.version = CInt(version)
        rules = OwnedDescriptor(
            adopting: try Errno.check(bulkhead_landlock_create(CInt(version), CInt(openings.rawValue))))
    }

    /// Allows what `grant` says, to the very file or folder that it means: the rule stands with the descriptor that was
    /// looked at, and not with a name.
    /// - Throws: ``FileGrant/Problem``, with nothing allowed.
    package func allow(_ grant: FileGrant) throws(FileGrant.Problem) {
        let descriptor = try grant.open()
        let outcome = bulkhead_landlock_allow(
            rules.rawValue, version, descriptor.rawValue, CInt(grant.access.rawValue))
        descriptor.close()
        guard outcome >= 0 else { throw .system(Errno(rawValue: -outcome)) }
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
