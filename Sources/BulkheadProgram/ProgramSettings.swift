package import BulkheadMedia
package import BulkheadModel
import BulkheadTimeline

/// What the program needs to know of a broadcast's settings.
package struct ProgramSettings: Hashable, Sendable {
    package var frameRate: FrameRate
    /// As fast as the encoder goes, instead of in real time.
    package var isFast: Bool
    /// How long an input may give nothing before the slate is shown, and how long the start waits for inputs.
    package var slateAfter: Duration
    /// How long a frame waits for a live picture that is late, before it shows the last one again.
    package var patience: MediaTime
    /// After so many seconds the program ends; nil for no end.
    package var durationSeconds: Double?

    package init(
        frameRate: FrameRate, isFast: Bool, slateAfter: Duration,
        patience: MediaTime = Cadence.defaultPatience, durationSeconds: Double? = nil
    ) {
        self.frameRate = frameRate
        self.isFast = isFast
        self.slateAfter = slateAfter
        self.patience = patience
        self.durationSeconds = durationSeconds
    }

    package init(_ settings: BroadcastSettings) {
        self.init(
            frameRate: settings.frameRate, isFast: settings.isFast,
            slateAfter: .nanoseconds(Int64(settings.slateAfterSeconds * 1e9)),
            patience: settings.picturePatienceSeconds.map { MediaTime(nanoseconds: Int64($0 * 1e9)) }
                ?? Cadence.defaultPatience,
            durationSeconds: settings.durationSeconds)
    }
}
