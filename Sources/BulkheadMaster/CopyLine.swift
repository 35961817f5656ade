import BulkheadCopying
import BulkheadEncoding
import BulkheadEvents
import BulkheadFrames
import BulkheadInputs
import BulkheadMedia
import BulkheadModel
import BulkheadRoom
import BulkheadSystem
import BulkheadTimeline
import BulkheadWire

/// What stands between inputs and outputs where nothing is encoded: the room that passes packets on, and the encoder of its
/// slate.
///
///     Inputs ──packets──▶ Copying ──packets──▶ outlet
final class CopyLine {
    /// How far a stream has come is noted by a thread of its own, which a busy machine holds up; behind its last note more may have
    /// gone out, whose times must not come again.
    private static let unnoted = MediaTime(milliseconds: 500)

    let copying: Copying
    private let slate: SlateEncoder
    /// What the slate that is drawn is to fit to.
    private var wanted: (canvas: Canvas, frameRate: FrameRate, profile: String)?

    /// - Parameters:
    ///   - start: what is resumed; nil for a broadcast that begins.
    ///   - drawsSlate: a slate of this size is to be drawn.
    ///   - changed: another size or rate goes out.
    init(
        _ settings: BroadcastSettings, resuming start: ResumeStart?, in context: RoomContext, outlet: any PacketOutlet,
        requests: Rooms.Requests,
        drawsSlate: @escaping (Canvas) -> Void, changed: @escaping (Canvas, FrameRate) -> Void
    ) {
        let terms = CopyMachine.Terms(
            isFast: settings.isFast, slateAfter: .nanoseconds(Int64(settings.slateAfterSeconds * 1e9)),
            duration: settings.durationSeconds.map { seconds in
                MediaTime(nanoseconds: Int64(min(seconds, 9e9) * 1e9))
                    - settings.frameRate.time(of: start?.framesBefore ?? 0)
            }, start: start?.copiedTo.map { $0 + Self.unnoted } ?? .zero,
            sourceStart: MediaTime(nanoseconds: start?.inputs.first?.resume?.pts ?? 0))
        let back = Back()
        slate = SlateEncoder(in: context) { [weak back] in back?.line?.copying.take($0) }
        copying = Copying(
            terms, in: context, outlet: outlet,
            requests: Copying.Requests(
                began: requests.began,
                ended: {
                    context.post(.timeline, .timeline(.ending))
                    requests.drained()
                },
                wantsSlate: { [weak back] canvas, frameRate, profile in
                    guard let line = back?.line, line.wanted?.canvas != canvas else { return }
                    line.wanted = (canvas, frameRate, profile)
                    drawsSlate(canvas)
                },
                drewSlate: { [weak back] picture in
                    guard let line = back?.line, let wanted = line.wanted, wanted.canvas == picture.canvas else {
                        return context.pools.release(picture.slot)
                    }
                    line.slate.encode(picture.slot, picture.canvas, wanted.frameRate, profile: wanted.profile)
                },
                changed: changed, failed: requests.failed))
        self.back = back
        back.line = self
    }

    /// The line, for what it is made of.
    private final class Back { weak var line: CopyLine? }
    private let back: Back

    /// Called when the last process has ended.
    var onEmpty: (() -> Void)? {
        get { slate.onEmpty }
        set { slate.onEmpty = newValue }
    }

    /// No child is left.
    var isEmpty: Bool { slate.isEmpty }

    /// Looks after what shows only as time passing.
    func watch() {
        copying.watch()
        slate.look()
    }

    /// Nothing goes out any more.
    func close() { copying.close() }

    /// Lets all children end by themselves.
    func hangUp() {
        close()
        slate.hangUp()
    }

    /// Ends all children.
    func kill(_ reason: String) { slate.dismiss(reason) }
}
