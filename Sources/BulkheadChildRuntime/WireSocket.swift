package import BulkheadMedia
package import BulkheadSystem
package import BulkheadWire
import CBulkheadLinux
import Glibc
package import SystemPackage

/// Why a child's conversation with the master is over.
package enum WireSocketError: Error, CustomStringConvertible {
    case closedByPeer
    case system(Errno)
    case malformed(WireError)
    case mismatch(String)
    /// The master has ended the conversation, and said why.
    case turnedAway(reason: String)

    package var description: String {
        switch self {
        case .closedByPeer: "the master has closed the connection"
        case .system(let errno): "the connection to the master failed: \(errno)"
        case .malformed(let error): "the master sent what this version can't read: \(error)"
        case .mismatch(let phrase): phrase
        case .turnedAway(let reason): "the master has turned it away: \(reason)"
        }
    }
}

/// The child's end of its socket: blocking, for one thread.
package final class WireSocket {
    /// The descriptor on which a child that the master has started finds its socket.
    package static let inheritedDescriptor: CInt = 3

    private let descriptor: CInt
    /// The socket that the descriptor stood for at first, by its number in the kernel.
    private let inode: ino_t
    private var decoder = WireDecoder()
    /// What has come, in bytes.
    package private(set) var receivedByteCount = 0
    private var passed: [CInt] = []
    /// What ``post(_:)`` has put off.
    private var posted: [UInt8] = []
    /// What a drill has armed in this process; nil in ordinary life.
    var faults: ArmedFaults?
    private let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)

    /// Takes over `descriptor`.
    package init(_ descriptor: consuming OwnedDescriptor) {
        self.descriptor = descriptor.release()
        inode = Self.inode(of: self.descriptor)
    }

    /// Whether the descriptor still stands for the same socket: a library may have closed it, or put a file in its
    /// place.
    package var isIntact: Bool { Self.inode(of: descriptor) == inode }

    /// 0 for what is no open descriptor.
    private static func inode(of descriptor: CInt) -> ino_t {
        var information = stat()
        return fstat(descriptor, &information) == 0 ? information.st_ino : 0
    }

    /// The descriptor, for those who wait for several at once; it is readable when something has come that was not read.
    package var readiness: CInt { descriptor }

    /// Connects to a master's address for children that are started by hand.
    package convenience init(connectingTo path: String) throws(WireSocketError) {
        do { self.init(OwnedDescriptor(adopting: try Errno.check(bulkhead_connect_local(path)))) } catch {
            throw .system(error)
        }
    }

    deinit {
        for descriptor in passed { _ = bulkhead_close(descriptor) }
        _ = bulkhead_close(descriptor)
        chunk.deallocate()
    }

    /// Says hello as `role` and waits for the master's.
    /// - Throws: ``WireSocketError/mismatch(_:)`` when the two versions differ.
    package func greet(as role: Role) throws(WireSocketError) {
        try send(Hello(role: role, pid: getpid()))
        let (frame, passed) = try receiveFrame()
        if let passed { _ = bulkhead_close(passed) }
        let hello: Hello
        do { hello = try Hello(frame) } catch { throw .malformed(error) }
        if let mismatch = hello.mismatch(expecting: .master) { throw .mismatch(mismatch) }
    }

    /// A way to send for several threads; nothing is sent by the socket itself from then on.
    package func voice() throws(WireSocketError) -> WireVoice {
        do throws(Errno) {
            return WireVoice(OwnedDescriptor(adopting: try Errno.check(bulkhead_duplicate(descriptor))))
        } catch { throw .system(error) }
    }

    /// From now on ``send(_:)`` throws when the other end has not read anything for so long. A child has no such limit:
    /// the master always reads, and a master that is stopped may be continued.
    package func limitSending(to limit: Duration) {
        let (seconds, attoseconds) = limit.components
        var time = timeval(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
        _ = setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    }

    /// Sends one message behind those that were posted, waiting until the socket has taken it.
    package func send(_ message: some WireMessage) throws(WireSocketError) {
        guard !posted.isEmpty else { return try write(message.frame.bytes) }
        post(message)
        try flush()
    }

    /// Puts a message off until the next is sent, or until this end waits for the master: several go in one call.
    package func post(_ message: some WireMessage) { posted.append(contentsOf: message.frame.bytes) }

    /// Sends what was posted.
    package func flush() throws(WireSocketError) {
        guard !posted.isEmpty else { return }
        defer { posted.removeAll(keepingCapacity: true) }
        try write(posted)
    }

    private func write(_ bytes: [UInt8]) throws(WireSocketError) {
        var sent = 0
        while sent < bytes.count {
            let taken = bytes.withUnsafeBytes { all in
                bulkhead_send(descriptor, all.baseAddress?.advanced(by: sent), all.count - sent, -1)
            }
            switch taken {
            case 0...: sent += taken
            case -Int(EPIPE), -Int(ECONNRESET): throw lastWords()
            default: throw .system(Errno(rawValue: CInt(-taken)))
            }
        }
    }

    /// How a master that reads no more has ended the conversation: what it had sent before is still to be read.
    private func lastWords() -> WireSocketError {
        do throws(WireSocketError) {
            while let (_, passed) = try receiveFrame(timeoutMilliseconds: 0) {
                if let passed { _ = bulkhead_close(passed) }
            }
        } catch {
            if case .turnedAway = error { return error }
        }
        return .closedByPeer
    }

    /// Takes no message that is longer than `byteCount` from now on. Call it before the first.
    package func limitMessages(to byteCount: Int) { decoder = WireDecoder(longestPayload: byteCount) }

    /// The next message of the set `Message`, with the descriptor that came along; nil when none has come within
    /// `timeoutMilliseconds` (0 looks without waiting, -1 waits without limit).
    package func receive<Message: WireMessage>(
        _: Message.Type = Message.self, timeoutMilliseconds: CInt = -1
    ) throws(WireSocketError) -> Received<Message>? {
        guard let (frame, passed) = try receiveFrame(timeoutMilliseconds: timeoutMilliseconds) else { return nil }
        do {
            return Received(
                message: try Message(frame), descriptor: passed.map { OwnedDescriptor(adopting: $0) })
        } catch {
            if let passed { _ = bulkhead_close(passed) }
            throw .malformed(error)
        }
    }

    /// Tells that the work has come to `frame`, where a drill may have armed a fault.
    package func reach(_ frame: FrameNumber) {
        guard faults != nil else { return }
        // A master that is gone shows at the next message.
        try? flush()
        if faults?.reach(frame, socket: descriptor) == true { pretend() }
    }

    /// Says that it is alive whenever the master asks, and nothing else, until that ends the conversation.
    private func pretend() {
        do throws(WireSocketError) {
            while true {
                let (frame, passed) = try receiveFrame()
                if let passed { _ = bulkhead_close(passed) }
                if frame.type == EncoderRequest.probe.frame.type { try write(EncoderReply.alive.frame.bytes) }
            }
        } catch { _exit(0) }
    }

    /// Whether the other end is gone, seen without reading: for callbacks in the middle of other work.
    package var isAtEnd: Bool {
        var entry = pollfd(fd: descriptor, events: Int16(pollPeerClosed), revents: 0)
        return poll(&entry, 1, 0) > 0 && Int32(entry.revents) & (pollPeerClosed | Int32(POLLHUP) | Int32(POLLERR)) != 0
    }

    private func receiveFrame() throws(WireSocketError) -> (WireFrame, CInt?) {
        while true { if let received = try receiveFrame(timeoutMilliseconds: -1) { return received } }
    }

    private func receiveFrame(timeoutMilliseconds: CInt) throws(WireSocketError) -> (WireFrame, CInt?)? {
        let farewell: Farewell
        while true {
            do throws(WireError) {
                if let frame = try decoder.next() {
                    if frame.knownType == Farewell.type {
                        farewell = try Farewell(frame)
                        break
                    }
                    if frame.carriesDescriptor {
                        guard !passed.isEmpty else { throw WireError.descriptorMissing(type: frame.type) }
                        return (frame, passed.removeFirst())
                    }
                    return (frame, nil)
                }
            } catch { throw .malformed(error) }
            if timeoutMilliseconds != 0 { try flush() }
            do throws(Errno) {
                if timeoutMilliseconds > 0,
                    try Errno.check(bulkhead_wait_readable(descriptor, timeoutMilliseconds)) == 0
                {
                    return nil
                }
            } catch { throw .system(error) }
            var came: CInt = -1
            let count = bulkhead_receive(
                descriptor, chunk.baseAddress, chunk.count, timeoutMilliseconds == 0 ? 0 : 1, &came)
            if came >= 0 { passed.append(came) }
            switch count {
            case 0, -Int(ECONNRESET): throw .closedByPeer
            case -Int(EAGAIN) where timeoutMilliseconds == 0: return nil
            case 1...:
                receivedByteCount += count
                decoder.append(UnsafeRawBufferPointer(rebasing: chunk[..<count]))
            default: throw .system(Errno(rawValue: CInt(-count)))
            }
        }
        throw .turnedAway(reason: farewell.reason)
    }
}

/// A message and the descriptor that came along.
package struct Received<Message: WireMessage>: ~Copyable {
    package let message: Message
    package var descriptor: OwnedDescriptor?
}

/// Linux's POLLRDHUP, which needs _GNU_SOURCE in C: the other end will send no more.
private let pollPeerClosed: Int32 = 0x2000
