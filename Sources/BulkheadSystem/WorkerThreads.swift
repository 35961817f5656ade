package import Dispatch
import Glibc
import Synchronization

/// The threads that run this process's tasks and queues, made at the start and kept as long as it lives.
///
/// libdispatch starts a thread when there is work, and ends one that had none for five seconds. Where no thread is to be
/// had, because a plugin holds all that the user or the control group may have, it sleeps in the thread that has brought
/// the work, a second at a time and without end: the reactor, or the one that hears of Ctrl-C. A pool that is full asks
/// for no thread.
package enum WorkerThreads {
    /// Where serial queues of a process that must not wait for a thread have their work done; it may not block.
    package static let queue = DispatchQueue.global()

    /// In seconds, between two pieces of work for each thread: less than it waits before it ends.
    private static let interval: CUnsignedInt = 2
    /// How long the first ones wait for each other.
    private static let patience = Duration.milliseconds(200)
    /// How long later ones do, where others work: these wait behind them.
    private static let laterPatience = Duration.milliseconds(5)

    private static let keeper = SerialThread()
    private static let keeping: Void = {
        // Not here: this may be one of the pool's threads, and the others would wait for it in vain.
        keeper.run {
            let count = Meeting(of: max(1, sysconf(CInt(_SC_NPROCESSORS_ONLN)))).hold(within: patience)
            var meeting = Meeting(of: count)
            while true {
                sleep(interval)
                // Parts that still wait would only be joined by others.
                guard meeting.isOver else { continue }
                meeting = Meeting(of: count)
                _ = meeting.hold(within: laterPatience)
                // The main queue has its work done by a pool of its own.
                DispatchQueue.main.async {}
            }
        }
    }()

    /// Makes the threads, and keeps them from now on.
    package static func keep() { keeping }

    /// Work that takes as many threads at once as it has parts.
    private final class Meeting: Sendable {
        private let count: Int
        private let state = Mutex((present: 0, most: 0))
        private let isComplete = DispatchSemaphore(value: 0)
        private let parts = DispatchGroup()

        init(of count: Int) { self.count = count }

        /// All parts have had their turn.
        var isOver: Bool { parts.wait(timeout: .now()) == .success }

        /// Gives the pool's threads a part each.
        /// - Returns: how many were there at once.
        func hold(within patience: Duration) -> Int {
            let end = DispatchTime.now() + .nanoseconds(Int(clamping: patience.nanoseconds))
            for _ in 0..<count { queue.async(group: parts) { self.attend(until: end) } }
            // Where the pool does other work, the parts come when they come.
            _ = parts.wait(timeout: end)
            return state.withLock { max(1, $0.most) }
        }

        private func attend(until end: DispatchTime) {
            let isLast = state.withLock { state in
                state.present += 1
                state.most = max(state.most, state.present)
                return state.present == count
            }
            if isLast { for _ in 1..<count { isComplete.signal() } } else { _ = isComplete.wait(timeout: end) }
            state.withLock { $0.present -= 1 }
        }
    }
}
