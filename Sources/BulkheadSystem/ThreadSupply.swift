import Glibc

/// Whether this process may have more threads. A plugin, or another program of the user's, may have used up what the user
/// or the control group is allowed (pids.max), and libraries that need a thread then trap.
package enum ThreadSupply {
    /// A thread can be started now, and ends at once.
    package static var hasRoom: Bool {
        var thread = pthread_t()
        guard pthread_create(&thread, nil, { _ in nil }, nil) == 0 else { return false }
        pthread_join(thread, nil)
        return true
    }
}
