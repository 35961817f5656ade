package import BulkheadSystem
package import NIOCore

/// Where a peer comes from: what limits by address count by.
package struct ClientAddress: Hashable {
    /// An address of version 4, or the first half of one of version 6, which is what one customer has; empty for others.
    private let bytes: [UInt8]

    package init(_ address: SocketAddress?) {
        isLoopbackOfVersion6 = address?.ipAddress == "::1"
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

    /// This machine.
    package var isLocal: Bool { bytes.count == 4 ? bytes[0] == 127 : isLoopbackOfVersion6 }
    private let isLoopbackOfVersion6: Bool
    /// A name for whoever is there: one of 2^24, so that it says that two are not the same and not where they are.
    package var tag: String {
        // FNV-1a.
        var hash: UInt32 = 0x811C_9DC5
        for byte in bytes { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
        let digits = String(hash >> 8, radix: 16)
        return "v" + String(repeating: "0", count: 6 - digits.count) + digits
    }

    private static func part(of address: SocketAddress?, _ range: Range<Int>) -> [UInt8] {
        address?.withSockAddr { name, byteCount in
            let all = UnsafeRawBufferPointer(start: name, count: byteCount)
            return range.upperBound <= all.count ? Array(all[range]) : []
        } ?? []
    }
}

/// Who may come in, and how often. A value: the time is passed in.
package struct Doorkeeper {
    /// What an address may do only so often.
    package enum Action: Hashable, Sendable {
        case connect, publish, play
    }

    /// What an address has to its account.
    private struct Client {
        var connectionCount = 0
        /// What it may still do wrong.
        var failures: Budget
        /// What it may still do in this minute; nil for no limit.
        var budgets: [Action: Budget] = [:]
        /// It is not let in before.
        var pausedUntil: MonotonicTime?
        /// Of the next pause.
        var pause = Doorkeeper.firstPause
    }

    /// Addresses without a connection are forgotten beyond so many, or twice as many as had one the last time.
    private static let mostClients = 4096
    /// How long an address stays away that has done too much wrong; each time twice as long.
    private static let firstPause = Duration.seconds(5)
    private static let longestPause = Duration.seconds(3600)
    /// After so long without a pause the next one is short again.
    private static let forgiveness = Duration.seconds(600)
    private var clientLimit = mostClients

    private let connectionLimit: Int
    private let addressConnectionLimit: Int
    private let failureLimit: Int
    private let rates: RateOptions
    private var clients: [ClientAddress: Client] = [:]
    private var connectionCount = 0

    package init(_ options: LiveServerOptions) {
        connectionLimit = options.connectionLimit
        addressConnectionLimit = options.addressConnectionLimit ?? max(1, options.connectionLimit / 2)
        failureLimit = options.addressFailureLimit
        rates = options.rates
    }

    /// Takes a connection in; it must leave again by ``leave(_:)``.
    /// - Returns: why it may not come in, or nil.
    package mutating func admit(_ address: ClientAddress, at now: MonotonicTime) -> ConnectionRefusalReason? {
        guard connectionCount < connectionLimit else { return .tooManyConnections }
        if clients.count >= clientLimit { forget(at: now) }
        var client = clients[address] ?? client(at: address)
        defer { clients[address] = client }
        guard client.connectionCount < addressConnectionLimit else { return .tooManyOfAddress }
        if let end = client.pausedUntil, now < end { return .tooManyFailures }
        guard Self.take(.connect, &client, at: now) else { return .tooOften }
        client.connectionCount += 1
        connectionCount += 1
        return nil
    }

    private mutating func forget(at now: MonotonicTime) {
        clients = clients.filter { $0.value.connectionCount > 0 || ($0.value.pausedUntil.map { now < $0 } ?? false) }
        // Even of those that are kept away no more is kept than that.
        if clients.count >= clientLimit { clients = clients.filter { $0.value.connectionCount > 0 } }
        clientLimit = max(Self.mostClients, clients.count * 2)
    }

    private func client(at address: ClientAddress) -> Client {
        var client = Client(failures: Budget(failureLimit, each: .seconds(60)))
        let limits: [(Action, Int?, standard: Int)] = [
            (.connect, rates.connectionsPerMinute, 600), (.publish, rates.publishesPerMinute, 60),
            (.play, rates.playsPerMinute, 600),
        ]
        for (action, limit, standard) in limits {
            guard let count = limit ?? (address.isLocal ? nil : standard) else { continue }
            client.budgets[action] = Budget(max(1, count), each: .seconds(60))
        }
        return client
    }

    private static func take(_ action: Action, _ client: inout Client, at now: MonotonicTime) -> Bool {
        client.budgets[action]?.take(at: now) ?? true
    }

    /// Whether an address with a connection may do something once more.
    package mutating func allows(_ action: Action, of address: ClientAddress, at now: MonotonicTime) -> Bool {
        guard var client = clients[address] else { return true }
        defer { clients[address] = client }
        return Self.take(action, &client, at: now)
    }

    package mutating func leave(_ address: ClientAddress) {
        connectionCount -= 1
        clients[address]?.connectionCount -= 1
    }

    /// Someone at `address` has done what no peer does who means well: named a key that is none, or broken a rule.
    /// - Returns: whether more of it is borne.
    package mutating func bear(_ address: ClientAddress, at now: MonotonicTime) -> Bool {
        guard var client = clients[address] else { return true }
        defer { clients[address] = client }
        if client.failures.take(at: now) { return true }
        // Those that were let in before have failed together: that is one time.
        if let end = client.pausedUntil {
            guard now >= end else { return false }
            if now.since(end) > Self.forgiveness.nanoseconds { client.pause = Self.firstPause }
        }
        client.pausedUntil = now.advanced(by: client.pause)
        client.pause = min(client.pause * 2, Self.longestPause)
        client.failures = Budget(failureLimit, each: .seconds(60))
        return false
    }
}
