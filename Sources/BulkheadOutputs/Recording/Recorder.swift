import BulkheadChildren
import BulkheadEvents
import BulkheadLinks
import BulkheadMedia
import BulkheadModel
import BulkheadRoom
import BulkheadSystem
import BulkheadWire
import Glibc

/// One recording, or the file of a link, and the recorders that write it, one after the other. The master itself opens and
/// writes no media file, so that a disk that hangs is felt by nobody else.
///
/// ``RecorderMachine`` decides; this carries out, on the reactor's thread. After a failure it can be run again, and goes on
/// in the same file with the next IDR. Others reach it by its ``RecorderSink``.
final class Recorder {
    /// What a run came to.
    typealias Outcome = Result<Void, BroadcastError>

    /// For people.
    let name: String
    private let destination: String
    private let part: Part
    private let context: RoomContext
    private let post: PostID
    private let onRoom: @Sendable () -> Void
    private let onHappening: (RecordingHappening) -> Void
    private let persists: Bool
    private var machine: RecorderMachine
    private var stubs: [ChildID: RecorderStub] = [:]
    /// Those that were ended for what they have not done.
    private var faulty: Set<ChildID> = []
    private let work = ActionQueue<RecorderMachine.Action>()
    private var state = LinkState.writing
    private var lastError = ""
    private var rate = RateMeter()
    private var outcome: Outcome?
    private var waiter: CheckedContinuation<Outcome, Never>?
    private var ticker: Reactor.Token?
    private var farewell: Reactor.Token?

    /// How long the end waits for a recorder's process: one that its disk holds up is left behind.
    private static let patience = Duration.seconds(1)

    /// - Parameters:
    ///   - number: among the files of the broadcast, from 1; 0 for a replay.
    ///   - awaitsIDR: the broadcast is on air already: the first packet kept is an IDR.
    ///   - onRoom: called, on any thread, when there is room again.
    ///   - onHappening: called, on the reactor's thread, with all that is told of it.
    init(
        name: String, number: Int, _ terms: RecorderMachine.Terms, limits: RecordQueue.Limits = .init(),
        awaitsIDR: Bool, in context: RoomContext, onRoom: @escaping @Sendable () -> Void,
        onHappening: @escaping (RecordingHappening) -> Void
    ) {
        self.name = name
        self.context = context
        self.onRoom = onRoom
        self.onHappening = onHappening
        destination = "file:\(terms.task.path)"
        persists = terms.task.persists
        part = number == 0 ? .replay : .recording(number, name: name)
        post = context.nextPostID()
        machine = RecorderMachine(terms, limits: limits, awaitsIDR: awaitsIDR)
    }

    // MARK: what it is given

    func configure(_ configuration: StreamConfiguration, number: Int) {
        handle(.configuration(configuration, number: number))
    }
    func offer(_ packet: Packet) { handle(.packet(packet)) }
    func offer(_ packet: Packet, track: Int) { handle(.track(track, packet)) }
    func note(_ note: RecordNote) { handle(.note(note)) }
    func offer(_ comment: RecorderComment) { handle(.comment(comment)) }
    func tell(_ room: RecorderComment) { handle(.room(room)) }
    var hasRoom: Bool { machine.hasRoom }
    func finish() { handle(.finish) }
    func abort() { handle(.abort) }
    var firstSent: MediaTime? { machine.firstSent }

    /// Begins to write; `continuation` is resumed when it has finished, or can't go on.
    func begin(_ continuation: CheckedContinuation<Outcome, Never>) {
        waiter = continuation
        outcome = nil
        state = .writing
        handle(.start)
        scheduleTick()
    }

    // MARK: machine

    private func handle(_ event: RecorderMachine.Event) {
        work.append(contentsOf: machine.handle(event, at: .now))
        work.run { carryOut($0) }
    }

    private func carryOut(_ action: RecorderMachine.Action) {
        switch action {
        case .launch(let delay):
            context.launch(after: delay) { [weak self] () throws(BroadcastError) in try self?.launch() }
        case .open(let child, let task): open(child, task)
        case .give(let child, let request):
            if case .picture(_, _, let packet) = request { rate.add(packet.bytes.count, at: .now) }
            stubs[child]?.give(request)
        case .retire(let child): stubs[child]?.child.hangUp()
        case .dismiss(let child, let reason, let isItsFault):
            if isItsFault { faulty.insert(child) }
            stubs[child]?.child.dismiss(reason)
        case .post(let happening):
            context.post(part, .recording(happening))
            onHappening(happening)
        case .ready(let child):
            guard let stub = stubs[child], !machine.isFruitless else { break }
            context.post(recorder(child), .child(.ready(pid: stub.child.pid, plugins: nil)))
        case .worked(let child): context.recovered(recorder(child), at: post)
        case .room: onRoom()
        case .complete: conclude(.ended, .success(()))
        case .fail(let errno, let path):
            let problem = RecordingWords.failure(errno, path)
            lastError = problem.problem
            conclude(.failed, .failure(problem))
        }
    }

    private func recorder(_ child: ChildID) -> Part { .recorder(child, name: "recorder of \(name)") }

    // MARK: recorders

    private func launch() throws(BroadcastError) {
        let process: Child
        do throws(ChildLaunchError) {
            process = try Child(.recorder, context.programs.launch(.recorder), on: context.reactor)
        } catch {
            throw BroadcastError(starting: "the recorder", error)
        }
        let stub = RecorderStub(process)
        let child = context.nextChildID()
        stubs[child] = stub
        stub.onGreeted = { [weak self] in self?.handle(.greeted(child)) }
        stub.onReply = { [weak self] in self?.handle(.said(child, $0)) }
        stub.onEnd = { [weak self] in self?.ended(child, $0) }
        stub.activate()
        if !machine.isFruitless {
            context.post(recorder(child), .child(.started(pid: process.pid, isForeign: process.isForeign)))
        }
        handle(.launched(child))
    }

    /// What is no file is opened here: `/dev/stdout` is another thing in another process.
    private func open(_ child: ChildID, _ task: RecorderTask) {
        var device: OwnedDescriptor?
        if task.path.hasPrefix("/dev/") {
            var information = stat()
            let name = FileName.bytes(task.path)
            if stat(name, &information) == 0, ![S_IFREG, S_IFDIR].contains(information.st_mode & S_IFMT) {
                let descriptor = Glibc.open(name, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
                if descriptor >= 0 { device = OwnedDescriptor(adopting: descriptor) }
            }
        }
        stubs[child]?.open(task, device: device.take())
    }

    private func ended(_ child: ChildID, _ end: ChildEnd) {
        guard let stub = stubs.removeValue(forKey: child) else { return }
        if end.cause != .released, let duty = machine.duty(of: child),
            duty != .retired || faulty.remove(child) != nil
        {
            context.died(
                recorder(child), at: post, end, .init(pid: stub.child.pid, lastSign: stub.lastSign))
        }
        handle(.ended(child, "\(end.cause)"))
        resumeIfOver()
    }

    // MARK: time and the end

    private func scheduleTick() {
        guard ticker == nil, outcome == nil else { return }
        // Not by the context's clock: the last of a recording is written when all else is over.
        let bound = ReactorBound(self, context.reactor)
        ticker = context.reactor.schedule(
            at: .now.advanced(by: RecorderMachine.tick), leeway: .milliseconds(50)
        ) {
            bound.value.ticker = nil
            bound.value.handle(.tick)
            bound.value.scheduleTick()
        }
    }

    private func conclude(_ state: LinkState, _ result: Outcome) {
        self.state = state
        outcome = result
        if let ticker = ticker.take() { context.reactor.cancel(ticker) }
        let bound = ReactorBound(self, context.reactor)
        farewell = context.reactor.schedule(at: .now.advanced(by: Self.patience)) {
            bound.value.farewell = nil
            bound.value.resume()
        }
        resumeIfOver()
    }

    private func resumeIfOver() { if stubs.isEmpty { resume() } }

    private func resume() {
        guard let outcome, let waiter = waiter.take() else { return }
        if let farewell = farewell.take() { context.reactor.cancel(farewell) }
        waiter.resume(returning: outcome)
    }

    // MARK: how it is

    var status: LinkStatus {
        let waiting = machine.waiting
        return LinkStatus(
            name: name, destination: destination, state: state, bitsPerSecond: rate.bitsPerSecond(at: .now),
            queuedMilliseconds: Int(clamping: waiting.unwrittenDuration.milliseconds),
            queuedBytes: waiting.unwrittenByteCount, framesSent: waiting.writtenPictureCount,
            framesShed: waiting.leftOutCount, lastError: lastError)
    }

    /// The recorder; nil before there was one.
    var childStatus: ChildStatus? {
        let record = machine.record
        let child = machine.child
        guard child != nil || record.restarts > 0 else { return nil }
        return ChildStatus(
            part: recorder(child ?? 0), pid: child.flatMap { stubs[$0]?.child.pid }, state: record.state,
            restarts: record.restarts, lastEnd: record.lastEnd)
    }

    var place: RecordingPlace { machine.place }

    var completedFiles: [(path: String, byteCount: UInt64)] { machine.completed }

    var recordingStatus: RecordingStatus {
        let now = MonotonicTime.now
        let (meter, waiting) = (machine.meter, machine.waiting)
        return RecordingStatus(
            name: name, path: machine.path, segments: machine.segmentCount, seconds: meter.seconds(at: now),
            writtenBytes: meter.writtenByteCount, durableBytes: meter.durableByteCount, freeBytes: meter.freeByteCount,
            bytesPerSecond: meter.bytesPerSecond, fullInSeconds: meter.fullInSeconds,
            framesDurable: waiting.durableCount, framesLeftOut: waiting.leftOutCount,
            waitingSeconds: waiting.duration.seconds, isFallback: machine.isFallback,
            troubles: machine.troubles(at: now))
    }
}
