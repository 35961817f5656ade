import Dispatch
import Glibc
import Synchronization

/// One permanent thread that does one piece of work after the other, for work that may block.
///
/// It is made once, when threads are to be had: a queue of libdispatch asks for a thread with each burst of work, and where
/// there is none it sleeps in the thread that hands the work over, for a second at a time.
package final class SerialThread: Sendable {
    /// What the thread and its owner share: the thread may outlive the owner for as long as its work takes.
    private final class Line: Sendable {
        struct State {
            var work: [@Sendable () -> Void] = []
            var isClosed = false
        }

        let state = Mutex(State())
        let isThere = DispatchSemaphore(value: 0)

        func run() {
            while true {
                isThere.wait()
                let (next, isOver) = state.withLock { state in
                    (state.work.isEmpty ? nil : state.work.removeFirst(), state.work.isEmpty && state.isClosed)
                }
                next?()
                if isOver { return }
            }
        }
    }

    /// For the files that masters keep of themselves, on a disk that may be slow.
    package static let state = SerialThread()

    private let line = Line()
    /// No thread was to be had: no work is done.
    private let isMissing: Bool

    package init() {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(line)
        let error = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Line>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, context.toOpaque())
        isMissing = error != 0
        if isMissing { context.release() } else { pthread_detach(thread) }
    }

    /// Does `work` on the thread, after all that was handed over before.
    /// - Returns: false where there is no thread: it is not done then.
    @discardableResult
    package func run(_ work: @escaping @Sendable () -> Void) -> Bool {
        guard !isMissing else { return false }
        line.state.withLock { $0.work.append(work) }
        line.isThere.signal()
        return true
    }

    /// Waits until all that was handed over is done, for `patience` at most.
    /// - Returns: whether it is.
    @discardableResult
    package func drain(within patience: Duration) -> Bool {
        let isDone = DispatchSemaphore(value: 0)
        guard run({ isDone.signal() }) else { return true }
        let end = DispatchTime.now() + .nanoseconds(Int(clamping: patience.nanoseconds))
        return isDone.wait(timeout: end) == .success
    }

    deinit {
        line.state.withLock { $0.isClosed = true }
        line.isThere.signal()
    }
}

/// A value of one ``SerialThread``: made there by its first use, and touched nowhere else.
package final class ThreadBound<Value>: @unchecked Sendable {
    // Unchecked because `stored` is touched by work of the thread alone, which does one piece after the other.
    private let thread: SerialThread
    private let make: @Sendable () -> Value
    private var stored: Value?

    /// - Parameter make: called on `thread`, once.
    package init(_ thread: SerialThread, _ make: @escaping @Sendable () -> Value) {
        self.thread = thread
        self.make = make
    }

    /// Does `work` with the value on the thread, after all that was handed over before.
    package func run(_ work: @escaping @Sendable (Value) -> Void) {
        thread.run { [self] in
            let value = stored ?? make()
            stored = value
            work(value)
        }
    }

    /// Waits until all that was handed over is done, for `patience` at most.
    /// - Returns: whether it is.
    @discardableResult
    package func drain(within patience: Duration) -> Bool { thread.drain(within: patience) }
}
