import CBulkheadLinux
import Glibc
package import SystemPackage

/// A process beside this one that ends what this one has started, should it end without having done so.
package struct GroupGuard: ~Copyable {
    private let orders: CInt
    private let pid: Int32

    /// Starts the guard. Call it while there is one thread.
    package init() throws(Errno) {
        var pid: pid_t = 0
        orders = try Errno.check(bulkhead_start_guard(&pid))
        self.pid = pid
    }

    /// The process group that `pid` leads does not outlive this process.
    package func guardGroup(of pid: Int32) { _ = bulkhead_order_guard(orders, pid) }

    /// The group is gone.
    package func release(groupOf pid: Int32) { _ = bulkhead_order_guard(orders, -pid) }

    /// Ends the guard, and what is in its care.
    package consuming func close() { bulkhead_end_guard(orders, pid) }
}
