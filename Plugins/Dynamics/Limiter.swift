import Glibc

/// Keeps peaks below a ceiling. It knows a peak a moment before it is heard: the gain that it needs is the smallest of
/// that moment, and the mean of as long a moment goes down to it smoothly and is there in time. So no sample is cut off.
struct Limiter {
    var isOn = true
    /// Full scale is 1.
    var ceiling: Float = 1
    private let sampleRate: Double
    private let lookahead: Int
    private var recovery = 1.0

    /// Gains that may still be the smallest, rising, each with the sample it belongs to; a ring.
    private var candidates: [(sample: Int, gain: Double)]
    private var firstCandidate = 0
    private var candidateCount = 0
    private var sample = 0
    private var held = 1.0
    /// The last gains, as many as are looked ahead, and their sum.
    private var recent: [Double]
    private var sum: Double

    /// Looks `lookahead` samples ahead: the sound must be that late.
    init(sampleRate: Double, lookahead: Int) {
        self.sampleRate = sampleRate
        self.lookahead = lookahead
        candidates = Array(repeating: (0, 1), count: lookahead + 2)
        recent = Array(repeating: 1, count: lookahead)
        sum = Double(lookahead)
    }

    /// In milliseconds, until two thirds of the gain are back.
    mutating func setRecovery(_ milliseconds: Double) { recovery = 1 - exp(-1000 / (milliseconds * sampleRate)) }

    /// Takes the peak of the sample that is heard `lookahead` samples later.
    /// - Returns: the gain for the sample that is heard now.
    mutating func gain(_ peak: Float) -> Float {
        let needed = isOn && peak > ceiling ? Double(ceiling / peak) : 1
        while candidateCount > 0, candidate(candidateCount - 1).gain >= needed { candidateCount -= 1 }
        candidates[(firstCandidate + candidateCount) % candidates.count] = (sample, needed)
        candidateCount += 1
        if candidate(0).sample < sample - lookahead {
            firstCandidate = (firstCandidate + 1) % candidates.count
            candidateCount -= 1
        }
        let smallest = candidate(0).gain
        held = smallest < held ? smallest : held + (smallest - held) * recovery
        let place = sample % lookahead
        sum += held - recent[place]
        recent[place] = held
        sample += 1
        // Sums of many steps are off by a little: each round they are made anew.
        if place == 0 { sum = recent.reduce(0, +) }
        return Float(min(1, sum / Double(lookahead)))
    }

    /// A sample behind the gain, whose last bits are rounded.
    func limited(_ value: Float) -> Float { isOn ? min(max(value, -ceiling), ceiling) : value }

    private func candidate(_ index: Int) -> (sample: Int, gain: Double) {
        candidates[(firstCandidate + index) % candidates.count]
    }
}
