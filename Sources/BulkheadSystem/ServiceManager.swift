import Glibc

/// Whoever runs this process as a service and wants to be told how it goes: systemd, or another program that knows its
/// protocol. Each message is one datagram of lines such as `READY=1`.
///
/// - SeeAlso: sd_notify(3), sd_watchdog_enabled(3).
package final class ServiceManager: Sendable {
    /// Within which time it wants a sign of life again and again; nil for never.
    package let watchdog: Duration?
    private let descriptor: CInt
    private let address: [UInt8]

    /// The longest message that is sent, in bytes.
    private static let mostBytes = 4096

    /// Takes what the environment says of a service manager out of it: what this process starts is another process.
    /// - Returns: nil where there is none, or its address is none.
    package static func take() -> ServiceManager? {
        let socket = ProcessSecrets.take("NOTIFY_SOCKET")
        let microseconds = ProcessSecrets.take("WATCHDOG_USEC").flatMap { Int64($0) }
        let pid = ProcessSecrets.take("WATCHDOG_PID").flatMap { Int32($0) }
        guard let socket else { return nil }
        let isMeant = pid == nil || pid == getpid()
        return ServiceManager(
            socket: socket, watchdog: isMeant ? microseconds.flatMap { $0 > 0 ? .microseconds($0) : nil } : nil)
    }

    /// - Parameter socket: an absolute path, or `@` and a name in the abstract namespace.
    /// - Returns: nil for what is no such address, and where no socket is to be had.
    package init?(socket: String, watchdog: Duration?) {
        // sockaddr_un: the family, and 108 bytes of a path with its end, or of a name that begins with a zero byte.
        let isAbstract = socket.hasPrefix("@")
        let name = isAbstract ? [0] + socket.utf8.dropFirst() : Array(socket.utf8) + [0]
        guard isAbstract || socket.hasPrefix("/"), socket.utf8.count > 1, name.count <= 108,
            isAbstract || !socket.utf8.contains(0)
        else { return nil }
        let family = UInt16(AF_UNIX)
        address = withUnsafeBytes(of: family) { Array($0) } + name
        self.watchdog = watchdog
        descriptor = Glibc.socket(
            AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { return nil }
    }

    deinit { close(descriptor) }

    /// Tells `message`: one or more lines.
    /// - Returns: false where it is to be told again, because nothing is read there at the moment.
    @discardableResult
    package func tell(_ message: String) -> Bool {
        let bytes = Array(message.utf8.prefix(Self.mostBytes))
        let sent = bytes.withUnsafeBytes { bytes in
            address.withUnsafeBytes { address in
                // A socket's address is what its first two bytes say; the kernel is told how long it is.
                sendto(
                    descriptor, bytes.baseAddress, bytes.count, CInt(MSG_NOSIGNAL),
                    address.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t(address.count))
            }
        }
        return sent >= 0 || ![EAGAIN, EINTR, ENOBUFS].contains(errno)
    }
}
