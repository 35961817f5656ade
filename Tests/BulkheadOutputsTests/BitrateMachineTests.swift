import BulkheadLinks
import BulkheadModel
import BulkheadOutputs
import BulkheadSystem
import Testing

@Suite(.timeLimit(.minutes(1))) struct BitrateMachineTests {
    private static let settings = BitrateMachine.Settings(
        wanted: 2_000_000, minimum: nil, sound: 128_000, rule: .slowest)

    private static func time(milliseconds: Int64) -> MonotonicTime {
        MonotonicTime(nanoseconds: milliseconds * 1_000_000)
    }

    /// What the looks at links come to: every quarter of a second, each with loads that `load` gives.
    private static func run(
        _ machine: inout BitrateMachine, looks: Int, main: LinkID? = 1,
        _ load: (Int) -> [CongestionController.Load]
    ) -> [BitrateMachine.Action] {
        (0..<looks).flatMap { look in
            machine.handle(.loads(load(look), main: main), at: time(milliseconds: 250 * Int64(look)))
        }
    }

    /// A path on which more and more waits.
    private static func slow(_ link: LinkID) -> (Int) -> [CongestionController.Load] {
        { look in
            [
                .init(
                    lane: LinkLane(link), delay: .milliseconds(200 * Int64(look)),
                    deliveredByteCount: UInt64(look) * 20_000)
            ]
        }
    }

    private static func rates(_ actions: [BitrateMachine.Action]) -> Set<UInt32> {
        Set(actions.compactMap { if case .encode(let bitsPerSecond) = $0 { bitsPerSecond } else { nil } })
    }

    @Test func looksAreAQuarterOfASecondApart() {
        var machine = BitrateMachine(Self.settings)
        #expect(machine.isDue(at: Self.time(milliseconds: 0)))
        _ = machine.handle(.loads([], main: 1), at: Self.time(milliseconds: 0))
        #expect(!machine.isDue(at: Self.time(milliseconds: 249)))
        #expect(machine.isDue(at: Self.time(milliseconds: 250)))
    }

    @Test func linksThatCarryAllChangeNothing() {
        var machine = BitrateMachine(Self.settings)
        let actions = Self.run(&machine, looks: 40) { look in
            [.init(lane: LinkLane(1), delay: .milliseconds(10), deliveredByteCount: UInt64(look) * 66_500)]
        }
        // Encoders that have come meanwhile are told with each look.
        #expect(actions == Array(repeating: .encode(bitsPerSecond: 2_000_000), count: 40))
        #expect(machine.bitsPerSecond == 2_000_000 && machine.streamBitsPerSecond == 2_128_000)
    }

    @Test func slowLinkIsNamedAndBroughtDownToAQuarterAtMost() throws {
        var machine = BitrateMachine(Self.settings)
        let actions = Self.run(&machine, looks: 60, Self.slow(1))
        let told = try #require(
            actions.firstIndex {
                if case .tellCongested(LinkLane(1), _, wanted: 2_000_000) = $0 { true } else { false }
            })
        // The word comes before the deed.
        guard case .encode(let bitsPerSecond) = actions[told + 1] else { return #expect(Bool(false), "\(actions)") }
        #expect(bitsPerSecond < 2_000_000)
        #expect(machine.bitsPerSecond == 500_000)
        #expect(actions.contains(.shed([LinkLane(1): .toNextIDR])))
    }

    static let floors: [(UInt32, UInt32?, UInt32)] = [
        (2_000_000, 1_200_000, 1_200_000), (2_000_000, 9_000_000, 2_000_000), (2_000_000, nil, 500_000),
    ]

    @Test(arguments: floors)
    func floorIsKept(wanted: UInt32, minimum: UInt32?, floor: UInt32) {
        var settings = Self.settings
        (settings.wanted, settings.minimum) = (wanted, minimum)
        var machine = BitrateMachine(settings)
        _ = Self.run(&machine, looks: 60, Self.slow(1))
        #expect(machine.bitsPerSecond == floor)
    }

    @Test func bitrateSetByHandIsTriedAsItIs() {
        var machine = BitrateMachine(Self.settings)
        _ = Self.run(&machine, looks: 60, Self.slow(1))
        var settings = Self.settings
        settings.wanted = 1_500_000
        #expect(machine.handle(.changed(settings), at: Self.time(milliseconds: 0)).isEmpty)
        #expect(
            machine.handle(.setByHand, at: Self.time(milliseconds: 0)) == [.encode(bitsPerSecond: 1_500_000)])
        #expect(machine.bitsPerSecond == 1_500_000)
    }

    /// No link was slow: what a person wants comes with another encoder, and is no recovery of anything.
    @Test(arguments: [1_000_000, 4_000_000] as [UInt32]) func anotherWishIsNoRecovery(wanted: UInt32) {
        var machine = BitrateMachine(Self.settings)
        let quick: (Int) -> [CongestionController.Load] = { look in
            [.init(lane: LinkLane(1), delay: .zero, deliveredByteCount: UInt64(look) * 66_500)]
        }
        _ = Self.run(&machine, looks: 20, quick)
        var settings = Self.settings
        settings.wanted = wanted
        _ = machine.handle(.changed(settings), at: Self.time(milliseconds: 2000))
        #expect(machine.bitsPerSecond == wanted)
        let actions = Self.run(&machine, looks: 20, quick)
        for action in actions {
            if case .tellRaised = action { Issue.record("\(action)") }
        }
    }

    @Test func newBitrateBeforeTheFirstLookHolds() {
        var machine = BitrateMachine(Self.settings)
        var settings = Self.settings
        settings.wanted = 3_000_000
        _ = machine.handle(.changed(settings), at: Self.time(milliseconds: 0))
        #expect(machine.bitsPerSecond == 3_000_000)
    }

    @Test func bitrateClimbsAgainAndSaysSo() {
        var machine = BitrateMachine(Self.settings)
        _ = Self.run(&machine, looks: 20, Self.slow(1))
        let low = machine.bitsPerSecond
        let actions = Self.run(&machine, looks: 400) { look in
            [.init(lane: LinkLane(1), delay: .zero, deliveredByteCount: UInt64(look) * 66_500)]
        }
        #expect(machine.bitsPerSecond == 2_000_000 && low < 2_000_000)
        #expect(actions.contains(.tellRaised(bitsPerSecond: 2_000_000, wanted: 2_000_000)))
        #expect(Self.rates(actions).min() == low)
    }

    /// Only the first link declared sets the pace under rule `main`, on the air or not; nil when all were removed.
    static let mains: [(LinkID?, UInt32)] = [(1, 2_000_000), (2, 500_000), (nil, 2_000_000)]

    @Test(arguments: mains)
    func mainSetsThePaceAlone(main: LinkID?, bitsPerSecond: UInt32) {
        var settings = Self.settings
        settings.rule = .main
        var machine = BitrateMachine(settings)
        let actions = Self.run(&machine, looks: 60, main: main, Self.slow(2))
        #expect(machine.bitsPerSecond == bitsPerSecond)
        #expect(actions.contains(.shed([LinkLane(2): .toNextIDR])))
    }

    @Test func ruleNoneLeavesTheBitrateAlone() {
        var settings = Self.settings
        settings.rule = .none
        var machine = BitrateMachine(settings)
        let actions = Self.run(&machine, looks: 60, Self.slow(1))
        #expect(Self.rates(actions) == [2_000_000])
    }
}
