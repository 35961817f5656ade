import CBulkheadLinux

/// Which of the walls around children the running kernel has.
package struct KernelWalls: Hashable, Sendable {
    /// Nil where there is no Landlock, or it is switched off.
    package var landlockVersion: Int?
    /// System calls can be filtered.
    package var hasSeccomp: Bool

    package init(landlockVersion: Int?, hasSeccomp: Bool) {
        self.landlockVersion = landlockVersion
        self.hasSeccomp = hasSeccomp
    }

    /// Asks the kernel.
    package static var here: KernelWalls {
        KernelWalls(landlockVersion: Landlock.version, hasSeccomp: bulkhead_seccomp_is_there() == 1)
    }

    /// What is missing and what that means, one phrase for each; empty where nothing is.
    package var missing: [String] {
        (landlockVersion == nil ? ["no Landlock: children may read what this user may"] : [])
            + (hasSeccomp ? [] : ["no seccomp: children may make connections, start programs and signal processes"])
    }
}
