package import BulkheadMedia
package import BulkheadModel
import BulkheadTimeline

/// What the program needs to know of a broadcast's settings.
package struct ProgramSettings: Hashable, Sendable {
    package var frameRate: FrameRate
    /// The size of pictures at the start.
    package var canvas: Canvas
    /// As fast as the encoder goes, instead of in real time.
    package var isFast: Bool
    /// How long an input may give nothing before the slate is shown, and how long the start waits for inputs.
    package var slateAfter: Duration
    /// How long a frame waits for a live picture that is late, before it shows the last one again.
    package var patience: MediaTime
    /// After so many seconds the program ends; nil for no end.
    package var durationSeconds: Double?
    /// Inputs stay open where nothing of them is used: a scene may show them.
    package var keepsInputs = false
    /// The loudness that the program is slowly brought to; nil, and silence, for as loud as it is.
    package var loudnessTarget: Decibels?
    /// Scenes that there are from the start.
    package var scenes: [Scene] = []
    /// What inputs are called from the start: no scene may be called so.
    package var inputNames: [String] = []
    /// They are counted from the first picture that a destination was sent, and not from the first of all.
    package var durationAwaitsViewers: Bool

    /// It goes on with an interrupted broadcast: a picture that is gone does not keep it off the air.
    package var isResumed = false
    /// The first frame; more than 0 where the timeline goes on from that of an interrupted broadcast.
    package var firstFrame: FrameNumber = 0
    /// Frames of an interrupted broadcast that its length counts, and that are on no timeline any more.
    package var framesBefore: Int64 = 0

    package init(
        frameRate: FrameRate, canvas: Canvas, isFast: Bool, slateAfter: Duration,
        patience: MediaTime = Cadence.defaultPatience, durationSeconds: Double? = nil,
        durationAwaitsViewers: Bool = false
    ) {
        self.frameRate = frameRate
        self.canvas = canvas
        self.isFast = isFast
        self.slateAfter = slateAfter
        self.patience = patience
        self.durationSeconds = durationSeconds
        self.durationAwaitsViewers = durationAwaitsViewers
    }

    package init(_ settings: BroadcastSettings) {
        self.init(
            frameRate: settings.frameRate, canvas: settings.canvas, isFast: settings.isFast,
            slateAfter: .nanoseconds(Int64(settings.slateAfterSeconds * 1e9)),
            patience: settings.picturePatienceSeconds.map { MediaTime(nanoseconds: Int64($0 * 1e9)) }
                ?? Cadence.defaultPatience,
            durationSeconds: settings.durationSeconds,
            // With --fast the program waits for destinations itself, a file has all from the start, and a recording, which may
            // never be made, has no viewers.
            durationAwaitsViewers: !settings.isFast && !settings.destinations.isEmpty
                && !settings.destinations.contains(where: \.isFile))
        loudnessTarget = settings.loudnessTarget
        scenes = settings.scenes ?? []
        inputNames = settings.inputs.compactMap(\.name)
        keepsInputs = settings.layout != nil || !scenes.isEmpty
    }
}
