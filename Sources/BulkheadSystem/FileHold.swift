import CBulkheadLinux
import Glibc

/// Who uses a file at rest. A recorder holds the one that it writes by flock(2); whoever reads it, by a lock of its open file,
/// which is in no recorder's way. What removes recordings asks for both.
package enum FileHold {
    /// How often a file is looked at that another holds, 10 ms apart: one that was killed lets go a moment later, and so does a
    /// process that has just been forked, when it becomes its program.
    package static let patience = 20

    /// Holds the file for writing, as long as `descriptor` is open. May wait: `looks` times 10 ms.
    /// - Returns: false where another process has it. A file system without locks knows of none.
    package static func own(_ descriptor: CInt, looks: Int = patience) -> Bool {
        for look in 1...max(1, looks) {
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK && errno != EINTR { return true }
            if look < looks { usleep(10_000) }
        }
        return false
    }

    /// Holds the file for reading as long as `descriptor` is open. A file system without locks has none to give.
    package static func read(_ descriptor: CInt) { _ = bulkhead_hold_for_reading(descriptor) }

    /// Holds the file as the only one, as long as `descriptor` is open, which is for writing as well.
    /// - Returns: false where a recorder or a reader has it.
    package static func alone(_ descriptor: CInt) -> Bool { bulkhead_hold_alone(descriptor) == 0 }
}
