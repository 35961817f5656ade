/// SplitMix64: the same numbers for the same seed, on every machine.
/// - SeeAlso: Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014.
package struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Faults drawn at random: the same seed gives the same faults.
package enum RandomPlan {
    /// The first fault comes after so many seconds, and none in the last ones, so that what follows it is seen.
    package static let quietStart = 2.0
    package static let quietEnd = 3.0

    /// - Parameters:
    ///   - kills: how many; nil for one every 1 to 4 seconds.
    ///   - parts: the parts that faults are drawn for.
    ///   - inputs: how many inputs there are: of several, the source of one of them is meant.
    package static func faults(
        seed: UInt64, seconds: Double, kills: Int? = nil, parts: [Fault.Part] = [.encoder, .source, .plugins],
        inputs: Int = 1
    ) -> [Fault] {
        var generator = SplitMix64(seed: seed)
        let end = seconds - quietEnd
        guard end > quietStart, !parts.isEmpty else { return [] }
        var faults: [Fault] = []
        var time = quietStart
        let spacing = kills.map { (end - quietStart) / Double(max(1, $0)) }
        while kills.map({ faults.count < $0 }) ?? (time < end) {
            // Numbers drawn by remainders: how the library draws from ranges may change.
            let jitter = Double(generator.next() % 1000) / 1000
            let part = parts[Int(generator.next() % UInt64(parts.count))]
            let signals: [Fault.Signal] = [.kill, .kill, .kill, .kill, .segv, .abrt, .term, .hang]
            let signal = signals[Int(generator.next() % UInt64(signals.count))]
            let moment = spacing.map { quietStart + (Double(faults.count) + jitter * 0.8) * $0 } ?? time
            // Drawn only where there is a choice: seeds of other drills keep their meaning.
            let input = part == .source && inputs > 1 ? 1 + Int(generator.next() % UInt64(inputs)) : nil
            faults.append(Fault(part, .signal(signal), .seconds((moment * 1000).rounded() / 1000), input: input))
            time += 1 + 3 * jitter
        }
        return faults
    }

    /// Faults of link 1, its server and the path to it, spread over the drill. Each lasts for a second or two at most, and
    /// is over before the next begins.
    package static func linkFaults(seed: UInt64, seconds: Double, count: Int) -> [Fault] {
        // Another row of numbers than that of the children's faults, which must stay as they are.
        var generator = SplitMix64(seed: seed ^ 0x6C69_6E6B)
        let end = seconds - quietEnd
        guard end > quietStart, count > 0 else { return [] }
        let spacing = (end - quietStart) / Double(count)
        let longest = Int(min(2000, spacing * 1000 * 0.4))
        return (0..<count).map { number in
            let jitter = Double(generator.next() % 1000) / 1000
            let milliseconds = max(100, longest / 4 + Int(generator.next() % UInt64(max(1, longest * 3 / 4))))
            let kinds: [Fault.Kind] = [
                .serverKill, .serverStop(milliseconds: milliseconds), .serverHang(milliseconds: milliseconds),
                .path(.stall, milliseconds: milliseconds), .path(.blackhole, milliseconds: milliseconds),
                .path(.refuse, milliseconds: milliseconds), .path(.slow, milliseconds: milliseconds),
            ]
            let kind = kinds[Int(generator.next() % UInt64(kinds.count))]
            let moment = quietStart + (Double(number) + jitter * 0.4) * spacing
            return Fault(.server, kind, .seconds((moment * 1000).rounded() / 1000))
        }
    }
}
