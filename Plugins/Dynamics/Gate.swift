import Glibc

/// Turns down what is quiet. It opens at the threshold and closes 6 dB below it, so that it does not flutter, and its
/// gain moves along a curve, so that nothing clicks.
struct Gate {
    var isOn = true
    /// Full scale is 1.
    var threshold: Float = 0
    /// The gain when it is closed.
    var floor: Float = 0
    private let sampleRate: Double
    private var attack: Float = 1
    private var release: Float = 1
    private var holdCount = 0
    private var decay: Float = 0

    private var envelope: Float = 0
    private var isOpen = false
    private var holdLeft = 0
    private var gain: Float = 1

    init(sampleRate: Double) {
        self.sampleRate = sampleRate
        // The envelope falls by half in 10 ms: slower than the deepest voice swings.
        decay = Float(exp2(-1 / (0.010 * sampleRate)))
    }

    /// In milliseconds: until the gate has done two thirds of its way, and how long it stays open.
    mutating func setTimes(attack: Double, hold: Double, release: Double) {
        self.attack = Float(1 - exp(-1000 / (attack * sampleRate)))
        self.release = Float(1 - exp(-1000 / (release * sampleRate)))
        holdCount = Int(hold / 1000 * sampleRate)
    }

    /// The gain for a sample whose largest channel is `peak`.
    mutating func gain(_ peak: Float) -> Float {
        envelope = max(peak, envelope * decay)
        if envelope >= threshold {
            isOpen = true
            holdLeft = holdCount
        } else if isOpen, envelope < threshold / 2 {
            holdLeft -= 1
            if holdLeft < 0 { isOpen = false }
        }
        let target = isOn && !isOpen ? floor : 1
        gain += (target - gain) * (target > gain ? attack : release)
        return gain
    }
}

enum Decibels {
    static func factor(_ decibels: Double) -> Float { Float(pow(10, decibels / 20)) }
}
