/// The size and rate in which pictures of an input go out where nobody says another: their own, as far as H.264, servers
/// and players take it.
package struct NaturalPicture: Hashable, Sendable {
    /// Nil where there is nothing to learn.
    package var canvas: Canvas?
    /// Nil where there is nothing to learn.
    package var frameRate: FrameRate?

    /// The longer and the shorter side of the largest picture, in pixels.
    static let largest = (long: 1920, short: 1080)
    /// The highest and the lowest rate; servers take none below, and players count on it.
    static let rates = 10.0...60.0
    /// Rates that inputs mean when they say about so much.
    static let commonRates: [(UInt32, UInt32)] = [
        (24_000, 1001), (24, 1), (25, 1), (30_000, 1001), (30, 1), (48, 1), (50, 1), (60_000, 1001), (60, 1),
    ]

    /// Nothing to learn.
    package init() {}

    /// What to make of pictures in `format`.
    package init(_ format: PictureFormat) {
        guard !format.isDrawn else { return }
        canvas = Self.canvas(format)
        frameRate = format.isStill ? nil : Self.frameRate(format)
    }

    private static func canvas(_ format: PictureFormat) -> Canvas? {
        guard format.width > 0, format.height > 0 else { return nil }
        var width = Double(format.width) * format.aspect
        var height = Double(format.height)
        if format.orientation.isTransposed { swap(&width, &height) }
        let (long, short) = (max(width, height), min(width, height))
        let scale = min(1, Double(largest.long) / long, Double(largest.short) / short)
        // What is too small for a canvas is shown larger, in its shape as far as that goes.
        let growth = max(1, Double(Canvas.range.lowerBound) / (short * scale))
        func even(_ length: Double) -> Int {
            let length = min(length * scale * growth, Double(largest.long))
            return max(Canvas.range.lowerBound, Int((length / 2).rounded()) * 2)
        }
        return Canvas(width: even(width), height: even(height))
    }

    private static func frameRate(_ format: PictureFormat) -> FrameRate? {
        guard var rate = format.framesPerSecond, rate.isFinite else { return nil }
        var (numerator, denominator) = (format.rateNumerator, format.rateDenominator)
        // Every second picture of a fast input, or every fourth: the others would have to be left out unevenly.
        while rate > rates.upperBound * 1.001 {
            rate /= 2
            guard !numerator.isMultiple(of: 2) else {
                numerator /= 2
                continue
            }
            let (double, overflows) = denominator.multipliedReportingOverflow(by: 2)
            guard !overflows else { return nil }
            denominator = double
        }
        guard rate >= rates.lowerBound else { return nil }
        let tolerance = format.hasVariableRate ? 0.02 : 0.0006
        let near = commonRates.map { (FrameRate($0.0, $0.1), abs(Double($0.0) / Double($0.1) / rate - 1)) }
            .min { $0.1 < $1.1 }
        if let near, near.1 <= tolerance { return near.0 }
        guard format.hasVariableRate || denominator > 1001 else { return FrameRate(numerator, denominator) }
        // A mean of uneven distances is no rate: the next one that is.
        return commonRates.compactMap { FrameRate($0.0, $0.1) }.first {
            [25, 30, 50, 60].contains($0.framesPerSecond) && $0.framesPerSecond > rate
        }
    }
}
