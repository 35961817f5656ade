package import BulkheadModel
package import BulkheadSwitch
package import BulkheadSystem
package import BulkheadTimeline

/// Decides which of an input and its backups is shown and heard in its place. It owns no clock, no process and no picture.
///
/// The decision is a ``SwitchMachine``'s. Nothing is told to stop here: what is left goes on, so that it can be seen whether
/// it is well again. What is to be shown is shown once its first picture is here; until then the last one stands.
package struct InputGroup: Sendable {
    package enum Action: Hashable, Sendable {
        /// This member stands for the input from the next frame on.
        case show(InputID)
        /// A cold member is to be opened, or is of no use any more.
        case wake(InputID), rest(InputID)
        case tell(SwitchMachine.News)
    }

    /// The input that people know, and then its backups.
    package let members: [InputID]
    private let isCold: Bool
    package let ways: [Way]
    package private(set) var machine: SwitchMachine
    private var meters: [InputID: InputMeter] = [:]
    private let period: Duration
    private var reportedAt: MonotonicTime?
    /// What stands for the input.
    package private(set) var shown: InputID
    /// What is to be shown once something of it is here.
    private var awaited: InputID?
    /// It is shown, and its first picture is due in the next frame.
    private var isEntering = false
    package private(set) var last: SwitchTimes?
    /// The way of which was told that it does not start; nil once one works.
    private var failed: Way?
    package private(set) var ready: [Way] = []

    package init(_ settings: BackupSettings, members: [InputID], at now: MonotonicTime) {
        let rules = settings.rules
        self.members = members
        isCold = settings.isCold
        ways = Array(rules.ways.prefix(members.count))
        period = .milliseconds(rules.periodMilliseconds)
        machine = SwitchMachine(rules, at: now)
        shown = members[0]
        let hearsLoudness = settings.conditions.contains(where: \.isOfLoudness)
        for member in members { meters[member] = InputMeter(hearsLoudness: hearsLoudness, at: now) }
    }

    /// The input itself.
    package var main: InputID { members[0] }
    /// Those that don't stand for it.
    package var idle: [InputID] { members.filter { $0 != shown } }

    package func way(of member: InputID) -> Way? { members.firstIndex(of: member).map { ways[$0] } }

    private func member(_ way: Way) -> InputID? { ways.firstIndex(of: way).map { members[$0] } }

    package func status(at now: MonotonicTime) -> InputBackupStatus {
        InputBackupStatus(
            way: machine.way, mode: machine.mode, phase: machine.phase.rawValue, abnormal: machine.abnormal(at: now),
            ready: ready, last: last)
    }

    // MARK: what comes

    package func wantsSample(of member: InputID, at now: MonotonicTime) -> Bool {
        meters[member]?.wantsSample(at: now) ?? false
    }

    package mutating func tookPicture(_ sample: [UInt8]?, of member: InputID, at now: MonotonicTime) {
        meters[member]?.tookPicture(sample, at: now)
    }

    /// - Parameter start: of the input's own time, in sample pairs.
    package mutating func tookSound(
        _ samples: [Float], from start: Int64, of member: InputID, at now: MonotonicTime
    ) {
        meters[member]?.tookSound(samples, from: start, at: now)
    }

    package mutating func counted(_ arrival: InputArrival, of member: InputID) { meters[member]?.arrival = arrival }

    package mutating func interrupted(_ member: InputID) { meters[member]?.interrupted() }

    // MARK: its course

    /// The program begins: with the first member of which something is here, or with the input itself.
    package mutating func begin(at now: MonotonicTime, _ state: (InputID) -> InputState) -> [Action] {
        let first = zip(ways, members).first { state($1).hasSomething }
        return perform(machine.handle(.begin(saved: first?.0, .auto), at: now), at: now)
    }

    /// A person has chosen.
    package mutating func set(_ mode: SwitchMode, at now: MonotonicTime) -> [Action] {
        perform(machine.handle(.hand(mode), at: now), at: now)
    }

    /// Time has passed: with each frame.
    /// - Parameters:
    ///   - rate: pictures a second of the timeline.
    ///   - state: what the program knows of a member.
    package mutating func look(rate: Double, at now: MonotonicTime, _ state: (InputID) -> InputState) -> [Action] {
        var actions: [Action] = []
        if isEntering, machine.phase == .starting, state(shown).hasSomething {
            isEntering = false
            actions += perform(machine.handle(.keyframe, at: now), at: now)
        }
        actions += enter(at: now, state)
        // What is left needs no IDR here: any frame will do, once the other has a picture.
        if machine.phase == .awaitingKeyframe { actions += perform(machine.handle(.keyframe, at: now), at: now) }
        guard reportedAt.map({ now.since($0) >= period.nanoseconds }) ?? true else {
            return actions + perform(machine.handle(.tick, at: now), at: now)
        }
        reportedAt = now
        // What could take over is known before it is decided whether it has to.
        let all = zip(ways, members)
        let atWork = machine.way
        for (way, member) in all.filter({ $0.0 != atWork }) + all.filter({ $0.0 == atWork }) {
            guard var meter = meters[member] else { continue }
            let isAtWork = way == atWork
            let known = state(member)
            var report = meter.report(known, rate: rate, isAtWork: isAtWork, isMain: member == main, at: now)
            meters[member] = meter
            // It is opened when it is needed, and it shows then whether it can be.
            if isCold, !isAtWork, member != main { report.isReady = nil }
            actions += perform(machine.handle(.report(way, report), at: now), at: now)
        }
        ready = ways.filter { $0 != machine.way && machine.isReady($0, at: now) }
        return actions + perform(machine.handle(.tick, at: now), at: now) + enter(at: now, state)
    }

    /// Shows what is awaited, where something of it is here.
    private mutating func enter(at now: MonotonicTime, _ state: (InputID) -> InputState) -> [Action] {
        guard let next = awaited, meters[next]?.hasCome(state(next)) == true else { return [] }
        awaited = nil
        let former = shown
        shown = next
        isEntering = true
        if let way = way(of: next) { _ = machine.handle(.accepted(way), at: now) }
        guard former != next else { return [] }
        return [.show(next)] + (isCold && former != main ? [.rest(former)] : [])
    }

    private mutating func perform(_ asked: [SwitchMachine.Action], at now: MonotonicTime) -> [Action] {
        var actions: [Action] = []
        var asked = asked[...]
        while let action = asked.popFirst() {
            switch action {
            case .start(let way):
                guard let next = member(way) else { break }
                awaited = next
                meters[next]?.begin(at: now)
                if isCold, next != main { actions.append(.wake(next)) }
            case .stop(let way):
                // What was to be shown, and did not come.
                if let given = awaited, given != shown, isCold, given != main { actions.append(.rest(given)) }
                awaited = nil
                asked += machine.handle(.stopped(way), at: now)[...]
            case .tell(let news):
                if case .working(_, _, let times) = news { (last, failed) = (times, nil) }
                if case .startFailed(let way, _) = news {
                    // As long as nothing comes of any it is tried again and again.
                    if way == failed { break }
                    failed = way
                }
                actions.append(.tell(news))
            case .save: break
            }
        }
        return actions
    }
}
