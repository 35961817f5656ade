package import BulkheadModel

/// Decides how much is encoded and what is left out when the way to a server carries less than the stream brings.
///
/// In this order: the bitrate goes down to the user's floor, then a link sheds disposable pictures, then everything up to
/// the next IDR. It climbs again in small steps, each of which has to prove itself for longer where one has failed. It
/// owns no clock and no link.
package struct CongestionController: Sendable {
    /// One lane of a link at one moment.
    package struct Load: Hashable, Sendable {
        package var lane: LinkLane
        /// What is encoded and has not left this machine, as time.
        package var delay: Duration
        /// What the other side's kernel has taken since the link's connection was made; nil where it is not known.
        package var deliveredByteCount: UInt64?
        /// The connection carries something: it is up, and nothing is wrong with it.
        package var isFlowing: Bool

        package init(lane: LinkLane, delay: Duration, deliveredByteCount: UInt64? = nil, isFlowing: Bool = true) {
            self.lane = lane
            self.delay = delay
            self.deliveredByteCount = deliveredByteCount
            self.isFlowing = isFlowing
        }
    }

    /// Bits a second of pictures; sound goes with all of them.
    package struct Bounds: Hashable, Sendable {
        /// What the user wants.
        package var ceiling: Int
        /// What the user would rather shed pictures than go below.
        package var floor: Int
        package var sound: Int

        package init(ceiling: Int, floor: Int, sound: Int) {
            self.ceiling = ceiling
            self.floor = min(floor, ceiling)
            self.sound = sound
        }
    }

    package enum Shedding: Hashable, Sendable {
        case disposable
        case toNextIDR
    }

    package struct Decision: Hashable, Sendable {
        /// Encode at so many bits a second from now on; nil for no change.
        package var bitsPerSecond: Int?
        /// What made it go down; nil on the way up.
        package var lane: LinkLane?
        /// What links leave out of what waits.
        package var sheds: [LinkLane: Shedding] = [:]

        package init() {}
    }

    /// How often to ask.
    package static let interval = Duration.milliseconds(250)
    /// More than this is congestion, and less than that is none.
    private static let high = Duration.milliseconds(500)
    private static let low = Duration.milliseconds(150)
    /// More than this has to be worked off, not only not to grow.
    private static let severe = Duration.milliseconds(1500)
    /// After so long at the floor, or where the bitrate is left alone, pictures are left out.
    private static let shedding = Duration.seconds(4)
    private static let hardShedding = Duration.seconds(8)
    /// The effect of a change is waited for.
    private static let settling = Duration.seconds(1)
    private static let shortestTrial = Duration.seconds(4)
    private static let longestTrial = Duration.seconds(60)
    /// As many samples as make a second.
    private static let window = 5

    private struct History: Sendable {
        var delays: [Duration] = []
        var delivered: [UInt64?] = []

        mutating func append(_ load: Load) {
            delays.append(load.delay)
            delivered.append(load.deliveredByteCount)
            if delays.count > CongestionController.window {
                delays.removeFirst()
                delivered.removeFirst()
            }
        }

        /// It has been watched for a second: what is new may only be on its way to its pace.
        var isComplete: Bool { delays.count == CongestionController.window }

        /// What waits is becoming less, such as after a reconnect.
        var isDraining: Bool {
            guard let first = delays.first, let last = delays.last else { return false }
            return first - last > .milliseconds(50)
        }

        /// Over the last second; nil while it is not known.
        var bitsPerSecond: Int? {
            guard delivered.count == CongestionController.window, let first = delivered.first ?? nil,
                let last = delivered.last ?? nil, last >= first
            else { return nil }
            let seconds = Double(CongestionController.window - 1) * 0.25
            return Int(Double(last - first) * 8 / seconds)
        }
    }

    /// What is encoded now.
    package private(set) var bitsPerSecond: Int
    private var ceiling: Int
    private var histories: [LinkLane: History] = [:]
    private var sinceChange = Duration.zero
    private var calm = Duration.zero
    private var trial = shortestTrial
    private var sinceClimb: Duration?

    /// - Parameter bitsPerSecond: what is encoded at the beginning, which is what the user wants.
    package init(bitsPerSecond: Int) {
        self.bitsPerSecond = bitsPerSecond
        ceiling = bitsPerSecond
    }

    /// Takes in how the links are one ``interval`` after the last time.
    ///
    /// - Parameters:
    ///   - loads: of the lanes that have a connection.
    ///   - main: the link that rule ``CongestionRule/main`` follows, on the air or not.
    package mutating func decide(
        _ loads: [Load], rule: CongestionRule, main: LinkID?, bounds: Bounds
    ) -> Decision {
        for load in loads { histories[load.lane, default: History()].append(load) }
        let lanes = Set(loads.map(\.lane))
        histories = histories.filter { lanes.contains($0.key) }
        sinceChange += Self.interval
        sinceClimb = sinceClimb.map { $0 + Self.interval }
        var decision = Decision()
        // The user has the last word, and the first: a bitrate set by hand is tried as it is.
        if bounds.ceiling != ceiling {
            ceiling = bounds.ceiling
            (trial, calm, sinceClimb) = (Self.shortestTrial, .zero, nil)
            if bitsPerSecond != ceiling { move(to: ceiling, &decision) }
        }
        if rule == .none, bitsPerSecond != ceiling { move(to: ceiling, &decision) }
        if rule != .none, decision.bitsPerSecond == nil {
            adapt(rule == .main ? loads.filter { $0.lane.link == main } : loads, bounds, &decision)
        }
        decision.sheds = sheds(loads, rule: rule, main: main, bounds: bounds)
        return decision
    }

    private mutating func adapt(_ loads: [Load], _ bounds: Bounds, _ decision: inout Decision) {
        // A server that takes nothing at all stands still; giving way to it would only hurt the others.
        let counted = loads.filter { $0.isFlowing && !isStandingStill($0.lane, bounds) }
        let worst = counted.max { $0.delay < $1.delay }
        guard let worst, worst.delay > Self.high else {
            let isCalm = counted.allSatisfy { $0.delay < Self.low } && !counted.isEmpty
            calm = isCalm ? calm + Self.interval : .zero
            if isCalm { climb(bounds, &decision) }
            return
        }
        calm = .zero
        let history = histories[worst.lane] ?? History()
        guard sinceChange >= Self.settling, bitsPerSecond > bounds.floor, history.isComplete, !history.isDraining else {
            return
        }
        if let sinceClimb, sinceClimb < .seconds(10) { trial = min(trial * 2, Self.longestTrial) }
        sinceClimb = nil
        let share = worst.delay > Self.severe ? 0.7 : 0.9
        let carried = history.bitsPerSecond.map { Int(Double($0) * share) - bounds.sound } ?? .max
        let wanted = min(bitsPerSecond * 4 / 5, carried)
        move(to: max(bounds.floor, wanted), &decision)
        decision.lane = worst.lane
    }

    private mutating func climb(_ bounds: Bounds, _ decision: inout Decision) {
        guard bitsPerSecond < bounds.ceiling, calm >= trial, sinceChange >= Self.settling else { return }
        // A step that has held for long makes the next one easier.
        if let sinceClimb, sinceClimb > trial * 2 { trial = max(Self.shortestTrial, trial / 2) }
        calm = .zero
        sinceClimb = .zero
        move(to: min(bounds.ceiling, max(bitsPerSecond * 9 / 8, bitsPerSecond + 50_000)), &decision)
    }

    private mutating func move(to bitsPerSecond: Int, _ decision: inout Decision) {
        guard bitsPerSecond != self.bitsPerSecond else { return }
        self.bitsPerSecond = bitsPerSecond
        decision.bitsPerSecond = bitsPerSecond
        sinceChange = .zero
    }

    /// The link's path carries so little that no bitrate within the bounds would help.
    private func isStandingStill(_ lane: LinkLane, _ bounds: Bounds) -> Bool {
        guard let carried = histories[lane]?.bitsPerSecond else { return false }
        return carried < bounds.floor / 4 && (histories[lane]?.delays.last ?? .zero) > Self.high
    }

    private func sheds(
        _ loads: [Load], rule: CongestionRule, main: LinkID?, bounds: Bounds
    ) -> [LinkLane: Shedding] {
        var sheds: [LinkLane: Shedding] = [:]
        for load in loads where load.isFlowing && load.delay > Self.shedding {
            guard histories[load.lane]?.isDraining == false else { continue }
            let isGivenWayTo = rule == .slowest || rule == .main && load.lane.link == main
            let canGoLower = isGivenWayTo && bitsPerSecond > bounds.floor && !isStandingStill(load.lane, bounds)
            if canGoLower, load.delay < Self.hardShedding { continue }
            sheds[load.lane] = load.delay > Self.hardShedding ? .toNextIDR : .disposable
        }
        return sheds
    }
}
