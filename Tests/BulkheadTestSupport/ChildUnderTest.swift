import BulkheadChildRuntime
package import BulkheadSystem
package import BulkheadWire
import CBulkheadLinux
import Foundation
import SystemPackage

/// A real child program that answers with `Reply`, with this test as its master.
///
/// The child can't block on its test, nor the test on its child: whatever waits here, for an answer, for room in the
/// socket or for the child's end, reads all that the child writes meanwhile, and gives up after
/// ``patienceMilliseconds``. The child is ended and reaped at the latest when this object goes out of scope. Use it in
/// tests that are not `async`: the child ends with the thread that started it.
package final class ChildUnderTest<Reply: WireMessage> {
    package typealias Failure = ChildTestFailure<Reply>

    /// How long a wait may take; 20 seconds unless it is changed.
    package var patienceMilliseconds: CInt = 20_000

    private let role: Role
    package let pid: Int32
    private let pidfd: CInt
    /// The master's end of the socket, as the master itself uses it: it never blocks.
    private let connection: WireConnection
    /// What the child has sent and no test has asked for yet.
    private var inbox: [WireFrame] = []
    /// Why no more messages come.
    private var end: WireSocketError?
    private let standardError: CInt
    private var errorText: [UInt8] = []
    private var errorsHaveEnded = false
    private var exit: ChildExit?

    /// Starts the program of `role` from the folder of the built products and, unless told otherwise, says hello.
    /// - Parameter variables: `NAME=value`, added to its environment.
    package init(_ role: Role, greeting: Bool = true, variables: [String] = []) throws {
        self.role = role
        let pair = try SocketPair()
        var pipe: [CInt] = [-1, -1]
        try Errno.check(bulkhead_pipe(&pipe))
        let path = productFolder + "/" + role.executableName
        var arguments = Self.cStrings([path, "--socket-fd", "3"])
        var environment = Self.cStrings(["SWIFT_BACKTRACE=enable=no", "PATH=/usr/bin:/bin"] + variables)
        defer { for text in arguments + environment { free(text) } }
        var descriptor: CInt = -1
        var request = bulkhead_spawn_request()
        request.standard_input = -1
        request.standard_error = pipe[1]
        request.socket = pair.theirs.rawValue
        let pid = path.withCString { path in
            arguments.withUnsafeMutableBufferPointer { arguments in
                environment.withUnsafeMutableBufferPointer { environment in
                    request.path = path
                    request.arguments = UnsafePointer(arguments.baseAddress)
                    request.environment = UnsafePointer(environment.baseAddress)
                    return bulkhead_spawn(&request, &descriptor)
                }
            }
        }
        _ = bulkhead_close(pipe[1])
        self.pid = try Errno.check(pid)
        pidfd = descriptor
        standardError = pipe[0]
        _ = fcntl(standardError, F_SETFL, O_NONBLOCK)
        connection = try WireConnection(try pair.ours.duplicate())
        pair.close()
        if greeting { try greet() }
    }

    deinit {
        if exit == nil {
            _ = bulkhead_signal_group(pid, SIGKILL)
            _ = try? waitForExit()
        }
        _ = bulkhead_close(pidfd)
        _ = bulkhead_close(standardError)
    }

    private static func cStrings(_ texts: [String]) -> [UnsafeMutablePointer<CChar>?] {
        texts.map { strdup($0) } + [nil]
    }

    private func greet() throws {
        let hello = try Hello(nextFrame(waitingFor: "the \(role)'s hello"))
        guard hello.mismatch(expecting: role) == nil, hello.pid == pid else { throw Failure.notGreeted }
        try send(Hello(role: .master, pid: getpid()))
    }

    // MARK: talking

    /// Sends a message, and waits until the socket has taken it. A child that has ended takes everything: its end shows
    /// in ``reply()`` and ``waitForExit()``.
    package func send(_ message: some WireMessage) throws {
        connection.send(message)
        try waitUntilSent()
    }

    /// Sends a message whose descriptor the child maps.
    package func send(_ message: some WireMessage, passing descriptor: borrowing OwnedDescriptor) throws {
        connection.send(message, descriptor: try descriptor.duplicate())
        try waitUntilSent()
    }

    /// Sends bytes as they are, no more than an empty socket takes at once.
    package func sendRaw(_ bytes: [UInt8]) throws {
        guard try Errno.check(bulkhead_send(connection.descriptor, bytes, bytes.count, -1)) == bytes.count else {
            throw Failure.timedOut(waitingFor: "the \(role) to read \(bytes.count) bytes")
        }
    }

    private func waitUntilSent() throws {
        guard exchange(within: patienceMilliseconds, until: { !connection.wantsToWrite }) else {
            throw Failure.timedOut(
                waitingFor: "the \(role) to read what it is sent; \(inbox.count) of its messages are here, unasked for")
        }
    }

    /// The next answer.
    /// - Throws: ``WireSocketError`` when the child has closed the socket or can't be understood.
    package func reply() throws -> Reply { try Self.reply(in: nextFrame(waitingFor: "an answer of the \(role)")) }

    /// The next answer; nil when none comes within `milliseconds`.
    package func reply(within milliseconds: CInt) throws -> Reply? {
        guard exchange(within: milliseconds, until: { !inbox.isEmpty || end != nil }) else { return nil }
        return try reply()
    }

    /// The answers that have come, without waiting.
    package func repliesSoFar() throws -> [Reply] {
        _ = exchange(within: 0, until: { false })
        defer { inbox.removeAll() }
        return try inbox.map { try Self.reply(in: $0) }
    }

    private static func reply(in frame: WireFrame) throws -> Reply {
        do { return try Reply(frame) } catch { throw WireSocketError.malformed(error) }
    }

    private func nextFrame(waitingFor what: String) throws -> WireFrame {
        guard exchange(within: patienceMilliseconds, until: { !inbox.isEmpty || end != nil }) else {
            throw Failure.timedOut(waitingFor: what)
        }
        if inbox.isEmpty, let end { throw end }
        return inbox.removeFirst()
    }

    /// Shuts the socket, which is an end for the child.
    package func hangUp() { _ = shutdown(connection.descriptor, CInt(SHUT_RDWR)) }

    /// Waits until the child has ended.
    package func waitForExit() throws -> ChildExit {
        if let exit { return exit }
        guard exchange(within: patienceMilliseconds, watching: pidfd, until: { Self.isReadable(pidfd) }) else {
            throw Failure.timedOut(waitingFor: "the \(role)'s end")
        }
        var status: CInt = 0
        var isSignal: CInt = 0
        try Errno.check(bulkhead_reap(pidfd, &status, &isSignal))
        // Its last words may have come between the last look and its end.
        readErrors()
        let lines = String(decoding: errorText, as: UTF8.self).split(separator: "\n").map(String.init)
        let exit = ChildExit(status: status, isSignal: isSignal != 0, lines: lines)
        self.exit = exit
        return exit
    }

    // MARK: the one place that waits

    /// Reads and writes all that can be read and written until `isDone`; false when that is not so within
    /// `milliseconds`.
    /// - Parameter process: the pidfd where the child's end is waited for. Elsewhere the socket's end is: it may come a
    ///   little later, when a process that was just being started has inherited the child's side.
    private func exchange(within milliseconds: CInt, watching process: CInt = -1, until isDone: () -> Bool) -> Bool {
        let deadline = MonotonicTime.now.advanced(by: .milliseconds(milliseconds))
        while true {
            connection.flush()
            readMessages()
            readErrors()
            if isDone() { return true }
            let left = deadline.since(.now)
            guard left > 0 else { return false }
            let talk = Int16(POLLIN) | (connection.wantsToWrite ? Int16(POLLOUT) : 0)
            // An end stays readable for ever: it is not waited for again.
            var entries = [
                pollfd(fd: end == nil ? connection.descriptor : -1, events: talk, revents: 0),
                pollfd(fd: errorsHaveEnded ? -1 : standardError, events: Int16(POLLIN), revents: 0),
                pollfd(fd: process, events: Int16(POLLIN), revents: 0),
            ]
            _ = poll(&entries, 3, CInt(clamping: left / 1_000_000 + 1))
        }
    }

    private func readMessages() {
        guard end == nil else { return }
        let intake = connection.receive()
        inbox += intake.frames
        if intake.isOver { end = intake.error.map { .malformed($0) } ?? .closedByPeer }
    }

    private func readErrors() {
        var chunk = [UInt8](repeating: 0, count: 4096)
        while !errorsHaveEnded {
            let count = read(standardError, &chunk, chunk.count)
            guard count > 0 else {
                errorsHaveEnded = count == 0
                return
            }
            errorText += chunk[..<count]
        }
    }

    private static func isReadable(_ descriptor: CInt) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, 0) == 1
    }

    // MARK: looking at it

    /// Stops the child with SIGSTOP: it reads and writes no more.
    package func freeze() throws { try Errno.check(bulkhead_signal_group(pid, SIGSTOP)) }

    /// CPU time that the child has taken, in clock ticks (proc(5), fields 14 and 15).
    package var cpuTicks: Int? {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let end = text.lastIndex(of: ")")
        else { return nil }
        let fields = text[end...].split(separator: " ")
        guard fields.count > 13, let user = Int(fields[12]), let system = Int(fields[13]) else { return nil }
        return user + system
    }
}

/// How a child ended.
package struct ChildExit: Equatable, Sendable {
    /// The exit code, or the signal's number.
    package var status: CInt
    package var isSignal: Bool
    /// What the child wrote to standard error.
    package var lines: [String]

    package init(status: CInt, isSignal: Bool = false, lines: [String] = []) {
        self.status = status
        self.isSignal = isSignal
        self.lines = lines
    }
}

/// What a test's conversation with a child can come to.
package enum ChildTestFailure<Reply: WireMessage>: Error {
    case timedOut(waitingFor: String)
    case unexpected(Reply)
    case notGreeted
}

/// The folder of the built products, where the running tests lie too.
package let productFolder: String = {
    let path = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    return (path as NSString).deletingLastPathComponent
}()
