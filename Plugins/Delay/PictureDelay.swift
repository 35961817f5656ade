import BulkheadPluginKit

/// Pictures that are held back. They are told apart by their times, so one that was left out makes nothing late.
struct PictureDelay {
    private struct Held {
        var pts: Int64
        var picture: Picture
    }

    var delayNanoseconds: Int64 = 0
    private let blank: Picture
    private let frameNanoseconds: Double
    /// The oldest first; those behind it whose time has come push it out.
    private var held: [Held] = []
    /// Memory of pictures that have gone out.
    private var spare: [Picture] = []

    init(_ format: PluginFormat) {
        blank = Picture(width: format.width, height: format.height)
        frameNanoseconds = 1_000_000_000 / format.frameRate
    }

    mutating func process(_ frame: borrowing VideoFrame) -> Outcome {
        guard delayNanoseconds > 0 else {
            held.removeAll()
            spare.removeAll()
            return .unchanged
        }
        // A timeline that goes backwards is another one.
        if let last = held.last, last.pts >= frame.ptsNanoseconds { held.removeAll() }
        var picture = spare.popLast() ?? blank
        picture.take(frame)
        held.append(Held(pts: frame.ptsNanoseconds, picture: picture))
        // Half a frame of leeway: times are rounded.
        let due = frame.ptsNanoseconds - delayNanoseconds + Int64(frameNanoseconds / 2)
        while held.count > 1, held[1].pts <= due { spare.append(held.removeFirst().picture) }
        // A few are kept: as many as a moment of other delays needs.
        if spare.count > 2 { spare.removeFirst(spare.count - 2) }
        // In the beginning the first picture stands still.
        held.first?.picture.fill(frame)
        return .changed
    }
}
