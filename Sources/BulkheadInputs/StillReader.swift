import BulkheadChildren
import BulkheadFrames
import BulkheadMedia
import BulkheadModel
import BulkheadRoom
import BulkheadSystem
import BulkheadTimeline
import BulkheadWire

/// Reads pictures of files that are shown instead of an input, such as the slate's: each by a source process, once
/// (``StillMachine``). It belongs to ``Inputs`` and is confined to the reactor's thread.
final class StillReader {
    private struct Still {
        let path: String
        let canvas: Canvas
        let stub: SourceStub
        var machine = StillMachine()
    }

    /// Called when the last process has ended.
    var onEmpty: () -> Void = {}

    private let context: RoomContext
    private let frameRate: FrameRate
    /// Where the pictures go, or why they don't come; nil before there is a program.
    private let outlet: () -> (any MediaOutlet)?
    private var stills: [ChildID: Still] = [:]

    init(_ context: RoomContext, _ frameRate: FrameRate, outlet: @escaping () -> (any MediaOutlet)?) {
        self.context = context
        self.frameRate = frameRate
        self.outlet = outlet
    }

    /// Reads the picture of the file `path`.
    /// - Throws: a `BroadcastError` when a process can't be started.
    func read(_ path: String, canvas: Canvas) throws(BroadcastError) {
        let settings = SourceSettings(
            url: path, inputFormat: "", canvas: canvas, frameRate: frameRate, loops: false, resume: nil)
        let child = context.nextChildID()
        let stub = try SourceStub(launching: settings, in: context)
        stills[child] = Still(path: path, canvas: canvas, stub: stub)
        stub.onReport = { [weak self] in self?.take($0, from: child) }
        stub.activate()
    }

    /// No process is left.
    var isEmpty: Bool { stills.isEmpty }

    /// Lets all processes end.
    func hangUp() { for still in stills.values { still.stub.hangUp() } }

    /// Ends all processes.
    func dismiss(_ reason: String) { for still in stills.values { still.stub.dismiss(reason) } }

    /// Ends processes that owe something for too long.
    func watch(at now: MonotonicTime) { for still in stills.values { still.stub.checkDeadline(at: now) } }

    private func take(_ report: SourceStub.Report, from child: ChildID) {
        switch report {
        case .opened(let description): handle(.opened(description), from: child)
        case .picture(let picture): handle(.picture(picture), from: child)
        case .refused(let refusal): handle(.refused(refusal), from: child)
        case .sound, .entered, .caughtUp, .notice, .atEnd: break
        case .ended(let end):
            handle(.ended(end), from: child)
            stills[child] = nil
            if stills.isEmpty { onEmpty() }
        }
    }

    private func handle(_ event: StillMachine.Event, from child: ChildID) {
        guard let still = stills[child], let actions = stills[child]?.machine.handle(event) else { return }
        for action in actions {
            switch action {
            case .lendSlot:
                still.stub.play(still.canvas, frameRate, slotCount: 2)
                still.stub.askForOne()
            case .take(let picture): outlet()?.take(still: picture.slot, of: still.canvas)
            case .release(let picture): context.pools.release(picture.slot)
            case .fail(let failure): outlet()?.failed(still: still.path, failure)
            case .hangUp: still.stub.hangUp()
            }
        }
    }
}
