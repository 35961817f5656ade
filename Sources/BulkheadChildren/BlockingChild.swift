package import BulkheadSystem
import CBulkheadLinux
import Foundation
package import SystemPackage

/// A child that one thread starts, talks to and waits for, without a reactor: for libraries that are only looked at.
package struct BlockingChild: ~Copyable {
    /// How the child has ended.
    package struct End: Hashable, Sendable {
        /// Nil when the kernel did not say.
        package let exit: ChildExit?
        /// It did not end by itself: the last step of its teardown was needed.
        package let wasKilled: Bool

        package init(exit: ChildExit?, wasKilled: Bool) {
            self.exit = exit
            self.wasKilled = wasKilled
        }
    }

    /// This end of its socket, blocking. Whoever talks takes a duplicate of it.
    package let socket: OwnedDescriptor
    private let child: LaunchedChild

    /// Starts `launch`. Call it on a thread that stays until the child has ended, such as that of ``onThread(_:)``: the
    /// child dies with the thread that has started it.
    /// - Throws: the errno of clone, or of exec.
    package init(_ launch: ChildLaunch, standardError: borrowing OwnedDescriptor) throws(Errno) {
        let pair = try SocketPair()
        do throws(Errno) {
            let ours = try pair.ours.duplicate()
            do throws(Errno) {
                child = try launch.start(socket: pair.theirs, standardError: standardError)
            } catch {
                ours.close()
                throw error
            }
            socket = ours
            pair.close()
        } catch {
            pair.close()
            throw error
        }
    }

    /// Starts `launch`, and lets it print what it likes.
    /// - Throws: the errno of clone, or of exec.
    package init(mute launch: ChildLaunch) throws(Errno) {
        let nowhere = OwnedDescriptor(adopting: try Errno.check(open("/dev/null", O_RDWR | O_CLOEXEC)))
        do throws(Errno) {
            self = try BlockingChild(launch, standardError: nowhere)
            nowhere.close()
        } catch {
            nowhere.close()
            throw error
        }
    }

    /// Brings it to its end, and waits for that.
    package consuming func end(_ teardown: Teardown) -> End {
        var wasKilled = false
        for step in teardown.steps {
            switch step {
            case .hangUp: shutdown(socket.rawValue, CInt(SHUT_RDWR))
            case .wait(let patience): _ = hasEnded(within: patience)
            case .kill:
                wasKilled = !hasEnded(within: .zero)
                // Also where it has ended: before the reaping its group still has its number.
                child.signal(SIGKILL)
                _ = hasEnded(within: .seconds(10))
            }
        }
        let exit = try? child.reap()
        child.close()
        socket.close()
        return End(exit: exit, wasKilled: wasKilled)
    }

    private borrowing func hasEnded(within patience: Duration) -> Bool {
        bulkhead_wait_readable(child.pidfd.rawValue, CInt(clamping: patience.nanoseconds / 1_000_000)) > 0
    }

    /// Runs `body` on a thread of its own, where it may block.
    package static func onThread<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: body()) }
        }
    }
}
