package import BulkheadSystem

/// How much viewers may write: each address, and all together. A value: the time is passed in.
package struct SpeakingLimits {
    /// How many comments an address may write in so many seconds, and all addresses.
    package static let (perAddress, addressSeconds, inAll, allSeconds) = (5, 15, 60, 15)
    /// Addresses that have written nothing for long are forgotten beyond so many.
    private static let mostAddresses = 4096

    private var all = Budget(inAll, each: .seconds(allSeconds))
    private var addresses: [ClientAddress: (budget: Budget, last: MonotonicTime)] = [:]

    package init() {}

    /// - Returns: whether another comment may be taken.
    package mutating func take(from address: ClientAddress, at now: MonotonicTime) -> Bool {
        if addresses[address] == nil, addresses.count >= Self.mostAddresses {
            let span = Duration.seconds(Self.addressSeconds).nanoseconds
            addresses = addresses.filter { now.since($0.value.last) < span }
            guard addresses.count < Self.mostAddresses else { return false }
        }
        var own =
            addresses[address]?.budget ?? Budget(Self.perAddress, each: .seconds(Self.addressSeconds))
        let isOwn = own.take(at: now)
        addresses[address] = (own, now)
        return isOwn && all.take(at: now)
    }
}
