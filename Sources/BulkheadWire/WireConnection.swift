package import BulkheadSystem
import CBulkheadLinux
import Glibc
package import SystemPackage

/// The master's end of a child's socket: non-blocking, on the reactor's thread.
package final class WireConnection {
    /// What a child has sent, and whether that was the last of it.
    package struct Intake {
        package var frames: [WireFrame] = []
        /// The other end is closed, or can't be understood.
        package var isOver = false
        package var error: WireError?
    }

    /// A child that leaves more than this unread does not work any more.
    package static let maximumOutboxByteCount = 64 << 20

    private let socket: CInt
    private var decoder = WireDecoder()
    private var outbox: [(bytes: [UInt8], descriptor: CInt)] = []
    private var outboxByteCount = 0
    private var sentOfFirst = 0
    /// The socket has refused to take part of what was to be sent: what follows would not be understood.
    private var isBroken = false
    private let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)

    /// Takes over `socket` and makes it non-blocking.
    package init(_ socket: consuming OwnedDescriptor) throws(Errno) {
        try socket.setNonblocking(true)
        self.socket = socket.release()
    }

    deinit {
        for message in outbox where message.descriptor >= 0 { _ = bulkhead_close(message.descriptor) }
        _ = bulkhead_close(socket)
        chunk.deallocate()
    }

    /// For watching; closed with this object.
    package var descriptor: CInt { socket }

    /// Something waits to be sent: call ``flush()`` when the socket is writable.
    package var wantsToWrite: Bool { !outbox.isEmpty }

    /// The child does not read what it is sent.
    package var isOverfull: Bool { outboxByteCount > Self.maximumOutboxByteCount }

    /// Puts a message, with the descriptor that goes with it, at the end of the outbox and sends what the socket takes.
    package func send(_ message: some WireMessage, descriptor: consuming OwnedDescriptor? = nil) {
        let frame = message.frame
        let raw = descriptor.take()?.release() ?? -1
        precondition(frame.carriesDescriptor == (raw >= 0), "a descriptor goes with the messages that name one")
        guard !isOverfull, !isBroken else {
            if raw >= 0 { _ = bulkhead_close(raw) }
            return
        }
        let bytes = frame.bytes
        outboxByteCount += bytes.count
        outbox.append((bytes, raw))
        flush()
    }

    /// Sends what the socket takes. After an error nothing more is sent: the child sees the end, and its own end shows
    /// as that of the other direction.
    package func flush() {
        while let (bytes, passed) = outbox.first {
            let taken = bytes.withUnsafeBytes { all in
                bulkhead_send(
                    socket, all.baseAddress?.advanced(by: sentOfFirst), all.count - sentOfFirst,
                    sentOfFirst == 0 ? passed : -1)
            }
            guard taken > 0 else {
                if taken != -Int(EAGAIN) {
                    isBroken = true
                    discardOutbox()
                    shutdown(socket, CInt(SHUT_WR))
                }
                return
            }
            if sentOfFirst == 0, passed >= 0 {
                _ = bulkhead_close(passed)
                outbox[0].descriptor = -1
            }
            sentOfFirst += taken
            outboxByteCount -= taken
            if sentOfFirst == bytes.count {
                outbox.removeFirst()
                sentOfFirst = 0
            }
        }
    }

    /// Reads all that has come, up to a bound that keeps one child from holding up the others. After a child's death
    /// this yields what it had still sent; half a message is thrown away.
    package func receive(atMost byteLimit: Int = 4 << 20) -> Intake {
        var intake = Intake()
        var total = 0
        while total < byteLimit {
            var passed: CInt = -1
            let count = bulkhead_receive(socket, chunk.baseAddress, chunk.count, &passed)
            // No child has a reason to send a descriptor.
            if passed >= 0 { _ = bulkhead_close(passed) }
            guard count > 0 else {
                if count != -Int(EAGAIN) { intake.isOver = true }
                break
            }
            total += count
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

    private func discardOutbox() {
        for message in outbox where message.descriptor >= 0 { _ = bulkhead_close(message.descriptor) }
        outbox.removeAll()
        outboxByteCount = 0
        sentOfFirst = 0
    }
}
