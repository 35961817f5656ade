import Foundation
import Glibc

/// A service manager's end of sd_notify(3): a datagram socket that a test reads.
package final class NotifySocket: Sendable {
    private let descriptor: CInt
    /// What NOTIFY_SOCKET is to hold.
    package let address: String

    /// - Parameter path: of the socket; nil for a name in the abstract namespace.
    package init(_ path: String?) throws {
        address = path ?? "@bulkhead-test-\(UUID().uuidString)"
        var name = sockaddr_un()
        name.sun_family = UInt16(AF_UNIX)
        let bytes = path.map { Array($0.utf8) + [0] } ?? [0] + Array(address.utf8.dropFirst())
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: bytes) }
        descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        let length = socklen_t(MemoryLayout<UInt16>.size + bytes.count)
        let result = withUnsafeBytes(of: &name) { bytes in
            bind(descriptor, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), length)
        }
        guard descriptor >= 0, result == 0 else { throw POSIXError(.EADDRNOTAVAIL) }
    }

    deinit { close(descriptor) }

    /// The next message that is there; nil for none.
    package func receive() -> String? {
        var bytes = [UInt8](repeating: 0, count: 8192)
        let count = recv(descriptor, &bytes, bytes.count, CInt(MSG_DONTWAIT))
        return count < 0 ? nil : String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}
