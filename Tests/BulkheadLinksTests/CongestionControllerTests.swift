import BulkheadLinks
import BulkheadModel
import Testing

@Suite(.timeLimit(.minutes(2))) struct CongestionControllerTests {
    /// A path that carries so much, with the controller before it: every quarter of a second.
    private struct Path {
        var controller: CongestionController
        var bounds: CongestionController.Bounds
        var rule = CongestionRule.slowest
        /// In bits a second; the second one is a link that carries everything.
        var capacity: Int
        var waitingBits = 0.0
        var delivered: UInt64 = 0
        var largestDelay = 0.0
        var bitrates: [Int] = []
        var sheds: [CongestionController.Shedding] = []

        init(ceiling: Int, floor: Int, capacity: Int) {
            controller = CongestionController(bitsPerSecond: ceiling)
            bounds = .init(ceiling: ceiling, floor: floor, sound: 128_000)
            self.capacity = capacity
        }

        mutating func run(seconds: Int) {
            for _ in 0..<seconds * 4 {
                let offered = waitingBits + Double(controller.bitsPerSecond + bounds.sound) / 4
                let carried = min(offered, Double(capacity) / 4)
                waitingBits = offered - carried
                delivered += UInt64(carried / 8)
                let delay = waitingBits / Double(controller.bitsPerSecond + bounds.sound)
                largestDelay = max(largestDelay, delay)
                let load = CongestionController.Load(
                    lane: LinkLane(1), delay: .milliseconds(Int64(delay * 1000)), deliveredByteCount: delivered)
                let decision = controller.decide([load], rule: rule, main: 1, bounds: bounds)
                if let bitrate = decision.bitsPerSecond { bitrates.append(bitrate) }
                if let shed = decision.sheds[LinkLane(1)] {
                    sheds.append(shed)
                    if shed == .toNextIDR { waitingBits = 0 }
                }
            }
        }
    }

    @Test func pathThatCarriesTheStreamChangesNothing() {
        var path = Path(ceiling: 2_500_000, floor: 500_000, capacity: 3_000_000)
        path.run(seconds: 120)
        #expect(path.bitrates.isEmpty && path.sheds.isEmpty)
    }

    @Test func narrowPathIsFollowedWithoutSheddingAnything() {
        var path = Path(ceiling: 2_500_000, floor: 300_000, capacity: 1_500_000)
        path.run(seconds: 60)
        #expect(path.sheds.isEmpty)
        // Now and then a step above what is carried is tried.
        #expect(path.controller.bitsPerSecond < 1_800_000)
        #expect(path.controller.bitsPerSecond > 700_000)
        #expect(path.largestDelay < 2.5)
        #expect(path.bitrates.first.map { $0 < 2_500_000 } == true)
    }

    @Test func pathThatRecoversIsClimbedCarefully() {
        var path = Path(ceiling: 2_500_000, floor: 300_000, capacity: 1_000_000)
        path.run(seconds: 30)
        let low = path.controller.bitsPerSecond
        path.capacity = 10_000_000
        path.bitrates = []
        path.run(seconds: 90)
        #expect(path.controller.bitsPerSecond == 2_500_000)
        // No step is larger than an eighth, or fifty kilobits.
        for (before, after) in zip([low] + path.bitrates, path.bitrates) {
            #expect(after > before && after <= max(before * 9 / 8, before + 50_000))
        }
    }

    @Test func climbingIntoTheSameWallBecomesRarer() {
        var path = Path(ceiling: 4_000_000, floor: 300_000, capacity: 1_500_000)
        path.run(seconds: 120)
        let early = path.bitrates.count
        path.bitrates = []
        path.run(seconds: 120)
        #expect(path.bitrates.count < early)
        #expect(path.sheds.isEmpty)
    }

    @Test func belowTheFloorPicturesAreShed() {
        var path = Path(ceiling: 2_500_000, floor: 1_000_000, capacity: 500_000)
        path.run(seconds: 60)
        #expect(path.controller.bitsPerSecond == 1_000_000)
        #expect(path.sheds.contains(.disposable))
        #expect(path.sheds.contains(.toNextIDR))
        #expect(path.largestDelay < 12)
    }

    @Test func fixedBitrateOnlySheds() {
        var path = Path(ceiling: 2_500_000, floor: 300_000, capacity: 1_500_000)
        path.rule = .none
        path.run(seconds: 60)
        #expect(path.bitrates.isEmpty)
        #expect(path.sheds.contains(.toNextIDR))
    }

    @Test func bitrateSetByHandIsTried() {
        var path = Path(ceiling: 2_500_000, floor: 300_000, capacity: 1_500_000)
        path.run(seconds: 30)
        path.bounds.ceiling = 1_800_000
        path.bitrates = []
        path.run(seconds: 1)
        #expect(path.bitrates.first == 1_800_000)
    }

    /// A server that takes a byte a second is not slow, it stands still.
    @Test func linkThatStandsStillHurtsNobody() {
        var controller = CongestionController(bitsPerSecond: 2_500_000)
        let bounds = CongestionController.Bounds(ceiling: 2_500_000, floor: 300_000, sound: 128_000)
        var sheds: Set<CongestionController.Shedding> = []
        var good: UInt64 = 0
        for tick in 0..<240 {
            good += 80_000
            let decision = controller.decide(
                [
                    .init(lane: LinkLane(1), delay: .milliseconds(20), deliveredByteCount: good),
                    .init(
                        lane: LinkLane(2), delay: .milliseconds(min(9000, 250 * Int64(tick))),
                        deliveredByteCount: UInt64(tick / 4)),
                ], rule: .slowest, main: 1, bounds: bounds)
            if let shed = decision.sheds[LinkLane(2)] { sheds.insert(shed) }
            #expect(decision.sheds[LinkLane(1)] == nil)
        }
        #expect(controller.bitsPerSecond == 2_500_000)
        #expect(sheds == [.disposable, .toNextIDR])
    }

    /// What is sent again after a reconnect is no congestion as long as it becomes less.
    @Test func backfillIsNoCongestion() {
        var controller = CongestionController(bitsPerSecond: 2_500_000)
        let bounds = CongestionController.Bounds(ceiling: 2_500_000, floor: 300_000, sound: 128_000)
        var delivered: UInt64 = 0
        for tick in 0..<40 {
            delivered += 300_000
            let delay = Duration.milliseconds(max(0, 10_000 - 300 * Int64(tick)))
            let decision = controller.decide(
                [.init(lane: LinkLane(1), delay: delay, deliveredByteCount: delivered)], rule: .slowest, main: 1,
                bounds: bounds)
            if tick > 0 { #expect(decision == CongestionController.Decision()) }
        }
    }

    @Test func mainLinkAloneIsFollowed() {
        var controller = CongestionController(bitsPerSecond: 2_500_000)
        let bounds = CongestionController.Bounds(ceiling: 2_500_000, floor: 300_000, sound: 128_000)
        for tick in 0..<40 {
            let delivered = UInt64(tick) * 40_000
            _ = controller.decide(
                [
                    .init(lane: LinkLane(1), delay: .milliseconds(20), deliveredByteCount: delivered * 2),
                    .init(lane: LinkLane(2), delay: .milliseconds(200 * Int64(tick)), deliveredByteCount: delivered),
                ], rule: .main, main: 1, bounds: bounds)
        }
        #expect(controller.bitsPerSecond == 2_500_000)
    }

    /// A main link off the air gives no load. Another link does not become the main one for that: it sheds.
    @Test func mainLinkOffTheAirIsNoOther() {
        var controller = CongestionController(bitsPerSecond: 2_500_000)
        let bounds = CongestionController.Bounds(ceiling: 2_500_000, floor: 300_000, sound: 128_000)
        var sheds: Set<CongestionController.Shedding> = []
        for tick in 0..<60 {
            let decision = controller.decide(
                [
                    .init(
                        lane: LinkLane(2), delay: .milliseconds(200 * Int64(tick)),
                        deliveredByteCount: UInt64(tick) * 40_000)
                ], rule: .main, main: 1, bounds: bounds)
            if let shed = decision.sheds[LinkLane(2)] { sheds.insert(shed) }
        }
        #expect(controller.bitsPerSecond == 2_500_000)
        #expect(sheds == [.disposable, .toNextIDR])
    }

    /// Both lanes of a redundant link are the main link.
    @Test func eitherLaneOfTheMainLinkCounts() {
        var controller = CongestionController(bitsPerSecond: 2_500_000)
        let bounds = CongestionController.Bounds(ceiling: 2_500_000, floor: 300_000, sound: 128_000)
        var slow: [LinkLane] = []
        for tick in 0..<20 {
            let delivered = UInt64(tick) * 40_000
            let decision = controller.decide(
                [
                    .init(lane: LinkLane(1, 0), delay: .milliseconds(20), deliveredByteCount: delivered * 2),
                    .init(
                        lane: LinkLane(1, 1), delay: .milliseconds(200 * Int64(tick)), deliveredByteCount: delivered),
                ], rule: .main, main: 1, bounds: bounds)
            if let lane = decision.lane { slow.append(lane) }
        }
        #expect(controller.bitsPerSecond < 2_500_000)
        #expect(Set(slow) == [LinkLane(1, 1)])
    }
}
