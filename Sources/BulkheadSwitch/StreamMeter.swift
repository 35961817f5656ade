package import BulkheadMedia
package import BulkheadSystem

/// Measures of an encoded stream what platforms have limits for: the size of its pictures, how far its keyframes are apart, and its
/// bitrate.
///
/// It has no clock: time is that of decoding, and rises.
package struct StreamMeter: Sendable {
    /// Over how long bits are counted, in nanoseconds: two of the longest usual GOPs, whose IDRs are the largest.
    private static let window: Int64 = 4_000_000_000
    /// Of the window; in each of which bytes are summed.
    private static let pieceCount = 16
    private static let piece = window / Int64(pieceCount)

    private var canvas: Canvas?
    /// The number of the newest piece, and the bytes of it and of those before, in a ring.
    private var newestPiece: Int64?
    private var firstPiece: Int64 = 0
    private var pieces = [Int](repeating: 0, count: pieceCount + 1)
    private var lastKeyframe: MonotonicTime?
    private var keyframeDistance: Int64 = 0
    private var newest = MonotonicTime(nanoseconds: 0)

    package init() {}

    /// Pictures have this size by their parameter sets from now on; nil where those can't be read.
    package mutating func take(size: Canvas?) { canvas = size }

    /// A packet of picture or sound.
    package mutating func take(byteCount: Int, isIDR: Bool, at time: MonotonicTime) {
        newest = max(newest, time)
        if isIDR {
            if let lastKeyframe { keyframeDistance = max(0, time.since(lastKeyframe)) }
            lastKeyframe = time
        }
        count(byteCount, in: time.nanoseconds / Self.piece)
    }

    private mutating func count(_ byteCount: Int, in piece: Int64) {
        guard let newestPiece else {
            (self.newestPiece, firstPiece) = (piece, piece)
            return pieces[place(piece)] = byteCount
        }
        // Picture and sound come a little out of order; what is older than the window has been counted.
        guard piece > newestPiece - Int64(Self.pieceCount) else { return }
        if piece > newestPiece {
            for passed in max(newestPiece + 1, piece - Int64(Self.pieceCount))...piece { pieces[place(passed)] = 0 }
            self.newestPiece = piece
        }
        pieces[place(piece)] += byteCount
    }

    private func place(_ piece: Int64) -> Int {
        let count = Int64(Self.pieceCount + 1)
        return Int(((piece % count) + count) % count)
    }

    /// Bits a second over the last whole pieces; nil before there are enough of them.
    private var bitsPerSecond: Double? {
        guard let newestPiece, newestPiece - firstPiece > Int64(Self.pieceCount) else { return nil }
        let bytes = pieces.reduce(0, +) - pieces[place(newestPiece)]
        return Double(bytes) * 8 * 1e9 / Double(Self.window)
    }

    /// Writes what is known of the stream into `report`.
    package func fill(_ report: inout WayReport) {
        report.canvas = canvas
        report.bitsPerSecond = bitsPerSecond
        if let lastKeyframe {
            report.keyframeSeconds = Double(max(keyframeDistance, newest.since(lastKeyframe))) / 1e9
        }
    }
}
