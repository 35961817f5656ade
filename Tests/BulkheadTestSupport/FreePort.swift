import Foundation
import Synchronization

/// Ports for servers that tests start. No port is given twice in a run, and none is from the range of which the kernel gives to
/// callers: a port that was merely free a moment ago is soon another test's.
package enum FreePort {
    package enum Kind { case tcp, udp }

    package struct NoneLeft: Error {}

    /// Below the kernel's range (32768 to 60999), and above what servers of a machine use.
    private static let range = 10_000..<32_000
    /// Runs beside each other begin at different places.
    private static let taken = Atomic(Int.random(in: 0..<range.count))

    /// A port of the loopback address that nobody holds.
    package static func take(_ kind: Kind = .tcp) throws -> Int {
        for _ in range {
            let port = range.lowerBound + taken.wrappingAdd(1, ordering: .relaxed).oldValue % range.count
            if isFree(port, kind) { return port }
        }
        throw NoneLeft()
    }

    private static func isFree(_ port: Int, _ kind: Kind) -> Bool {
        let type = kind == .tcp ? SOCK_STREAM : SOCK_DGRAM
        let descriptor = socket(AF_INET, Int32(type.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
