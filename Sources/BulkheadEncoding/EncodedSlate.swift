package import BulkheadMedia
import BulkheadTimeline
package import BulkheadWire

/// The slate that needs no encoder: its picture, its making, and its time on air.
package struct EncodedSlate: Sendable {
    /// The slate on air.
    package struct OnAir: Hashable, Sendable {
        /// Which of the stream's configurations it is.
        package let configuration: Int
        /// How many of its access units have gone out.
        package fileprivate(set) var frames = 0
        /// How many of its access units have gone out since it last began with its IDR.
        fileprivate var index = 0
    }

    /// Has its GOP encoded.
    package var maker = SlateMaker()
    /// What it shows; nil before it is drawn for the first time.
    package private(set) var picture: SlotReference?
    /// Nil while an encoder works, or nothing stands in for it.
    package private(set) var onAir: OnAir?
    /// The slate went off air for an encoder that has not made a frame safe yet.
    package private(set) var isOnProbation = false

    /// A slate that is not drawn yet.
    package init() {}

    /// The slate is this picture from now on.
    /// - Returns: what was encoded before is another picture, and has been forgotten.
    package mutating func draw(_ slot: SlotReference, _ canvas: Canvas) -> Bool {
        picture = slot
        guard maker.fits(canvas) else { return false }
        maker.forget()
        return true
    }

    /// Goes on air, as `configuration` of the stream.
    package mutating func begin(configuration: Int) { onAir = OnAir(configuration: configuration) }

    /// An encoder goes on.
    /// - Parameter hasWorked: it has made frames safe, and needs no probation.
    /// - Returns: how many of the slate's access units went out; nil where it was not on air.
    package mutating func end(hasWorked: Bool = false) -> Int? {
        guard let ended = onAir else { return nil }
        onAir = nil
        isOnProbation = !hasWorked
        return ended.frames
    }

    /// The encoder at work has made a frame safe.
    package mutating func encoderHasWorked() { isOnProbation = false }

    /// The access unit that stands in for `frame`; nil while the slate is not on air, and where it is not encoded.
    /// ``sent()`` follows when it goes out.
    /// - Parameter beginsWithIDR: what comes before it can't be referred to.
    package mutating func unit(for frame: FrameNumber, beginsWithIDR: Bool) -> AccessUnit? {
        guard onAir != nil, let loop = maker.loop else { return nil }
        if beginsWithIDR { onAir?.index = 0 }
        return loop.unit(at: onAir?.index ?? 0, for: frame)
    }

    /// The access unit that was taken last goes out.
    package mutating func sent() {
        onAir?.index += 1
        onAir?.frames += 1
    }
}
