import Glibc
import Synchronization

/// One piece of work on a thread of its own, beside the one that plays.
///
/// The work has all that it touches for itself until ``isDone``; then the result, and all that the work was given, belong to
/// the thread that made this object. A thread that does not come back, as from a disk that has gone, is left behind.
final class Background<Value> {
    private let job: Job

    // The thread writes what the work gives before it sets `hasEnded`, and touches nothing after that.
    private final class Job: @unchecked Sendable {
        let work: () -> Void
        let hasEnded = Atomic<Bool>(false)

        init(_ work: @escaping () -> Void) { self.work = work }

        func run() {
            work()
            hasEnded.store(true, ordering: .releasing)
        }
    }

    private final class Box { var value: Value? }

    private let box: Box

    /// Starts `work`. Where no thread is to be had it is done at once.
    init(_ work: @escaping () -> Value) {
        let box = Box()
        self.box = box
        job = Job { box.value = work() }
        BackgroundThread.start(job.run)
    }

    /// The result; nil as long as there is none.
    var result: Value? { job.hasEnded.load(ordering: .acquiring) ? box.value : nil }
}

/// Says to work on another thread that nobody waits for it any more.
final class Cancellation: Sendable {
    private let flag = Atomic<Bool>(false)

    var isCancelled: Bool { flag.load(ordering: .relaxed) }

    func cancel() { flag.store(true, ordering: .relaxed) }
}

private enum BackgroundThread {
    private final class Body {
        let run: () -> Void
        init(_ run: @escaping () -> Void) { self.run = run }
    }

    static func start(_ run: @escaping () -> Void) {
        var thread = pthread_t()
        let body = Unmanaged.passRetained(Body(run))
        let error = pthread_create(
            &thread, nil,
            { body in
                if let body { Unmanaged<Body>.fromOpaque(body).takeRetainedValue().run() }
                return nil
            }, body.toOpaque())
        if error == 0 {
            pthread_detach(thread)
        } else {
            body.takeRetainedValue().run()
        }
    }
}
