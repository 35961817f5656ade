package import BulkheadMedia
package import BulkheadSystem
package import BulkheadTimeline
package import BulkheadWire

/// Decides what becomes of the frames and the sound at one post of the chain.
///
/// In: frames and blocks in order, the host's answers, and time. Out: each of them once and in order, whatever becomes
/// of the host: what is not answered by its deadline leaves as it came. It owns no host, no slot and no clock.
package struct PassageMachine: Sendable {
    /// What the post can do at the moment, and how long it may take.
    package struct Terms: Hashable, Sendable {
        /// For one frame; for sound it is twice as long, since the host may be at work on a picture first.
        package var deadline: Duration
        /// The host on air runs a plugin that can be given pictures.
        package var worksOnPictures = false
        /// The host on air runs a plugin that can be given sound.
        package var worksOnSound = false
        /// Some plugin should work on pictures: a picture that leaves without is unfiltered.
        package var wantsPictures = false

        package init(
            deadline: Duration, worksOnPictures: Bool = false, worksOnSound: Bool = false, wantsPictures: Bool = false
        ) {
            self.deadline = deadline
            self.worksOnPictures = worksOnPictures
            self.worksOnSound = worksOnSound
            self.wantsPictures = wantsPictures
        }
    }

    package enum Event {
        case frame(TimelineFrame)
        case block(AudioLedger.Block)
        /// The host on air has answered for a picture: where it is now, held once; nil when nothing changed.
        case processed(FrameNumber, SlotReference?)
        /// The picture could not be given to the host: no result slot is free, or it is of another size.
        case notProcessed(FrameNumber)
        /// The host on air has answered for its oldest block; nil when nothing changed.
        case processedSound([Float]?)
        /// ``deadline`` has come.
        case timeout
        /// Nothing more is given to the host: when it has answered what it has, another one takes over.
        case hold
        /// What waits goes on, by the terms as they are.
        case go
        /// Another host is on air, and has nothing in hand.
        case hostTaken
        /// The host on air is gone. What it had in hand waits for a successor that is there, as long as there is time.
        case hostLost(hasSuccessor: Bool)
    }

    package enum Action: Hashable {
        /// Give the picture to the host on air; where that fails, ``Event/notProcessed(_:)`` follows.
        case process(TimelineFrame)
        case processSound(AudioLedger.Block)
        case leave(TimelineFrame)
        case leaveSound(AudioLedger.Block)
        case release(SlotReference)
        /// The host has missed a picture's deadline.
        case missed
        /// The host on air has answered in time for the first time.
        case worked
        /// The post is held, and the host has nothing in hand.
        case idle
        /// Something has left by itself, and not because something else came in.
        case progress
    }

    private struct InHand {
        let frame: TimelineFrame
        let deadline: MonotonicTime
        /// The deadline is missed, and the frame has left.
        var isLate = false
    }

    package var terms: Terms
    private var queue: [TimelineFrame] = []
    private var inHand: InHand?
    /// A frame that a host took into its grave: the next one may still have it in time, once.
    private var retry: (frame: FrameNumber, deadline: MonotonicTime)?
    private var sound = SoundPassage()
    private var isHolding = false
    private var hasWorked = false

    package init(_ terms: Terms) { self.terms = terms }

    /// Nothing of the timeline is here.
    package var isEmpty: Bool { queue.isEmpty && !isWaitedFor && sound.isEmpty }
    /// How many pictures wait here, without the one that the host has.
    package var waitingCount: Int { queue.count }
    /// How many blocks of sound are on their way through.
    package var soundCount: Int { sound.count }
    /// When ``Event/timeout`` is due; nil while the host has nothing in hand.
    package var deadline: MonotonicTime? {
        let picture = isWaitedFor ? inHand?.deadline : nil
        guard let picture, let sound = sound.deadline else { return picture ?? sound.deadline }
        return min(picture, sound)
    }

    /// What comes now would leave at once, as it came.
    package var isOpenWay: Bool {
        !isHolding && isEmpty && !terms.worksOnPictures && !terms.worksOnSound && !terms.wantsPictures
    }

    private var isWaitedFor: Bool { inHand.map { !$0.isLate } ?? false }
    private var hasNothingInHand: Bool { !isWaitedFor && sound.hasNothingInHand }

    package mutating func handle(_ event: Event, at now: MonotonicTime) -> [Action] {
        var actions: [Action] = []
        switch event {
        case .frame(let frame):
            queue.append(frame)
            advance(&actions, at: now)
        case .block(let block):
            sound.take(block)
            sendSound(&actions, at: now)
        case .processed(let number, let result): processed(number, result, &actions, at: now)
        case .notProcessed(let number):
            guard let hand = inHand, hand.frame.frame == number else { break }
            inHand = nil
            leaveUnworked(hand.frame, &actions)
            advance(&actions, at: now)
        case .processedSound(let samples):
            let answer = sound.answered(samples)
            if answer.isInTime { noteWork(&actions) }
            actions += answer.leaving.map { .leaveSound($0) }
            goOn(&actions, at: now)
        case .timeout: expire(&actions, at: now)
        case .hold:
            isHolding = true
            if hasNothingInHand { actions.append(.idle) }
        case .go:
            isHolding = false
            advance(&actions, at: now)
        case .hostTaken: take(&actions)
        case .hostLost(let hasSuccessor):
            lose(hasSuccessor, &actions)
            take(&actions)
        }
        return actions
    }

    // MARK: pictures

    private mutating func advance(_ actions: inout [Action], at now: MonotonicTime) {
        sendSound(&actions, at: now)
        while !isHolding, !isWaitedFor, let frame = queue.first {
            queue.removeFirst()
            // A host that is late with one picture is not given another.
            if inHand == nil, terms.worksOnPictures {
                var deadline = now.advanced(by: terms.deadline)
                if let retry, retry.frame == frame.frame { deadline = retry.deadline }
                inHand = InHand(frame: frame, deadline: deadline)
                actions.append(.process(frame))
                return
            }
            leaveUnworked(frame, &actions)
        }
    }

    private func leaveUnworked(_ frame: TimelineFrame, _ actions: inout [Action]) {
        var frame = frame
        if terms.wantsPictures { frame.isUnfiltered = true }
        actions.append(.leave(frame))
    }

    private func leaveUnfiltered(_ frame: TimelineFrame, _ actions: inout [Action]) {
        var frame = frame
        frame.isUnfiltered = true
        actions.append(.leave(frame))
    }

    private mutating func processed(
        _ number: FrameNumber, _ result: SlotReference?, _ actions: inout [Action], at now: MonotonicTime
    ) {
        let hand = inHand
        inHand = nil
        if let hand, hand.frame.frame == number, !hand.isLate {
            noteWork(&actions)
            var frame = hand.frame
            if let result {
                actions.append(.release(frame.slot))
                frame = TimelineFrame(frame: number, slot: result, isUnfiltered: frame.isUnfiltered)
            }
            actions.append(.leave(frame))
        } else if let result {
            // The frame has gone out unfiltered long since.
            actions.append(.release(result))
        }
        goOn(&actions, at: now)
    }

    // MARK: sound

    private mutating func sendSound(_ actions: inout [Action], at now: MonotonicTime) {
        guard !isHolding, !sound.isEmpty else { return }
        let (sent, leaving) = sound.send(
            isOpen: terms.worksOnSound, deadline: now.advanced(by: terms.deadline + terms.deadline))
        actions += sent.map { .processSound($0) }
        actions += leaving.map { .leaveSound($0) }
    }

    // MARK: hosts and time

    private mutating func noteWork(_ actions: inout [Action]) {
        guard !hasWorked else { return }
        hasWorked = true
        actions.append(.worked)
    }

    private mutating func goOn(_ actions: inout [Action], at now: MonotonicTime) {
        if !isHolding { advance(&actions, at: now) } else if hasNothingInHand { actions.append(.idle) }
        actions.append(.progress)
    }

    private mutating func expire(_ actions: inout [Action], at now: MonotonicTime) {
        var hasExpired = false
        if let hand = inHand, !hand.isLate, hand.deadline <= now {
            inHand?.isLate = true
            hasExpired = true
            actions.append(.missed)
            leaveUnfiltered(hand.frame, &actions)
        }
        if let deadline = sound.deadline, deadline <= now {
            hasExpired = true
            actions += sound.expire(at: now).map { .leaveSound($0) }
        }
        if hasExpired { goOn(&actions, at: now) }
    }

    private mutating func lose(_ hasSuccessor: Bool, _ actions: inout [Action]) {
        guard let hand = inHand, !hand.isLate else { return }
        inHand = nil
        if hasSuccessor, retry?.frame != hand.frame.frame {
            retry = (hand.frame.frame, hand.deadline)
            queue.insert(hand.frame, at: 0)
        } else {
            leaveUnfiltered(hand.frame, &actions)
        }
    }

    private mutating func take(_ actions: inout [Action]) {
        // Only a lie can leave a frame in hand here; it leaves rather than being lost.
        lose(false, &actions)
        inHand = nil
        actions += sound.release().map { .leaveSound($0) }
        hasWorked = false
        isHolding = false
    }
}
