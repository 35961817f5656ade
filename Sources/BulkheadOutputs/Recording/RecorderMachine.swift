package import BulkheadChildren
import BulkheadEvents
package import BulkheadMedia
package import BulkheadModel
package import BulkheadSystem
import BulkheadWire

/// Decides which recorder writes a recording, or the file of a link, and what it is given.
///
/// In: packets, the course of recorders, what they say, and time. Out: all that is not on the disk, in order and once for
/// each recorder; what is wrong, said once and cleared once. A recorder that dies, is silent or can't go on with its file
/// is replaced at once and never waited for: its disk may hold it up for ever. It owns no child and no clock.
package struct RecorderMachine: Sendable {
    private enum Stage: Hashable { case idle, running, over }

    private struct Open: Hashable {
        let trouble: RecordingTrouble
        let subject: RecordingSubject
    }

    private struct Raised {
        let path: String
        let text: String
        let since: MonotonicTime
        /// It ends when something is on the disk again.
        let endsWithProgress: Bool
    }

    /// What one recorder is about.
    private struct Course {
        /// It is in its cell, and answers.
        var isThere = false
        var isOpen = false
        var isRegular = true
        var isStopped = false
        /// Ticks since a question was put that it has not answered.
        var silentTicks: Int?
        var givenConfiguration: Int?
        var givenRoom: RecorderComment?
        var isAskedToFinish = false
    }

    /// From one ``Event/tick`` to the next.
    package static let tick = Duration.milliseconds(250)
    /// Ticks after which a recorder that says nothing is said to be silent, and after which it is replaced.
    private static let silence = 3
    private static let patience = 8
    /// So many times as long until it is in its cell.
    private static let startFactor = 3
    /// Recorders that are on their way out, and may be held up by their disks for ever: no more are added to them.
    private static let mostUndead = 4
    /// A call that takes longer is said.
    private static let longestCall: UInt32 = 750
    private static let canceled: Int32 = 125
    private static let timedOut: Int32 = 110
    private static let longestPause = Duration.seconds(15)
    private static let standstill = Duration.seconds(3)
    /// A recorder keeps what is no whole fragment of half a second until more comes.
    private static let fragments = MediaTime(milliseconds: 1000)
    /// What may wait to be written before a broadcast in no hurry pauses.
    private static let roomDuration = MediaTime(milliseconds: 2000)
    private static let roomByteCount = 8 << 20

    private let terms: Terms
    private var queue: RecordQueue
    private var post = Post()
    private var stage = Stage.idle
    /// No more packets come.
    private var isEnding = false
    private var isAborted = false
    /// The next recorder comes when one of those on their way out has gone.
    private var isHeld = false
    private var course: (child: ChildID, course: Course)?
    private var configurations: [Int: StreamConfiguration] = [:]
    private var newestConfiguration: Int?
    private var room: RecorderComment?
    /// The file that is written, as far as it is on the disk; nil before the first, and where the next is to be another.
    private var part: RecordedPart?
    private var segment: UInt32
    /// What the disk has of its newest GOP is given to the next file as well.
    private var leavesFile = false
    private var raised: [Open: Raised] = [:]
    private var hadRoom = true
    private var failures = 0
    private var fallbackSince: MonotonicTime?
    /// How often the first disk has been found to be ill, without having been well in between.
    private var relapses = 0
    private var reportedAt: MonotonicTime?
    private var token: UInt32 = 0
    package private(set) var meter = RecordingMeter()
    /// The path of the file that is written; the task's before there is one.
    package private(set) var path: String
    package private(set) var segmentCount = 0
    package private(set) var firstSent: MediaTime?
    /// Files that are complete, in order, with their bytes.
    package private(set) var completed: [(path: String, byteCount: UInt64)] = []
    /// When something was on the disk that had not been, or the work has begun.
    private var progressedAt: MonotonicTime?

    package init(_ terms: Terms, limits: RecordQueue.Limits = .init(), awaitsIDR: Bool) {
        self.terms = terms
        path = terms.task.path
        segment = terms.task.segment
        queue = RecordQueue(limits: limits, awaitsIDR: awaitsIDR, firstPicture: terms.firstPicture)
    }

    /// For a later broadcast that goes on with it.
    package var place: RecordingPlace {
        RecordingPlace(
            high: terms.task.recording.high, low: terms.task.recording.low, segment: segment, path: path)
    }
    /// Recorders come and go without progress: that is no news any more.
    package var isFruitless: Bool { failures > 2 }
    package var isFallback: Bool { fallbackSince != nil }
    package var hasRoom: Bool {
        queue.unwrittenByteCount <= Self.roomByteCount && queue.unwrittenDuration <= Self.roomDuration
    }
    /// What is not on the disk.
    package var waiting: RecordQueue { queue }
    package func duty(of child: ChildID) -> Duty? { post.duty(of: child) }
    package var record: Post.Record { post.record(of: .onAir) }
    package var child: ChildID? { course?.child }
    /// Of processes that have not ended.
    package var hasChildren: Bool { !post.isEmpty }
    package func troubles(at now: MonotonicTime) -> [RecordingTroubleStatus] {
        raised.map { open, raised in
            RecordingTroubleStatus(
                trouble: open.trouble, subject: open.subject, path: raised.path, text: raised.text,
                seconds: Double(now.since(raised.since)) / 1e9)
        }.sorted { $0.trouble.rawValue < $1.trouble.rawValue }
    }

    // MARK: events

    package mutating func handle(_ event: Event, at now: MonotonicTime) -> [Action] {
        var actions: [Action] = []
        switch event {
        case .start:
            progressedAt = now
            start(&actions)
        case .configuration(let configuration, let number):
            // The same once more where it has other tracks.
            if configurations[number] != nil, course?.course.givenConfiguration == number {
                course?.course.givenConfiguration = nil
            }
            configurations[number] = configuration
            newestConfiguration = number
        case .packet(let packet): take(packet, &actions, at: now)
        case .track(let track, let packet):
            if stage != .over, !isEnding, terms.task.format == .mp4 { queue.append(packet, track: track) }
        case .note(let note):
            // FLV has no place for it.
            if stage != .over, !isEnding, terms.task.format == .mp4 { queue.append(note) }
        case .comment(let comment):
            if stage != .over, !isEnding { queue.append(comment) }
        case .room(let room): self.room = room
        case .launched(let child):
            post.assign(stage == .over ? .retired : .onAir, to: child)
            guard stage != .over else {
                actions.append(.retire(child))
                break
            }
            course = (child, Course())
        case .greeted(let child):
            guard course?.child == child else { break }
            actions.append(.open(child, task))
        case .said(let child, let reply): said(child, reply, &actions, at: now)
        case .ended(let child, let end): ended(child, end, &actions, at: now)
        case .tick: tick(&actions, at: now)
        case .finish: isEnding = true
        case .abort:
            isAborted = true
            if stage == .running { abort(&actions) }
        }
        advance(&actions)
        tellRoom(&actions)
        return actions
    }

    private mutating func start(_ actions: inout [Action]) {
        guard stage == .idle || stage == .over else { return }
        stage = .running
        failures = 0
        if isAborted { abort(&actions) } else { launch(after: .zero, &actions) }
    }

    private mutating func abort(_ actions: inout [Action]) {
        let isWhole = queue.isEmpty
        if terms.task.persists, let (picture, count) = queue.giveUp() {
            actions.append(.post(.leftOut(frame: picture, frames: count, cause: .ended)))
        }
        close(&actions)
        actions.append(isWhole ? .complete : .fail(errno: Self.canceled, path: path))
    }

    private mutating func launch(after delay: Duration, _ actions: inout [Action]) {
        isHeld = post.holders(of: .retired).count >= Self.mostUndead
        guard stage == .running, !isHeld, post.expect(.onAir) else { return }
        actions.append(.launch(after: delay))
    }

    /// What the next recorder is to do.
    private var task: RecorderTask {
        var task = terms.task
        task.segment = segment
        task.part = part
        if isFallback, !terms.fallbackFolder.isEmpty {
            let name = task.path.lastIndex(of: "/").map { task.path[task.path.index(after: $0)...] } ?? task.path[...]
            task.path = terms.fallbackFolder + "/" + name
        }
        return task
    }

    // MARK: media

    private mutating func take(_ packet: Packet, _ actions: inout [Action], at now: MonotonicTime) {
        guard stage != .over, !isEnding else { return }
        if packet.isVideo { meter.begin(at: now) }
        switch queue.append(packet) {
        case .kept, .passedOver: break
        case .leavesOut:
            raise(.memoryFull, .media, errno: 0, path: path, text: "", .none, &actions, at: now)
        case .resumed(let picture, let count):
            clear(.memoryFull, .media, &actions, at: now)
            actions.append(.post(.leftOut(frame: picture, frames: count, cause: .memoryFull)))
        }
    }

    private mutating func advance(_ actions: inout [Action]) {
        guard let (child, course) = course, course.isOpen, !course.isStopped, !course.isAskedToFinish else { return }
        if let room, course.givenRoom != room {
            actions.append(.give(child, .room(room)))
            self.course?.course.givenRoom = room
        }
        while true {
            // Headers come first; later ones in front of their first picture.
            let needed = queue.nextPicturePacket?.configuration ?? course.givenConfiguration ?? newestConfiguration
            guard let entry = queue.next(window: terms.window) else { break }
            var isNeeded = self.course?.course.givenConfiguration == nil
            if case .packet(let packet, _?) = entry.content {
                isNeeded = packet.configuration != self.course?.course.givenConfiguration
                if firstSent == nil { firstSent = packet.dts }
            }
            if isNeeded, let needed, let configuration = configurations[needed] {
                actions.append(.give(child, .configure(configuration)))
                self.course?.course.givenConfiguration = needed
            }
            switch entry.content {
            case .packet(let packet, let picture?):
                actions.append(.give(child, .picture(number: entry.number, picture: picture, packet)))
            case .packet(let packet, nil): actions.append(.give(child, .sound(number: entry.number, packet)))
            case .track(let track, let packet):
                actions.append(.give(child, .track(number: entry.number, track: UInt8(clamping: track), packet)))
            case .note(let note): actions.append(.give(child, .note(number: entry.number, note)))
            case .comment(let comment): actions.append(.give(child, .comment(number: entry.number, comment)))
            case .loss(let picture, let count):
                actions.append(
                    .give(child, .loss(number: entry.number, picture: picture, count: UInt32(clamping: count))))
            }
        }
        if isEnding, queue.isGiven {
            self.course?.course.isAskedToFinish = true
            actions.append(.give(child, .finish))
        }
    }

    private mutating func tellRoom(_ actions: inout [Action]) {
        let hasRoom = hasRoom
        if hasRoom, !hadRoom { actions.append(.room) }
        hadRoom = hasRoom
    }

    // MARK: recorders

    private mutating func said(
        _ child: ChildID, _ reply: RecorderReply, _ actions: inout [Action], at now: MonotonicTime
    ) {
        guard course?.child == child else { return }
        switch reply {
        case .ready:
            course?.course.isThere = true
            course?.course.silentTicks = nil
        case .opened(let segment, let part, let isRegular, let goesOn):
            course?.course.isOpen = true
            course?.course.isRegular = isRegular
            self.segment = segment
            self.part = isRegular ? part : nil
            path = part.path
            if !goesOn { segmentCount += 1 }
            if terms.task.persists, !goesOn {
                actions.append(.post(.opened(path: part.path, segment: Int(segment))))
            }
            if !post.isReady(child) { actions.append(.ready(child)) }
            post.becameReady(child)
        case .saved(let progress): saved(child, progress, &actions, at: now)
        case .measured(let measure): measured(measure, &actions, at: now)
        case .trouble(let trouble): met(child, trouble, &actions, at: now)
        case .cleared(let kind, let subject):
            clear(RecordingTrouble(kind), RecordingSubject(subject), &actions, at: now)
        case .closed(_, let path, let byteCount):
            // One that goes on is completed once more.
            completed.removeAll { $0.path == path }
            completed.append((path, byteCount))
            if terms.task.persists {
                actions.append(.post(.closed(path: path, bytes: Int64(clamping: byteCount))))
            }
        case .removed(let path, let byteCount, let reason):
            actions.append(
                .post(
                    .removed(
                        path: path, bytes: Int64(clamping: byteCount), removal: reason == .age ? .age : .size)))
        case .finished:
            guard course?.course.isAskedToFinish == true else {
                return replace("it ended without being asked to", isItsFault: true, &actions, at: now)
            }
            queue.advance(written: .max, durable: .max)
            close(&actions)
            actions.append(.complete)
        }
    }

    private mutating func saved(
        _ child: ChildID, _ progress: RecorderProgress, _ actions: inout [Action], at now: MonotonicTime
    ) {
        let before = queue.durableCount
        queue.advance(written: progress.writtenNumber, durable: progress.durableNumber)
        if progress.segment == segment, part != nil {
            part?.byteCount = progress.durableByteCount
            part?.origin = progress.origin
        }
        guard queue.durableCount > before else { return }
        failures = 0
        progressedAt = now
        if !isFallback { relapses = 0 }
        // What has made the fallback go on is not over before the first disk is written to again.
        for (open, raised) in raised where raised.endsWithProgress && !isFallback {
            clear(open.trouble, open.subject, &actions, at: now)
        }
        if post.worked(child) { actions.append(.worked(child)) }
    }

    private mutating func met(
        _ child: ChildID, _ trouble: RecorderTrouble, _ actions: inout [Action], at now: MonotonicTime
    ) {
        let kind = RecordingTrouble(trouble.kind)
        let stops = trouble.action == .stops
        let fallsBack = terms.task.persists && !isFallback && !terms.fallbackFolder.isEmpty && kind.isOfDisk
        let action: RecordingAction =
            fallsBack
            ? .fallback
            : kind == .notCreated ? .retries : stops ? .nextFile : trouble.action == .retries ? .retries : .none
        // The system has said nothing: it is the floor.
        guard terms.task.persists || !stops else {
            // The link fails by it, and says so: that is one trouble.
            course?.course.isStopped = true
            close(&actions)
            return actions.append(.fail(errno: trouble.errno, path: trouble.path))
        }
        let text = kind == .full && trouble.errno == 0 ? "what is left is to stay free" : ""
        raise(
            kind, RecordingSubject(trouble.subject), errno: trouble.errno, path: trouble.path, text: text, action,
            &actions, at: now, endsWithProgress: trouble.subject == .media && trouble.action != .none || fallsBack)
        guard stops || fallsBack else { return }
        course?.course.isStopped = true
        if fallsBack { fallBack(at: now) }
        leaveFile()
        replace("it can't go on with \(trouble.path)", &actions, at: now)
    }

    private mutating func fallBack(at now: MonotonicTime) {
        fallbackSince = now
        relapses += 1
    }

    private var returnDelay: Duration {
        min(terms.longestReturn, terms.returns * (1 << min(10, max(0, relapses - 1))))
    }

    /// The next recorder makes another file.
    private mutating func leaveFile() {
        leavesFile = true
        if part != nil { segment = segment.addingReportingOverflow(1).partialValue }
        part = nil
    }

    /// Another recorder is given all that is not on the disk. This one is not waited for.
    private mutating func replace(
        _ reason: String, isItsFault: Bool = false, _ actions: inout [Action], at now: MonotonicTime
    ) {
        guard let child = course?.child else { return }
        _ = post.ended(child, reason, at: now)
        post.assign(.retired, to: child)
        actions.append(.dismiss(child, reason, isItsFault: isItsFault))
        follow(&actions, at: now)
    }

    private mutating func follow(_ actions: inout [Action], at now: MonotonicTime) {
        course = nil
        // What the last one has said and could not take back, this one says again if it is so.
        for (open, raised) in raised where !raised.endsWithProgress && !open.trouble.isMasters {
            clear(open.trouble, open.subject, &actions, at: now)
        }
        queue.giveAgain(wholeGOP: leavesFile)
        leavesFile = false
        meter.restart(at: now)
        failures += 1
        launch(after: pause, &actions)
    }

    /// Until the next recorder. One that can't make its file is tried less and less often: its folder comes back by a person.
    private var pause: Duration {
        guard isFruitless else { return .zero }
        let isNotMade = raised.keys.contains { $0.trouble == .notCreated && $0.subject == .media }
        return isNotMade ? min(Self.longestPause, .seconds(1 << min(10, failures - 3))) : .seconds(1)
    }

    private mutating func ended(
        _ child: ChildID, _ end: String, _ actions: inout [Action], at now: MonotonicTime
    ) {
        let isAtWork = course?.child == child && stage != .over
        if stage == .over { post.assign(.retired, to: child) }
        _ = post.ended(child, end, at: now)
        if isAtWork { follow(&actions, at: now) } else if isHeld { launch(after: .zero, &actions) }
    }

    /// Nothing more is written. A recorder that is let go leaves no file behind that holds nothing.
    private mutating func close(_ actions: inout [Action]) {
        stage = .over
        post.stopExpecting(.onAir)
        if let child = course?.child {
            post.assign(.retired, to: child)
            actions.append(.retire(child))
        }
        course = nil
        queue.clear()
    }

    // MARK: time

    private mutating func tick(_ actions: inout [Action], at now: MonotonicTime) {
        guard stage == .running else { return }
        if let patience = terms.patience, let progressedAt, now.since(progressedAt) > patience.nanoseconds {
            close(&actions)
            return actions.append(.fail(errno: Self.timedOut, path: path))
        }
        listen(&actions, at: now)
        let isStanding =
            queue.duration >= Self.fragments && course?.course.isRegular != false
            && meter.grewAt.map { now.since($0) > Self.standstill.nanoseconds } ?? false
        if isStanding, raised.isEmpty {
            raise(.notGrowing, .media, errno: 0, path: path, text: "", .none, &actions, at: now)
        } else if !isStanding {
            clear(.notGrowing, .media, &actions, at: now)
        }
        if let since = fallbackSince, now.since(since) > returnDelay.nanoseconds, course?.course.isOpen == true {
            // The first disk is tried again; where it is not well, the fallback goes on.
            fallbackSince = nil
            leaveFile()
            replace("it goes back to the first disk", &actions, at: now)
        }
        guard terms.task.persists, meter.start != nil else { return }
        if let seconds = meter.warning(at: now) {
            actions.append(
                .post(.fullSoon(seconds: seconds, freeBytes: Int64(clamping: meter.freeByteCount ?? 0))))
        }
        guard reportedAt.map({ now.since($0) >= terms.report.nanoseconds }) ?? true else { return }
        if reportedAt != nil { actions.append(.post(report(at: now))) }
        reportedAt = now
    }

    private func report(at now: MonotonicTime) -> RecordingHappening {
        .report(
            path: path, seconds: meter.seconds(at: now), bytes: Int64(clamping: meter.writtenByteCount),
            durableBytes: Int64(clamping: meter.durableByteCount),
            freeBytes: meter.freeByteCount.map { Int64(clamping: $0) }, bytesPerSecond: meter.bytesPerSecond,
            fullInSeconds: meter.fullInSeconds, troubles: raised.keys.map(\.trouble.rawValue).sorted())
    }

    /// Asks the recorder how it is, and hears how long it has said nothing.
    private mutating func listen(_ actions: inout [Action], at now: MonotonicTime) {
        guard let (child, state) = course else { return }
        let factor = state.isThere ? 1 : Self.startFactor
        if let silent = state.silentTicks.map({ $0 + 1 }) {
            course?.course.silentTicks = silent
            if silent == Self.silence * factor {
                raise(
                    .notAnswering, .media, errno: 0, path: path, text: "its recorder is silent", .nextRecorder,
                    &actions,
                    at: now, endsWithProgress: true)
            }
            if silent >= Self.patience * factor {
                replace("no answer for \((Self.tick * silent).inWords)", isItsFault: true, &actions, at: now)
            }
            return
        }
        guard state.isThere else {
            course?.course.silentTicks = 0
            return
        }
        token = token.addingReportingOverflow(1).partialValue
        course?.course.silentTicks = 0
        actions.append(.give(child, .measure(token: token)))
    }

    private mutating func measured(_ measure: RecorderMeasure, _ actions: inout [Action], at now: MonotonicTime) {
        course?.course.silentTicks = nil
        meter.note(
            written: measure.writtenByteCount, durable: measure.durableByteCount, free: measure.freeByteCount,
            floor: measure.floorByteCount, at: now)
        let isBusy = measure.busyMilliseconds >= Self.longestCall
        guard isBusy else {
            // That another disk answers says nothing of the first.
            if !isFallback { clear(.notAnswering, .media, &actions, at: now) }
            return
        }
        let fallsBack = terms.task.persists && !isFallback && !terms.fallbackFolder.isEmpty
        raise(
            .notAnswering, .media, errno: 0, path: path, text: "", fallsBack ? .fallback : .none, &actions, at: now,
            endsWithProgress: true)
        guard fallsBack else { return }
        fallBack(at: now)
        leaveFile()
        replace("its disk does not answer", &actions, at: now)
    }

    // MARK: trouble

    private mutating func raise(
        _ trouble: RecordingTrouble, _ subject: RecordingSubject, errno: Int32, path: String, text: String,
        _ action: RecordingAction, _ actions: inout [Action], at now: MonotonicTime, endsWithProgress: Bool = false
    ) {
        let open = Open(trouble: trouble, subject: subject)
        guard raised[open] == nil else { return }
        let words = errno != 0 ? RecordingWords.error(errno) : text
        raised[open] = Raised(path: path, text: words, since: now, endsWithProgress: endsWithProgress)
        guard terms.tellsTrouble else { return }
        actions.append(
            .post(
                .trouble(
                    trouble: trouble, subject: subject, path: path, errno: errno == 0 ? nil : errno,
                    text: words.isEmpty ? nil : words, frames: queue.pictureCount, action: action)))
    }

    private mutating func clear(
        _ trouble: RecordingTrouble, _ subject: RecordingSubject, _ actions: inout [Action], at now: MonotonicTime
    ) {
        guard let raised = raised.removeValue(forKey: Open(trouble: trouble, subject: subject)) else { return }
        meter.resume(at: now)
        guard terms.tellsTrouble else { return }
        actions.append(
            .post(
                .cleared(
                    trouble: trouble, subject: subject, path: raised.path,
                    seconds: Double(now.since(raised.since)) / 1e9)))
    }
}
