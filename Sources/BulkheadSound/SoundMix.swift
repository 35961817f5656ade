import BulkheadMedia
package import BulkheadModel

/// Makes one sound of the sounds of all inputs, block by block.
///
/// Each input has a strip: gain, pan, delay, and another strip that it makes room for. Behind the sum comes a limiter,
/// which looks ahead: for each block the mix is given sound that reaches ``lookAhead`` pairs further, so that what goes out
/// stands where it stood on the timeline, and a strip that is left alone passes bit for bit.
///
/// For each block: ``wanted`` says which sound is needed, ``give(_:from:)`` brings it, input by input, and ``mix(into:)``
/// makes the block. None of them allocates memory, unless the mix ``isTapped``.
package struct SoundMix: Sendable {
    /// Sample pairs that are needed beyond the end of a block: 2 ms.
    package static let lookAhead = Limiter.lookAhead
    /// The most sample pairs that are wanted at once.
    static let longestPairs = AudioFormat.samplesPerBlock + lookAhead
    /// How long an input takes to come or go where nothing else is said.
    package static let standardFade = Duration.milliseconds(10)

    /// The block that is made next.
    package private(set) var nextBlock: Int64
    /// What is done with all sounds together.
    package private(set) var settings: ProgramSoundSettings
    /// Whether levels are measured: of the program, and of each strip. They begin anew where it is set.
    package var isMetered = true {
        didSet {
            guard isMetered, !oldValue else { return }
            meter = LoudnessMeter()
            for index in strips.indices { strips[index].measureAnew() }
        }
    }
    /// Each input's own sound is kept beside the block: ``tracks``.
    package var isTapped = false
    /// The own sound of inputs, before gain, pan and ducking, of the block that was made last. Inputs that are missing are
    /// silent.
    package private(set) var tracks: [InputID: [Float]] = [:]
    private var tap = TrackTap()
    private var strips: [Strip] = []
    private var hasBegun = false
    private var sum = [Float](repeating: 0, count: AudioFormat.channelCount * longestPairs)
    private var leveler: LoudnessLeveler
    private var limiter: Limiter
    private var meter = LoudnessMeter()

    /// A mix without inputs, whose first block has the number `block`.
    package init(_ settings: ProgramSoundSettings = ProgramSoundSettings(), startingAt block: Int64 = 0) {
        self.settings = settings
        nextBlock = block
        leveler = LoudnessLeveler(settings.target)
        limiter = Limiter(ceiling: Self.ceiling(settings))
    }

    /// The sound that the next block takes of each input, in sample pairs of the timeline. The first time it is
    /// ``lookAhead`` pairs more than a block; it always begins where it ended last.
    package var wanted: Range<Int64> {
        let start = nextBlock * Int64(AudioFormat.samplesPerBlock)
        let end = start + Int64(AudioFormat.samplesPerBlock + Self.lookAhead)
        return (hasBegun ? start + Int64(Self.lookAhead) : start)..<end
    }

    // MARK: strips

    /// The inputs that have a strip, in the order in which they came.
    package private(set) var inputs: [InputID] = []

    // Settings are checked where they come in. Those that can't be counted with are left out here.

    /// Adds a strip, which is faded in from the next sound on. One that is on its way out comes back.
    /// - Parameter key: the input that it makes room for, where the settings say that it does.
    package mutating func add(
        _ input: InputID, _ settings: StripSettings = StripSettings(), duckedUnder key: InputID? = nil,
        fade: Duration = standardFade
    ) {
        let settings = settings.isInRange ? settings : StripSettings()
        if let index = index(of: input) {
            strips[index].enter(fadePairs: Self.pairs(fade))
            return set(settings, of: input, duckedUnder: key)
        }
        strips.append(Strip(input, settings, key: key, fadePairs: Self.pairs(fade)))
        placeStrips()
    }

    /// Removes a strip once it has faded out.
    package mutating func remove(_ input: InputID, fade: Duration = standardFade) {
        guard let index = index(of: input) else { return }
        strips[index].leave(fadePairs: Self.pairs(fade))
        placeStrips()
    }

    /// Changes a strip. Nothing jumps: gain and pan take 10 ms, a delay a crossfade.
    package mutating func set(_ settings: StripSettings, of input: InputID, duckedUnder key: InputID? = nil) {
        guard let index = index(of: input), settings.isInRange else { return }
        strips[index].set(settings, key: key)
        placeStrips()
    }

    /// Changes what is done with all sounds together.
    package mutating func set(_ settings: ProgramSoundSettings) {
        guard settings.isInRange else { return }
        self.settings = settings
        leveler.target = settings.target
        limiter.ceiling = Self.ceiling(settings)
    }

    private func index(of input: InputID) -> Int? { strips.firstIndex { $0.input == input } }

    /// Decides which strips are heard, and which others look at.
    private mutating func placeStrips() {
        inputs = strips.map(\.input)
        let isSoloed = strips.contains { $0.settings.isSolo && !$0.isLeaving }
        for index in strips.indices {
            let settings = strips[index].settings
            strips[index].hear(!settings.isMuted && (!isSoloed || settings.isSolo))
            let input = strips[index].input
            strips[index].isKey = strips.contains { $0.key == input }
        }
    }

    private static func pairs(_ duration: Duration) -> Int {
        let limited = min(max(duration, .zero), .seconds(600))
        return Int(limited / .milliseconds(1) * Double(AudioFormat.sampleRate) / 1000)
    }

    /// Without a limiter, what no sum comes up to.
    private static func ceiling(_ settings: ProgramSoundSettings) -> Float {
        settings.isLimited ? Float(settings.ceiling.amplitude) : .greatestFiniteMagnitude
    }

    // MARK: blocks

    /// Brings an input's sound for the next block: as many pairs as are ``wanted``. Of an input that brings none, nothing
    /// is heard but what is delayed.
    package mutating func give(_ samples: [Float], from input: InputID) {
        precondition(samples.count == AudioFormat.channelCount * wanted.count, "the sound of one block")
        if let index = index(of: input) { strips[index].give(samples) }
    }

    /// Makes the next block, in `block`, which becomes ``AudioFormat/floatsPerBlock`` long unless it is.
    package mutating func mix(into block: inout [Float]) {
        let pairs = wanted.count
        if block.count != AudioFormat.floatsPerBlock {
            block = [Float](repeating: 0, count: AudioFormat.floatsPerBlock)
        }
        if passPlain(into: &block) { return }
        for index in strips.indices { strips[index].prepare(pairs: pairs, isMetered: isMetered) }
        if isTapped { tracks = tap.block(of: strips.map { ($0.input, $0.own(pairs: pairs)) }) }
        for index in strips.indices {
            let key = strips[index].key.flatMap { key in self.index(of: key) }
            strips[index].duck(under: key.map { strips[$0].levels }, pairs: pairs)
        }
        sum.withUnsafeMutableBufferPointer { sum in
            block.withUnsafeMutableBufferPointer { block in
                guard let sum = sum.baseAddress, let block = block.baseAddress else { return }
                var isEmpty = true
                for index in strips.indices where strips[index].add(to: sum, pairs: pairs, isFirst: isEmpty) {
                    isEmpty = false
                }
                if isEmpty { SampleKernels.silence(sum, AudioFormat.channelCount * pairs) }
                leveler.pass(sum, pairs: pairs)
                limiter.pass(sum, into: block)
                if isMetered { meter.add(block, pairs: AudioFormat.samplesPerBlock) }
            }
        }
        hasBegun = true
        nextBlock += 1
        if strips.contains(where: { $0.hasLeft }) {
            strips.removeAll { $0.hasLeft }
            placeStrips()
        }
    }

    // MARK: what is seen

    /// One sound of which nothing is asked, behind which nothing is done, and at which nobody looks passes by the shortest way:
    /// one copy, bit for bit what the whole way gives.
    /// - Returns: false where it has to go the whole way.
    private mutating func passPlain(into block: inout [Float]) -> Bool {
        guard hasBegun, strips.count == 1, !isMetered, !isTapped, leveler.isIdle, limiter.isIdle,
            let samples = strips[0].takePlain()
        else { return false }
        samples.withUnsafeBufferPointer { samples in
            block.withUnsafeMutableBufferPointer { block in
                guard let samples = samples.baseAddress, let block = block.baseAddress else { return }
                limiter.pass(plain: samples, into: block)
            }
        }
        nextBlock += 1
        return true
    }

    /// What goes out, as loud as it is.
    package var levels: ProgramLevels { meter.snapshot }

    /// The sound of the program and of all strips.
    /// - Parameter name: gives the name of an input.
    package func status(name: (InputID) -> String) -> ProgramSoundStatus {
        ProgramSoundStatus(
            levels: levels,
            limitedDecibels: limiter.lowestGain < 1 ? -Decibels(amplitude: Double(limiter.lowestGain)).value : 0,
            leveledDecibels: leveler.raised, strips: strips.map { $0.status(name: name($0.input)) })
    }

    /// Measures from now on: integrated loudness, range and true peak forget what was.
    package mutating func startMeasuringOver() { meter.startOver() }
}
