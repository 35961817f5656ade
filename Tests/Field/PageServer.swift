import Foundation
import Glibc
import Synchronization

/// A server of HTTP whose answers a test makes up.
final class PageServer: Sendable {
    enum Answer {
        case page(Data)
        /// What comes, and then nothing for as long as the server stands.
        case silence(after: Data)
        case missing
    }

    private struct State {
        var requests: [String] = []
        var open: [CInt] = []
        var isClosed = false
    }

    let port: Int
    private let listener: CInt
    private let state = Mutex(State())
    private let answer: @Sendable (_ path: String, _ number: Int) -> Answer

    /// - Parameter answer: what the request for a path gets, and which request it is, from 1.
    init(_ answer: @escaping @Sendable (_ path: String, _ number: Int) -> Answer) throws {
        self.answer = answer
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let (listener, size) = (listener, length)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, size) == 0 && listen(listener, 16) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        port = Int(UInt16(bigEndian: address.sin_port))
        guard isBound else { throw POSIXError(.EADDRNOTAVAIL) }
        Thread.detachNewThread { [self] in serve() }
    }

    /// The paths that were asked for, in order.
    var requests: [String] { state.withLock { $0.requests } }

    /// Ends all connections. To be called at the end of a test.
    func close() {
        state.withLock { state in
            state.isClosed = true
            for descriptor in state.open { shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
        shutdown(listener, Int32(SHUT_RDWR))
    }

    private func serve() {
        while true {
            let connection = accept(listener, nil, nil)
            guard connection >= 0, !state.withLock({ $0.isClosed }) else {
                if connection >= 0 { Glibc.close(connection) }
                break
            }
            Thread.detachNewThread { [self] in talk(connection) }
        }
        Glibc.close(listener)
    }

    private func talk(_ connection: CInt) {
        state.withLock { $0.open.append(connection) }
        var head = ""
        var buffer = [UInt8](repeating: 0, count: 4096)
        while !head.contains("\r\n\r\n") {
            let count = read(connection, &buffer, buffer.count)
            guard count > 0 else { break }
            head += String(decoding: buffer[..<count], as: UTF8.self)
        }
        let path = head.split(separator: " ").dropFirst().first.map(String.init) ?? ""
        let number = state.withLock { state in
            state.requests.append(path)
            return state.requests.count
        }
        switch answer(path, number) {
        case .page(let data):
            send(connection, "HTTP/1.0 200 OK\r\nContent-Length: \(data.count)\r\nConnection: close\r\n\r\n", data)
        case .silence(let data):
            send(connection, "HTTP/1.0 200 OK\r\nConnection: close\r\n\r\n", data)
            // Until the other side, or this one, ends the connection.
            while read(connection, &buffer, buffer.count) > 0 {}
        case .missing: send(connection, "HTTP/1.0 404 Not Found\r\nConnection: close\r\n\r\n", Data())
        }
        state.withLock { $0.open.removeAll { $0 == connection } }
        Glibc.close(connection)
    }

    private func send(_ connection: CInt, _ head: String, _ data: Data) {
        let bytes = Array(head.utf8) + data
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }
}
