import BulkheadSystem
import CBulkheadLinux
import Foundation
import Synchronization
import SystemPackage

/// One thread that reads what a process writes, reaps it, and closes all that it took. Nothing else closes these
/// descriptors, and nothing signals the process once its number is free.
final class ProcessWatch: Sendable {
    private struct State: ~Copyable {
        /// Nil once it has been reaped.
        var child: LaunchedChild?
        var status: Int32?
        var output = Data()
        var errors = Data()
        var openPipeCount = 2
        /// An eventfd that says that the owner is gone; -1 once the thread is.
        var orders: CInt
    }

    let pid: Int32
    private let state: Mutex<State>
    private let end = AsyncStream<Void>.makeStream()

    /// Starts `run`, whose words are kept.
    init(_ run: ProgramRun) throws {
        var run = run
        var opened: [CInt] = []
        var output: [CInt] = [-1, -1]
        var errors: [CInt] = [-1, -1]
        do {
            try Errno.check(bulkhead_pipe(&output))
            opened += output
            try Errno.check(bulkhead_pipe(&errors))
            opened += errors
            let orders = try Errno.check(bulkhead_eventfd_create())
            opened.append(orders)
            run.output = .descriptor(output[1])
            run.errors = .descriptor(errors[1])
            let child = try run.start()
            pid = child.pid
            let pidfd = child.pidfd.rawValue
            state = Mutex(State(child: consume child, orders: orders))
            for end in [output[1], errors[1]] { _ = bulkhead_close(end) }
            // Ends with the process's pipes, or with the process when its owner is gone.
            Thread.detachNewThread { [self, output, errors] in
                read(output: output[0], errors: errors[0], pidfd: pidfd, orders: orders)
            }
        } catch {
            for descriptor in opened { _ = bulkhead_close(descriptor) }
            throw error
        }
    }

    var isRunning: Bool { state.withLock { $0.child != nil } }
    var status: Int32? { state.withLock { $0.status } }
    var output: Data { state.withLock { $0.output } }
    var errors: Data { state.withLock { $0.errors } }
    /// Whether more may come.
    var isReading: Bool { state.withLock { $0.openPipeCount > 0 } }

    /// Returns when it has been reaped, or the task is cancelled.
    func ended() async { for await _ in end.stream {} }

    func signal(_ number: Int32) { state.withLock { state in if state.child != nil { kill(pid, number) } } }

    /// Nobody asks for it any more: it is ended, and what it may have started is not waited for.
    func abandon() {
        state.withLock { state in
            if state.child != nil { kill(pid, SIGKILL) }
            if state.orders >= 0 { _ = bulkhead_eventfd_signal(state.orders) }
        }
    }

    private func read(output: CInt, errors: CInt, pidfd: CInt, orders: CInt) {
        var watched = [pidfd, output, errors, orders]
        var isAbandoned = false
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while watched[0] >= 0 || (!isAbandoned && (watched[1] >= 0 || watched[2] >= 0)) {
            var entries = watched.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            guard poll(&entries, nfds_t(entries.count), -1) > 0 else { continue }
            for index in [1, 2] where entries[index].revents != 0 {
                let count = Glibc.read(watched[index], &chunk, chunk.count)
                if count < 0, errno == EINTR { continue }
                if count > 0 {
                    state.withLock { state in
                        if index == 1 { state.output += chunk[..<count] } else { state.errors += chunk[..<count] }
                    }
                } else {
                    closePipe(&watched[index])
                }
            }
            if entries[3].revents != 0 {
                isAbandoned = true
                watched[3] = -1
            }
            if entries[0].revents != 0 {
                reap()
                watched[0] = -1
            }
        }
        for index in [1, 2] where watched[index] >= 0 { closePipe(&watched[index]) }
        state.withLock { state in
            state.orders = -1
            _ = bulkhead_close(orders)
        }
    }

    private func closePipe(_ descriptor: inout CInt) {
        _ = bulkhead_close(descriptor)
        descriptor = -1
        state.withLock { $0.openPipeCount -= 1 }
    }

    private func reap() {
        state.withLock { state in
            guard let child = state.child.take() else { return }
            switch try? child.reap() {
            case .exited(let code)?: state.status = code
            case .signaled(let number)?: state.status = number
            case nil: state.status = -1
            }
            child.close()
        }
        end.continuation.finish()
    }
}
