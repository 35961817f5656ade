import CBulkheadLinux

/// Who uses a file at rest. A recorder holds the one that it writes by flock(2); whoever reads it, by a lock of its open file,
/// which is in no recorder's way. What removes recordings asks for both.
package enum FileHold {
    /// Holds the file for reading as long as `descriptor` is open. A file system without locks has none to give.
    package static func read(_ descriptor: CInt) { _ = bulkhead_hold_for_reading(descriptor) }

    /// Holds the file as the only one, as long as `descriptor` is open, which is for writing as well.
    /// - Returns: false where a recorder or a reader has it.
    package static func alone(_ descriptor: CInt) -> Bool { bulkhead_hold_alone(descriptor) == 0 }
}
