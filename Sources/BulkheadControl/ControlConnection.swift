import BulkheadModel
package import BulkheadSystem
import CBulkheadLinux
import Glibc
import SystemPackage

/// One application at the control socket, on the reactor's thread.
package final class ControlConnection {
    /// Called with each request, and with nil once when the application is gone.
    package var onRequest: ((ControlRequest?) -> Void)?

    private let reactor: Reactor
    private var socket: OwnedDescriptor?
    private var token: Reactor.Token?
    private var incoming: [UInt8] = []
    private var outgoing: [UInt8] = []
    private var closesWhenSent = false
    private static let maximumOutgoingByteCount = 4 << 20

    package init(_ socket: consuming OwnedDescriptor, on reactor: Reactor) {
        self.reactor = reactor
        self.socket = consume socket
    }

    package func activate() {
        guard let descriptor = socket?.rawValue else { return }
        token = try? reactor.watch(descriptor) { [bound = ReactorBound(self, reactor)] readiness in
            bound.value.ready(readiness)
        }
        if token == nil { close() }
    }

    package func send(_ reply: ControlReply) {
        outgoing.append(contentsOf: JSONLine.encode(reply))
        flush()
        // An application that does not read loses its connection; the broadcast goes on.
        if outgoing.count > Self.maximumOutgoingByteCount { close() }
    }

    /// Closes the connection once everything has been sent.
    package func closeWhenSent() {
        closesWhenSent = true
        flush()
    }

    private func ready(_ readiness: Reactor.Readiness) {
        if readiness.contains(.writable) { flush() }
        guard readiness.contains(.readable), let descriptor = socket?.rawValue else { return }
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        if count < 0, errno == EAGAIN || errno == EINTR { return }
        guard count > 0 else { return close() }
        incoming.append(contentsOf: chunk[..<count])
        while let end = incoming.firstIndex(of: 0x0A) {
            let line = Array(incoming[..<end])
            incoming.removeFirst(end + 1)
            do { onRequest?(try JSONLine.decode(ControlRequest.self, from: line)) } catch {
                // Why, only a developer could use; and the line may hold a key.
                send(
                    .failed(
                        BroadcastError(
                            .control, "the master can't read the request",
                            advice: "use the bulkhead command of the same version")))
            }
        }
        if incoming.count > JSONLine.maximumByteCount { close() }
    }

    private func flush() {
        while let descriptor = socket?.rawValue, !outgoing.isEmpty {
            let taken = outgoing.withUnsafeBytes { bulkhead_send(descriptor, $0.baseAddress, $0.count, -1) }
            if taken == -Int(EAGAIN) { break }
            guard taken > 0 else { return close() }
            outgoing.removeFirst(taken)
        }
        if outgoing.isEmpty, closesWhenSent { return close() }
        if let token { reactor.change(token, to: outgoing.isEmpty ? .readable : [.readable, .writable]) }
    }

    package func close() {
        guard socket != nil else { return }
        if let token { reactor.unwatch(token) }
        token = nil
        socket.take()?.close()
        let onRequest = onRequest
        self.onRequest = nil
        onRequest?(nil)
    }
}
