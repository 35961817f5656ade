import BulkheadChildren
package import BulkheadEvents
package import BulkheadModel
package import BulkheadRoom
import BulkheadSystem
import BulkheadWire
import Glibc

/// Tells others of a broadcast's events, over HTTP, by a child that may take its time.
///
/// In: each event as it is posted, on any thread. Out: POSTs by `bulkhead-notifier`, and events of its own, which are told
/// on the terminal alone. What waits for whom is decided by ``NoticesMachine``. It lives on the reactor's thread, and never
/// makes anybody wait but at the end, when a failure may be the last event.
package final class Notices {
    private let context: RoomContext
    private let post: PostID
    private let settings: [NoticeTarget]
    private let origin: String
    private var machine: NoticesMachine
    private var stubs: [ChildID: NotifierStub] = [:]
    private var listener: Int?
    private var ticker: Reactor.Token?
    private var isOver = false
    /// The last patience is over as well.
    private var isGivenUp = false
    private var isLaunchProblemTold = false
    private var continuation: CheckedContinuation<Void, Never>?

    /// How long a broadcast that has ended waits for its last notices.
    private static let lastPatience = Duration.seconds(5)

    /// Begins to listen to the events of `context`, and starts the notifier.
    package init(_ targets: [NoticeTarget], in context: RoomContext) {
        self.context = context
        origin = Self.origin()
        settings = targets
        post = context.nextPostID()
        machine = NoticesMachine(targets, origin: origin)
        for secret in targets.flatMap(\.secrets) { context.events.hide(secret) }
        let bound = ReactorBound(self, context.reactor)
        listener = context.events.listen { [reactor = context.reactor] event in
            // What happens to the notifier itself would never end.
            guard event.part.role != .notifier else { return }
            reactor.run { bound.value.tell(event) }
        }
        launch(after: .zero)
        scheduleTick()
    }

    private func scheduleTick() {
        ticker = context.schedule(after: .seconds(1)) { [weak self] in
            self?.handle(.tick)
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

    /// Tells of `event` whoever wants it, also where it was not posted.
    package func tell(_ event: Event) {
        guard !isOver else { return }
        let targets = machine.listeners(to: event)
        guard !targets.isEmpty else { return }
        let body = NoticeBody(type: event.code, seconds: event.time, origin: origin, data: event)
        handle(.happened(body: JSONLine.encode(body), targets: targets))
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
            context.post(.notifier(machine.holder ?? 0), .notifier(happening))
        case .worked(let child): context.recovered(.notifier(child), at: post)
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
            var launch = context.programs.launch(.notifier)
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
        stub.onGreeted = { [weak self] in self?.handle(.sign(child)) }
        stub.onReply = { [weak self] in self?.take($0, of: child) }
        stub.onEnd = { [weak self] in self?.ended(child, $0) }
        stub.activate()
        context.post(.notifier(child), .child(.started(pid: process.pid, isForeign: false)))
        handle(.launched(child))
    }

    private func take(_ reply: NotifierReply, of child: ChildID) {
        handle(.sign(child))
        switch reply {
        case .alive: break
        case .ready:
            context.post(.notifier(child), .child(.ready(pid: stubs[child]?.child.pid ?? 0, plugins: nil)))
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
                .notifier(child), at: post, end, .init(pid: stub.child.pid, lastSign: stub.lastSign))
        }
        handle(.ended(child, "\(end.cause)"))
        resumeIfDone()
    }

    // MARK: the end

    /// Delivers what is left, for a while, and ends the notifier. Nothing that is posted from now on is told.
    package func finish(on owner: isolated any Actor) async {
        guard !isOver else { return }
        isOver = true
        if let ticker { context.reactor.cancel(ticker) }
        ticker = nil
        if let listener { context.events.unlisten(listener) }
        listener = nil
        let bound = ReactorBound(self, context.reactor)
        let timer = context.reactor.schedule(at: .now.advanced(by: Self.lastPatience)) { bound.value.giveUp() }
        handle(.finish)
        if !stubs.isEmpty || !machine.isDone { await withCheckedContinuation { continuation = $0 } }
        context.reactor.cancel(timer)
    }

    private func giveUp() {
        isGivenUp = true
        handle(.giveUp)
        resumeIfDone()
    }

    private func resumeIfDone() {
        guard isOver, stubs.isEmpty, machine.isDone else { return }
        continuation.take()?.resume()
    }

    // MARK: for people

    /// How it goes with each target.
    package var status: [NoticeTargetStatus] { machine.status }

    /// The notifier, as the status has children.
    package var child: ChildStatus {
        let record = machine.record
        return ChildStatus(
            part: .notifier(machine.holder ?? 0), pid: machine.holder.flatMap { stubs[$0]?.child.pid },
            state: record.state, restarts: record.restarts, lastEnd: record.lastEnd)
    }
}
