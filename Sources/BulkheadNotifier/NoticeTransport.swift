import BulkheadSystem
import BulkheadWire

/// A way to targets of one kind: begins attempts, and says how they ended. It is used by one thread.
protocol NoticeTransport: AnyObject {
    /// Begins to take `notice` to `address`; ``next()`` gives the attempt's end under `key`, of which one is under way at most.
    func begin(_ key: Int, _ notice: Notice, to address: NoticeAddress) throws(NotifierError)
    /// Waits until something can be done for an attempt, `descriptor` is readable, or `timeout` is over.
    func wait(for descriptor: CInt?, atMost timeout: Duration)
    /// Does what can be done without waiting, and gives each attempt that has ended since.
    func next() -> (key: Int, Delivery.Attempt)?
}
