import BulkheadLiveServer
import BulkheadSystem
import NIOCore
import Testing

/// Who may come in, by address and time.
@Suite(.timeLimit(.minutes(1))) struct DoorkeeperTests {
    private static let start = MonotonicTime.now

    private static func time(_ seconds: Int64) -> MonotonicTime { start.advanced(by: .seconds(seconds)) }

    private static func address(_ text: String) throws -> ClientAddress {
        ClientAddress(try SocketAddress(ipAddress: text, port: 4000))
    }

    private static func keeper(_ change: (inout LiveServerOptions) -> Void = { _ in }) -> Doorkeeper {
        var options = LiveServerOptions()
        options.connectionLimit = 4
        options.addressFailureLimit = 2
        change(&options)
        return Doorkeeper(options)
    }

    @Test func anAddressHasHalfOfTheConnections() throws {
        var keeper = Self.keeper()
        let (one, other, third) = try (Self.address("10.0.0.1"), Self.address("10.0.0.2"), Self.address("10.0.0.3"))
        let first = (0..<3).map { _ in keeper.admit(one, at: Self.time(0)) }
        #expect(first == [nil, nil, .tooManyOfAddress])
        let second = (0..<2).map { _ in keeper.admit(other, at: Self.time(0)) }
        #expect(second == [nil, nil])
        let late = keeper.admit(third, at: Self.time(0))
        #expect(late == .tooManyConnections)
        keeper.leave(one)
        let again = keeper.admit(one, at: Self.time(1))
        #expect(again == nil)
    }

    @Test func failuresAreForgottenWithTime() throws {
        var keeper = Self.keeper()
        let (one, other) = try (Self.address("10.0.0.1"), Self.address("10.0.0.2"))
        _ = keeper.admit(one, at: Self.time(0))
        let borne = (0..<3).map { _ in keeper.bear(one, at: Self.time(0)) }
        #expect(borne == [true, true, false])
        keeper.leave(one)
        let refused = keeper.admit(one, at: Self.time(1))
        #expect(refused == .tooManyFailures)
        let isOther = keeper.admit(other, at: Self.time(1))
        #expect(isOther == nil)
        let later = keeper.admit(one, at: Self.time(31))
        #expect(later == nil)
    }

    /// One customer has a network of 64 bits.
    @Test func aNetworkOfVersionSixIsOneAddress() throws {
        #expect(try Self.address("2001:db8:1:2::1") == Self.address("2001:db8:1:2:ffff::9"))
        #expect(try Self.address("2001:db8:1:2::1") != Self.address("2001:db8:1:3::1"))
        #expect(try Self.address("::ffff:10.0.0.1") == Self.address("10.0.0.1"))
        #expect(try Self.address("::ffff:10.0.0.1") != Self.address("::ffff:10.0.0.2"))
    }

    /// Addresses come without end; what is kept of them does not.
    @Test func addressesAreForgotten() throws {
        var keeper = Self.keeper { $0.connectionLimit = 10 }
        let guest = try Self.address("10.9.9.9")
        _ = keeper.admit(guest, at: Self.time(0))
        for number in 0..<10_000 {
            let address = try Self.address("10.1.\(number >> 8).\(number & 255)")
            let refusal = keeper.admit(address, at: Self.time(0))
            #expect(refusal == nil)
            keeper.leave(address)
        }
        keeper.leave(guest)
        let again = keeper.admit(guest, at: Self.time(0))
        #expect(again == nil)
    }
}
