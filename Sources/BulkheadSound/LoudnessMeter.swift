import BulkheadMedia
package import BulkheadModel

/// Measures the loudness of a program as EBU R128 wants it: momentary, short-term, integrated, and its range.
///
/// What is kept does not grow with the program: loudness is counted in classes of a hundredth of a unit.
package struct LoudnessMeter: Sendable {
    /// How often each class of loudness has come.
    private struct Classes {
        /// Classes in a unit.
        static let perUnit = 100.0
        /// What is quieter does not count: the absolute gate, in LUFS (ITU-R BS.1770-4, annex 1; EBU Tech 3342).
        static let gate = -70.0
        /// From the gate to +10 LUFS.
        static let count = 8000

        private var counts = [UInt32](repeating: 0, count: count)
        private var total = 0
        private var power = 0.0

        static func loudness(_ index: Int) -> Double { gate + (Double(index) + 0.5) / perUnit }

        mutating func add(_ power: Double) {
            let loudness = Loudness.of(power: power).value
            guard loudness >= Self.gate else { return }
            let index = min(Self.count - 1, Int((loudness - Self.gate) * Self.perUnit))
            counts[index] &+= 1
            total += 1
            self.power += power
        }

        /// The first class that passes the relative gate, so many units below the mean power; nil before anything has come.
        func firstClass(below units: Double) -> Int? {
            guard total > 0 else { return nil }
            let threshold = Loudness.of(power: power / Double(total)).value - units
            return min(Self.count - 1, max(0, Int(((threshold - Self.gate) * Self.perUnit).rounded(.up))))
        }

        /// The mean power of what lies in `first` and above.
        func meanPower(from first: Int) -> Double {
            var (sum, count) = (0.0, 0)
            for index in first..<Self.count where counts[index] > 0 {
                sum += Double(counts[index]) * Loudness.power(Self.loudness(index))
                count += Int(counts[index])
            }
            return count == 0 ? 0 : sum / Double(count)
        }

        /// From one share of what lies in `first` and above to another, in units.
        func range(from first: Int, between low: Double, and high: Double) -> Double {
            let count = counts[first...].reduce(0) { $0 + Int($1) }
            guard count > 0 else { return 0 }
            func loudness(_ share: Double) -> Double {
                var rest = Int((Double(count - 1) * share).rounded())
                for index in first..<Self.count {
                    rest -= Int(counts[index])
                    if rest < 0 { return Self.loudness(index) }
                }
                return Self.loudness(Self.count - 1)
            }
            return loudness(high) - loudness(low)
        }
    }

    private var meter = LevelMeter()
    /// Of the blocks of 400 ms, each 100 ms later than the last.
    private var momentary = Classes()
    /// Of the last 3 s, every 100 ms.
    private var shortTerm = Classes()
    private var highest: Float = 0
    private var oversampler = Oversampler()
    /// The first values of the next call are still made of sound that does not count.
    private var skipsPeak = false

    /// A meter that has heard nothing.
    package init() {}

    /// Adds interleaved stereo samples.
    package mutating func add(_ samples: [Float]) {
        samples.withUnsafeBufferPointer { samples in
            guard let base = samples.baseAddress else { return }
            var start = 0
            while start < samples.count / AudioFormat.channelCount {
                let pairs = min(samples.count / AudioFormat.channelCount - start, SoundMix.longestPairs)
                add(base + 2 * start, pairs: pairs)
                start += pairs
            }
        }
    }

    /// Adds sample pairs, at most ``SoundMix/longestPairs``.
    mutating func add(_ samples: UnsafePointer<Float>, pairs: Int) {
        let peak = oversampler.truePeak(samples, pairs: pairs, above: highest)
        if !skipsPeak { highest = max(highest, peak) }
        skipsPeak = false
        guard meter.add(samples, pairs: pairs) else { return }
        if meter.pieceCount >= LevelMeter.momentaryCount { momentary.add(meter.power(of: LevelMeter.momentaryCount)) }
        if meter.pieceCount >= LevelMeter.shortTermCount { shortTerm.add(meter.power(of: LevelMeter.shortTermCount)) }
    }

    /// All values as they are now.
    package var snapshot: ProgramLevels {
        ProgramLevels(
            now: meter.levels, shortTerm: Loudness.of(power: meter.power(of: LevelMeter.shortTermCount)),
            integrated: momentary.firstClass(below: 10).map { Loudness.of(power: momentary.meanPower(from: $0)) }
                ?? .silence,
            range: shortTerm.firstClass(below: 20).map { shortTerm.range(from: $0, between: 0.1, and: 0.95) } ?? 0,
            truePeak: Decibels(amplitude: Double(highest)),
            seconds: Double(meter.pieceCount) / 10)
    }

    /// Measures from now on: integrated loudness, range and true peak forget what was.
    package mutating func startOver() {
        momentary = Classes()
        shortTerm = Classes()
        highest = 0
        skipsPeak = true
    }
}
