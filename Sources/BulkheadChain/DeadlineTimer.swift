import BulkheadRoom
import BulkheadSystem

/// A timer for deadlines that follow each other closely and are mostly met.
///
/// It is set anew only for an earlier deadline. One that comes too early finds nothing to do and is set again: cheaper than
/// another one for each frame.
final class DeadlineTimer {
    /// Called when a deadline may have come.
    var onDue: (() -> Void)?

    private let context: RoomContext
    private var next: (token: Reactor.Token, deadline: MonotonicTime)?

    init(_ context: RoomContext) { self.context = context }

    /// Comes at `deadline` or earlier; with nil it stays as it is.
    func arm(for deadline: MonotonicTime?) {
        guard let deadline else { return }
        if let next {
            guard deadline < next.deadline else { return }
            context.reactor.cancel(next.token)
        }
        let token = context.schedule(at: deadline) { [weak self] in
            self?.next = nil
            self?.onDue?()
        }
        next = (token, deadline)
    }

    /// Comes no more.
    func cancel() {
        if let next { context.reactor.cancel(next.token) }
        next = nil
    }
}
