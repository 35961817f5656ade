import CBulkheadLinux
import Glibc
package import SystemPackage

/// A program to start as a child.
package struct ChildLaunch: Sendable {
    /// The program's file; the PATH is not searched.
    package var path: String
    /// Without the program's name.
    package var arguments: [String]
    /// The child's whole environment: nothing is inherited.
    package var environment: [String: String]
    /// Hands this process's standard input on; else the child has /dev/null.
    package var inheritsStandardInput = false
    /// Added to the child's nice value: above 0 is a lower priority.
    package var niceIncrement: Int32 = 0
    /// The child may leave a core dump behind. A dump holds the pictures of all pools, takes a tenth of a second or more,
    /// and is written before the child counts as dead.
    package var dumpsCore = false
    /// The child is not ended with the thread that starts it: it ends by itself when its socket does.
    package var outlivesParent = false

    /// A program with its arguments and its whole environment.
    package init(path: String, arguments: [String], environment: [String: String]) {
        self.path = path
        self.arguments = arguments
        self.environment = environment
    }

    /// Starts the child with `socket` as its descriptor 3 and `standardError` as its standard output and error. It
    /// leads a session and a process group of its own, without the master's terminal, and dies when the calling thread
    /// ends unless ``outlivesParent`` says otherwise, so call this on a reactor. Where the kernel has automatic groups (sched(7)), all its threads together then
    /// weigh as much as one other session, however many they are.
    /// - Throws: the errno of clone, or of exec: ENOENT when there is no such program.
    package func start(
        socket: borrowing OwnedDescriptor, standardError: borrowing OwnedDescriptor
    ) throws(Errno) -> LaunchedChild {
        try start(
            socket: socket.rawValue, standardInput: inheritsStandardInput ? 0 : -1,
            standardError: standardError.rawValue)
    }

    /// Starts a program that knows nothing of a socket: it reads `standardInput`, and writes to `standardError` whatever it
    /// writes. All else is as with ``start(socket:standardError:)``.
    package func start(
        standardInput: borrowing OwnedDescriptor, standardError: borrowing OwnedDescriptor
    ) throws(Errno) -> LaunchedChild {
        try start(socket: -1, standardInput: standardInput.rawValue, standardError: standardError.rawValue)
    }

    private func start(
        socket: CInt, standardInput: CInt, standardError: CInt
    ) throws(Errno) -> LaunchedChild {
        var arguments: [UnsafeMutablePointer<CChar>?] = ([path] + self.arguments).map { strdup($0) } + [nil]
        var environment: [UnsafeMutablePointer<CChar>?] =
            self.environment.sorted { $0.key < $1.key }.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in arguments + environment { free(pointer) } }
        var pidfd: CInt = -1
        let pid = path.withCString { path in
            var request = bulkhead_spawn_request()
            request.path = path
            request.standard_input = standardInput
            request.standard_error = standardError
            request.socket = socket
            request.nice_increment = niceIncrement
            request.dumps_core = dumpsCore ? 1 : 0
            request.outlives_parent = outlivesParent ? 1 : 0
            return arguments.withUnsafeMutableBufferPointer { arguments in
                environment.withUnsafeMutableBufferPointer { environment in
                    request.arguments = UnsafePointer(arguments.baseAddress)
                    request.environment = UnsafePointer(environment.baseAddress)
                    return Orphans.noting { bulkhead_spawn(&request, &pidfd) }
                }
            }
        }
        try Errno.check(pid)
        return LaunchedChild(pid: pid, pidfd: OwnedDescriptor(adopting: pidfd))
    }
}

/// A child that runs, or has ended and is not yet reaped.
package struct LaunchedChild: ~Copyable {
    /// The process id, which also names the child's process group.
    package let pid: Int32
    /// Readable once the child has ended.
    package let pidfd: OwnedDescriptor

    /// Sends `signal` to the child and to all that it has started in its group.
    package func signal(_ signal: Int32) { _ = bulkhead_signal_group(pid, signal) }

    /// How the child ended; nil while it runs. The process id is free for others afterwards.
    package func reap() throws(Errno) -> ChildExit? {
        var status: CInt = 0
        var signaled: CInt = 0
        let outcome = Orphans.forgetting(pid) { bulkhead_reap(pidfd.rawValue, &status, &signaled) }
        guard try Errno.check(outcome) == 1 else { return nil }
        return signaled != 0 ? .signaled(status) : .exited(code: status)
    }

    /// Closes the pidfd; the process goes on.
    package consuming func close() { pidfd.close() }
}

/// How a process ended.
package enum ChildExit: Hashable, Sendable, CustomStringConvertible {
    case exited(code: Int32)
    case signaled(Int32)

    package var description: String {
        switch self {
        case .exited(let code): return "exit code \(code)"
        case .signaled(let number):
            let names: [Int32: String] = [
                SIGKILL: "SIGKILL", SIGSEGV: "SIGSEGV", SIGABRT: "SIGABRT", SIGBUS: "SIGBUS", SIGILL: "SIGILL",
                SIGFPE: "SIGFPE", SIGTERM: "SIGTERM", SIGTRAP: "SIGTRAP", SIGINT: "SIGINT", SIGSYS: "SIGSYS",
                SIGXCPU: "SIGXCPU", SIGXFSZ: "SIGXFSZ", SIGHUP: "SIGHUP", SIGQUIT: "SIGQUIT", SIGPIPE: "SIGPIPE",
                SIGALRM: "SIGALRM", SIGUSR1: "SIGUSR1", SIGUSR2: "SIGUSR2",
            ]
            return names[number] ?? "signal \(number)"
        }
    }
}
