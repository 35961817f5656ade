import BulkheadMedia

/// Keeps the true peak of what goes out below a ceiling, without a sample that is cut off.
///
/// It sees each peak 1.7 ms before it goes out, and turns down on a smooth way that ends there. Behind the peak it stays
/// for 10 ms, so that deep tones keep their shape, and then lets go with a time constant of 150 ms. What stays below the
/// ceiling passes bit for bit.
struct Limiter: Sendable {
    /// The gain is computed at the borders of nodes of so many sample pairs, and lies on a straight line within one.
    static let nodePairs = 8
    static let nodeCount = AudioFormat.samplesPerBlock / nodePairs
    /// Nodes that are known beyond the end of a block: those of the way down, and the one in which the peak lies.
    static let nodesAhead = GainCourse.attackNodes + 1
    /// Sample pairs behind a block that must be known before it can go out: 2 ms.
    static let lookAhead = nodesAhead * nodePairs + Oversampler.behind
    /// Sample pairs before a block that the values between its first samples are made of.
    private static let lead = Oversampler.before + 1

    /// What a peak is turned down to, of the ceiling: 0.004 dB below it, for the gain still moves around a peak.
    static let aim: Float = 0.9995

    /// The amplitude that is not exceeded.
    var ceiling: Float
    private var hasBegun = false
    /// The lead, a block, the look-ahead.
    private var window = [Float](
        repeating: 0, count: AudioFormat.channelCount * (lead + AudioFormat.samplesPerBlock + lookAhead))
    private var needs = PeakNeeds()
    private var course = GainCourse()

    init(ceiling: Float) { self.ceiling = ceiling }

    /// The lowest gain of the last block.
    var lowestGain: Float { course.lowest }

    /// There is no ceiling, and nothing that was limited before is still let go.
    var isIdle: Bool { ceiling == .greatestFiniteMagnitude && hasBegun && needs.isIdle && course.isIdle }

    /// Takes a block's sample pairs and gives a block as ``pass(_:into:)`` does where it is idle.
    mutating func pass(plain samples: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>) {
        window.withUnsafeMutableBufferPointer { window in
            guard let base = window.baseAddress else { return }
            let kept = Self.lead + Self.lookAhead
            let new = AudioFormat.samplesPerBlock - Self.lookAhead
            output.update(from: base + 2 * Self.lead, count: 2 * Self.lookAhead)
            (output + 2 * Self.lookAhead).update(from: samples, count: 2 * new)
            base.update(from: samples + 2 * (AudioFormat.samplesPerBlock - kept), count: 2 * kept)
        }
        course.rest()
    }

    /// Takes a block's sample pairs, the first time ``lookAhead`` more, and gives a block that ends so many pairs before
    /// their end.
    mutating func pass(_ samples: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>) {
        window.withUnsafeMutableBufferPointer { window in
            guard let base = window.baseAddress else { return }
            let first = hasBegun ? Self.lead + Self.lookAhead : Self.lead
            let end = Self.lead + Self.lookAhead + AudioFormat.samplesPerBlock
            (base + 2 * first).update(from: samples, count: 2 * (end - first))
            needs.find(base + 2 * Self.lead, from: hasBegun ? Self.nodesAhead : 0, ceiling: ceiling)
            needs.withNodes { course.apply($0, to: base + 2 * Self.lead, into: output, isFirst: !hasBegun) }
            base.update(from: base + 2 * AudioFormat.samplesPerBlock, count: 2 * (Self.lead + Self.lookAhead))
        }
        needs.goOn()
        hasBegun = true
    }
}

/// The gain that each node needs for its own peak.
private struct PeakNeeds: Sendable {
    /// Of the node before the block, the block's, and those ahead.
    private var nodes = [Float](repeating: 1, count: 1 + Limiter.nodeCount + Limiter.nodesAhead)
    private var values = [Float](
        repeating: 0, count: 2 * Limiter.nodePairs * (Limiter.nodeCount + Limiter.nodesAhead))

    /// Looks at the nodes of a block from number `first` on, up to the end of the look-ahead.
    mutating func find(_ block: UnsafePointer<Float>, from first: Int, ceiling: Float) {
        let range = first..<Limiter.nodeCount + Limiter.nodesAhead
        let start = block + 2 * first * Limiter.nodePairs
        let reach = start - 2 * Oversampler.before
        let count = 2 * range.count * Limiter.nodePairs
        for node in range { nodes[1 + node] = 1 }
        // Nothing comes up to it: there is no limiter.
        guard ceiling < .greatestFiniteMagnitude else { return }
        let highest = SampleKernels.peak(reach, count + 2 * (Oversampler.tapCount - 1)).peak
        guard highest * Oversampler.largestGain > ceiling else { return }
        Self.note(start, in: range, ceiling: ceiling, &nodes)
        values.withUnsafeMutableBufferPointer { values in
            guard let values = values.baseAddress else { return }
            for phase in 0..<3 {
                Oversampler.interpolate(reach, count, phase: phase, into: values)
                Self.note(values, in: range, ceiling: ceiling, &nodes)
            }
        }
    }

    private static func note(
        _ samples: UnsafePointer<Float>, in range: Range<Int>, ceiling: Float, _ nodes: inout [Float]
    ) {
        var place = samples
        for node in range {
            let peak = SampleKernels.peak(place, 2 * Limiter.nodePairs).peak
            if peak * nodes[1 + node] > ceiling { nodes[1 + node] = ceiling * Limiter.aim / peak }
            place += 2 * Limiter.nodePairs
        }
    }

    /// No node needs to be turned down.
    var isIdle: Bool { nodes.allSatisfy { $0 == 1 } }

    func withNodes(_ body: (UnsafeBufferPointer<Float>) -> Void) { nodes.withUnsafeBufferPointer(body) }

    /// What was ahead comes next.
    mutating func goOn() {
        nodes.withUnsafeMutableBufferPointer { nodes in
            guard let base = nodes.baseAddress else { return }
            base.update(from: base + Limiter.nodeCount, count: 1 + Limiter.nodesAhead)
        }
    }
}
