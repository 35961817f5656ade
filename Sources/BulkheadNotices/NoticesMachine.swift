package import BulkheadChildren
package import BulkheadEvents
package import BulkheadModel
package import BulkheadSystem
package import BulkheadWire

/// Which notices wait for whom: decides, and carries nothing out.
///
/// A notice is kept until every target that wants it has taken or refused it, so that a notifier that died costs nothing:
/// the next one is given all that is left. A target that takes none for long loses the oldest, which is counted.
package struct NoticesMachine: Sendable {
    /// What happens to notices.
    package enum Event {
        /// An event is told to the targets with these numbers.
        case happened(body: [UInt8], targets: [Int])
        case launched(ChildID)
        case ready(ChildID)
        /// The child has said something.
        case sign(ChildID)
        /// A second or so has passed.
        case tick
        case settled(ChildID, number: UInt64, target: Int, NoticeOutcome, text: String)
        case trouble(ChildID, target: Int, text: String)
        case ended(ChildID, String)
        /// Nothing more will happen: what is left is delivered, for a while.
        case finish
        /// That while is over.
        case giveUp
    }

    /// What is to be done.
    package enum Action: Hashable {
        case launch(after: Duration)
        case give(ChildID, Notice, targets: [UInt8])
        case forget(ChildID, number: UInt64)
        /// The child has nothing left to do.
        case release(ChildID)
        /// It broke the rules, for this reason.
        case dismiss(ChildID, String)
        case tell(NotifierHappening)
        /// The child has done its first work after a death.
        case worked(ChildID)
    }

    private struct Target {
        let settings: NoticeTarget
        var delivered = 0
        var lost = 0
        var problem: String?
        /// It refuses what it is given, and that was told.
        var isRefusing = false
        /// Lost since the last event told how many.
        var untold = 0
    }

    private struct Waiting {
        let notice: Notice
        /// Those that have not settled it.
        var targets: Set<Int>
    }

    /// How many notices wait at most.
    package static let mostWaiting = 256
    /// How many events are told in ten seconds; what is beyond is lost, and counted.
    private static let rate = Budget(200, each: .seconds(10))

    private var targets: [Target]
    private let origin: String
    private var waiting: [Waiting] = []
    private var count: UInt64 = 0
    private var budget = Self.rate
    private var post = Post()
    private var signs = SignsOfLife()
    private var isEnding = false

    /// - Parameter origin: names this broadcast, and no other one.
    package init(_ targets: [NoticeTarget], origin: String) {
        self.targets = targets.map { Target(settings: $0) }
        self.origin = origin
    }

    /// Every notice has been taken or refused.
    package var isDone: Bool { waiting.isEmpty }

    /// Decides what follows from `event`.
    package mutating func handle(_ event: Event, at now: MonotonicTime) -> [Action] {
        switch event {
        case .happened(let body, let targets): return add(body, targets, at: now)
        case .launched(let child):
            post.assign(.onAir, to: child)
            signs.begin()
            return []
        case .ready(let child): return becameReady(child)
        case .sign(let child):
            if post.duty(of: child) == .onAir { signs.heard(at: now) }
            return []
        case .tick:
            guard let child = post.holder(of: .onAir), let complaint = signs.complaint(at: now) else { return [] }
            return [.dismiss(child, complaint)]
        case .settled(let child, let number, let target, let outcome, let text):
            return settled(child, number, target, outcome, text)
        case .trouble(let child, let target, let text): return trouble(child, target, text)
        case .ended(let child, let end):
            guard case .launch(_, let delay) = post.ended(child, end, at: now), !isEnding || !isDone else { return [] }
            return [.launch(after: delay)]
        case .finish:
            isEnding = true
            return isDone ? release() : []
        case .giveUp:
            return loseAll() + release()
        }
    }

    // MARK: notices

    private mutating func add(_ body: [UInt8], _ wanted: [Int], at now: MonotonicTime) -> [Action] {
        guard budget.take(at: now) else { return wanted.flatMap { lose($0) } }
        let notice = Notice(number: count, id: "\(origin)-\(count)", body: body)
        count += 1
        waiting.append(Waiting(notice: notice, targets: Set(wanted)))
        var actions: [Action] = []
        if let child = worker { actions.append(.give(child, notice, targets: wanted.map { UInt8(clamping: $0) })) }
        if waiting.count > Self.mostWaiting {
            let oldest = waiting.removeFirst()
            if let child = worker { actions.append(.forget(child, number: oldest.notice.number)) }
            for target in oldest.targets.sorted() { actions += lose(target) }
        }
        return actions
    }

    /// The child that can be given notices.
    private var worker: ChildID? { post.holder(of: .onAir).flatMap { post.isReady($0) ? $0 : nil } }

    /// Told at the first, and how many there were with the next that arrives: not once for each.
    private mutating func lose(_ target: Int) -> [Action] {
        targets[target].lost += 1
        targets[target].untold += 1
        guard targets[target].untold == 1 else { return [] }
        return [.tell(.dropped(target: targets[target].settings.name, events: 1))]
    }

    /// So many notices never reach their targets any more.
    private mutating func loseAll() -> [Action] {
        var actions: [Action] = []
        for (index, target) in targets.enumerated() {
            let count = waiting.count { $0.targets.contains(index) }
            guard count > 0 else { continue }
            targets[index].lost += count
            actions.append(.tell(.dropped(target: target.settings.name, events: count)))
        }
        waiting.removeAll()
        return actions
    }

    private mutating func becameReady(_ child: ChildID) -> [Action] {
        guard post.duty(of: child) == .onAir else { return [] }
        post.becameReady(child)
        return waiting.map { .give(child, $0.notice, targets: $0.targets.sorted().map { UInt8(clamping: $0) }) }
    }

    private mutating func settled(
        _ child: ChildID, _ number: UInt64, _ target: Int, _ outcome: NoticeOutcome, _ text: String
    ) -> [Action] {
        guard targets.indices.contains(target) else {
            return [.dismiss(child, "it answered for target \(target), of which there is none")]
        }
        // One that was given up may have been under way.
        guard let index = waiting.firstIndex(where: { $0.notice.number == number }),
            waiting[index].targets.remove(target) != nil
        else { return [] }
        if waiting[index].targets.isEmpty { waiting.remove(at: index) }
        var actions: [Action] = post.worked(child) ? [.worked(child)] : []
        let name = targets[target].settings.name
        switch outcome {
        case .delivered:
            targets[target].delivered += 1
            targets[target].isRefusing = false
            if targets[target].problem.take() != nil { actions.append(.tell(.back(target: name))) }
            let untold = targets[target].untold
            targets[target].untold = 0
            // The first was told when it happened.
            if untold > 1 { actions.append(.tell(.dropped(target: name, events: untold))) }
        case .refused:
            targets[target].lost += 1
            // Once, until it takes one again: what a command says may be other words each time.
            if !targets[target].isRefusing { actions.append(.tell(.rejected(target: name, text: text))) }
            targets[target].isRefusing = true
            targets[target].problem = text
        }
        return isEnding && isDone ? actions + release() : actions
    }

    private mutating func trouble(_ child: ChildID, _ target: Int, _ text: String) -> [Action] {
        guard targets.indices.contains(target) else {
            return [.dismiss(child, "it answered for target \(target), of which there is none")]
        }
        // Told once: the next attempt may fail in other words.
        let isNew = targets[target].problem == nil
        targets[target].problem = text
        return isNew ? [.tell(.failing(target: targets[target].settings.name, text: text))] : []
    }

    private func release() -> [Action] { post.holder(of: .onAir).map { [.release($0)] } ?? [] }

    // MARK: for people

    /// How it goes with each target.
    package var status: [NoticeTargetStatus] {
        targets.enumerated().map { index, target in
            NoticeTargetStatus(
                name: target.settings.name, delivered: target.delivered,
                waiting: waiting.count { $0.targets.contains(index) }, lost: target.lost, problem: target.problem)
        }
    }

    /// What is remembered of the notifiers so far.
    package var record: Post.Record { post.record(of: .onAir) }
    /// The notifier at work.
    package var holder: ChildID? { post.holder(of: .onAir) }
}
