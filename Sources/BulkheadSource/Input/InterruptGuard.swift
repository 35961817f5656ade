import BulkheadSystem
import CFFmpeg
import Glibc

/// Asked by libavformat, in the middle of its blocking calls, whether to give up.
final class InterruptGuard {
    /// Blocking calls end at this time.
    var deadline: MonotonicTime?
    /// Whether the master is told that nothing comes.
    var reportsWaiting = false
    /// What can be done meanwhile with what has come before: it must not touch the context that is read from.
    var whileWaiting: (() throws(SourceStop) -> Void)?
    /// Set when a call was ended because the master is gone.
    private(set) var stop: SourceStop?
    /// Set when a call was ended by the deadline.
    private(set) var timedOut = false
    private let link: MasterLink
    /// On another thread than the one that talks with the master: says when to give up.
    private var ahead: Cancellation?
    private var thread = pthread_self()
    private var lastLook = MonotonicTime(nanoseconds: 0)

    /// - Parameter ahead: the context is made on a thread that must not talk with the master, until ``takeOver()``.
    init(_ link: MasterLink, ahead: Cancellation? = nil) {
        self.link = link
        self.ahead = ahead
    }

    /// From now on the context is this thread's, which talks with the master.
    func takeOver() {
        ahead = nil
        thread = pthread_self()
    }

    /// What libavformat calls. The guard must outlive the context that it is given to.
    var callback: AVIOInterruptCB {
        AVIOInterruptCB(
            callback: { opaque in
                guard let opaque else { return 0 }
                return Unmanaged<InterruptGuard>.fromOpaque(opaque).takeUnretainedValue().shouldEnd ? 1 : 0
            }, opaque: Unmanaged.passUnretained(self).toOpaque())
    }

    var shouldEnd: Bool {
        if stop != nil { return true }
        if let ahead {
            if ahead.isCancelled { stop = .closed }
            return ahead.isCancelled
        }
        // Some protocols have a thread of their own, which must not touch the socket.
        guard pthread_equal(thread, pthread_self()) != 0 else { return false }
        let now = MonotonicTime.now
        guard now.since(lastLook) > 20_000_000 else { return timedOut }
        lastLook = now
        if let deadline, deadline < now {
            timedOut = true
            return true
        }
        if link.isAtEnd {
            stop = .closed
            return true
        }
        if reportsWaiting {
            do throws(SourceStop) {
                try whileWaiting?()
                try link.sendWaitingIfDue()
            } catch {
                stop = error
                return true
            }
        }
        return false
    }

    func restart(deadline: MonotonicTime?) {
        self.deadline = deadline
        timedOut = false
    }
}
