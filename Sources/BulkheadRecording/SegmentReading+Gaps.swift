package import BulkheadMedia

extension SegmentReading {
    /// Frames that are in no fragment although those before and behind them are.
    package struct Gap: Hashable, Sendable {
        /// The place in ``fragments`` of the one behind it.
        package let part: Int
        package let frames: ClosedRange<FrameNumber>
    }

    /// The gaps of which no note says why.
    ///
    /// Frames are counted from one IDR to the next: between, they may lie in another order than their numbers.
    package var unexplainedGaps: [Gap] {
        var gaps: [Gap] = []
        var expected: FrameNumber?
        var lost: [ClosedRange<FrameNumber>] = []
        for (number, part) in fragments.enumerated() {
            for case .loss(let first, let last, _, _) in part.notes where first <= last { lost.append(first...last) }
            let first = part.entry.firstFrame
            if part.entry.startsWithIDR, let wanted = expected, wanted < first,
                !lost.contains(where: { $0.lowerBound <= wanted && $0.upperBound >= first - 1 })
            {
                gaps.append(Gap(part: number, frames: wanted...first - 1))
            }
            if part.entry.startsWithIDR { expected = first }
            expected = expected.map { $0 &+ FrameNumber(part.entry.frameCount) }
        }
        return gaps
    }

    /// What a copy of the fragments notes of the gaps, by the place of the one behind each.
    /// - Parameter cause: one word.
    package func losses(cause: String) -> [Int: IndexEntry] {
        Dictionary(
            unexplainedGaps.map { gap in
                (
                    gap.part,
                    .loss(
                        first: gap.frames.lowerBound, last: gap.frames.upperBound,
                        wallClock: fragments[gap.part].entry.wallClock, cause: cause)
                )
            }, uniquingKeysWith: { first, _ in first })
    }
}
