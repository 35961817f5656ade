import BulkheadModel
import Glibc

/// Turns a strip down while another one is heard.
struct Ducker: Sendable {
    /// So fast at most, so that it is no click.
    private static let shortest = 0.005

    /// Nil lets go.
    var settings: DuckingSettings?
    /// By how much the strip is turned down, in dB.
    private(set) var lowered = 0.0
    private var hold = 0.0
    /// In dB a second, of the last settings.
    private var release = 90.0

    init() {}

    /// Whether nothing is turned down, and nothing will be.
    var isIdle: Bool { settings == nil && lowered == 0 }

    /// Goes on by a step in which the other strip's largest sample is `level`.
    /// - Returns: the gain at the end of the step.
    mutating func step(_ level: Float) -> Float {
        if let settings {
            release = settings.depthDecibels / max(Self.shortest, settings.releaseSeconds)
            if level > 0, Decibels(amplitude: Double(level)) >= settings.threshold {
                hold = settings.holdSeconds
                let attack = settings.depthDecibels / max(Self.shortest, settings.attackSeconds)
                // A depth that has become less is gone back to slowly.
                if lowered <= settings.depthDecibels {
                    lowered = min(settings.depthDecibels, lowered + attack * SoundStep.seconds)
                    return gain
                }
            } else if hold > 0 {
                hold -= SoundStep.seconds
                return gain
            }
        }
        lowered = max(0, lowered - max(release, 1) * SoundStep.seconds)
        return gain
    }

    /// Exactly 1 where nothing is turned down.
    var gain: Float { lowered == 0 ? 1 : Float(pow(10, -lowered / 20)) }
}
