import BulkheadMedia
import BulkheadModel

/// Brings the program slowly to a loudness, within bounds.
///
/// It goes by the last three seconds, without pauses: in what is quieter than −50 LUFS it stays where it is.
struct LoudnessLeveler: Sendable {
    private static let pause = Loudness.power(-50)

    /// Nil goes back to the loudness as it is.
    var target: LoudnessTarget? { didSet { if target == nil { meter = LevelMeter() } } }
    /// By how much the program is raised, in dB; negative where it is lowered.
    private(set) var raised = 0.0
    private var aim = 0.0
    private var decibelsPerSecond = 0.5
    private var meter = LevelMeter()

    init(_ target: LoudnessTarget?) { self.target = target }

    /// It leaves the loudness as it is.
    var isIdle: Bool { target == nil && raised == 0 }

    /// Measures sample pairs, and raises or lowers them in place.
    mutating func pass(_ samples: UnsafeMutablePointer<Float>, pairs: Int) {
        guard !isIdle else { return }
        let first = Decibels(raised)
        if let target {
            decibelsPerSecond = target.decibelsPerSecond
            if meter.add(samples, pairs: pairs) { aim = aim(for: target) }
        } else {
            aim = 0
        }
        let step = decibelsPerSecond * Double(pairs) / Double(AudioFormat.sampleRate)
        raised = min(max(aim, raised - step), raised + step)
        let last = Decibels(raised)
        guard first != 0 || last != 0 else { return }
        SampleKernels.multiply(
            samples, pairs: pairs, from: Float(first.amplitude), to: Float(last.amplitude), into: samples)
    }

    private func aim(for target: LoudnessTarget) -> Double {
        guard meter.power(of: LevelMeter.momentaryCount) > Self.pause else { return raised }
        let loudness = Loudness.of(power: meter.power(of: LevelMeter.shortTermCount, above: Self.pause))
        return min(
            max(target.loudness.value - loudness.value, -target.mostLoweredDecibels), target.mostRaisedDecibels)
    }
}
