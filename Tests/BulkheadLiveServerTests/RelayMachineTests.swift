import BulkheadLiveServer
import BulkheadSystem
import Testing

/// When a stream is pulled, and from where.
@Suite(.timeLimit(.minutes(1))) struct RelayMachineTests {
    private static let start = MonotonicTime.now

    private static func time(_ seconds: Double) -> MonotonicTime { start.advanced(by: Duration.seconds(seconds)) }

    private static func machine(sources: Int = 1, isOnDemand: Bool = false) -> RelayMachine {
        RelayMachine(
            sourceCount: sources, isOnDemand: isOnDemand, linger: .seconds(5), delays: [.seconds(1), .seconds(4)])
    }

    @Test func aStaticPullBeginsAndComesBackMoreAndMoreSlowly() {
        var machine = Self.machine()
        #expect(machine.tick(isTaken: false, at: Self.time(0)) == [.connect(source: 0)])
        #expect(machine.tick(isTaken: false, at: Self.time(1)) == [])
        machine.ended(at: Self.time(2))
        #expect(machine.tick(isTaken: false, at: Self.time(2.9)) == [])
        #expect(machine.tick(isTaken: false, at: Self.time(3)) == [.connect(source: 0)])
        machine.ended(at: Self.time(3))
        #expect(machine.tick(isTaken: false, at: Self.time(6.9)) == [])
        #expect(machine.tick(isTaken: false, at: Self.time(7)) == [.connect(source: 0)])
        machine.ended(at: Self.time(7))
        #expect(machine.tick(isTaken: false, at: Self.time(11)) == [.connect(source: 0)])
        machine.began(at: Self.time(11))
        // It was a good one: the first delay again.
        machine.ended(at: Self.time(22))
        #expect(machine.tick(isTaken: false, at: Self.time(23)) == [.connect(source: 0)])
    }

    @Test func theNextSourceIsTriedAtOnce() {
        var machine = Self.machine(sources: 2)
        #expect(machine.tick(isTaken: false, at: Self.time(0)) == [.connect(source: 0)])
        machine.ended(at: Self.time(0))
        #expect(machine.tick(isTaken: false, at: Self.time(0.2)) == [.connect(source: 1)])
        machine.ended(at: Self.time(0.2))
        // All have failed: a pause.
        #expect(machine.tick(isTaken: false, at: Self.time(0.5)) == [])
        #expect(machine.tick(isTaken: false, at: Self.time(1.3)) == [.connect(source: 0)])
    }

    @Test func aPullOnDemandFollowsThePlayers() {
        var machine = Self.machine(isOnDemand: true)
        #expect(machine.tick(isTaken: false, at: Self.time(0)) == [])
        machine.demand(at: Self.time(1))
        #expect(machine.tick(isTaken: false, at: Self.time(1)) == [.connect(source: 0)])
        machine.began(at: Self.time(1))
        machine.demand(at: Self.time(3))
        #expect(machine.tick(isTaken: false, at: Self.time(7.9)) == [])
        #expect(machine.tick(isTaken: false, at: Self.time(8)) == [.disconnect])
        #expect(machine.state == .resting)
        // Nobody plays it any more while it waits.
        machine.demand(at: Self.time(9))
        #expect(machine.tick(isTaken: false, at: Self.time(9)) == [.connect(source: 0)])
        machine.ended(at: Self.time(9))
        #expect(machine.tick(isTaken: false, at: Self.time(15)) == [])
        #expect(machine.state == .resting)
    }

    @Test func anotherPublisherHasTheName() {
        var machine = Self.machine()
        #expect(machine.tick(isTaken: true, at: Self.time(0)) == [])
        #expect(machine.tick(isTaken: false, at: Self.time(1)) == [.connect(source: 0)])
        #expect(machine.tick(isTaken: true, at: Self.time(2)) == [.disconnect])
        // What an old connection says changes nothing.
        machine.ended(at: Self.time(2))
        #expect(machine.state == .resting && machine.failures == 0)
    }
}
