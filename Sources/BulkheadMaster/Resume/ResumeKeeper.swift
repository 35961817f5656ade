import BulkheadAudience
import BulkheadEvents
import BulkheadMedia
import BulkheadModel
import BulkheadRoom
import BulkheadSystem
import BulkheadWire

/// Keeps what a broadcast is resumed from.
///
/// In: where inputs stand behind each frame, which frames are safe, and that something has changed. Out: the record on the
/// disk, at most once a second and at once for what a person has changed, and the place, with each frame. The disk is never
/// waited for. It lives on the reactor's thread.
final class ResumeKeeper {
    /// How the broadcast is now; nil where that is not to be kept, as before it is on air.
    var record: () -> ResumeRecord? = { nil }

    private let store: ResumeStore
    private let context: RoomContext
    /// When the broadcast began, in seconds since 1970: what it notes is told by it from what others have.
    let startedAt = EventLog.wallClock()
    private(set) var place: ResumePlace
    private var trail = FrameTrail()
    private var saving = SavingPace()
    private let work = ActionQueue<SavingPace.Action>()
    /// Of a broadcast that is about to end, or has.
    private var end: ResumeRecord.End?
    private var failure: String?
    private var last: ResumeRecord?
    private var isNoting = false
    private var hasNews = false
    private var savedAt: MonotonicTime?
    private var problem: String?
    private var finishing: CheckedContinuation<Void, Never>?

    /// How long a broadcast that has ended waits for its disk.
    private static let lastPatience = Duration.seconds(5)

    /// - Parameter start: what is resumed; nil for a broadcast that begins.
    init(_ store: ResumeStore, resuming start: ResumeStart?, in context: RoomContext) {
        self.store = store
        self.context = context
        place = ResumePlace(
            frame: start?.firstFrame ?? 0, pictures: start?.pictures ?? 0, time: EventLog.wallClock(),
            // As long as nothing has gone out, they are where they were.
            inputs: start?.record.place.inputs ?? [:])
    }

    // MARK: what happens

    /// A frame was given to the chain.
    /// - Parameter inputs: where inputs go on behind it.
    func gave(_ frame: FrameNumber, _ inputs: [InputID: SourceResume]) { trail.gave(frame, inputs) }

    /// A picture was given to destinations, and all frames up to `frame` were.
    func sent(_ frame: FrameNumber) {
        place.pictures += 1
        guard frame >= place.frame else { return }
        place.frame = frame.addingReportingOverflow(1).partialValue
        place.time = EventLog.wallClock()
        if let inputs = trail.reached(frame) {
            place.inputs = inputs.reduce(into: [:]) { $0["\($1.key)"] = $1.value }
        }
        hasNews = true
        note()
    }

    /// A picture was passed on as it is, and the timeline has come to `reached`; frame `frame`, as frames are counted at an even
    /// rate, would be next.
    func passedOn(upTo reached: MediaTime, next frame: FrameNumber, _ inputs: [InputID: SourceResume]) {
        place.pictures += 1
        (place.copiedTo, place.frame) = (reached.nanoseconds, max(0, frame))
        place.time = EventLog.wallClock()
        // What has not gone out yet is where an earlier broadcast left it.
        for (input, resume) in inputs { place.inputs["\(input)"] = resume }
        hasNews = true
        note()
    }

    /// A person has changed something.
    func changed() { save(isUrgent: true) }

    /// Saves now and then. Call it some times a second.
    func watch() {
        let now = MonotonicTime.now
        if let savedAt, now.since(savedAt) < 1_000_000_000 { return }
        savedAt = now
        save(isUrgent: false)
    }

    /// The broadcast is about to end so. What is wanted first counts, but a person's wish goes before others.
    func wants(_ end: ResumeRecord.End) {
        guard self.end == nil || end == .stopped else { return }
        self.end = end
        save(isUrgent: true)
    }

    // MARK: the disk

    /// With each frame, and not again before the last one is noted.
    private func note() {
        guard !isNoting, hasNews else { return }
        (isNoting, hasNews) = (true, false)
        let bound = ReactorBound(self, context.reactor)
        store.note(place, startedAt: startedAt) { [reactor = context.reactor] in
            reactor.run {
                bound.value.isNoting = false
                bound.value.note()
            }
        }
    }

    private func save(isUrgent: Bool) {
        if let record = record() { last = record }
        guard last != nil else { return }
        run(saving.changed(isUrgent: isUrgent, at: .now))
    }

    private func run(_ actions: [SavingPace.Action]) {
        work.append(contentsOf: actions)
        work.run { carryOut($0) }
    }

    private func carryOut(_ action: SavingPace.Action) {
        let bound = ReactorBound(self, context.reactor)
        switch action {
        case .save:
            guard var record = last else { return }
            (record.place, record.end, record.failure) = (place, end, failure)
            (record.startedAt, record.savedAt) = (startedAt, EventLog.wallClock())
            store.run { [record, reactor = context.reactor] files in
                var problem: ResumeFiles.Problem?
                do throws(ResumeFiles.Problem) { try files.save(record) } catch { problem = error }
                reactor.run { [problem] in bound.value.saved(problem) }
            }
        case .wake(let time):
            // Not by the context, whose timers end with the broadcast.
            _ = context.reactor.schedule(at: time) { bound.value.run(bound.value.saving.woke(at: .now)) }
        case .recovered:
            problem = nil
            context.post(.master, .master(.resumeSaved))
        }
    }

    private func saved(_ problem: ResumeFiles.Problem?) {
        if let problem {
            if self.problem == nil {
                context.post(.master, .master(.resumeUnsaved(path: store.path, text: problem.text)))
            }
            self.problem = problem.text
        }
        run(saving.ended(isDone: problem == nil, at: .now))
        if finishing != nil, !saving.isBusy { finishing.take()?.resume() }
    }

    /// Saves how it ended, and waits for that a while.
    /// - Parameter error: why it failed; nil where it did not.
    func finish(_ error: BroadcastError?, on owner: isolated any Actor) async {
        if let error {
            // What was to end anyhow may fail on its way.
            if end == nil { (end, failure) = (.failed, error.problem) }
        } else if end == nil {
            end = .ended
        }
        guard last != nil else { return }
        save(isUrgent: true)
        let bound = ReactorBound(self, context.reactor)
        let timer = context.reactor.schedule(at: .now.advanced(by: Self.lastPatience)) {
            bound.value.finishing.take()?.resume()
        }
        await withCheckedContinuation { finishing = $0 }
        context.reactor.cancel(timer)
    }
}
