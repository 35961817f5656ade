import BulkheadFrames
import BulkheadMedia
import BulkheadTimeline
import BulkheadWire

/// A run of consecutive frames that one encoder after the other encodes, each going on where the last one died.
///
/// A broadcast is mostly one run. Whatever changes on purpose (other settings, a new version of the encoder, a fresh
/// pair in lockstep) opens the next run at a frame: the run before is closed, its encoder hands out what it holds, and
/// what the younger run has answered meanwhile waits until the older is complete.
///
/// It lives on the reactor's thread.
final class EncodingRun {
    /// A packet that is safe, with what its player needs to know.
    struct Finished {
        let commitment: CommitLedger.Commitment
        let configuration: Int
        let reorderDepth: UInt32
    }

    /// What encoders of this run are opened with; its deaths may change it.
    var settings: EncodingSettings
    var ledger = CommitLedger()
    /// The encoder on air; nil while there is none.
    var encoder: EncoderStub?
    /// An encoder that is given the same as the one on air, and answers the same.
    var shadow: EncoderStub?
    var lockstep = TwinLockstep<EncoderReply>()
    /// Its last frame has been given.
    var isClosed = false
    /// Its encoder has handed out everything.
    var isFlushed = false
    /// Safe, but an older run is not complete.
    var waiting: [Finished] = []
    /// The first frame that the encoder at hand was given: its IDRs are counted from there.
    var firstFrame: FrameNumber?
    /// The encoder at hand has made a frame safe.
    var hasWorked = false

    init(_ settings: EncodingSettings) { self.settings = settings }

    /// Nothing more comes of it.
    var isComplete: Bool { isClosed && ledger.uncommitted.isEmpty && isFlushed }

    /// Whether an encoder of this run makes `frame` an IDR by its keyframe interval.
    func isScheduledIDR(_ frame: FrameNumber) -> Bool {
        guard let firstFrame, frame > firstFrame else { return false }
        return (frame - firstFrame) % Int64(settings.video.keyframeInterval) == 0
    }

    /// Whether `stub` works for this run.
    func employs(_ stub: EncoderStub) -> Bool { encoder === stub || shadow === stub }

    /// Hands one frame to the encoders that are ready for it.
    func encode(_ entry: CommitLedger.Entry, forceIDR: Bool, pools: FramePools) {
        if firstFrame == nil { firstFrame = entry.frame }
        for stub in [encoder, shadow] {
            guard let stub, stub.ready != nil else { continue }
            stub.announce(pools)
            stub.encode(entry, forceIDR: forceIDR)
        }
    }

    func encode(_ block: AudioLedger.Block) {
        for stub in [encoder, shadow] where stub?.ready != nil { stub?.encode(block) }
    }

    /// No more frames come: the encoders are asked for all they hold.
    func close() {
        isClosed = true
        if encoder?.ready != nil { encoder?.flush() }
        if shadow?.ready != nil { shadow?.flush() }
    }

    /// The first frame that is not safe yet.
    var firstUncommitted: FrameNumber? { ledger.uncommitted.first?.frame }
}
