import Foundation
import Glibc
import Synchronization

/// A peer that says far more than it is asked for: connects, says `opening`, and then `block` as fast as it is taken; when
/// its connection is closed, it makes another. It has a thread of its own, and ends with its owner.
package final class Flooder: Sendable {
    package enum Address: Sendable {
        /// On 127.0.0.1.
        case port(Int)
        case local(path: String)
    }

    private final class Shared: Sendable {
        let isOver = Atomic(false)
        let byteCount = Atomic(0)
        let connectionCount = Atomic(0)
    }

    private let shared = Shared()
    /// Between two looks whether it is over, in milliseconds.
    private static let interval = 50

    /// - Parameter reads: it reads and throws away what it is answered; else it leaves that where it is.
    package init(_ address: Address, opening: [UInt8], block: [UInt8], reads: Bool) {
        let shared = shared
        Thread.detachNewThread {
            while !shared.isOver.load(ordering: .relaxed) {
                let descriptor = Self.connect(to: address)
                guard descriptor >= 0 else {
                    poll(nil, 0, CInt(Self.interval))
                    continue
                }
                shared.connectionCount.add(1, ordering: .relaxed)
                var answers = [UInt8](repeating: 0, count: 65_536)
                var isOpen = Self.send(opening, on: descriptor, shared)
                while isOpen, !shared.isOver.load(ordering: .relaxed) {
                    isOpen = Self.send(block, on: descriptor, shared)
                    while reads, recv(descriptor, &answers, answers.count, CInt(MSG_DONTWAIT)) > 0 {}
                }
                close(descriptor)
            }
        }
    }

    /// What it has got rid of so far.
    package var byteCount: Int { shared.byteCount.load(ordering: .relaxed) }
    package var connectionCount: Int { shared.connectionCount.load(ordering: .relaxed) }

    package func stop() { shared.isOver.store(true, ordering: .relaxed) }

    deinit { stop() }

    private static func send(_ bytes: [UInt8], on descriptor: CInt, _ shared: Shared) -> Bool {
        var sent = 0
        while sent < bytes.count, !shared.isOver.load(ordering: .relaxed) {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress?.advanced(by: sent), $0.count - sent, CInt(MSG_NOSIGNAL))
            }
            // What the peer does not take is waited for, up to the time that was set.
            guard count > 0 || errno == EAGAIN || errno == EINTR else { return false }
            sent += max(0, count)
            shared.byteCount.add(max(0, count), ordering: .relaxed)
        }
        return true
    }

    private static func connect(to address: Address) -> CInt {
        let descriptor: CInt
        let result: CInt
        switch address {
        case .port(let port):
            descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
            var name = sockaddr_in()
            name.sin_family = sa_family_t(AF_INET)
            name.sin_port = in_port_t(port).bigEndian
            name.sin_addr.s_addr = inet_addr("127.0.0.1")
            result = connect(descriptor, &name)
        case .local(let path):
            descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
            var name = sockaddr_un()
            name.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
            result = connect(descriptor, &name)
        }
        var time = timeval(tv_sec: 0, tv_usec: interval * 1000)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        if result == 0 { return descriptor }
        close(descriptor)
        return -1
    }

    private static func connect<Name>(_ descriptor: CInt, _ name: inout Name) -> CInt {
        withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<Name>.size))
            }
        }
    }
}

/// How much memory a process takes up, looked at again and again.
package struct MemoryWatch {
    private let pid: Int32
    private let start: Int
    private var most: Int

    /// Nil when the process is gone.
    package init?(of pid: Int32) {
        guard let bytes = Self.residentByteCount(pid) else { return nil }
        self.pid = pid
        start = bytes
        most = bytes
    }

    package mutating func look() { most = max(most, Self.residentByteCount(pid) ?? 0) }

    /// By how many bytes it was larger than at first.
    package var growth: Int { most - start }

    private static func residentByteCount(_ pid: Int32) -> Int? {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/statm", encoding: .utf8) else { return nil }
        let fields = text.split(separator: " ")
        return fields.count > 2 ? Int(fields[1]).map { $0 * sysconf(Int32(_SC_PAGESIZE)) } : nil
    }
}
