import CBulkheadLinux
import Glibc
import Synchronization
package import SystemPackage

/// One permanent thread that runs an actor's jobs, waits for descriptors and timers, and starts children.
///
/// It is the executor of the actor that holds the broadcast: a message from a child is handled on the thread that
/// received it, without a hop. And it never ends while children live, as their parent-death signal demands.
/// Everything but ``enqueue(_:)`` and ``run(_:)`` is for code that already runs on the reactor.
package final class Reactor: SerialExecutor, @unchecked Sendable {
    // Unchecked because `watchers`, `timers`, `flushables`, the counter and the times of looks are touched on the reactor's own thread only,
    // which every entry checks; `work` and `isStopped` have their lock.

    /// What a watched descriptor is ready for. An end or an error counts as readable.
    package struct Readiness: OptionSet, Sendable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }
        package static let readable = Readiness(rawValue: 1)
        package static let writable = Readiness(rawValue: 2)
    }

    /// A watch or a timer that can be taken back.
    package struct Token: Hashable, Sendable { fileprivate let id: UInt64 }

    private struct Watcher {
        let descriptor: CInt
        let handler: @Sendable (Readiness) -> Void
    }

    private struct Timer {
        let deadline: MonotonicTime
        /// The thread is woken for it then, unless it was awake before.
        let latest: MonotonicTime
        let id: UInt64
        let handler: @Sendable () -> Void
    }

    private enum Work {
        case job(UnownedJob)
        case closure(@Sendable () -> Void)
    }

    private struct Shared {
        /// What other threads have handed over.
        var work: [Work] = []
        var isStopped = false
    }

    private let epoll: CInt
    private let wake: CInt
    /// When descriptors were looked at in this turn, and when the time before: what this turn has found was not so then.
    private var looked = MonotonicTime.now
    private(set) package var lookedBefore = MonotonicTime.now
    private let shared = Mutex(Shared())
    /// The thread's `pthread_t`; 0 before it runs.
    private let thread = Atomic<UInt>(0)
    private var watchers: [UInt64: Watcher] = [:]
    /// The latest first.
    private var timers: [Timer] = []
    private var flushables: [any Flushable] = []
    private var lastID: UInt64 = 1
    private static let wakeToken: UInt64 = 1

    /// Makes a reactor and starts its thread.
    package init() throws(Errno) {
        epoll = try Errno.check(bulkhead_epoll_create())
        wake = try Errno.check(bulkhead_eventfd_create())
        // Each signal wakes the thread once, and none has to be cleared.
        try Errno.check(bulkhead_epoll_control(epoll, 0, wake, 1 | 4, Self.wakeToken))
        var handle = pthread_t()
        let context = Unmanaged.passRetained(self)
        let error = pthread_create(
            &handle, nil,
            { argument in
                guard let argument else { return nil }
                let reactor = Unmanaged<Reactor>.fromOpaque(argument).takeRetainedValue()
                reactor.thread.store(UInt(pthread_self()), ordering: .relaxed)
                reactor.run()
                return nil
            }, context.toOpaque())
        guard error == 0 else {
            context.release()
            throw Errno(rawValue: error)
        }
        pthread_detach(handle)
    }

    deinit {
        _ = bulkhead_close(wake)
        _ = bulkhead_close(epoll)
    }

    /// Ends the thread once the jobs at hand are done; nothing may be enqueued afterwards.
    package func stop() {
        shared.withLock { $0.isStopped = true }
        _ = bulkhead_eventfd_signal(wake)
    }

    // MARK: executor

    package func enqueue(_ job: consuming ExecutorJob) {
        hand(.job(UnownedJob(job)))
    }

    /// Does `work` on the reactor's thread, after all that was handed over before; from any thread.
    package func run(_ work: @escaping @Sendable () -> Void) { hand(.closure(work)) }

    private func hand(_ work: Work) {
        let wasEmpty = shared.withLock { shared in
            shared.work.append(work)
            return shared.work.count == 1
        }
        // The thread itself looks for jobs before it waits.
        if wasEmpty, !isCurrent { _ = bulkhead_eventfd_signal(wake) }
    }

    // The thread alone ever reads its own number here, whatever the order in which others see the store.
    package var isCurrent: Bool { thread.load(ordering: .relaxed) == UInt(pthread_self()) }

    package func checkIsolated() { precondition(isCurrent, "this runs on the reactor's thread") }

    package func isIsolatingCurrentContext() -> Bool? { isCurrent }

    // MARK: descriptors

    /// Calls `handler` whenever `descriptor`, which stays the caller's, is ready for one of `interests`.
    package func watch(
        _ descriptor: CInt, for interests: Readiness = .readable, _ handler: @escaping @Sendable (Readiness) -> Void
    ) throws(Errno) -> Token {
        checkIsolated()
        lastID += 1
        try Errno.check(bulkhead_epoll_control(epoll, 0, descriptor, interests.rawValue, lastID))
        watchers[lastID] = Watcher(descriptor: descriptor, handler: handler)
        return Token(id: lastID)
    }

    package func change(_ token: Token, to interests: Readiness) {
        checkIsolated()
        guard let watcher = watchers[token.id] else { return }
        // Fails only for a descriptor that was closed while it was watched, which is the caller's bug.
        let result = bulkhead_epoll_control(epoll, 1, watcher.descriptor, interests.rawValue, token.id)
        precondition(result == 0, "a watched descriptor is open")
    }

    /// Ends a watch; call it before the descriptor is closed.
    package func unwatch(_ token: Token) {
        checkIsolated()
        guard let watcher = watchers.removeValue(forKey: token.id) else { return }
        _ = bulkhead_epoll_control(epoll, 2, watcher.descriptor, 0, token.id)
    }

    // MARK: timers

    /// Calls `handler` once, at `deadline` or soon after.
    /// - Parameter leeway: how much later it may be called, so that the thread need not wake for it alone.
    @discardableResult
    package func schedule(
        at deadline: MonotonicTime, leeway: Duration = .zero, _ handler: @escaping @Sendable () -> Void
    ) -> Token {
        checkIsolated()
        lastID += 1
        let index = timers.firstIndex { $0.deadline <= deadline } ?? timers.count
        let latest = leeway == .zero ? deadline : deadline.advanced(by: leeway)
        timers.insert(Timer(deadline: deadline, latest: latest, id: lastID, handler: handler), at: index)
        return Token(id: lastID)
    }

    package func cancel(_ token: Token) {
        checkIsolated()
        guard let index = timers.firstIndex(where: { $0.id == token.id }) else { return }
        timers.remove(at: index)
    }

    // MARK: the end of a turn

    /// Calls `flushable` once, when the event at hand has been dealt with and before the next one is looked at: what many
    /// handlers leave to be done is done in one go.
    package func flushLater(_ flushable: any Flushable) {
        checkIsolated()
        flushables.append(flushable)
    }

    // MARK: the loop

    private func run() {
        let capacity = 64
        let events = UnsafeMutablePointer<bulkhead_epoll_event>.allocate(capacity: capacity)
        defer { events.deallocate() }
        while true {
            let start = MonotonicTime.now
            var end: MonotonicTime?
            // By their places: a copy of each would hold and release its handler.
            for index in timers.indices {
                let latest = timers[index].latest
                if end.map({ latest < $0 }) ?? true { end = latest }
            }
            let timeout = end.map { max(0, $0.since(start)) } ?? -1
            let count = Int(bulkhead_epoll_wait(epoll, events, CInt(capacity), timeout))
            // A signal, or SIGCONT: what has come meanwhile is not known.
            if count == -Int(EINTR) { continue }
            precondition(count >= 0, "epoll works as long as its descriptor is open")
            lookedBefore = looked
            looked = .now
            for event in UnsafeBufferPointer(start: events, count: count) {
                if event.token != Self.wakeToken {
                    var readiness: Readiness = []
                    if event.readable != 0 { readiness.insert(.readable) }
                    if event.writable != 0 { readiness.insert(.writable) }
                    watchers[event.token]?.handler(readiness)
                }
                endTurn()
            }
            // Last, and only what was due before the descriptors were looked at: when all was stopped for a while, answers
            // that came meanwhile are seen before they count as missing.
            runTimers(dueAt: count == 0 ? .now : start)
            endTurn()
            if shared.withLock({ $0.isStopped && $0.work.isEmpty }) { break }
        }
        // Handlers hold the reactor, which would otherwise live for ever.
        let last = (watchers, timers)
        watchers = [:]
        timers = []
        withExtendedLifetime(last) {}
    }

    /// Does the work that others have handed over and the flushes that the last handler left behind, and what they leave.
    private func endTurn() {
        while true {
            let work = shared.withLock { shared in
                guard !shared.work.isEmpty else { return [Work]() }
                let work = shared.work
                shared.work = []
                return work
            }
            for piece in work {
                switch piece {
                case .job(let job): job.runSynchronously(on: asUnownedSerialExecutor())
                case .closure(let closure): closure()
                }
            }
            if !work.isEmpty { continue }
            if flushables.isEmpty { return }
            let due = flushables
            flushables.removeAll(keepingCapacity: true)
            for flushable in due { flushable.flush() }
        }
    }

    private func runTimers(dueAt now: MonotonicTime) {
        // A timer that a handler sets to a moment already gone has its turn after the descriptors have had theirs.
        let newest = lastID
        while let timer = timers.last, timer.deadline <= now, timer.id <= newest {
            timers.removeLast()
            timer.handler()
        }
    }
}

/// Something on a reactor's thread that puts work off to the end of the turn: see ``Reactor/flushLater(_:)``.
package protocol Flushable: AnyObject {
    func flush()
}

/// Carries a value that belongs to a reactor's thread through code that does not know it. Reading it elsewhere traps.
package struct ReactorBound<Value>: @unchecked Sendable {
    // Unchecked because every access checks that it happens on the one thread that owns the value.
    private let reactor: Reactor
    private let stored: Value

    package init(_ value: Value, _ reactor: Reactor) {
        reactor.checkIsolated()
        self.reactor = reactor
        stored = value
    }

    package var value: Value {
        reactor.checkIsolated()
        return stored
    }
}
