import CBulkheadLinux
import Glibc
import Synchronization
package import SystemPackage

/// What other threads hand to the code on a reactor: bounded, in the order in which it was posted.
package final class ReactorMailbox<Item: Sendable>: Sendable {
    private struct State {
        var items: [Item] = []
        var isClosed = false
    }

    private let capacity: Int
    /// An eventfd; readable while items wait.
    private let wake: CInt
    private let state = Mutex(State())

    /// - Parameter capacity: how many items may wait.
    package init(capacity: Int) throws(Errno) {
        self.capacity = capacity
        wake = try Errno.check(bulkhead_eventfd_create())
    }

    deinit { _ = bulkhead_close(wake) }

    /// Hands an item over; from any thread.
    /// - Parameter isBounded: false for what must not be lost and of which there are few: it is taken by a full mailbox, too.
    /// - Returns: false when the mailbox is full or closed; the item is dropped then.
    @discardableResult
    package func post(_ item: Item, isBounded: Bool = true) -> Bool {
        state.withLock { state in
            guard !state.isClosed, !isBounded || state.items.count < capacity else { return false }
            state.items.append(item)
            if state.items.count == 1 { _ = bulkhead_eventfd_signal(wake) }
            return true
        }
    }

    /// Takes up to `maximum` items, the oldest first. While more wait, the reactor comes back after its other work.
    package func take(_ maximum: Int) -> [Item] {
        state.withLock { state in
            let taken = Array(state.items.prefix(maximum))
            state.items.removeFirst(taken.count)
            if state.items.isEmpty { _ = bulkhead_eventfd_clear(wake) }
            return taken
        }
    }

    /// Calls `handler` on the reactor's thread whenever items wait; on that thread.
    /// - Returns: what ends the watch.
    package func watch(on reactor: Reactor, _ handler: @escaping @Sendable () -> Void) throws(Errno) -> Reactor.Token {
        try reactor.watch(wake) { _ in handler() }
    }

    /// Drops what waits and takes nothing more.
    package func close() {
        state.withLock { state in
            state.isClosed = true
            state.items = []
            _ = bulkhead_eventfd_clear(wake)
        }
    }
}
