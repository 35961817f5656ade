package import BulkheadLinks
package import BulkheadModel
package import BulkheadSystem

/// Decides at how many bits a second pictures are encoded, by what links carry, and what links leave out.
///
/// It asks for the links' loads every ``CongestionController/interval``, keeps the user's bounds, and leaves the rest to
/// a ``CongestionController``. It owns no link and no clock.
package struct BitrateMachine: Sendable {
    /// What a user wants, in bits a second.
    package struct Settings: Hashable, Sendable {
        /// Of pictures.
        package var wanted: UInt32
        /// What the bitrate of pictures never goes below; nil for a quarter of what is wanted.
        package var minimum: UInt32?
        package var sound: UInt32
        package var rule: CongestionRule

        package init(wanted: UInt32, minimum: UInt32? = nil, sound: UInt32, rule: CongestionRule) {
            self.wanted = wanted
            self.minimum = minimum
            self.sound = sound
            self.rule = rule
        }

        /// What the user would rather shed pictures than go below.
        fileprivate var floor: UInt32 {
            let standard = max(SettingRange.videoBitsPerSecond.lowerBound, wanted / 4)
            return min(minimum ?? standard, wanted)
        }
    }

    package enum Event: Hashable, Sendable {
        case changed(Settings)
        /// The user has set a bitrate: it is tried as it is, whatever links could carry before.
        case setByHand
        /// The loads of all lanes that have a connection; `main` is the first link declared.
        case loads([CongestionController.Load], main: LinkID?)
    }

    package enum Action: Hashable, Sendable {
        /// Encode pictures at so many bits a second from now on. Said again after each look: encoders come and go.
        case encode(bitsPerSecond: UInt32)
        /// `lane` carries less than the stream brings.
        case tellCongested(LinkLane, bitsPerSecond: Int, wanted: Int)
        case tellRaised(bitsPerSecond: Int, wanted: Int)
        case shed([LinkLane: CongestionController.Shedding])
    }

    private var settings: Settings
    /// Nil before the first look.
    private var controller: CongestionController?
    private var lastLook: MonotonicTime?

    package init(_ settings: Settings) { self.settings = settings }

    /// What encoders are told for pictures: what the user wants, or less while a link can't carry it.
    package var bitsPerSecond: UInt32 { controller.map { UInt32(clamping: $0.bitsPerSecond) } ?? settings.wanted }

    /// All that is encoded, in bits a second.
    package var streamBitsPerSecond: Int { Int(bitsPerSecond) + Int(settings.sound) }

    /// Whether it is time for the next ``Event/loads(_:main:)``.
    package func isDue(at now: MonotonicTime) -> Bool {
        lastLook.map { now.since($0) >= CongestionController.interval.nanoseconds } ?? true
    }

    package mutating func handle(_ event: Event, at now: MonotonicTime) -> [Action] {
        switch event {
        case .changed(let new):
            // Another wish, while the links carry what was wished before, is no matter of theirs.
            if new.wanted != settings.wanted, let rate = controller?.bitsPerSecond, rate >= Int(settings.wanted) {
                controller = CongestionController(bitsPerSecond: Int(new.wanted))
            }
            settings = new
            return []
        case .setByHand:
            controller = CongestionController(bitsPerSecond: Int(settings.wanted))
            return [.encode(bitsPerSecond: bitsPerSecond)]
        case .loads(let loads, let main):
            lastLook = now
            return look(loads, main: main)
        }
    }

    private mutating func look(_ loads: [CongestionController.Load], main: LinkID?) -> [Action] {
        let wanted = Int(settings.wanted)
        var controller = controller ?? CongestionController(bitsPerSecond: wanted)
        let decision = controller.decide(
            loads, rule: settings.rule, main: main,
            bounds: .init(ceiling: wanted, floor: Int(settings.floor), sound: Int(settings.sound)))
        self.controller = controller
        var actions: [Action] = []
        if let rate = decision.bitsPerSecond {
            actions.append(
                decision.lane.map { .tellCongested($0, bitsPerSecond: rate, wanted: wanted) }
                    ?? .tellRaised(bitsPerSecond: rate, wanted: wanted))
        }
        actions.append(.encode(bitsPerSecond: bitsPerSecond))
        if !decision.sheds.isEmpty { actions.append(.shed(decision.sheds)) }
        return actions
    }
}
