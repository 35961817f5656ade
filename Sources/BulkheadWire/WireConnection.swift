package import BulkheadSystem
import CBulkheadLinux
import Glibc
package import SystemPackage

/// The master's end of a child's socket: non-blocking, on the reactor's thread.
package final class WireConnection {
    /// What a child has sent, and whether that was the last of it.
    package struct Intake {
        package var frames: [WireFrame] = []
        /// What was read for them, whole messages or not.
        package var byteCount = 0
        /// The other end is closed, or can't be understood.
        package var isOver = false
        /// What the connection has failed with; nil while it works.
        package var error: WireError?
    }

    /// A child that leaves more than this unread does not work any more.
    package static let maximumOutboxByteCount = 64 << 20

    private let socket: CInt
    private var decoder = WireDecoder()
    private var outbox = Outbox()
    /// The socket has refused to take part of what was to be sent: what follows would not be understood.
    private var isBroken = false
    private let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)

    /// Takes over `socket` and makes it non-blocking.
    package init(_ socket: consuming OwnedDescriptor) throws(Errno) {
        try socket.setNonblocking(true)
        self.socket = socket.release()
    }

    deinit {
        outbox.discard()
        _ = bulkhead_close(socket)
        chunk.deallocate()
    }

    /// For watching; closed with this object.
    package var descriptor: CInt { socket }

    /// Something waits to be sent: call ``flush()``, and again when the socket is writable.
    package var wantsToWrite: Bool { !outbox.isEmpty }

    /// The child does not read what it is sent.
    package var isOverfull: Bool { outbox.byteCount > Self.maximumOutboxByteCount }

    /// Puts a message, with the descriptor that goes with it, at the end of the outbox, to be sent by ``flush()``.
    package func enqueue(_ message: some WireMessage, descriptor: consuming OwnedDescriptor? = nil) {
        let frame = message.frame
        let raw = descriptor.take()?.release() ?? -1
        precondition(frame.carriesDescriptor == (raw >= 0), "a descriptor goes with the messages that name one")
        guard !isOverfull, !isBroken else {
            if raw >= 0 { _ = bulkhead_close(raw) }
            return
        }
        outbox.append(frame.bytes, descriptor: raw)
    }

    /// Puts a message at the end of the outbox and sends what the socket takes.
    package func send(_ message: some WireMessage, descriptor: consuming OwnedDescriptor? = nil) {
        enqueue(message, descriptor: descriptor)
        flush()
    }

    /// Sends what the socket takes. After an error nothing more is sent: the child sees the end, and its own end shows
    /// as that of the other direction.
    package func flush() {
        while !outbox.isEmpty {
            let taken = outbox.withFirst { bulkhead_send(socket, $0.baseAddress, $0.count, $1) }
            guard taken > 0 else {
                if taken != -Int(EAGAIN) {
                    isBroken = true
                    outbox.discard()
                    shutdown(socket, CInt(SHUT_WR))
                }
                return
            }
            outbox.removeFirst(taken)
        }
    }

    /// Reads all that has come, up to a bound that keeps one child from holding up the others. After a child's death
    /// this yields what it had still sent; half a message is thrown away.
    package func receive(atMost byteLimit: Int = 4 << 20) -> Intake {
        var intake = Intake()
        while intake.byteCount < byteLimit {
            // No child has a reason to send a descriptor: the kernel closes it.
            let count = bulkhead_receive(socket, chunk.baseAddress, chunk.count, 0, nil)
            guard count > 0 else {
                if count != -Int(EAGAIN) { intake.isOver = true }
                break
            }
            intake.byteCount += count
            decoder.append(UnsafeRawBufferPointer(rebasing: chunk[..<count]))
            do {
                while let frame = try decoder.next() {
                    guard !frame.carriesDescriptor else { throw WireError.descriptorUnexpected(type: frame.type) }
                    intake.frames.append(frame)
                }
            } catch {
                intake.error = error as? WireError
                intake.isOver = true
                break
            }
            if count < chunk.count { break }
        }
        return intake
    }
}
