import BulkheadChain
import BulkheadTimeline

/// The way from the chain to the encoders.
final class EncodingDoor: FrameOutlet {
    private weak var broadcast: Broadcast?

    init(_ broadcast: Broadcast) { self.broadcast = broadcast }

    func take(_ frame: TimelineFrame) { broadcast?.assumeIsolated { $0.give(frame) } }

    func take(_ block: AudioLedger.Block) { broadcast?.assumeIsolated { $0.give(block: block.number, block.samples) } }

    var load: FrameLoad {
        broadcast?.assumeIsolated { $0.encodingLoad }
            ?? FrameLoad(frames: 0, held: 0, limit: 0, hasSoundRoom: true, isWorking: false)
    }
}

extension Broadcast {
    /// How much of the timeline is with the encoders.
    var encodingLoad: FrameLoad {
        FrameLoad(
            frames: uncommittedCount, held: lastMaximumDelay, limit: maximumUncommitted, hasSoundRoom: true,
            isWorking: currentRun?.hasWorked ?? false)
    }

    /// How much of the timeline is on its way.
    var load: FrameLoad { chain?.load ?? encodingLoad }
}
