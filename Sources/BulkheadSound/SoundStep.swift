import BulkheadMedia

/// The grid on which gains move. They are computed at the borders of steps, and lie on a straight line within one.
enum SoundStep {
    /// Sample pairs in a step: 0.67 ms. A block has 32.
    static let pairs = 32
    /// How long a step is.
    static let seconds = Double(pairs) / Double(AudioFormat.sampleRate)
    /// Sample pairs in a change that is not heard as a click: 10 ms.
    static let changePairs = 480
}

/// The way from 0 to 1 without a corner, so that what follows it brings no click.
struct Glide: Hashable, Sendable {
    private var passed = 0
    private var length = 0

    /// Arrived.
    init() {}

    /// At the beginning of a way of so many sample pairs; arrived at once where that is none.
    init(over pairs: Int) { length = max(0, pairs) }

    /// Whether it is at 1.
    var hasArrived: Bool { passed >= length }

    /// From 0 to 1, and exactly 1 at the end.
    var fraction: Float {
        if hasArrived { return 1 }
        let t = Float(passed) / Float(length)
        return t * t * (3 - 2 * t)
    }

    /// Goes on by so many sample pairs.
    mutating func advance(by pairs: Int) { passed = min(length, passed + pairs) }
}

/// What a sample pair is multiplied by: each side's share in its own side, and in the other.
struct StripGain: Hashable, Sendable {
    /// Left of left, right of right.
    var direct: SIMD2<Float>
    /// Left of right, right of left.
    var cross: SIMD2<Float>

    static let unity = StripGain(direct: [1, 1], cross: [0, 0])
    static let silence = StripGain(direct: [0, 0], cross: [0, 0])

    /// Whether both sides get the same, each from itself alone.
    var isPlain: Bool { cross == .zero && direct.x == direct.y }

    /// The largest share of any sample.
    var largest: Float { max(direct.x + cross.x, direct.y + cross.y) }

    static func * (gain: StripGain, factor: Float) -> StripGain {
        StripGain(direct: gain.direct * factor, cross: gain.cross * factor)
    }

    /// The gain at `fraction` of the way to `other`.
    func moved(to other: StripGain, _ fraction: Float) -> StripGain {
        // At the end it is exactly the other one.
        if fraction == 1 { return other }
        return StripGain(
            direct: direct + (other.direct - direct) * fraction, cross: cross + (other.cross - cross) * fraction)
    }
}
