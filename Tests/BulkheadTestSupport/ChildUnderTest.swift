package import BulkheadChildRuntime
package import BulkheadSystem
package import BulkheadWire
import CBulkheadLinux
import Foundation
import SystemPackage

/// A real child program that answers with `Reply`, with this test as its master. It is ended and reaped at the latest
/// when it goes out of scope. Use it in tests that are not `async`: the child ends with the thread that started it.
package final class ChildUnderTest<Reply: WireMessage> {
    package typealias Failure = ChildTestFailure<Reply>

    package let socket: WireSocket
    private let role: Role
    private let pid: pid_t
    private let pidfd: CInt
    private let standardError: CInt
    /// The same socket, for what a ``WireSocket`` does not do.
    private let rawSocket: CInt
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
        rawSocket = try pair.ours.duplicate().release()
        socket = WireSocket(try pair.ours.duplicate())
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
        _ = bulkhead_close(rawSocket)
    }

    private static func cStrings(_ texts: [String]) -> [UnsafeMutablePointer<CChar>?] {
        texts.map { strdup($0) } + [nil]
    }

    private func greet() throws {
        guard let received = try socket.receive(Hello.self, timeoutMilliseconds: 20_000) else {
            throw Failure.timedOut
        }
        let hello = received.message
        guard hello.mismatch(expecting: role) == nil, hello.pid == pid else { throw Failure.notGreeted }
        try socket.send(Hello(role: .master, pid: getpid()))
    }

    /// How long ``reply()`` waits.
    package var patienceMilliseconds: CInt = 20_000

    /// The next answer, waited for at most 20 seconds unless ``patienceMilliseconds`` is changed.
    package func reply() throws -> Reply {
        guard let received = try socket.receive(Reply.self, timeoutMilliseconds: patienceMilliseconds) else {
            throw Failure.timedOut
        }
        return received.message
    }

    /// The answers that have come, without waiting.
    package func repliesSoFar() throws -> [Reply] {
        var replies: [Reply] = []
        while let received = try socket.receive(Reply.self, timeoutMilliseconds: 0) {
            replies.append(received.message)
        }
        return replies
    }

    /// Sends a message whose descriptor the child maps.
    package func send(_ message: some WireMessage, passing descriptor: borrowing OwnedDescriptor) throws {
        let bytes = message.frame.bytes
        let count = try Errno.check(bulkhead_send(rawSocket, bytes, bytes.count, descriptor.rawValue))
        guard count == bytes.count else { throw Failure.notSent }
    }

    /// Sends bytes as they are.
    package func sendRaw(_ bytes: [UInt8]) throws {
        let count = try Errno.check(bulkhead_send(rawSocket, bytes, bytes.count, -1))
        guard count == bytes.count else { throw Failure.notSent }
    }

    /// Shuts the socket for writing, which is an end for the child.
    package func hangUp() { _ = shutdown(rawSocket, CInt(SHUT_RDWR)) }

    /// Waits until the child has ended, at most 20 seconds.
    package func waitForExit() throws -> ChildExit {
        if let exit { return exit }
        var entry = pollfd(fd: pidfd, events: Int16(POLLIN), revents: 0)
        guard poll(&entry, 1, 20_000) == 1 else { throw Failure.timedOut }
        var status: CInt = 0
        var isSignal: CInt = 0
        try Errno.check(bulkhead_reap(pidfd, &status, &isSignal))
        var text: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(standardError, &chunk, chunk.count)
            if count <= 0 { break }
            text += chunk[..<count]
        }
        let lines = String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
        let exit = ChildExit(status: status, isSignal: isSignal != 0, lines: lines)
        self.exit = exit
        return exit
    }

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
    case timedOut
    case unexpected(Reply)
    case notGreeted
    case notSent
}

/// The folder of the built products, where the running tests lie too.
package let productFolder: String = {
    let path = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    return (path as NSString).deletingLastPathComponent
}()
