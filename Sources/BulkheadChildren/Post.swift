package import BulkheadModel
package import BulkheadSystem

/// A post that one child after another holds: which child is on air, which ones stand by, which one comes next, which
/// ones are on their way out.
///
/// The one idea of the house, as a value: replacing a child is the same operation whether it crashed, hung, lied or was
/// told to change. A post decides; a room carries its steps out. It owns no process and no clock.
///
///     launch ──assign──▶ standby ──▶ on air ──ended──▶ promote the twin, else a standby, else launch
///                        next ─────▶ on air            (at a border that has been agreed)
///                        twin ─────▶ on air            (with the very next answer)
package struct Post: Sendable {
    /// What is to be done after a child has ended.
    package enum Step: Hashable, Sendable {
        /// This child is on air from now on: it is given everything that is not safe yet.
        case promote(ChildID, was: Duty)
        /// No child has this duty now: one is launched after this time.
        case launch(Duty, after: Duration)
        /// The next child, which was asked for, does not come: the one on air stays.
        case forgetNext
        /// It was on its way out.
        case nothing
    }

    /// What is remembered of a duty over the deaths of those that had it.
    package struct Record: Hashable, Sendable {
        package var state = ChildState.starting
        package var restarts = 0
        /// How the last one ended, in words; empty when none has.
        package var lastEnd = ""
    }

    private struct Holder {
        let id: ChildID
        var duty: Duty
        var isReady = false
        var hasWorked = false
    }

    /// The oldest first.
    private var holders: [Holder] = []
    private var records: [Duty: Record] = [:]
    private var policies: [Duty: RestartPolicy] = [:]
    private var expected: Set<Duty> = []

    package init() {}

    // MARK: duties

    /// Gives `duty` to a child, which may have had another one.
    package mutating func assign(_ duty: Duty, to child: ChildID) {
        expected.remove(duty)
        if let index = holders.firstIndex(where: { $0.id == child }) {
            holders[index].duty = duty
        } else {
            holders.append(Holder(id: child, duty: duty))
        }
        if duty != .retired { records[duty, default: Record()].state = isReady(child) ? .ready : .starting }
    }

    /// What `child` is to do; nil when it is not at this post.
    package func duty(of child: ChildID) -> Duty? { holders.first { $0.id == child }?.duty }

    /// The oldest child with `duty`.
    package func holder(of duty: Duty) -> ChildID? { holders.first { $0.duty == duty }?.id }

    /// All children with `duty`, the oldest first.
    package func holders(of duty: Duty) -> [ChildID] { holders.filter { $0.duty == duty }.map(\.id) }

    /// All children that have not ended, the oldest first.
    package var children: [ChildID] { holders.map(\.id) }
    package var isEmpty: Bool { holders.isEmpty }

    // MARK: their course

    /// `child` can work.
    package mutating func becameReady(_ child: ChildID) {
        guard let index = holders.firstIndex(where: { $0.id == child }) else { return }
        holders[index].isReady = true
        if holders[index].duty != .retired { records[holders[index].duty, default: Record()].state = .ready }
    }

    package func isReady(_ child: ChildID) -> Bool { holders.first { $0.id == child }?.isReady ?? false }

    /// `child` has done what it is for.
    /// - Returns: true the first time.
    @discardableResult
    package mutating func worked(_ child: ChildID) -> Bool {
        guard let index = holders.firstIndex(where: { $0.id == child }), !holders[index].hasWorked else { return false }
        holders[index].hasWorked = true
        return true
    }

    package func hasWorked(_ child: ChildID) -> Bool { holders.first { $0.id == child }?.hasWorked ?? false }

    /// Notes that a child for `duty` is to come.
    /// - Returns: false when one is to come already.
    package mutating func expect(_ duty: Duty) -> Bool { expected.insert(duty).inserted }

    /// None is to come any more.
    package mutating func stopExpecting(_ duty: Duty) { expected.remove(duty) }

    package func isExpecting(_ duty: Duty) -> Bool { expected.contains(duty) }

    // MARK: ends

    /// Takes a child off the post that has ended, for whatever reason: a crash, a missed deadline, a lie, a wish.
    ///
    /// - Parameters:
    ///   - end: in words, for people; nil where it was wanted.
    ///   - successor: takes over from the child on air, whatever its duty; nil for the twin, else a standby.
    ///   - isExcused: the death says nothing about the next child: it is launched without delay.
    ///   - isSuitable: which twins and standbys may take over; the others go on as they are.
    package mutating func ended(
        _ child: ChildID, _ end: String?, successor: ChildID? = nil, isExcused: Bool = false,
        isSuitable: (ChildID) -> Bool = { _ in true }, at now: MonotonicTime
    ) -> Step {
        guard let index = holders.firstIndex(where: { $0.id == child }) else { return .nothing }
        let gone = holders.remove(at: index)
        guard gone.duty != .retired else { return .nothing }
        if let end { records[gone.duty, default: Record()].lastEnd = end }
        switch gone.duty {
        case .onAir:
            let delay = policies[.onAir, default: RestartPolicy()].delay(
                afterDeathAt: now, hadWorked: gone.hasWorked || isExcused)
            noteRestart(of: .onAir)
            let standbys = holders(of: .standby).filter(isSuitable)
            let successor =
                successor ?? holders(of: .twin).first(where: isSuitable) ?? standbys.first(where: isReady)
                ?? standbys.first
            guard let successor, let was = duty(of: successor) else { return .launch(.onAir, after: delay) }
            assign(.onAir, to: successor)
            if was == .standby, holder(of: .standby) == nil { records[.standby, default: Record()].state = .restarting }
            return .promote(successor, was: was)
        case .standby, .twin:
            // A twin had worked; a standby has only waited.
            let delay = policies[.standby, default: RestartPolicy()].delay(
                afterDeathAt: now, hadWorked: gone.duty == .twin || isExcused)
            noteRestart(of: .standby)
            return .launch(.standby, after: delay)
        case .next: return .forgetNext
        case .retired: return .nothing
        }
    }

    /// Takes a child off the post whose end changes nothing: it has done its work.
    package mutating func forget(_ child: ChildID) { holders.removeAll { $0.id == child } }

    /// Deaths on air in the last seconds.
    package var recentDeaths: Int { policies[.onAir]?.recentDeaths ?? 0 }

    // MARK: for people

    package func record(of duty: Duty) -> Record { records[duty] ?? Record() }

    /// Says how `duty` is filled where the post can't know: a child that is started by hand is waited for, an input is at
    /// its end.
    package mutating func set(_ state: ChildState, of duty: Duty) { records[duty, default: Record()].state = state }

    private mutating func noteRestart(of duty: Duty) {
        records[duty, default: Record()].state = .restarting
        records[duty, default: Record()].restarts += 1
    }
}
