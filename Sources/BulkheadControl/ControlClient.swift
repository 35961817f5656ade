package import BulkheadModel
import BulkheadSystem
import CBulkheadLinux
import Glibc
import SystemPackage

/// The application's side of a control socket: blocking.
package final class ControlClient {
    private let socket: CInt
    private var buffer: [UInt8] = []

    /// Connects to `path`.
    /// - Throws: kind `control`: no master there, or one of another user.
    package init(path: String) throws(BroadcastError) {
        do { socket = try LocalSocket.connect(to: path).release() } catch {
            switch error {
            case .noSuchFileOrDirectory, .connectionRefused:
                throw BroadcastError(
                    .control, "no master listens at unix:\(path)",
                    advice: "start one with: bulkhead master --listen unix:\(path)")
            case .permissionDenied:
                throw BroadcastError(.control, "the master at unix:\(path) belongs to another user")
            default:
                throw BroadcastError(.control, "unix:\(path) can't be connected to: \(error)")
            }
        }
    }

    /// From now on ``receive()`` throws when the master has not said anything for so long, and ``send(_:)`` when the
    /// master has not read anything for so long.
    package func limitWaiting(toSeconds seconds: Int) {
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            _ = setsockopt(socket, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
    }

    deinit { _ = bulkhead_close(socket) }

    package func send(_ request: ControlRequest) throws(BroadcastError) {
        let line = JSONLine.encode(request)
        var sent = 0
        while sent < line.count {
            let taken = line.withUnsafeBytes { bytes in
                bulkhead_send(socket, bytes.baseAddress?.advanced(by: sent), bytes.count - sent, -1)
            }
            if taken == -Int(EAGAIN) { throw Self.silence }
            guard taken > 0 else { throw BroadcastError(.control, "the master has closed the connection") }
            sent += taken
        }
    }

    private static let silence = BroadcastError(
        .control, "the master does not answer", advice: "it may be stopped: look at it with ps and strace")

    /// The next reply; nil when the master has closed the connection.
    package func receive() throws(BroadcastError) -> ControlReply? {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            if let end = buffer.firstIndex(of: 0x0A) {
                let line = buffer[..<end]
                defer { buffer.removeFirst(end + 1) }
                do { return try JSONLine.decode(ControlReply.self, from: line) } catch {
                    throw BroadcastError(
                        .control, "the master answered with what this version can't read",
                        advice: "use the bulkhead command of the same version")
                }
            }
            let count = recv(socket, &chunk, chunk.count, 0)
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN {
                throw Self.silence
            }
            guard count > 0 else { return nil }
            buffer.append(contentsOf: chunk[..<count])
        }
    }
}
