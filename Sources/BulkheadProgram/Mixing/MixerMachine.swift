package import BulkheadChildren
package import BulkheadMedia
package import BulkheadModel
package import BulkheadSystem
package import BulkheadTimeline
package import BulkheadWire

/// A frame on its way past the mixer; each of its slots is held once for it, as often as it is named.
package struct MixFrame: Hashable, Sendable {
    package let frame: FrameNumber
    /// What the frame shows; nil where it shows ``fallback`` as it is.
    package var composition: Composition<SlotReference>?
    /// What it shows where it can't be mixed: the main input's picture.
    package var fallback: SlotReference

    /// A frame that shows `composition`, or where that is nil, `fallback`.
    package init(_ frame: FrameNumber, _ composition: Composition<SlotReference>?, fallback: SlotReference) {
        self.frame = frame
        self.composition = composition
        self.fallback = fallback
    }

    /// The slots of the composition.
    package var pictures: [SlotReference] { composition?.pictures ?? [] }
}

/// Decides which mixer is on air, and what becomes of each frame: mixed, or the main input alone.
///
/// In: frames in order, the course of mixers, their answers, and time. Out: each frame once and in order, whatever becomes
/// of a mixer. A mixer that is late changes places with the standby; one that dies is replaced by it, and its frame is given
/// to the standby once, where that is still in time. Slots that a mixer has been lent stay held until it has answered or
/// ended. It owns no child, no slot and no clock.
package struct MixerMachine: Sendable {
    /// How long things may take.
    package struct Terms: Hashable, Sendable {
        /// For one frame.
        package var deadline: Duration
        /// A mixer that is late by this much does not work any more.
        package var patience = Duration.seconds(1)
        /// From a mixer's launch until it can work.
        package var opening = Duration.seconds(5)
        /// Not in the moment of a takeover.
        package var standbyDelay = Duration.milliseconds(250)

        /// Terms with so much time for one frame.
        package init(deadline: Duration) { self.deadline = deadline }

        /// An interval for each frame, but no less than 20 ms; with `isPatient`, where nobody waits, a second.
        package init(_ frameRate: FrameRate, isPatient: Bool) {
            self.init(
                deadline: isPatient
                    ? .seconds(1) : .nanoseconds(max(frameRate.interval.nanoseconds, 20_000_000)))
        }
    }

    package enum Event: Hashable {
        case frame(MixFrame)
        /// Whether mixers are to be there: they take a moment to start.
        case want(Bool)
        /// A mixer that ``Action/launch(_:after:)`` asked for has been started.
        case launched(ChildID, Duty)
        /// No mixer is launched: none is wanted any more.
        case notLaunched(Duty)
        case ready(ChildID)
        /// A mixer has drawn a frame into this slot, which is held once.
        case composed(ChildID, FrameNumber, SlotReference)
        /// The frame could not be given to the mixer: no result slot is free.
        case notGiven(ChildID)
        /// ``deadline`` has come.
        case timeout
        /// A mixer's process has been reaped: how, in words for people.
        case ended(ChildID, String)
        /// What is drawn has another size: other mixers are launched.
        case renew
        /// Fresh processes are to take over, without a frame that is not mixed.
        case restart
        /// Nothing is launched any more; frames are mixed as long as there is a mixer.
        case stop
    }

    package enum Action: Hashable {
        case launch(Duty, after: Duration)
        /// Let it end by itself: ``Event/ended(_:_:)`` follows.
        case retire(ChildID)
        case dismiss(ChildID, String)
        /// Give the frame to the mixer; where that fails, ``Event/notGiven(_:)`` follows.
        case compose(ChildID, MixFrame)
        case leave(TimelineFrame)
        case release(SlotReference)
        /// A frame leaves as the main input alone that should have been mixed.
        case unmixed(FrameNumber)
        /// A mixer is on air that was something else.
        case tookOver(ChildID, was: Duty)
        case onAir(ChildID)
        case standbyReady(ChildID)
        /// A mixer on air has answered for the first time.
        case worked(ChildID)
        /// Something has left by itself, and not because something else came in.
        case progress
    }

    private struct Work {
        var frame: MixFrame
        let deadline: MonotonicTime
        /// It has left as the main input alone.
        var isLate = false
        /// The mixer has been dismissed for it.
        var isGivenUp = false
    }

    package let terms: Terms
    private var post = Post()
    private var queue: [MixFrame] = []
    /// What mixers have in hand.
    private var works: [ChildID: Work] = [:]
    /// Until when mixers have to be ready.
    private var openings: [ChildID: MonotonicTime] = [:]
    /// A frame that a mixer took into its grave: the next one may still have it in time, once.
    private var retry: (frame: FrameNumber, deadline: MonotonicTime)?
    private var isWanted = false
    private var isOver = false
    /// On air, and to be replaced as soon as a fresh standby is ready, as asked for.
    private var replaced: ChildID?
    /// Replaced, with a frame in hand: they are let go when they have answered.
    private var leaving: Set<ChildID> = []

    package init(_ terms: Terms) { self.terms = terms }

    // MARK: what there is

    package func duty(of child: ChildID) -> Duty? { post.duty(of: child) }
    package func holder(of duty: Duty) -> ChildID? { post.holder(of: duty) }
    package func record(of duty: Duty) -> Post.Record { post.record(of: duty) }
    /// No frame is here.
    package var isEmpty: Bool { queue.isEmpty && !isWaiting }
    /// How many frames are here, with the one that is being mixed.
    package var waitingCount: Int { queue.count + (isWaiting ? 1 : 0) }
    /// A mixer can be given a frame, or has one.
    package var isReady: Bool { post.holder(of: .onAir).map(post.isReady) ?? false }

    /// The first mixer has not come yet, and may come soon.
    package var isStarting: Bool { isWanted && !isOver && !isReady && post.record(of: .onAir).restarts == 0 }

    /// Whether a mixer for `duty` is still to be launched.
    package func wants(_ duty: Duty) -> Bool {
        guard isWanted, !isOver, post.holder(of: duty) == nil else { return false }
        return duty == .onAir || (duty == .standby && isReady)
    }

    /// When ``Event/timeout`` is due; nil while no mixer owes anything.
    package var deadline: MonotonicTime? {
        let owed = works.values.compactMap { work in
            work.isGivenUp ? nil : work.isLate ? work.deadline.advanced(by: terms.patience) : work.deadline
        }
        return (owed + openings.values).min()
    }

    private var isWaiting: Bool { works.values.contains { !$0.isLate } }

    /// A standby that can be given a frame at once.
    private var freeStandby: ChildID? {
        post.holders(of: .standby).first { post.isReady($0) && works[$0] == nil }
    }

    // MARK: events

    package mutating func handle(_ event: Event, at now: MonotonicTime) -> [Action] {
        var actions: [Action] = []
        switch event {
        case .frame(let frame):
            queue.append(frame)
            advance(&actions, at: now)
        case .want(let isWanted): want(isWanted, &actions)
        case .launched(let child, let duty):
            post.assign(duty, to: child)
            openings[child] = now.advanced(by: terms.opening)
            if !isWanted || isOver { retire(child, &actions) }
        case .notLaunched(let duty): post.stopExpecting(duty)
        case .ready(let child): ready(child, &actions, at: now)
        case .composed(let child, let frame, let slot): composed(child, frame, slot, &actions, at: now)
        case .notGiven(let child):
            guard let work = works[child], !work.isLate else { break }
            works[child] = nil
            leaveUnmixed(work.frame, &actions)
            release(work.frame, &actions)
            advance(&actions, at: now)
        case .timeout: expire(&actions, at: now)
        case .ended(let child, let end): ended(child, end, &actions, at: now)
        case .renew:
            for child in post.children where post.duty(of: child) != .retired { retire(child, &actions) }
            launchIfEmpty(&actions)
            advance(&actions, at: now)
        case .restart: restart(&actions)
        case .stop:
            isOver = true
            letGo(&actions)
        }
        return actions
    }

    // MARK: frames

    private mutating func advance(_ actions: inout [Action], at now: MonotonicTime) {
        while !isWaiting, let frame = queue.first {
            queue.removeFirst()
            guard frame.composition != nil else {
                actions.append(.leave(TimelineFrame(frame: frame.frame, slot: frame.fallback)))
                continue
            }
            guard let child = post.holder(of: .onAir), post.isReady(child), works[child] == nil else {
                leaveUnmixed(frame, &actions)
                release(frame, &actions)
                continue
            }
            var deadline = now.advanced(by: terms.deadline)
            if let retry, retry.frame == frame.frame { deadline = retry.deadline }
            works[child] = Work(frame: frame, deadline: deadline)
            actions.append(.compose(child, frame))
        }
    }

    private func leaveUnmixed(_ frame: MixFrame, _ actions: inout [Action]) {
        actions += [.unmixed(frame.frame), .leave(TimelineFrame(frame: frame.frame, slot: frame.fallback))]
    }

    /// Lets go of what the composition is made of.
    private func release(_ frame: MixFrame, _ actions: inout [Action]) {
        actions += frame.pictures.map { .release($0) }
    }

    private mutating func composed(
        _ child: ChildID, _ frame: FrameNumber, _ slot: SlotReference, _ actions: inout [Action], at now: MonotonicTime
    ) {
        guard let work = works[child], work.frame.frame == frame else { return actions.append(.release(slot)) }
        works[child] = nil
        release(work.frame, &actions)
        if work.isLate {
            // The frame has gone long since.
            actions.append(.release(slot))
            fillFromStandby(child, &actions)
        } else {
            if post.worked(child) { actions.append(.worked(child)) }
            actions += [.release(work.frame.fallback), .leave(TimelineFrame(frame: frame, slot: slot))]
        }
        leaveIfReplaced(child, &actions)
        advance(&actions, at: now)
        actions.append(.progress)
    }

    private mutating func expire(_ actions: inout [Action], at now: MonotonicTime) {
        var hasExpired = false
        for (child, work) in works.sorted(by: { $0.key < $1.key }) {
            if !work.isLate, work.deadline <= now {
                works[child]?.isLate = true
                hasExpired = true
                leaveUnmixed(work.frame, &actions)
                changePlaces(&actions)
            } else if work.isLate, !work.isGivenUp, work.deadline.advanced(by: terms.patience) <= now {
                works[child]?.isGivenUp = true
                actions.append(.dismiss(child, "no answer within \(terms.patience.inWords)"))
            }
        }
        for (child, deadline) in openings.sorted(by: { $0.key < $1.key }) where deadline <= now {
            openings[child] = nil
            actions.append(.dismiss(child, "it was not ready within \(terms.opening.inWords)"))
        }
        guard hasExpired else { return }
        advance(&actions, at: now)
        actions.append(.progress)
    }

    // MARK: mixers

    /// Puts the standby in the place of a mixer on air that is late, and that one in the standby's.
    private mutating func changePlaces(_ actions: inout [Action]) {
        guard let late = post.holder(of: .onAir), works[late]?.isLate == true, let fresh = freeStandby else { return }
        post.assign(.standby, to: late)
        post.assign(.onAir, to: fresh)
        actions += [.tookOver(fresh, was: .standby), .onAir(fresh)]
    }

    /// Has a fresh standby launched, which takes over when it is ready, and another one after it.
    private mutating func restart(_ actions: inout [Action]) {
        // One that is not ready is fresh.
        guard isReady, !isOver, let old = post.holder(of: .onAir) else { return }
        replaced = old
        for child in post.holders(of: .standby) { retire(child, &actions) }
        topUpStandby(after: .zero, &actions)
    }

    /// A standby is ready: it takes over where the mixer on air is to be replaced, or is late.
    private mutating func take(_ fresh: ChildID, _ actions: inout [Action]) {
        guard let old = post.holder(of: .onAir), replaced == old else { return changePlaces(&actions) }
        replaced = nil
        post.assign(.standby, to: old)
        post.assign(.onAir, to: fresh)
        actions += [.tookOver(fresh, was: .standby), .onAir(fresh)]
        leaving.insert(old)
        if works[old] == nil { leaveIfReplaced(old, &actions) }
    }

    /// A mixer that was replaced has nothing in hand any more. One that had to take over again stays.
    private mutating func leaveIfReplaced(_ child: ChildID, _ actions: inout [Action]) {
        guard leaving.remove(child) != nil, post.duty(of: child) == .standby else { return }
        retire(child, &actions)
        topUpStandby(after: terms.standbyDelay, &actions)
    }

    /// A mixer that was late answers after all, and none has come in the place of the one on air.
    private mutating func fillFromStandby(_ child: ChildID, _ actions: inout [Action]) {
        guard post.duty(of: child) == .standby, post.holder(of: .onAir) == nil else { return }
        post.assign(.onAir, to: child)
        actions += [.tookOver(child, was: .standby), .onAir(child)]
        topUpStandby(after: terms.standbyDelay, &actions)
    }

    private mutating func want(_ isWanted: Bool, _ actions: inout [Action]) {
        guard isWanted != self.isWanted else { return }
        self.isWanted = isWanted
        if isWanted { launchIfEmpty(&actions) } else { letGo(&actions) }
    }

    /// No mixer is needed any more: that they end is no loss, and nothing follows them.
    private mutating func letGo(_ actions: inout [Action]) {
        for duty in [Duty.onAir, .standby] { post.stopExpecting(duty) }
        for child in post.children where post.duty(of: child) != .retired { retire(child, &actions) }
    }

    private mutating func launchIfEmpty(_ actions: inout [Action]) {
        guard wants(.onAir), post.expect(.onAir) else { return }
        actions.append(.launch(.onAir, after: .zero))
    }

    private mutating func topUpStandby(after delay: Duration, _ actions: inout [Action]) {
        guard wants(.standby), post.expect(.standby) else { return }
        actions.append(.launch(.standby, after: delay))
    }

    /// What it has in hand leaves as the main input alone; its slots are held until it has ended.
    private mutating func retire(_ child: ChildID, _ actions: inout [Action]) {
        post.assign(.retired, to: child)
        openings[child] = nil
        if let work = works[child] {
            if !work.isLate { leaveUnmixed(work.frame, &actions) }
            works[child]?.isLate = true
            works[child]?.isGivenUp = true
        }
        actions.append(.retire(child))
    }

    private mutating func ready(_ child: ChildID, _ actions: inout [Action], at now: MonotonicTime) {
        openings[child] = nil
        post.becameReady(child)
        switch post.duty(of: child) {
        case .onAir:
            actions.append(.onAir(child))
            topUpStandby(after: terms.standbyDelay, &actions)
            advance(&actions, at: now)
        case .standby:
            actions.append(.standbyReady(child))
            take(child, &actions)
        case .next, .twin, .retired, nil: break
        }
    }

    private mutating func ended(
        _ child: ChildID, _ end: String, _ actions: inout [Action], at now: MonotonicTime
    ) {
        openings[child] = nil
        leaving.remove(child)
        if replaced == child { replaced = nil }
        let work = works.removeValue(forKey: child)
        if !isWanted || isOver { post.assign(.retired, to: child) }
        // One that is late itself is no help.
        let late = Set(works.filter(\.value.isLate).keys)
        switch post.ended(child, end, isSuitable: { !late.contains($0) }, at: now) {
        case .promote(let successor, let was):
            actions.append(.tookOver(successor, was: was))
            if post.isReady(successor) { actions.append(.onAir(successor)) }
            topUpStandby(after: terms.standbyDelay, &actions)
        case .launch(.onAir, let delay):
            if !isOver, post.expect(.onAir) { actions.append(.launch(.onAir, after: delay)) }
        case .launch(_, let delay): topUpStandby(after: max(terms.standbyDelay, delay), &actions)
        case .forgetNext, .nothing: break
        }
        if let work {
            if work.isLate {
                release(work.frame, &actions)
            } else if canRetry(work) {
                retry = (work.frame.frame, work.deadline)
                queue.insert(work.frame, at: 0)
            } else {
                leaveUnmixed(work.frame, &actions)
                release(work.frame, &actions)
            }
        }
        advance(&actions, at: now)
        actions.append(.progress)
    }

    private func canRetry(_ work: Work) -> Bool {
        guard retry?.frame != work.frame.frame, let successor = post.holder(of: .onAir) else { return false }
        return post.isReady(successor) && works[successor] == nil
    }
}
