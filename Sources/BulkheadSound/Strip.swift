import BulkheadMedia
import BulkheadModel
import Glibc

/// The sound of one input on its way into the mix.
struct Strip: Sendable {
    let input: InputID
    private(set) var settings: StripSettings
    /// The strip that this one makes room for.
    private(set) var key: InputID?
    /// Others look at its level.
    var isKey = false
    /// It is on its way out, and goes when it is there.
    private(set) var isLeaving = false

    private var meter = LevelMeter()
    private var ducker = Ducker()

    // The way of the gain, and that of coming and going.
    private var oldGain: StripGain
    private var gain: StripGain
    private var gainGlide = Glide()
    private var oldPresence: Float = 0
    private var presence: Float = 1
    private var presenceGlide: Glide

    // A block on its way.
    private var sound = StripSound()
    /// At the borders of steps.
    private var gains = [StripGain](repeating: .silence, count: SoundMix.longestPairs / SoundStep.pairs + 1)
    /// The largest amplitude that is heard in each step, for those that make room for this strip.
    private(set) var levels = [Float](repeating: 0, count: SoundMix.longestPairs / SoundStep.pairs)

    /// - Parameter fadePairs: in how many sample pairs it comes.
    init(_ input: InputID, _ settings: StripSettings, key: InputID?, fadePairs: Int) {
        self.input = input
        self.settings = settings
        gain = Self.gain(settings)
        oldGain = gain
        presenceGlide = Glide(over: fadePairs)
        set(settings, key: key)
    }

    // MARK: what is asked for

    /// Takes new settings. Whether it is heard is said by ``hear(_:)``.
    mutating func set(_ settings: StripSettings, key: InputID?) {
        self.settings = settings
        self.key = key
        ducker.settings = key == nil ? nil : settings.ducking
        sound.delay(by: Int((settings.delaySeconds * Double(AudioFormat.sampleRate)).rounded()))
    }

    /// Goes to the gain of the settings, or to silence.
    mutating func hear(_ isHeard: Bool) {
        let wanted = isHeard ? Self.gain(settings) : .silence
        guard wanted != gain else { return }
        guard sound.hasBegun else {
            (oldGain, gain) = (wanted, wanted)
            return
        }
        oldGain = oldGain.moved(to: gain, gainGlide.fraction)
        gain = wanted
        gainGlide = Glide(over: SoundStep.changePairs)
    }

    /// Comes, or comes back, in so many sample pairs.
    mutating func enter(fadePairs: Int) {
        isLeaving = false
        move(presence: 1, fadePairs)
    }

    /// Goes in so many sample pairs.
    mutating func leave(fadePairs: Int) {
        isLeaving = true
        move(presence: 0, fadePairs)
    }

    private mutating func move(presence wanted: Float, _ pairs: Int) {
        oldPresence = presenceNow
        presence = wanted
        presenceGlide = Glide(over: pairs)
    }

    private var presenceNow: Float {
        presenceGlide.hasArrived ? presence : oldPresence + (presence - oldPresence) * presenceGlide.fraction
    }

    /// It was on its way out, and is there.
    var hasLeft: Bool { isLeaving && presenceGlide.hasArrived }

    /// The shares of both channels for gain and pan; 1 and 0, exactly, for a strip that is left alone.
    private static func gain(_ settings: StripSettings) -> StripGain {
        let factor = Float(settings.gain.amplitude)
        let pan = min(max(settings.pan, -1), 1)
        if settings.isMono {
            // Equal power: the squares of both sides add up to the same everywhere.
            let angle = (pan + 1) * .pi / 4
            let sides = SIMD2(
                pan == 0 ? 1 : 2.0.squareRoot() * cos(angle), pan == 0 ? 1 : 2.0.squareRoot() * sin(angle))
            let half = SIMD2<Float>(sides) * (factor / 2)
            return StripGain(direct: half, cross: half)
        }
        // The far side goes by the same law, the near one stays.
        let far = pan == 0 ? 1 : abs(pan) == 1 ? 0 : Float(cos(abs(pan) * .pi / 2))
        return StripGain(direct: pan < 0 ? [factor, factor * far] : [factor * far, factor], cross: .zero)
    }

    // MARK: a block

    /// Takes the sound of the next block.
    mutating func give(_ samples: [Float]) { sound.give(samples) }

    /// Cleans, delays and measures what was given, and finds the gains, of so many sample pairs.
    mutating func prepare(pairs: Int, isMetered: Bool) {
        sound.prepare(pairs: pairs)
        if isMetered { sound.withSamples { _ = meter.add($0, pairs: pairs) } }
        gains[0] = gainNow
        for step in 0..<pairs / SoundStep.pairs {
            gainGlide.advance(by: SoundStep.pairs)
            presenceGlide.advance(by: SoundStep.pairs)
            gains[step + 1] = gainNow
        }
        guard isKey else { return }
        sound.withSamples { samples in
            for step in 0..<pairs / SoundStep.pairs {
                let peak = SampleKernels.peak(samples + 2 * SoundStep.pairs * step, 2 * SoundStep.pairs).peak
                levels[step] = peak * max(gains[step].largest, gains[step + 1].largest)
            }
        }
    }

    /// Its own sound of a block, behind ``prepare(pairs:isMetered:)``.
    func own(pairs: Int) -> [Float] {
        var own: [Float] = []
        sound.withSamples { own = Array(UnsafeBufferPointer(start: $0, count: AudioFormat.channelCount * pairs)) }
        return own
    }

    /// The sound of a block that was given, where nothing is done with it; what there is to note of it is noted.
    /// - Returns: nil where it has to be prepared and added.
    mutating func takePlain() -> [Float]? {
        guard gain == .unity, gainGlide.hasArrived, presence == 1, presenceGlide.hasArrived, !isKey, !isLeaving,
            ducker.isIdle
        else { return nil }
        return sound.takePlain()
    }

    private var gainNow: StripGain { oldGain.moved(to: gain, gainGlide.fraction) * presenceNow }

    /// Makes room for a strip with these levels; nil where it is not there.
    mutating func duck(under levels: [Float]?, pairs: Int) {
        guard !ducker.isIdle else { return }
        gains[0] = gains[0] * ducker.gain
        for step in 0..<pairs / SoundStep.pairs { gains[step + 1] = gains[step + 1] * ducker.step(levels?[step] ?? 0) }
    }

    /// Adds its sound to `sum`; where `isFirst` is set, there is nothing in it yet.
    /// - Returns: false where `sum` is as it was.
    mutating func add(to sum: UnsafeMutablePointer<Float>, pairs: Int, isFirst: Bool) -> Bool {
        defer { sound.forget() }
        let steps = pairs / SoundStep.pairs
        if sound.isSilent || gains[0...steps].allSatisfy({ $0 == .silence }) { return false }
        sound.withSamples { samples in
            var step = 0
            while step < steps {
                let first = step
                step += 1
                // Where the gain stays as it is, many steps are one.
                while step < steps, gains[first] == gains[first + 1], gains[step + 1] == gains[first] { step += 1 }
                let place = 2 * SoundStep.pairs * first
                Self.add(
                    samples + place, pairs: SoundStep.pairs * (step - first), from: gains[first], to: gains[step],
                    to: sum + place, isFirst: isFirst)
            }
        }
        return true
    }

    private static func add(
        _ samples: UnsafePointer<Float>, pairs: Int, from first: StripGain, to last: StripGain,
        to sum: UnsafeMutablePointer<Float>, isFirst: Bool
    ) {
        let count = AudioFormat.channelCount * pairs
        if isFirst, first == .unity, last == .unity {
            // Bit for bit: adding to 0 would make 0 of −0.
            sum.update(from: samples, count: count)
            return
        }
        if isFirst { SampleKernels.silence(sum, count) }
        if first != last {
            SampleKernels.add(samples, pairs: pairs, from: first, to: last, to: sum)
        } else if first == .unity {
            SampleKernels.add(samples, count, to: sum)
        } else if first.isPlain {
            SampleKernels.add(samples, count, times: first.direct.x, to: sum)
        } else {
            SampleKernels.add(samples, pairs: pairs, by: first, to: sum)
        }
    }

    // MARK: what is seen

    /// Forgets what was measured.
    mutating func measureAnew() { meter = LevelMeter() }

    /// What it is like, under the name that people know.
    func status(name: String) -> StripStatus {
        StripStatus(
            input: input, name: name, settings: settings, levels: meter.levels.raised(by: settings.gain),
            isHeard: gain != .silence && !isLeaving, duckedDecibels: ducker.lowered)
    }
}
