import BulkheadMedia

/// How far inputs may be ahead of the timeline.
struct LookAhead {
    /// Sound that may come before its time, in samples.
    static let soundSamples = Int64(AudioFormat.sampleRate * 2)

    /// Pictures that are on their way from a source or wait for their tick.
    let waiting: Int
    /// The same for a live source, which can't wait for a slot: it needs room for what comes in a burst.
    let live: Int

    init(_ frameRate: FrameRate, isFast: Bool) {
        waiting = isFast ? 16 : max(8, Int(frameRate.framesPerSecond / 3))
        live = Int(frameRate.framesPerSecond.rounded(.up))
    }

    func pictures(isLive: Bool) -> Int { isLive ? live : waiting }

    /// How many pictures are asked for at once: a file's come a few at a time, which spares wake-ups.
    func step(isLive: Bool) -> Int { isLive ? 1 : waiting / 3 }

    var most: Int { max(waiting, live) }
}
