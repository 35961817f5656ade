import BulkheadMedia
import Glibc

/// The limiter's gain over time: down on a smooth way, up slowly.
struct GainCourse: Sendable {
    /// Nodes on the way down: 1.5 ms.
    static let attackNodes = 9
    private static let holdNodes = 60
    /// Of what is missing to the full level, in each node.
    private static let release = Float(1 - exp(-Double(Limiter.nodePairs) / (0.15 * Double(AudioFormat.sampleRate))))
    /// What is missing to the full level and can't be heard: 0.001 dB.
    private static let nothing: Float = 1e-4
    /// What each node on the way down counts, a bell: together 1.
    private static let bell: [Float] = {
        let weights = (0...attackNodes).map { 1 - cos(2 * .pi * (Double($0) + 1) / Double(attackNodes + 2)) }
        let sum = weights.reduce(0, +)
        return weights.map { Float($0 / sum) }
    }()

    /// The gain that is needed, held and let go, at the borders of nodes: those of the last way down, then the block's.
    private var envelope = [Float](repeating: 1, count: attackNodes + 1 + Limiter.nodeCount)
    private var hold = 0
    /// At the border where the next block begins.
    private var gain: Float = 1
    /// The lowest gain of the last block.
    private(set) var lowest: Float = 1

    /// Nothing is turned down, and nothing was that is still let go.
    var isIdle: Bool { gain == 1 && envelope[...Self.attackNodes].allSatisfy { $0 == 1 } }

    /// A block has passed that was not turned down.
    mutating func rest() { lowest = 1 }

    /// Turns a block down as far as the gains of its nodes want it: of the one before it, its own, and those ahead.
    ///
    /// At each border the gain is a mean of the lowest that is needed by then, so that it is there when the peak is.
    mutating func apply(
        _ needed: UnsafeBufferPointer<Float>, to block: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>,
        isFirst: Bool
    ) {
        lowest = 1
        guard
            gain < 1 || needed.contains(where: { $0 < 1 }) || envelope[...Self.attackNodes].contains(where: { $0 < 1 })
        else {
            output.update(from: block, count: AudioFormat.floatsPerBlock)
            return
        }
        let reach = 1 + Limiter.nodesAhead
        envelope.withUnsafeMutableBufferPointer { envelope in
            guard let needed = needed.baseAddress, let envelope = envelope.baseAddress else { return }
            if isFirst {
                // Nothing went out before that could have been turned down.
                gain = Self.least(needed, reach)
                envelope.update(repeating: gain, count: Self.attackNodes + 1)
            }
            lowest = gain
            for node in 0..<Limiter.nodeCount {
                let border = envelope + Self.attackNodes + 1 + node
                border[0] = Self.follow(Self.least(needed + node + 1, reach), after: border[-1], &hold)
                let next = Self.mean(border - Self.attackNodes)
                let place = 2 * node * Limiter.nodePairs
                if gain == 1, next == 1 {
                    (output + place).update(from: block + place, count: 2 * Limiter.nodePairs)
                } else {
                    SampleKernels.multiply(
                        block + place, pairs: Limiter.nodePairs, from: gain, to: next, into: output + place)
                }
                gain = next
                lowest = min(lowest, gain)
            }
            envelope.update(from: envelope + Limiter.nodeCount, count: Self.attackNodes + 1)
        }
    }

    /// Goes down at once, stays for a while, and goes up slowly.
    private static func follow(_ wanted: Float, after last: Float, _ hold: inout Int) -> Float {
        if wanted <= last {
            if wanted < 1 { hold = holdNodes }
            return wanted
        }
        if hold > 0 {
            hold -= 1
            return last
        }
        let risen = last + (1 - last) * release
        return min(wanted, 1 - risen < nothing ? 1 : risen)
    }

    /// The mean of the nodes on the way down; exactly 1 where all of them are.
    private static func mean(_ envelope: UnsafePointer<Float>) -> Float {
        guard least(envelope, attackNodes + 1) < 1 else { return 1 }
        return bell.withUnsafeBufferPointer { bell in
            var sum: Float = 0
            for index in 0...attackNodes { sum += envelope[index] * bell[index] }
            return min(sum, 1)
        }
    }

    private static func least(_ values: UnsafePointer<Float>, _ count: Int) -> Float {
        var least = values[0]
        for index in 1..<count { least = min(least, values[index]) }
        return least
    }
}
