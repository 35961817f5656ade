import BulkheadChildren
package import BulkheadEvents
package import BulkheadModel
package import BulkheadRoom
import BulkheadSystem
import BulkheadWire
import Glibc

/// Tells others of a broadcast's events, by a child that may take its time: over HTTP, by commands, or in files.
///
/// In: each event as it is posted, on any thread. Out: what `bulkhead-notifier` does with it, and events of its own, which are
/// told on the terminal and in files. What a target is told is decided by ``AlarmCourse``, what waits for whom by
/// ``NoticesMachine``. It lives on the reactor's thread, and never
/// makes anybody wait but at the end, when a failure may be the last event.
package final class Notices {
    private let context: RoomContext
    private let post: PostID
    private let settings: [NoticeTarget]
    /// That of its targets.
    package let kind: NoticeTarget.Kind
    /// The names of targets that are files.
    private let files: Set<String>
    private let origin: String
    private var courses: [AlarmCourse]
    /// The last children, of which nothing is told here: what happens to the notifier itself would never end.
    private var ownIDs: [Int] = []
    private var machine: NoticesMachine
    private var stubs: [ChildID: NotifierStub] = [:]
    private var listener: Int?
    private var ticker: Reactor.Token?
    /// Ends the wait for the end.
    private var lastTimer: Reactor.Token?
    private var isOver = false
    /// The last patience is over as well.
    private var isGivenUp = false
    /// And its process is not waited for any more.
    private var isAbandoned = false
    private var isLaunchProblemTold = false
    private var continuation: CheckedContinuation<Void, Never>?

    /// How long a broadcast that has ended waits for its last notices.
    private static let lastPatience = Duration.seconds(5)
    /// How long it waits after that for the process to be gone.
    private static let abandonPatience = Duration.seconds(5)

    /// Begins to listen to the events of `context`, and starts the notifier.
    ///
    /// - Parameters:
    ///   - kind: that of the targets: each kind has a process of its own.
    ///   - targets: all targets of the broadcast.
    ///   - former: told the same targets up to now: of troubles that it has told they are told the end here.
    package init(
        _ kind: NoticeTarget.Kind, of all: [NoticeTarget], goingOn former: Notices? = nil, in context: RoomContext
    ) {
        let targets = all.filter { $0.kind == kind }
        self.context = context
        self.kind = kind
        files = Set(all.filter { $0.kind == .file }.map(\.name))
        courses = targets.map { target in
            guard let former, let index = former.settings.firstIndex(of: target) else { return AlarmCourse(target) }
            return former.courses[index]
        }
        origin = Self.origin()
        settings = targets
        post = context.nextPostID()
        machine = NoticesMachine(targets, origin: origin)
        for secret in targets.flatMap(\.secrets) { context.events.hide(secret) }
        let bound = ReactorBound(self, context.reactor)
        listener = context.events.listen { [reactor = context.reactor] event in
            reactor.run { bound.value.hear(event) }
        }
        launch(after: .zero)
        scheduleTick()
    }

    private func scheduleTick() {
        ticker = context.schedule(after: .seconds(1)) { [weak self] in
            self?.tick()
            self?.scheduleTick()
        }
    }

    /// Names this broadcast and no other one: machine, process and time.
    private static func origin() -> String {
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, name.count - 1)
        let host = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return "\(host.prefix(64))-\(getpid())-\(Int64(EventLog.wallClock() * 1000))"
    }

    private func tick() {
        handle(.tick)
        let now = MonotonicTime.now
        send(courses.indices.map { courses[$0].tick(at: now) })
    }

    /// An event was posted.
    private func hear(_ event: Event) {
        if event.part.role == .notifier, !isHeard(event) { return }
        tell(event)
    }

    /// Whether an event about a notifier is told here: files are told of the other kinds, and the other kinds of trouble with
    /// files. Nobody is told of itself, so that no telling is the cause of another without end.
    private func isHeard(_ event: Event) -> Bool {
        switch event.happening {
        case .notifier(let happening):
            let isOfFile = files.contains(happening.target)
            return kind == .file ? !isOfFile : isOfFile
        default: return kind == .file && !ownIDs.contains(event.part.id)
        }
    }

    /// Tells of `event` whoever wants it, also where it was not posted.
    package func tell(_ event: Event) {
        guard !isOver else { return }
        let now = MonotonicTime.now
        send(courses.indices.map { courses[$0].take(event, at: now) })
    }

    /// Gives the machine what the targets are to be told, in their order; who is told the same shares a notice.
    private func send(_ tellings: [[AlarmCourse.Telling]]) {
        var order: [AlarmCourse.Telling] = []
        var targets: [AlarmCourse.Telling: [Int]] = [:]
        for (index, list) in tellings.enumerated() {
            for telling in list {
                if targets[telling] == nil { order.append(telling) }
                targets[telling, default: []].append(index)
            }
        }
        for telling in order {
            handle(.happened(body: JSONLine.encode(body(telling)), targets: targets[telling] ?? []))
        }
    }

    private func body(_ telling: AlarmCourse.Telling) -> NoticeBody<Event> {
        let event = telling.event
        // What is told of a trouble that lasts is told now.
        let isNow = telling.state == .lasting || (telling.state == .raised && telling.seconds != nil)
        return NoticeBody(
            type: event.code, seconds: isNow ? EventLog.wallClock() : event.time, origin: origin,
            text: NoticeWords.text(telling, sentence: context.events.sentence(event)),
            alarm: telling.state.map {
                NoticeAlarm(
                    state: $0.rawValue, seconds: telling.seconds.map { ($0 * 10).rounded() / 10 },
                    repetition: telling.repetition)
            }, leftOut: telling.leftOut > 0 ? telling.leftOut : nil, data: event)
    }

    // MARK: machine

    private func handle(_ event: NoticesMachine.Event) {
        for action in machine.handle(event, at: .now) { carryOut(action) }
        if isOver { resumeIfDone() }
    }

    private func carryOut(_ action: NoticesMachine.Action) {
        switch action {
        case .launch(let delay): launch(after: delay)
        case .give(let child, let notice, let targets): stubs[child]?.give(notice, targets: targets)
        case .forget(let child, let number): stubs[child]?.forget(number)
        case .release(let child): stubs[child]?.release()
        case .dismiss(let child, let reason): stubs[child]?.child.dismiss(reason)
        case .tell(let happening):
            context.post(part(machine.holder ?? 0), .notifier(happening))
        case .worked(let child): context.recovered(part(child), at: post)
        }
    }

    // MARK: the child

    private func launch(after delay: Duration) {
        // Not by the context, which starts nothing more once the broadcast is over.
        guard delay > .zero else { return start() }
        let bound = ReactorBound(self, context.reactor)
        _ = context.reactor.schedule(at: .now.advanced(by: delay)) { bound.value.start() }
    }

    private func start() {
        guard machine.holder == nil, !isGivenUp else { return }
        let process: Child
        do throws(ChildLaunchError) {
            var launch = context.programs.launch(.notifier, for: kind == .command ? .commands : nil)
            // It tells of the master's own death.
            launch.outlivesParent = true
            process = try Child(.notifier, launch, on: context.reactor)
        } catch {
            let error = BroadcastError(starting: "the notifier", error)
            if !isLaunchProblemTold {
                context.post(.master, .master(.launchFailed(reason: Reason(error.code.rawValue, error.problem))))
            }
            isLaunchProblemTold = true
            return launch(after: .seconds(1))
        }
        isLaunchProblemTold = false
        let stub = NotifierStub(process, settings, origin: origin)
        let child = context.nextChildID()
        stubs[child] = stub
        ownIDs = ownIDs.suffix(7) + [child.number]
        stub.onGreeted = { [weak self] in self?.handle(.sign(child)) }
        stub.onReply = { [weak self] in self?.take($0, of: child) }
        stub.onEnd = { [weak self] in self?.ended(child, $0) }
        stub.activate()
        context.post(part(child), .child(.started(pid: process.pid, isForeign: false)))
        handle(.launched(child))
    }

    private func take(_ reply: NotifierReply, of child: ChildID) {
        handle(.sign(child))
        switch reply {
        case .alive: break
        case .ready:
            context.post(part(child), .child(.ready(pid: stubs[child]?.child.pid ?? 0, plugins: nil)))
            handle(.ready(child))
        case .settled(let number, let target, let outcome, let text):
            handle(.settled(child, number: number, target: Int(target), outcome, text: text))
        case .trouble(let target, let text): handle(.trouble(child, target: Int(target), text: text))
        }
    }

    private func ended(_ child: ChildID, _ end: ChildEnd) {
        guard let stub = stubs.removeValue(forKey: child) else { return }
        if end.cause != .released {
            context.died(
                part(child), at: post, end, .init(pid: stub.child.pid, lastSign: stub.lastSign))
        }
        handle(.ended(child, "\(end.cause)"))
        resumeIfDone()
    }

    // MARK: the end

    /// Begins to deliver what is left, and to end the notifier. Nothing that is posted from now on is told.
    package func beginEnd() {
        guard !isOver else { return }
        isOver = true
        if let ticker { context.reactor.cancel(ticker) }
        ticker = nil
        if let listener { context.events.unlisten(listener) }
        listener = nil
        let bound = ReactorBound(self, context.reactor)
        lastTimer = context.reactor.schedule(at: .now.advanced(by: Self.lastPatience)) { bound.value.giveUp() }
        handle(.finish)
    }

    /// Waits until all is delivered and the notifier has ended, for a while.
    package func finish(on owner: isolated any Actor) async {
        beginEnd()
        if !isGone { await withCheckedContinuation { continuation = $0 } }
        if let lastTimer { context.reactor.cancel(lastTimer) }
        lastTimer = nil
    }

    /// It has ended, and nothing of it is waited for.
    package var isGone: Bool { isAbandoned || (isOver && stubs.isEmpty && machine.isDone) }

    private func giveUp() {
        lastTimer = nil
        isGivenUp = true
        handle(.giveUp)
        resumeIfDone()
        // One that hangs in a disk is not gone even when it was killed.
        let bound = ReactorBound(self, context.reactor)
        lastTimer = context.reactor.schedule(at: .now.advanced(by: Self.abandonPatience)) {
            bound.value.lastTimer = nil
            bound.value.isAbandoned = true
            bound.value.continuation.take()?.resume()
        }
    }

    private func resumeIfDone() {
        guard isOver, stubs.isEmpty, machine.isDone else { return }
        continuation.take()?.resume()
    }

    // MARK: for people

    private func part(_ child: ChildID) -> Part {
        switch kind {
        case .http: .notifier(child)
        case .command: .notifier(child, name: "command notifier")
        case .file: .notifier(child, name: "log notifier")
        }
    }

    /// How it goes with each target.
    package var status: [NoticeTargetStatus] { machine.status }

    /// The notifier, as the status has children.
    package var child: ChildStatus {
        let record = machine.record
        return ChildStatus(
            part: part(machine.holder ?? 0), pid: machine.holder.flatMap { stubs[$0]?.child.pid },
            state: record.state, restarts: record.restarts, lastEnd: record.lastEnd)
    }
}
