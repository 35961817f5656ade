package import BulkheadMedia
package import BulkheadTimeline
import BulkheadWire

/// Cuts the sound of the timeline into blocks, each once and in order.
package struct SoundCutter {
    /// Sound is cut this much ahead of the picture where it is there, so that neither waits for the other.
    package static let lead = MediaTime(sampleIndex: Int64(3 * AudioFormat.samplesPerBlock))
    /// How long sound from a live source may come after its time: MPEG-TS packs a sixth of a second of it together.
    package static let liveGrace = MediaTime(milliseconds: 300)

    /// The block that is cut next.
    package private(set) var nextBlock: Int64 = 0

    package init() {}

    /// Cuts the blocks up to `time`, and a little further where they are there already.
    ///
    /// - Parameters:
    ///   - now: where the clock stands on the timeline; nil where no viewer waits, so that no grace is needed. A live
    ///     picture may be ahead of it.
    ///   - end: of the broadcast: what lies behind it is no part of it.
    ///   - feed: of the input that gives the sound; nil for silence.
    package mutating func cut(
        to time: MediaTime, at now: MediaTime?, end: MediaTime?, from feed: inout SourceFeed?
    ) -> [AudioLedger.Block] {
        let isLive = feed?.description.isLive ?? false
        let dueBefore = isLive ? now.map { min($0, time) - Self.liveGrace } ?? time : time
        let limit = min(time + Self.lead, end ?? MediaTime(nanoseconds: .max))
        var blocks: [AudioLedger.Block] = []
        while AudioFormat.time(ofBlock: nextBlock) < limit {
            // Silence is there at any time, but a source that is still opening may have sound.
            let isDue = AudioFormat.time(ofBlock: nextBlock + 1) <= dueBefore
            guard isDue || feed?.hasBlock(nextBlock) ?? false else { break }
            let samples = feed?.takeBlock(nextBlock) ?? [Float](repeating: 0, count: AudioFormat.floatsPerBlock)
            blocks.append(AudioLedger.Block(number: nextBlock, samples: samples))
            nextBlock += 1
        }
        return blocks
    }
}
