package import BulkheadMedia
package import BulkheadModel
import BulkheadSystem
package import BulkheadTimeline
package import BulkheadWire

package enum RunSubject {}
/// One run; runs are numbered in their order.
package typealias RunID = Identity<RunSubject>

/// A run of consecutive frames that one encoder after the other encodes, each going on where the last one died.
///
/// A broadcast is mostly one run. Whatever changes on purpose (other settings, a new version of the encoder, a fresh
/// pair in lockstep) opens the next run at a frame: the run before is closed, its encoder hands out what it holds, and
/// what the younger run has answered meanwhile waits until the older is complete.
package struct EncodingRun: Sendable {
    /// An access unit that is safe, with what its player needs to know.
    package struct Finished: Hashable, Sendable {
        package let commitment: CommitLedger.Commitment
        package let configuration: Int
        package let reorderDepth: UInt32

        /// An access unit that is safe, of stream configuration `configuration`.
        package init(commitment: CommitLedger.Commitment, configuration: Int, reorderDepth: UInt32) {
            self.commitment = commitment
            self.configuration = configuration
            self.reorderDepth = reorderDepth
        }
    }

    package let id: RunID
    /// What encoders of this run are opened with; its deaths may change it.
    package var settings: EncodingSettings
    package var ledger = CommitLedger()
    /// The encoder on air; nil while there is none.
    package var encoder: ChildID?
    /// An encoder that is given the same as the one on air, and answers the same.
    package var twin: ChildID?
    package var lockstep = TwinLockstep<EncoderReply>()
    /// Its last frame has been given.
    package var isClosed = false
    /// Its encoder has handed out everything.
    package var isFlushed = false
    /// Safe, but an older run is not complete.
    package var finished: [Finished] = []
    /// The first frame that the encoder at hand was given: its IDRs are counted from there.
    private(set) var firstFrame: FrameNumber?
    /// The encoder at hand has made a frame safe.
    package var hasWorked = false
    /// Since when frames have waited for it without a break; of no meaning while none waits.
    var waitingSince: MonotonicTime?
    /// Since when the encoder at hand has been at work.
    var encoderSince: MonotonicTime?

    package init(_ id: RunID, _ settings: EncodingSettings) {
        self.id = id
        self.settings = settings
    }

    /// Nothing more comes of it.
    package var isComplete: Bool { isClosed && ledger.uncommitted.isEmpty && isFlushed }

    /// The encoders that work for it.
    package var workers: [ChildID] { [encoder, twin].compactMap { $0 } }

    /// The first frame that is not safe yet.
    package var firstUncommitted: FrameNumber? { ledger.uncommitted.first?.frame }

    /// Whether an encoder of this run makes `frame` an IDR by its keyframe interval.
    package func isScheduledIDR(_ frame: FrameNumber) -> Bool {
        guard let firstFrame, frame > firstFrame else { return false }
        return (frame - firstFrame) % Int64(settings.video.keyframeInterval) == 0
    }

    /// `frame` is to be an IDR: the encoders count the next ones from it.
    package mutating func beginGOP(_ frame: FrameNumber) { firstFrame = frame }

    /// `frame` goes to the encoders at hand.
    package mutating func noteGiven(_ frame: FrameNumber) { firstFrame = firstFrame ?? frame }

    /// An encoder goes on where the last one ended: what is not safe will be given again, from an IDR on.
    package mutating func startOver() {
        ledger.startOver()
        lockstep = TwinLockstep()
        firstFrame = nil
        hasWorked = false
    }
}
