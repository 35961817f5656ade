package import BulkheadChildren
package import BulkheadEvents
package import BulkheadMedia
package import BulkheadModel
package import BulkheadSelection
package import BulkheadSystem
package import BulkheadTimeline
package import BulkheadWire
import Glibc

/// Decides over one input: when a source process is launched for it, where it goes on after a death, and when the input
/// is at its end. It owns no process, no pool and no clock.
package struct InputMachine {
    package enum Event: Hashable {
        case launched(ChildID)
        case opened(ChildID, SourceDescription)
        /// The program has taken a picture.
        case picture(ChildID, pts: MediaTime, position: MediaTime)
        /// A file of a list is played from here on, whose beginning has this source time.
        case entered(ChildID, PlaylistPlace, at: MediaTime)
        /// That file of a list is being opened ahead.
        case preparing(ChildID, file: String)
        /// None is any more. The one that is open comes next; empty for none.
        case prepared(ChildID, next: String)
        /// The program has taken sound; sample `soundEnd` of source time is to come next.
        case sound(ChildID, soundEnd: Int64)
        case atEnd(ChildID)
        /// - hasBegun: the timeline has.
        case refused(ChildID, Refusal, hasBegun: Bool)
        case ended(ChildID, ChildEnd)
        /// What of the input is used, which is not all.
        case restricted(MediaUse)
        /// Another process is to take over, as asked for.
        case replace
        /// The input is to be read from its beginning, by another process.
        case reopen
        /// No more is wanted of the input.
        case finish
        /// The input was tried for a request that is refused now, for this reason: it is tried no more.
        case refusedRequest(String)
    }

    package enum Action: Hashable {
        /// Launch a process that goes on at ``resume``, unless ``awaitsLaunch`` is false by then.
        case launch(after: Duration)
        case dismiss(ChildID, String)
        case hangUp(ChildID)
        /// Tell the program.
        case open(SourceDescription)
        case interrupt
        case beginAnew
        case finish
        case post(SourceHappening)
        case died(ChildID, ChildEnd)
        /// The post works again.
        case recovered
        /// The input can't be opened.
        case fail(BroadcastError)
        /// Nothing of the input has ever come, and it is tried no more.
        case giveUp(BroadcastError)
        /// An earlier broadcast had the input, and this one goes on without it.
        case leaveOut(BroadcastError)
    }

    /// An input that is gone needs time to come back.
    package static let reopening = Backoff.doubling(from: .milliseconds(250), upTo: .seconds(10))
    /// Processes that may end before the first of them has opened the input.
    package static let mostDeathsBeforeOpening = 5
    /// Processes that may find nothing to decode in an input, before the first picture or sound.
    package static let mostBarren = 5
    /// From when the input is open until a kill from outside may be the place's fault after all: memory it asks for.
    package static let blamingPlace = Duration.seconds(2)

    /// Where the next process goes on; nil at the start.
    package private(set) var resume: SourceResume?
    /// Of the process that opened the input first.
    package private(set) var description: SourceDescription?
    private let id: InputID
    private let loops: Bool
    /// An earlier broadcast had it: where it can't be opened, the others go on.
    private let isResumed: Bool
    /// It is tried for as long as the broadcast lasts: something else stands in for it, or it stands in for something else.
    private let isPatient: Bool
    /// Where an earlier broadcast had come to, and this one goes on; nil where it begins, and once it is reopened.
    package private(set) var continued: SourceResume?
    /// Between two frames of the timeline.
    package var interval: MediaTime
    private var post = Post()
    private var retries = Retries(reopening)
    private var crashSpot = CrashSpot()
    /// Since when the process on air has had the input open.
    private var openedAt: MonotonicTime?
    /// The process on air has said why it can't go on.
    private var hasFailed = false
    /// Why a process could not go on, the last time.
    private var lastRefusal: Refusal?
    /// A picture or sound has come, of any process.
    private var hasGiven = false
    /// Processes that found nothing to decode.
    private var barren = 0
    /// Why the input is tried no more; nil where it is not given up.
    package private(set) var failure: String?
    private var soundEnd: Int64 = 0
    private var list = ListCourse()
    private var isOver = false
    /// The next process begins anew.
    private var isReopening = false

    /// - Parameters:
    ///   - interval: between two frames of the timeline.
    ///   - isResumed: an earlier broadcast had it.
    ///   - isPatient: it is tried for as long as the broadcast lasts.
    ///   - continued: where that had come to; nil for one that begins, and for what is live.
    package init(
        _ id: InputID, loops: Bool, interval: MediaTime, isResumed: Bool = false,
        isPatient: Bool = false, continuing continued: SourceResume? = nil
    ) {
        self.id = id
        self.loops = loops
        self.isResumed = isResumed
        self.isPatient = isPatient
        self.interval = interval
        self.continued = continued
        resume = continued
        soundEnd = continued?.audioSample ?? 0
    }

    /// The process that reads the input.
    package var child: ChildID? { post.holder(of: .onAir) }
    /// The process on air has the input open.
    package var isOpen: Bool { openedAt != nil }
    /// Whether a process that was asked for is still wanted.
    package var awaitsLaunch: Bool { !isOver && child == nil }
    /// Nothing more comes of the input, unless it is reopened.
    package var isEnded: Bool { isOver }
    /// Files of a list that the next process is to leave out.
    package var avoided: [String] { list.avoided }
    /// How far a list has come, for people; nil where the input is none.
    package var playlist: PlaylistStatus? { list.status(at: resume?.position) }
    /// How the input is read, for people.
    package var record: Post.Record { post.record(of: .onAir) }

    /// Where a later broadcast goes on that is to show what follows `place`; nil where it reads the input from its beginning,
    /// or where it is.
    package func resume(behind place: FeedPlace?) -> SourceResume? {
        guard let description, !description.isLive else { return description == nil ? continued : nil }
        // What has not been on this timeline is where it was.
        guard let place else { return continued }
        let pts = place.shown?.pts ?? MediaTime(sampleIndex: place.sample)
        let file = list.file(at: pts)
        let position =
            place.shown?.position.nanoseconds ?? soundPosition(at: pts.nanoseconds, start: file?.start ?? .zero)
        return SourceResume(
            pts: pts.nanoseconds, position: position, audioSample: place.sample, entry: file?.place.number ?? 0,
            round: file?.place.round ?? 0, file: file?.place.file ?? "")
    }

    package mutating func handle(_ event: Event, at now: MonotonicTime) -> [Action] {
        switch event {
        case .launched(let child):
            post.assign(.onAir, to: child)
            openedAt = nil
            return []
        case .opened(let child, let description): return opened(child, description, at: now)
        case .picture(let child, let pts, let position):
            resume = place(pts: pts.nanoseconds, position: position.nanoseconds)
            return came() + worked(child)
        case .entered(let child, let place, let start):
            if post.duty(of: child) == .onAir { enter(place, at: start) }
            return []
        case .preparing(let child, let file):
            if post.duty(of: child) == .onAir { list.prepare(file) }
            return []
        case .prepared(let child, let next):
            if post.duty(of: child) == .onAir { list.prepared(next) }
            return []
        case .sound(let child, let soundEnd):
            let isFirst = soundEnd > self.soundEnd && description?.hasVideo == false
            self.soundEnd = soundEnd
            noteSound()
            return (isFirst ? came() : []) + worked(child)
        case .atEnd(let child): return atEnd(child)
        case .refused(let child, let refusal, let hasBegun): return refused(child, refusal, hasBegun)
        case .ended(let child, let end): return ended(child, end, at: now)
        case .restricted(let use): return restrict(to: use)
        case .replace: return child.map { [.hangUp($0)] } ?? []
        case .reopen:
            guard let child else { return [] }
            isReopening = true
            return [.hangUp(child)]
        case .finish:
            isOver = true
            return retire()
        case .refusedRequest(let reason):
            (isOver, failure) = (true, reason)
            return retire(as: .failed)
        }
    }

    // MARK: its course

    private mutating func opened(
        _ child: ChildID, _ description: SourceDescription, at now: MonotonicTime
    ) -> [Action] {
        guard post.duty(of: child) == .onAir else { return [] }
        post.becameReady(child)
        openedAt = now
        hasFailed = false
        if self.description == nil { self.description = description }
        if let place = description.place { opened(at: place) }
        return [.post(.opened(summary: description.summary)), .open(description)]
    }

    private mutating func opened(at place: PlaylistPlace) {
        guard let resume else { return list.begin(place, at: .zero) }
        let isSame =
            resume.file.isEmpty
            ? (resume.entry, resume.round) == (place.number, place.round) : resume.file == place.file
        // What was to be gone on with can't be played any more.
        guard isSame else { return enter(place, at: MediaTime(nanoseconds: resume.pts) + interval) }
        guard list.place == nil else { return list.goOn(place) }
        // An earlier broadcast was there.
        let (start, overflows) = resume.pts.subtractingReportingOverflow(resume.position)
        list.begin(place, at: MediaTime(nanoseconds: overflows ? resume.pts : start))
    }

    private mutating func came() -> [Action] { list.came().map { [.post($0)] } ?? [] }

    private func place(pts: Int64, position: Int64) -> SourceResume {
        SourceResume(
            pts: pts, position: position, audioSample: soundEnd, entry: list.number, round: list.place?.round ?? 0,
            file: list.place?.file ?? "")
    }

    private mutating func worked(_ child: ChildID) -> [Action] {
        retries.reset()
        hasGiven = true
        return post.worked(child) ? [.recovered] : []
    }

    private mutating func noteSound() {
        guard let description else { return }
        guard !description.hasVideo else {
            resume?.audioSample = soundEnd
            return
        }
        let time = MediaTime(sampleIndex: soundEnd).nanoseconds
        resume = place(pts: time, position: soundPosition(at: time, start: list.start))
    }

    /// Where sound without a picture goes on: its place in the file follows from its time.
    /// - Parameter start: of the file of a list.
    private func soundPosition(at time: Int64, start: MediaTime) -> Int64 {
        guard let description else { return time }
        guard description.place == nil else {
            return max(0, time.subtractingReportingOverflow(start.nanoseconds).partialValue)
        }
        return loops && description.duration > 0 ? time % description.duration : time
    }

    /// From now on a process would begin with the start of that file.
    private mutating func enter(_ place: PlaylistPlace, at start: MediaTime) {
        list.begin(place, at: start)
        let frame = interval.nanoseconds
        resume = self.place(
            pts: start.nanoseconds.subtractingReportingOverflow(frame).partialValue, position: -frame)
    }

    private mutating func atEnd(_ child: ChildID) -> [Action] {
        guard post.duty(of: child) == .onAir else { return [] }
        // What sends a live stream may come back at any time: only the user ends it.
        if description?.isEndless == true {
            hasFailed = true
            return [.dismiss(child, "the other side has ended the stream")]
        }
        return finishInput()
    }

    private mutating func refused(_ child: ChildID, _ refusal: Refusal, _ hasBegun: Bool) -> [Action] {
        hasFailed = true
        lastRefusal = refusal
        let dismissal = Action.dismiss(child, refusal.description)
        // A live input that was there is waited for, even if it has given nothing yet.
        let wasLost = description?.isEndless == true && (openedAt == nil || refusal.code == .unreachable)
        // An input that fails before it has given anything fails the broadcast; later it is opened again.
        let isTried = resume == continued
        guard isTried, !post.hasWorked(child), !isOver, !wasLost, !isPatient else { return [dismissal] }
        if isResumed {
            // What is out of reach may come back, as on air; a file that is gone does not.
            guard description == nil, !refusal.mayPass else { return [dismissal] }
            return leaveOut(refusal.failure) + [dismissal]
        }
        return hasBegun ? [dismissal] : [.fail(refusal.failure), dismissal]
    }

    private mutating func leaveOut(_ error: BroadcastError) -> [Action] {
        (isOver, failure) = (true, error.problem)
        if let child { post.assign(.retired, to: child) }
        post.set(.failed, of: .onAir)
        return [.leaveOut(error)]
    }

    private mutating func finishInput() -> [Action] {
        isOver = true
        // The process ends by itself; its end is of no interest any more.
        if let child { post.assign(.retired, to: child) }
        post.set(description?.picture?.isStill == true ? .still : .ended, of: .onAir)
        return [.post(.ended), .finish]
    }

    /// What is not used is said once, however many processes read the input.
    private mutating func restrict(to use: MediaUse) -> [Action] {
        guard let description else { return [] }
        let restricted = description.restricted(to: use)
        guard restricted != description else { return [] }
        self.description = restricted
        let unused = [
            description.hasVideo && !use.pictures ? "picture" : nil, description.hasAudio && !use.sound ? "sound" : nil,
        ].compactMap { $0 }
        let notice = Action.post(.unused(unused: unused, isClosed: use.isNothing))
        // One that is at its end already is told of all the same: what was said of it would be missed.
        guard use.isNothing, !isOver else { return [notice] }
        isOver = true
        return [notice] + retire()
    }

    private mutating func retire(as state: ChildState = .ended) -> [Action] {
        post.set(state, of: .onAir)
        guard let child else { return [] }
        post.assign(.retired, to: child)
        return [.hangUp(child)]
    }

    // MARK: its end

    private mutating func ended(_ child: ChildID, _ end: ChildEnd, at now: MonotonicTime) -> [Action] {
        guard post.duty(of: child) == .onAir else {
            _ = post.ended(child, nil, at: now)
            return []
        }
        let isPlanned = end.cause == .released
        let blamesPlace = mayBlamePlace(end, at: now)
        var actions: [Action] = isPlanned ? [] : [.died(child, end)]
        openedAt = nil
        var delay = Duration.zero
        if case .launch(_, let wait) = post.ended(child, "\(end.cause)", isExcused: isPlanned, at: now) { delay = wait }
        let isLive = description?.isLive ?? false
        let isAwaited = isResumed && description == nil && hasFailed
        if !isPlanned, description?.isEndless == true || hasFailed { delay = retries.next() }
        if description == nil, end.cause.isOtherVersion {
            isOver = true
            return actions + [.fail(BroadcastError(otherVersionOf: "the source", "\(end.cause)"))]
        }
        guard description != nil || isAwaited || isPatient || post.recentDeaths < Self.mostDeathsBeforeOpening else {
            if isResumed { return actions + leaveOut(neverOpened(end)) }
            isOver = true
            return actions + [.fail(neverOpened(end))]
        }
        let beginsAnew = isReopening
        isReopening = false
        if description != nil { actions.append(beginsAnew ? .beginAnew : .interrupt) }
        let suspicion = isPlanned || end.wasKilled ? (false, nil) : list.noteDeath()
        actions += suspicion.1.map { [.post($0)] } ?? []
        if isLive || beginsAnew {
            (resume, continued) = (nil, nil)
            soundEnd = 0
            list = ListCourse()
        } else if !isPlanned, blamesPlace, !hasFailed, !suspicion.0 {
            let (skip, isAtEnd) = skipCrashSpot(end)
            if let skip { actions.append(.post(skip)) }
            if isAtEnd { return actions + finishInput() }
        }
        if let error = giveUpWhatIsBarren() { return actions + [.giveUp(error)] }
        hasFailed = false
        return actions + [.launch(after: delay)]
    }

    private func neverOpened(_ end: ChildEnd) -> BroadcastError {
        BroadcastError(
            .input, "input \(id) can't be read: the source ended \(post.recentDeaths) times (\(end.cause))")
    }

    /// Gives an input up of which nothing has ever come, because there is nothing in it that can be decoded. What can't be
    /// reached may be there later, what runs by its own clock may come back, and what crashes its reader is passed over.
    /// - Returns: what is to be told; nil where it is tried again.
    private mutating func giveUpWhatIsBarren() -> BroadcastError? {
        guard !isPatient, hasFailed, !hasGiven, description?.isEndless == false, let lastRefusal,
            [.other, .notMedia, .unsupportedCodec].contains(lastRefusal.code)
        else { return nil }
        barren += 1
        guard barren >= Self.mostBarren else { return nil }
        let error = lastRefusal.failure
        (isOver, failure) = (true, error.problem)
        post.set(.failed, of: .onAir)
        return error
    }

    /// Whether a death can be the fault of the place in the file: not before the file was open, nor by a signal from
    /// outside right after that.
    private func mayBlamePlace(_ end: ChildEnd, at now: MonotonicTime) -> Bool {
        guard let openedAt else { return false }
        return !end.wasKilled || now.since(openedAt) > Self.blamingPlace.nanoseconds
    }

    /// Moves the place where a file goes on past one at which process after process dies. It is at its end when nothing
    /// is left behind that place.
    private mutating func skipCrashSpot(_ end: ChildEnd) -> (SourceHappening?, isAtEnd: Bool) {
        // The test picture has no places; what can't be read twice goes on where it stands anyway.
        guard let description, description.duration > 0 || description.place != nil else { return (nil, false) }
        let frame = interval.nanoseconds
        var next = resume ?? SourceResume(pts: -frame, position: -frame, audioSample: soundEnd)
        let heard = MediaTime(sampleIndex: next.audioSample)
        let reached = description.hasVideo ? MediaTime(nanoseconds: next.pts) : heard
        let skip = crashSpot.noteDeath(at: reached, wasKilled: end.wasKilled)
        guard skip > .zero else { return (nil, false) }
        if let place = list.place { return skipInList(place, next, skip) }
        let target = next.position.addingReportingOverflow(skip.nanoseconds).partialValue
        let isBehindEnd = target >= description.duration
        let happening = SourceHappening.skipped(
            positionSeconds: Double(max(0, next.position)) / 1e9, seconds: skip.seconds,
            isRepeated: skip > CrashSpot.extent, goal: !isBehindEnd ? .position : loops ? .nextPass : .end,
            goalSeconds: isBehindEnd ? nil : Double(target) / 1e9)
        // Source time goes on without a gap: picture and sound are moved alike.
        next.position = isBehindEnd ? -frame : target
        resume = next
        return (happening, isBehindEnd && !loops)
    }

    /// In a file of a list: what kills its reader before anything of it has come is left out whole. Where a place behind the
    /// file's end is reached, the source goes on with the next file by itself.
    private mutating func skipInList(
        _ file: PlaylistPlace, _ reached: SourceResume, _ skip: MediaTime
    ) -> (SourceHappening?, isAtEnd: Bool) {
        var next = reached
        let isAtStart = list.isAtStart
        let isLast = file.number + 1 >= file.count
        if isAtStart {
            _ = list.avoid(file.file)
            var following = file
            following.number = isLast ? 0 : file.number + 1
            following.round = isLast ? file.round &+ 1 : file.round
            (following.file, following.title, following.next, following.length) = (file.next, "", "", -1)
            enter(following, at: MediaTime(nanoseconds: next.pts) + interval)
        } else {
            list.start = list.start - skip
            next.position = reached.position.addingReportingOverflow(skip.nanoseconds).partialValue
            resume = next
        }
        let happening = SourceHappening.skipped(
            positionSeconds: Double(max(0, reached.position)) / 1e9, seconds: isAtStart ? 0 : skip.seconds,
            isRepeated: skip > CrashSpot.extent,
            goal: !isAtStart ? .position : isLast && !loops ? .end : .nextFile,
            goalSeconds: isAtStart ? nil : Double(max(0, next.position)) / 1e9)
        return (happening, isAtStart && isLast && !loops)
    }
}

extension ChildEnd {
    /// By a signal that only comes from outside.
    fileprivate var wasKilled: Bool { cause == .exited(.signaled(SIGKILL)) }
}
