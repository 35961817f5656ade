import BulkheadMedia
import BulkheadModel
import Glibc

/// Measures sound in pieces of a tenth of a second: peak, RMS and loudness over the last of them.
///
/// The pieces begin with the first sound. Values change when a piece is full.
struct LevelMeter: Sendable {
    /// Sample pairs of one piece: EBU Tech 3341 wants ten values a second, and the blocks of the gates begin as often.
    static let piecePairs = AudioFormat.sampleRate / 10
    /// Pieces of momentary loudness: 400 ms.
    static let momentaryCount = 4
    /// Pieces of short-term loudness: 3 s.
    static let shortTermCount = 30

    private struct Piece {
        var sums = KWeighting.Sums()
        var peak: Float = 0
    }

    private var filter = KWeighting()
    private var current = Piece()
    private var currentPairs = 0
    /// The last pieces, in a ring of ``shortTermCount``.
    private var pieces = [Piece](repeating: Piece(), count: shortTermCount)
    /// Full pieces, ever.
    private(set) var pieceCount = 0

    init() {}

    /// Adds sample pairs, at most one piece of them.
    /// - Returns: whether a piece has become full.
    @discardableResult
    mutating func add(_ samples: UnsafePointer<Float>, pairs: Int) -> Bool {
        let count = min(pairs, Self.piecePairs - currentPairs)
        addToPiece(samples, count)
        guard currentPairs == Self.piecePairs else { return false }
        pieces[pieceCount % Self.shortTermCount] = current
        pieceCount += 1
        current = Piece()
        currentPairs = 0
        addToPiece(samples + 2 * count, pairs - count)
        return true
    }

    private mutating func addToPiece(_ samples: UnsafePointer<Float>, _ pairs: Int) {
        filter.add(samples, pairs: pairs, to: &current.sums)
        current.peak = max(current.peak, SampleKernels.peak(samples, 2 * pairs).peak)
        currentPairs += pairs
    }

    /// The weighted power of the last `count` pieces, the sum of both channels'; 0 while there are fewer.
    func power(of count: Int) -> Double {
        guard pieceCount >= count else { return 0 }
        return sum(count) { $0.sums.weighted } / Double(count * Self.piecePairs)
    }

    /// The weighted power of those of the last `count` pieces that have more than `floor`; 0 where none has.
    func power(of count: Int, above floor: Double) -> Double {
        var (sum, loud) = (0.0, 0)
        for back in 0..<min(count, pieceCount) {
            let power = pieces[(pieceCount - 1 - back) % Self.shortTermCount].sums.weighted / Double(Self.piecePairs)
            if power > floor { (sum, loud) = (sum + power, loud + 1) }
        }
        return loud == 0 ? 0 : sum / Double(loud)
    }

    /// Peak, RMS and loudness of the last 400 ms, or of as much as there is.
    var levels: StripLevels {
        let count = min(pieceCount, Self.momentaryCount)
        let samples = Double(max(1, count) * Self.piecePairs * AudioFormat.channelCount)
        var peak: Float = 0
        for back in 0..<count { peak = max(peak, pieces[(pieceCount - 1 - back) % Self.shortTermCount].peak) }
        return StripLevels(
            peak: Decibels(amplitude: Double(peak)), rms: Decibels(power: sum(count) { $0.sums.plain } / samples),
            momentary: Loudness.of(power: power(of: Self.momentaryCount)))
    }

    private func sum(_ count: Int, _ value: (Piece) -> Double) -> Double {
        var sum = 0.0
        for back in 0..<count { sum += value(pieces[(pieceCount - 1 - back) % Self.shortTermCount]) }
        return sum
    }
}

/// Loudness in LUFS.
enum Loudness {
    /// Of the weighted power of both channels (ITU-R BS.1770-4, annex 1).
    static func of(power: Double) -> Decibels { Decibels(power: power) + -0.691 }

    /// The weighted power of a loudness.
    static func power(_ loudness: Double) -> Double { pow(10, (loudness + 0.691) / 10) }
}
