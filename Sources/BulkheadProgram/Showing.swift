package import BulkheadEvents
package import BulkheadSystem

/// Which picture stands in a frame: the input's, its last one, or the slate.
package struct Showing {
    package private(set) var shown = ShownPicture.picture
    /// When the input last gave a new picture.
    private var lastAdvance: MonotonicTime
    /// How long an input may give nothing before the slate is shown.
    private let patience: Duration
    /// From when on a picture that stands is called the last one: a source that dies is back sooner.
    private static let standing = Duration.seconds(1)
    /// No viewer waits: the last picture stays, however long nothing comes.
    private let isFast: Bool

    package init(patience: Duration, isFast: Bool, at now: MonotonicTime) {
        self.patience = patience
        self.isFast = isFast
        lastAdvance = now
    }

    /// The input has given a new picture.
    package mutating func advanced(at now: MonotonicTime) { lastAdvance = now }

    /// Chooses for one frame.
    ///
    /// - Parameters:
    ///   - hasPicture: the input has given one at all.
    ///   - isStarved: the input can't say what comes next. One that shows a still picture by its own will is not.
    /// - Returns: true when it is another one than before.
    package mutating func choose(hasPicture: Bool, isStarved: Bool, at now: MonotonicTime) -> Bool {
        let silence = isStarved ? now.since(lastAdvance) : 0
        let isStale = silence > patience.nanoseconds
        let before = shown
        if !hasPicture || (isStale && !isFast) {
            shown = .slate
        } else {
            let stands = isFast ? isStale : silence > Self.standing.nanoseconds
            shown = stands ? .lastPicture : .picture
        }
        return shown != before
    }
}
