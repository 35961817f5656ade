package import BulkheadMedia

/// What the system of one way says of itself, once in each period. What isn't known is nil, and no condition holds by it.
package struct WayReport: Codable, Hashable, Sendable {
    /// The stream comes to the server by this way.
    package var isOnAir: Bool
    /// Seconds since the last picture came.
    package var secondsSinceLastFrame: Double?
    /// Pictures a second, now and as they should be.
    package var framesPerSecond: Double?
    package var expectedFramesPerSecond: Double?
    /// Bits a second, now and as they should be.
    package var bitsPerSecond: Double?
    package var expectedBitsPerSecond: Double?
    /// What waits to be sent, in seconds.
    package var queuedSeconds: Double?
    /// Pictures left out, since the system was started.
    package var drops: Int?
    /// Lost connections, refusals and the like, since the system was started.
    package var failures: Int?
    /// How long the picture has been black, in seconds; 0 for not.
    package var blackSeconds: Double?
    /// How long the picture has been one and the same, in seconds; 0 for not.
    package var frozenSeconds: Double?
    /// How long there has been no sound, in seconds; 0 for not.
    package var silentSeconds: Double?
    /// How long the sound has been clipped, in seconds; 0 for not.
    package var clippedSeconds: Double?
    /// Of the last 3 s and of the last ten minutes, in LUFS; nil for silence.
    package var shortTermLoudness: Double?
    package var integratedLoudness: Double?
    /// The size of the pictures, and what it should be.
    package var canvas: Canvas?
    package var wantedCanvas: Canvas?
    /// How far the last two keyframes were apart, or the last one is back, whichever is more, in seconds.
    package var keyframeSeconds: Double?
    /// Of a way that is not at work: whether it could be. Of one that is, nil.
    package var isReady: Bool?
    /// The system has said nothing: this was seen by a viewer.
    package var isSecondHand = false
    /// What the system or the server says in words of its own; may be empty.
    package var words: String

    /// A report of what is known.
    package init(
        isOnAir: Bool, secondsSinceLastFrame: Double? = nil, framesPerSecond: Double? = nil,
        expectedFramesPerSecond: Double? = nil, bitsPerSecond: Double? = nil, expectedBitsPerSecond: Double? = nil,
        queuedSeconds: Double? = nil, drops: Int? = nil, failures: Int? = nil, blackSeconds: Double? = nil,
        frozenSeconds: Double? = nil, silentSeconds: Double? = nil, clippedSeconds: Double? = nil, isReady: Bool? = nil,
        words: String = ""
    ) {
        self.isOnAir = isOnAir
        self.secondsSinceLastFrame = secondsSinceLastFrame
        self.framesPerSecond = framesPerSecond
        self.expectedFramesPerSecond = expectedFramesPerSecond
        self.bitsPerSecond = bitsPerSecond
        self.expectedBitsPerSecond = expectedBitsPerSecond
        self.queuedSeconds = queuedSeconds
        self.drops = drops
        self.failures = failures
        self.blackSeconds = blackSeconds
        self.frozenSeconds = frozenSeconds
        self.silentSeconds = silentSeconds
        self.clippedSeconds = clippedSeconds
        self.isReady = isReady
        self.words = words
    }
}
