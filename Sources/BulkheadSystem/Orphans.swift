import CBulkheadLinux
import Glibc
import Synchronization

/// Processes that come to this one because whoever had started them is dead.
///
/// In a container, the first process is often a program that reaps nothing: each orphan would stay a zombie there.
package enum Orphans {
    /// Children that this process has started itself, and whose end belongs to their owners.
    private static let own = Mutex<Set<Int32>>([])

    /// Has orphans below this process come to it. Call it in a process that reaps them, and no library.
    package static func adopt() { _ = bulkhead_adopt_orphans() }

    /// Reaps those that have ended, without waiting for one.
    package static func reap() {
        own.withLock { own in
            // So many at a time: more are there the next time.
            for _ in 0..<64 {
                var info = siginfo_t()
                guard waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 else { return }
                let pid = bulkhead_ended_pid(&info)
                // One of this process's own stands before them: its owner is about to take it.
                guard pid > 0, !own.contains(pid) else { return }
                guard waitid(P_PID, id_t(pid), &info, WEXITED | WNOHANG) == 0 else { return }
            }
        }
    }

    /// Runs what starts a child, and remembers it.
    /// - Returns: what `start` returns: its process ID, or a negative errno value.
    static func noting(_ start: () -> Int32) -> Int32 {
        own.withLock { own in
            let pid = start()
            if pid > 0 { own.insert(pid) }
            return pid
        }
    }

    /// Runs what reaps the child `pid`, and forgets it where it is gone.
    /// - Returns: what `reap` returns: 1 where it is gone.
    static func forgetting(_ pid: Int32, _ reap: () -> CInt) -> CInt {
        own.withLock { own in
            let outcome = reap()
            if outcome != 0 { own.remove(pid) }
            return outcome
        }
    }
}
