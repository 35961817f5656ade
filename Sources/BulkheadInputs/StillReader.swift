import BulkheadChildren
import BulkheadFrames
import BulkheadMedia
import BulkheadModel
import BulkheadRoom
import BulkheadSelection
import BulkheadSystem
import BulkheadTimeline
import BulkheadWire
import Glibc

/// Has pictures read and drawn that are shown instead of an input, such as the slate's: each by a source process
/// (``StillMachine``). It belongs to ``Inputs`` and is confined to the reactor's thread.
///
/// Names of inputs are drawn one after the other: they are not needed before something goes wrong.
final class StillReader {
    /// What is to be read or drawn.
    private struct Job {
        let still: Still
        let card: Card?
        let canvas: Canvas
        /// Processes that have ended over it.
        var deaths = 0
        /// The program has its first picture.
        var isReplacement = false

        var path: String { if case .slateFile(let path) = still { path } else { "" } }
        var goesOn: Bool { card?.hasClock ?? false }
    }

    private struct Reading {
        let job: Job
        let stub: SourceStub
        var machine: StillMachine
        /// Where in the picture something is to be seen.
        var content: PixelRectangle?
    }

    /// Another process draws a card over which one has ended, so often.
    private static let mostDeaths = 3
    private static let restarts = Backoff.doubling(from: .seconds(1), upTo: .seconds(30))

    /// Called when the last process has ended.
    var onEmpty: () -> Void = {}

    private let context: RoomContext
    private let frameRate: FrameRate
    /// Where the pictures go, or why they don't come; nil before there is a program.
    private let outlet: () -> (any MediaOutlet)?
    private var readings: [ChildID: Reading] = [:]
    /// Names that wait to be drawn.
    private var names: [Job] = []
    private var isOver = false

    init(_ context: RoomContext, _ frameRate: FrameRate, outlet: @escaping () -> (any MediaOutlet)?) {
        self.context = context
        self.frameRate = frameRate
        self.outlet = outlet
    }

    /// Reads the picture of the file `path`, to be the slate.
    /// - Throws: a `BroadcastError` when a process can't be started.
    func read(_ path: String, canvas: Canvas) throws(BroadcastError) {
        try begin(Job(still: .slateFile(path: path), card: nil, canvas: canvas))
    }

    /// Draws the slate in place of the one that was drawn before.
    /// - Throws: a `BroadcastError` when a process can't be started.
    func draw(slate card: Card, canvas: Canvas) throws(BroadcastError) {
        for reading in readings.values where reading.job.still == .slate { reading.stub.hangUp() }
        try begin(Job(still: .slate, card: card, canvas: canvas))
    }

    /// Draws the name of an input, soon.
    func draw(name: String, of input: InputID, canvas: Canvas) {
        names.removeAll { $0.still == .name(input) }
        names.append(Job(still: .name(input), card: Card(.name, name), canvas: canvas))
        drawNextName()
    }

    /// No process is left.
    var isEmpty: Bool { readings.isEmpty }

    /// Lets all processes end.
    func hangUp() {
        isOver = true
        names = []
        for reading in readings.values { reading.stub.hangUp() }
    }

    /// Ends all processes.
    func dismiss(_ reason: String) {
        isOver = true
        for reading in readings.values { reading.stub.dismiss(reason) }
    }

    /// Ends processes that owe something for too long.
    func watch(at now: MonotonicTime) { for reading in readings.values { reading.stub.checkDeadline(at: now) } }

    private func begin(_ job: Job) throws(BroadcastError) {
        guard !isOver else { return }
        var settings = SourceSettings(
            url: job.path, inputFormat: "", canvas: job.canvas, frameRate: frameRate, loops: false, resume: nil)
        settings.card = job.card
        let child = context.nextChildID()
        let stub = try SourceStub(launching: settings, isDrilled: false, in: context)
        readings[child] = Reading(
            job: job, stub: stub, machine: StillMachine(goesOn: job.goesOn, isReplacement: job.isReplacement))
        stub.onReport = { [weak self] in self?.take($0, from: child) }
        stub.activate()
    }

    private func drawNextName() {
        let isBusy = readings.values.contains { if case .name = $0.job.still { true } else { false } }
        guard !isBusy, !names.isEmpty else { return }
        launch(names.removeFirst(), after: .zero)
    }

    private func launch(_ job: Job, after delay: Duration) {
        context.launch(after: delay) { [weak self] () throws(BroadcastError) in
            guard let self else { return }
            // One that was asked for meanwhile is drawn instead.
            let isDouble =
                readings.values.contains { $0.job.still == job.still } || names.contains { $0.still == job.still }
            if !isDouble { try begin(job) }
        }
    }

    private func take(_ report: SourceStub.Report, from child: ChildID) {
        switch report {
        case .opened(let description):
            if let canvas = readings[child]?.job.canvas { readings[child]?.content = description.content(on: canvas) }
            handle(.opened(description), from: child)
        case .picture(let picture): handle(.picture(picture), from: child)
        case .refused(let refusal): handle(.refused(refusal), from: child)
        case .notice(let text): if let still = readings[child]?.job.still { outlet()?.noted(still, text) }
        case .sound, .copies, .copied, .entered, .preparing, .prepared, .leftOut, .skipping, .counted, .thumbnail,
            .caughtUp,
            .atEnd:
            break
        case .ended(let end):
            handle(.ended(end), from: child)
            readings[child] = nil
            drawNextName()
            if readings.isEmpty { onEmpty() }
        }
    }

    private func handle(_ event: StillMachine.Event, from child: ChildID) {
        guard let reading = readings[child], let actions = readings[child]?.machine.handle(event) else { return }
        let job = reading.job
        for action in actions {
            switch action {
            case .lendSlot:
                reading.stub.play(job.canvas, frameRate, slotCount: 4)
                reading.stub.askForOne()
            case .lendSlotLater:
                context.schedule(after: Self.untilNextSecond) { [weak self] in
                    self?.readings[child]?.stub.askForOne()
                }
            case .take(let picture, let isLater):
                let still = StillPicture(
                    slot: picture.slot, canvas: job.canvas, content: reading.content, isClock: isLater)
                if let outlet = outlet() {
                    outlet.take(still, for: job.still)
                } else {
                    context.pools.release(picture.slot)
                }
            case .release(let picture): context.pools.release(picture.slot)
            case .fail(let failure): fail(job, failure)
            case .hangUp: reading.stub.hangUp()
            case .replace:
                var next = job
                next.deaths += 1
                next.isReplacement = true
                launch(next, after: Self.restarts.delay(after: next.deaths))
            }
        }
    }

    /// What draws a card may have been ended by chance, and is tried again; a file is what it is.
    private func fail(_ job: Job, _ failure: StillFailure) {
        var next = job
        next.deaths += 1
        if job.card != nil, case .readerEnded = failure, next.deaths < Self.mostDeaths {
            return launch(next, after: Self.restarts.delay(after: next.deaths))
        }
        outlet()?.failed(job.still, failure)
    }

    /// Until the clock shows another second, and a little more.
    private static var untilNextSecond: Duration {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return .nanoseconds(1_002_000_000 - max(0, min(1_000_000_000, Int64(now.tv_nsec))))
    }
}
