import Synchronization

/// Children of this process that may use its control socket; any other that connects has been taken over.
package final class TrustedChildren: Sendable {
    private let pids = Mutex<Set<Int32>>([])

    package init() {}

    /// From now on the child of that process id may, or may not any more: call it before the id is free for others.
    package func set(_ pid: Int32, isTrusted: Bool) {
        pids.withLock { pids in
            if isTrusted { pids.insert(pid) } else { pids.remove(pid) }
        }
    }

    func contains(_ pid: Int32) -> Bool { pids.withLock { $0.contains(pid) } }
}
