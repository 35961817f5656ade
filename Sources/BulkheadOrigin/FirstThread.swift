import Dispatch
import Synchronization

/// The program's first thread, which runs no tasks.
enum FirstThread {
    private final class Box<Value: Sendable>: Sendable {
        let value = Mutex<Value?>(nil)
    }

    /// Waits for what a task comes to.
    static func wait<Value: Sendable>(for body: @escaping @Sendable () async -> Value) -> Value {
        let (box, done) = (Box<Value>(), DispatchSemaphore(value: 0))
        // The caller waits for it.
        Task.detached {
            let value = await body()
            box.value.withLock { $0 = value }
            done.signal()
        }
        while true {
            done.wait()
            if let value = box.value.withLock({ $0 }) { return value }
        }
    }
}
