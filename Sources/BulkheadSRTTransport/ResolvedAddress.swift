import BulkheadWire
import Glibc

/// An address of a machine and a port.
package struct ResolvedAddress: Sendable {
    private let bytes: [UInt8]
    /// All addresses of this machine, of both kinds.
    let isEverywhere: Bool

    func withPointer<Result>(_ body: (UnsafePointer<sockaddr>?, CInt) -> Result) -> Result {
        bytes.withUnsafeBytes { body($0.baseAddress?.assumingMemoryBound(to: sockaddr.self), CInt($0.count)) }
    }

    /// The addresses of `host`, in the order in which they are to be tried; all of this machine's where it is empty.
    /// - Throws: the failure `name`.
    package static func of(_ host: String, port: UInt16) throws(SRTProblem) -> [ResolvedAddress] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = CInt(SOCK_DGRAM.rawValue)
        hints.ai_flags = AI_NUMERICSERV
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host.isEmpty ? "::" : host, "\(port)", &hints, &found) == 0 else {
            throw SRTProblem(failure: .name)
        }
        defer { freeaddrinfo(found) }
        var addresses: [ResolvedAddress] = []
        var next = found
        while let entry = next?.pointee {
            next = entry.ai_next
            guard let address = entry.ai_addr, entry.ai_family == AF_INET || entry.ai_family == AF_INET6 else {
                continue
            }
            let bytes = UnsafeRawBufferPointer(start: address, count: Int(entry.ai_addrlen))
            let isEverywhere = entry.ai_family == AF_INET6 && bytes.dropFirst(8).prefix(16).allSatisfy { $0 == 0 }
            addresses.append(ResolvedAddress(bytes: Array(bytes), isEverywhere: isEverywhere))
        }
        // A machine without IPv6 has the other kind alone.
        if host.isEmpty { addresses += try of("0.0.0.0", port: port) }
        guard !addresses.isEmpty else { throw SRTProblem(failure: .name) }
        return addresses
    }
}
