package import BulkheadSystem
package import BulkheadWire
import CBulkheadLinux
import Glibc
import Synchronization

/// The way to the master for the threads of a child: one whole message after the other, whichever thread sends it. The
/// child's first thread alone reads from its ``WireSocket``, and sends nothing by that.
package final class WireVoice: Sendable {
    private let descriptor: CInt
    /// Held as long as a message is sent.
    private let turn = Mutex(())

    /// Takes over `descriptor`, a duplicate of the socket's.
    package init(_ descriptor: consuming OwnedDescriptor) { self.descriptor = descriptor.release() }

    deinit { _ = bulkhead_close(descriptor) }

    /// Sends a message, waiting until the socket has taken it.
    /// - Returns: false where the master is gone.
    @discardableResult
    package func send(_ message: some WireMessage) -> Bool {
        let bytes = message.frame.bytes
        return turn.withLock { _ in
            var sent = 0
            while sent < bytes.count {
                let taken = bytes.withUnsafeBytes { all in
                    bulkhead_send(descriptor, all.baseAddress?.advanced(by: sent), all.count - sent, -1)
                }
                guard taken >= 0 else { return false }
                sent += taken
            }
            return true
        }
    }
}
