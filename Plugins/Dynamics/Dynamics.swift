import BulkheadPluginKit

/// Keeps silence quiet and peaks below a ceiling. An example of a plugin in Swift for sound.
///
/// Both need to see a little of what comes: the sound is late by the lookahead, a few milliseconds.
struct Dynamics: AudioFilter {
    static let gate = Parameter("gate", true, "What is quieter than the threshold is turned down.")
    static let threshold = Parameter(
        "threshold", -50.0, in: -90...0, unit: "dB", "How loud it must be, against full scale, for the gate to open.")
    static let range = Parameter("range", 40.0, in: 0...90, unit: "dB", "By how much the closed gate turns down.")
    static let attack = Parameter("attack", 2.0, in: 0.1...100, unit: "ms", "How fast the gate opens.")
    static let hold = Parameter("hold", 150.0, in: 0...2000, unit: "ms", "How long the gate stays open in a pause.")
    static let release = Parameter("release", 200.0, in: 1...5000, unit: "ms", "How slowly the gate closes.")
    static let limiter = Parameter("limiter", true, "Peaks are kept below the ceiling.")
    static let ceiling = Parameter("ceiling", -1.0, in: -40...0, unit: "dB", "What no sample goes beyond.")
    static let recovery = Parameter(
        "recovery", 80.0, in: 1...2000, unit: "ms", "How slowly the limiter lets go after a peak.")
    static let lookahead = Parameter(
        "lookahead", 5.0, in: 1...20, unit: "ms", "How far ahead is looked; the sound is late by as much.")
    static let info = PluginInfo(
        name: "Dynamics", version: "1.0", description: "A noise gate and a lookahead limiter for the sound.",
        author: "The Bulkhead authors", license: "MIT",
        parameters: [gate, threshold, range, attack, hold, release, limiter, ceiling, recovery, lookahead])

    private var gate: Gate
    private var limiter: Limiter
    private var delay: ShortDelay

    init(_ setup: PluginSetup) {
        let rate = Double(setup.format.sampleRate)
        let sampleCount = Self.lookaheadCount(setup)
        gate = Gate(sampleRate: rate)
        limiter = Limiter(sampleRate: rate, lookahead: sampleCount)
        delay = ShortDelay(sampleCount: sampleCount, channelCount: setup.format.channelCount)
        update(setup)
    }

    mutating func update(_ setup: PluginSetup) {
        let sampleCount = Self.lookaheadCount(setup)
        if sampleCount != delay.sampleCount {
            limiter = Limiter(sampleRate: Double(setup.format.sampleRate), lookahead: sampleCount)
            delay = ShortDelay(sampleCount: sampleCount, channelCount: setup.format.channelCount)
        }
        gate.isOn = setup[Self.gate]
        gate.threshold = Decibels.factor(setup[Self.threshold])
        gate.floor = Decibels.factor(-setup[Self.range])
        gate.setTimes(attack: setup[Self.attack], hold: setup[Self.hold], release: setup[Self.release])
        limiter.isOn = setup[Self.limiter]
        limiter.ceiling = Decibels.factor(setup[Self.ceiling])
        limiter.setRecovery(setup[Self.recovery])
    }

    mutating func process(_ block: borrowing AudioBlock) -> Outcome {
        block.forEachSample { channels in
            var peak: Float = 0
            for channel in channels.indices {
                // A sample that is no number would stay in the filters for ever.
                if !channels[channel].isFinite { channels[channel] = 0 }
                peak = max(peak, abs(channels[channel]))
            }
            let gateGain = gate.gain(peak)
            // What the gate turns down needs less limiting.
            for channel in channels.indices { channels[channel] *= gateGain }
            let gain = limiter.gain(peak * gateGain)
            delay.exchange(&channels)
            for channel in channels.indices { channels[channel] = limiter.limited(channels[channel] * gain) }
        }
        return .changed
    }

    private static func lookaheadCount(_ setup: PluginSetup) -> Int {
        max(1, Int(setup[lookahead] / 1000 * Double(setup.format.sampleRate)))
    }
}

@c(bulkhead_plugin_entry)
public func entry(hostVersion: UInt32) -> UnsafeRawPointer? { Dynamics.pluginEntry(hostVersion: hostVersion) }
