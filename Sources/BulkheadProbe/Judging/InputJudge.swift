/// Judges the numbers of one input that is shown beside others, scene by scene.
///
/// Its pictures may have another rate than the frames: 25 numbers in 30 frames are each shown once or twice, 60 in 30 are
/// every other one. How fast the numbers rise from frame to frame is learnt of the numbers themselves, and taken for the
/// nearest rate that is in use; by that rate some may be repeated or left out, and no others. While the input is not shown it
/// waits.
package struct InputJudge: Sendable {
    /// One step from a number that was read to the next.
    private struct Step {
        let number: UInt32
        let frames: Int
        let numbers: Int
        /// The input was not shown in between.
        let isAcross: Bool
    }

    /// No more ranges are kept; their count goes on.
    private static let mostRanges = 1000
    /// Numbers a second that are in use. Those that are off by a thousandth show, as what they leave out or repeat.
    private static let rates: [Double] = [10, 12, 15, 20, 24, 25, 30, 48, 50, 60, 90, 100, 120, 240]
    /// So far from a whole number a rate may be that is a whole one of the frames', as 30 is of 29.97.
    private static let sameRate = 0.01
    /// An input that comes back may show so many numbers more than it would have waiting.
    private static let comingBack = 1

    private var steps: [Step] = []
    private var last: (number: UInt32, frame: Int64)?
    private var wasHidden = false
    private var shown = 0
    private var unread = 0
    private let framesPerSecond: Double

    /// A judge that has seen nothing, of so many frames a second.
    package init(framesPerSecond: Double) { self.framesPerSecond = framesPerSecond }

    /// The input should be seen in `frame`; nil where no number can be read in its place.
    package mutating func take(_ number: UInt32?, frame: Int64) {
        shown += 1
        guard let number else {
            unread += 1
            return
        }
        defer { (last, wasHidden) = ((number, frame), false) }
        guard let last, frame > last.frame else { return }
        steps.append(
            Step(
                number: number, frames: Int(frame - last.frame), numbers: Int(number) - Int(last.number),
                isAcross: wasHidden))
    }

    /// The input is not shown in a frame.
    package mutating func hide() { wasHidden = true }

    /// What came of it.
    package var report: StreamReport.InputNumbers {
        let (rate, fewest, most) = usual
        var report = StreamReport.InputNumbers(shown: shown, unread: unread, numbersPerFrame: rate)
        for step in steps {
            let excess =
                step.isAcross ? step.numbers - most - Self.comingBack : step.numbers - step.frames * most
            if excess > 0 {
                let end = Int(step.number)
                report.lost += excess
                if report.lostRanges.count < Self.mostRanges {
                    report.lostRanges.append(
                        StreamReport.Numbers.text(UInt32(max(0, end - step.numbers + 1))...UInt32(max(0, end - 1))))
                }
            }
            if step.numbers < 0 { report.disordered += 1 }
            if !step.isAcross, step.numbers >= 0, step.numbers < step.frames * fewest {
                report.repeated += step.frames * fewest - step.numbers
            }
        }
        return report
    }

    /// How many numbers a frame brings, and how few and how many it may bring.
    private var usual: (rate: Double, fewest: Int, most: Int) {
        let plain = steps.filter { !$0.isAcross && $0.numbers >= 0 }
        let frames = plain.reduce(0) { $0 + $1.frames }
        guard frames > 0 else { return (1, 1, 1) }
        let rate = Double(plain.reduce(0) { $0 + $1.numbers }) / Double(frames)
        func distance(_ candidate: Double) -> Double { abs(candidate / framesPerSecond / max(rate, 0.001) - 1) }
        let nominal = (Self.rates.min { distance($0) < distance($1) } ?? framesPerSecond) / framesPerSecond
        if abs(nominal - nominal.rounded()) < Self.sameRate {
            return (rate, Int(nominal.rounded()), Int(nominal.rounded()))
        }
        return (rate, Int(nominal.rounded(.down)), Int(nominal.rounded(.up)))
    }
}
