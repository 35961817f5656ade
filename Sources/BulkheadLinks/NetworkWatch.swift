package import BulkheadSystem
import CBulkheadLinux
import Glibc
package import SystemPackage

/// Tells when a route, an address or an interface of this machine changes (rtnetlink, linux/rtnetlink.h), so that links
/// that wait for the network need not ask again and again. It lives on the reactor's thread.
package final class NetworkWatch {
    private let reactor: Reactor
    private var socket: OwnedDescriptor?
    private var token: Reactor.Token?

    /// - Parameter onChange: called on the reactor's thread after each change; several may come as one.
    /// - Throws: where the system has no such socket for us: links then only ask.
    package init(on reactor: Reactor, onChange: @escaping () -> Void) throws(Errno) {
        self.reactor = reactor
        let bound = ReactorBound(onChange, reactor)
        let descriptor = try Errno.check(bulkhead_route_events_open())
        socket = OwnedDescriptor(adopting: descriptor)
        token = try reactor.watch(descriptor) { _ in
            // What has changed does not matter; and where too much has, the socket only says so (ENOBUFS).
            var chunk = [UInt8](repeating: 0, count: 16_384)
            var count = recv(descriptor, &chunk, chunk.count, Int32(MSG_DONTWAIT))
            var isChange = false
            while count > 0 || (count < 0 && (errno == EINTR || errno == ENOBUFS)) {
                isChange = true
                count = recv(descriptor, &chunk, chunk.count, Int32(MSG_DONTWAIT))
            }
            if isChange { bound.value() }
        }
    }

    package func close() {
        if let token { reactor.unwatch(token) }
        token = nil
        socket.take()?.close()
    }
}
