package import BulkheadSystem
package import NIOCore

/// Where a peer comes from: what limits by address count by.
package struct ClientAddress: Hashable {
    /// An address of version 4, or the first half of one of version 6, which is what one customer has; empty for others.
    private let bytes: [UInt8]

    package init(_ address: SocketAddress?) {
        // As ip(7) and ipv6(7) have them: family, port, and in version 6 the flow; then the address.
        switch address {
        case .v4: bytes = Self.part(of: address, 4..<8)
        case .v6:
            let all = Self.part(of: address, 8..<24)
            let isMapped = all.starts(with: [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF])
            bytes = isMapped ? Array(all.suffix(4)) : Array(all.prefix(8))
        default: bytes = []
        }
    }

    private static func part(of address: SocketAddress?, _ range: Range<Int>) -> [UInt8] {
        address?.withSockAddr { name, byteCount in
            let all = UnsafeRawBufferPointer(start: name, count: byteCount)
            return range.upperBound <= all.count ? Array(all[range]) : []
        } ?? []
    }
}

/// Who may come in. A value: the time is passed in.
package struct Doorkeeper {
    /// What an address has to its account.
    private struct Client {
        var connectionCount = 0
        /// What it may still do wrong.
        var failures: Budget
    }

    /// Addresses without a connection are forgotten beyond so many.
    private static let mostClients = 4096

    private let connectionLimit: Int
    private let addressConnectionLimit: Int
    private let failureLimit: Int
    private var clients: [ClientAddress: Client] = [:]
    private var connectionCount = 0

    package init(_ options: LiveServerOptions) {
        connectionLimit = options.connectionLimit
        addressConnectionLimit = options.addressConnectionLimit ?? max(1, options.connectionLimit / 2)
        failureLimit = options.addressFailureLimit
    }

    /// Takes a connection in; it must leave again by ``leave(_:)``.
    /// - Returns: why it may not come in, or nil.
    package mutating func admit(_ address: ClientAddress, at now: MonotonicTime) -> ConnectionRefusalReason? {
        guard connectionCount < connectionLimit else { return .tooManyConnections }
        if clients.count >= Self.mostClients { clients = clients.filter { $0.value.connectionCount > 0 } }
        var client = clients[address] ?? Client(failures: Budget(failureLimit, each: .seconds(60)))
        guard client.connectionCount < addressConnectionLimit else { return .tooManyOfAddress }
        // One must be left; it is not taken by coming in.
        var trial = client.failures
        guard trial.take(at: now) else { return .tooManyFailures }
        client.connectionCount += 1
        clients[address] = client
        connectionCount += 1
        return nil
    }

    package mutating func leave(_ address: ClientAddress) {
        connectionCount -= 1
        clients[address]?.connectionCount -= 1
    }

    /// Someone at `address` has done what no peer does who means well: named a key that is none, or broken a rule.
    /// - Returns: whether more of it is borne.
    package mutating func bear(_ address: ClientAddress, at now: MonotonicTime) -> Bool {
        clients[address]?.failures.take(at: now) ?? true
    }
}
