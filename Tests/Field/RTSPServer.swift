import Foundation
import Glibc
import Synchronization

/// A server of RTSP that gives what comes to a UDP port as RTP, interleaved with its answers (RFC 2326, 10.12).
final class RTSPServer: Sendable {
    private struct State {
        var methods: [String] = []
        /// The connection that plays.
        var player: CInt?
        var open: [CInt] = []
        var isClosed = false
    }

    let port: Int
    /// Where a sender of RTP sends to.
    let mediaPort: Int
    private let listener: CInt
    private let media: CInt
    private let state = Mutex(State())
    private let description: @Sendable () -> String?

    /// - Parameter description: the session description (SDP) of one stream; nil as long as there is none.
    init(describedBy description: @escaping @Sendable () -> String?) throws {
        self.description = description
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        media = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard let port = Self.bind(listener), let mediaPort = Self.bind(media), listen(listener, 16) == 0 else {
            throw POSIXError(.EADDRNOTAVAIL)
        }
        (self.port, self.mediaPort) = (port, mediaPort)
        Thread.detachNewThread { [self] in serve() }
        Thread.detachNewThread { [self] in relay() }
    }

    /// What it was asked for, in order.
    var methods: [String] { state.withLock { $0.methods } }

    /// Ends all connections. To be called at the end of a test.
    func close() {
        state.withLock { state in
            state.isClosed = true
            for descriptor in state.open { shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
        shutdown(listener, Int32(SHUT_RDWR))
        shutdown(media, Int32(SHUT_RDWR))
    }

    private var isClosed: Bool { state.withLock { $0.isClosed } }

    private static func bind(_ descriptor: CInt) -> Int? {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let size = length
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        return isBound ? Int(UInt16(bigEndian: address.sin_port)) : nil
    }

    private func serve() {
        while true {
            let connection = accept(listener, nil, nil)
            guard connection >= 0, !isClosed else {
                if connection >= 0 { Glibc.close(connection) }
                break
            }
            state.withLock { $0.open.append(connection) }
            Thread.detachNewThread { [self] in talk(connection) }
        }
        Glibc.close(listener)
    }

    /// Each packet, behind a dollar sign, the channel and its length.
    private func relay() {
        var packet = [UInt8](repeating: 0, count: 65_536)
        while !isClosed {
            // A socket without a connection may not hear of its end.
            var entry = pollfd(fd: media, events: Int16(POLLIN), revents: 0)
            guard poll(&entry, 1, 100) > 0 else { continue }
            let count = recv(media, &packet, packet.count, 0)
            guard count > 0 else { continue }
            let bytes = [0x24, 0, UInt8(count >> 8), UInt8(count & 255)] + packet[..<count]
            state.withLock { if let player = $0.player { Self.send(player, bytes) } }
        }
        Glibc.close(media)
    }

    private func talk(_ connection: CInt) {
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(connection, &buffer, buffer.count)
            guard count > 0 else { break }
            received += buffer[..<count]
            while let request = Self.takeRequest(&received) { answer(request, on: connection) }
        }
        state.withLock { state in
            state.open.removeAll { $0 == connection }
            if state.player == connection { state.player = nil }
        }
        Glibc.close(connection)
    }

    /// The lines of the next whole request; reports of the receiver, which are interleaved as well, are passed over.
    private static func takeRequest(_ bytes: inout [UInt8]) -> [String]? {
        while bytes.count >= 4, bytes[0] == 0x24 {
            let length = 4 + Int(bytes[2]) << 8 + Int(bytes[3])
            guard bytes.count >= length else { return nil }
            bytes.removeFirst(length)
        }
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        defer { bytes.removeFirst(end.upperBound) }
        return String(decoding: bytes[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
    }

    private func answer(_ request: [String], on connection: CInt) {
        let method = request[0].split(separator: " ").first.map(String.init) ?? ""
        let number = request.first { $0.lowercased().hasPrefix("cseq:") } ?? "CSeq: 0"
        var head = "RTSP/1.0 200 OK\r\n\(number)\r\nSession: 1\r\n"
        var body = ""
        switch method {
        case "OPTIONS": head += "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n"
        case "DESCRIBE":
            body = description() ?? ""
            head += "Content-Type: application/sdp\r\nContent-Length: \(body.utf8.count)\r\n"
        case "SETUP": head += "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"
        default: break
        }
        state.withLock { state in
            state.methods.append(method)
            Self.send(connection, Array((head + "\r\n" + body).utf8))
            if method == "PLAY" { state.player = connection }
        }
    }

    private static func send(_ connection: CInt, _ bytes: [UInt8]) {
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
