package import BulkheadMedia
package import BulkheadModel

/// What the program needs to know of a broadcast's settings.
package struct ProgramSettings: Hashable, Sendable {
    package var frameRate: FrameRate
    /// As fast as the encoder goes, instead of in real time.
    package var isFast: Bool
    /// How long an input may give nothing before the slate is shown, and how long the start waits for inputs.
    package var slateAfter: Duration
    /// After so many seconds the program ends; nil for no end.
    package var durationSeconds: Double?

    package init(frameRate: FrameRate, isFast: Bool, slateAfter: Duration, durationSeconds: Double? = nil) {
        self.frameRate = frameRate
        self.isFast = isFast
        self.slateAfter = slateAfter
        self.durationSeconds = durationSeconds
    }

    package init(_ settings: BroadcastSettings) {
        self.init(
            frameRate: settings.frameRate, isFast: settings.isFast,
            slateAfter: .nanoseconds(Int64(settings.slateAfterSeconds * 1e9)), durationSeconds: settings.durationSeconds
        )
    }
}
