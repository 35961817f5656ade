package import BulkheadModel

/// Decides how much is encoded and what is left out when the way to a server carries less than the stream brings.
///
/// In this order: the bitrate goes down to the user's floor, then a link sheds disposable pictures, then everything up to
/// the next IDR. It climbs again in small steps, each of which has to prove itself for longer where one has failed. It
/// owns no clock and no link.
package struct CongestionController: Sendable {
    /// One link at one moment.
    package struct Load: Hashable, Sendable {
        package var link: String
        /// What is encoded and has not left this machine, as time.
        package var delay: Duration
        /// What the other side's kernel has taken since the link's connection was made; nil where nobody says.
        package var deliveredByteCount: UInt64?
        /// The connection carries something: it is up, and nothing is wrong with it.
        package var isFlowing: Bool

        package init(link: String, delay: Duration, deliveredByteCount: UInt64? = nil, isFlowing: Bool = true) {
            self.link = link
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
        /// Which link made it go down; nil on the way up.
        package var link: String?
        /// What links leave out of what waits.
        package var sheds: [String: Shedding] = [:]

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
    private var histories: [String: History] = [:]
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
    package mutating func decide(_ loads: [Load], rule: CongestionRule, bounds: Bounds) -> Decision {
        for load in loads { histories[load.link, default: History()].append(load) }
        let names = Set(loads.map(\.link))
        histories = histories.filter { names.contains($0.key) }
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
            adapt(rule == .main ? Array(loads.prefix(1)) : loads, bounds, &decision)
        }
        decision.sheds = sheds(loads, rule: rule, bounds: bounds)
        return decision
    }

    private mutating func adapt(_ loads: [Load], _ bounds: Bounds, _ decision: inout Decision) {
        // Who takes nothing at all stands still; giving way to him would only hurt the others.
        let counted = loads.filter { $0.isFlowing && !isStandingStill($0.link, bounds) }
        let worst = counted.max { $0.delay < $1.delay }
        guard let worst, worst.delay > Self.high else {
            let isCalm = counted.allSatisfy { $0.delay < Self.low } && !counted.isEmpty
            calm = isCalm ? calm + Self.interval : .zero
            if isCalm { climb(bounds, &decision) }
            return
        }
        calm = .zero
        let history = histories[worst.link] ?? History()
        guard sinceChange >= Self.settling, bitsPerSecond > bounds.floor, history.isComplete, !history.isDraining else {
            return
        }
        if let sinceClimb, sinceClimb < .seconds(10) { trial = min(trial * 2, Self.longestTrial) }
        sinceClimb = nil
        let share = worst.delay > Self.severe ? 0.7 : 0.9
        let carried = history.bitsPerSecond.map { Int(Double($0) * share) - bounds.sound } ?? .max
        let wanted = min(bitsPerSecond * 4 / 5, carried)
        move(to: max(bounds.floor, wanted), &decision)
        decision.link = worst.link
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
    private func isStandingStill(_ link: String, _ bounds: Bounds) -> Bool {
        guard let carried = histories[link]?.bitsPerSecond else { return false }
        return carried < bounds.floor / 4 && (histories[link]?.delays.last ?? .zero) > Self.high
    }

    private func sheds(_ loads: [Load], rule: CongestionRule, bounds: Bounds) -> [String: Shedding] {
        var sheds: [String: Shedding] = [:]
        for (index, load) in loads.enumerated() where load.isFlowing && load.delay > Self.shedding {
            guard histories[load.link]?.isDraining == false else { continue }
            let isGivenWayTo = rule == .slowest || rule == .main && index == 0
            let canGoLower = isGivenWayTo && bitsPerSecond > bounds.floor && !isStandingStill(load.link, bounds)
            if canGoLower, load.delay < Self.hardShedding { continue }
            sheds[load.link] = load.delay > Self.hardShedding ? .toNextIDR : .disposable
        }
        return sheds
    }
}
