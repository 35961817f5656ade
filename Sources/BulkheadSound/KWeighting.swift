/// The filter that hears as people do: a shelf for the head, and a high-pass (ITU-R BS.1770-4, annex 1, tables 1 and 2,
/// for 48 kHz).
///
/// It adds up what a meter needs on the way.
struct KWeighting: Sendable {
    /// One channel: both sections, in transposed direct form II.
    private struct Channel {
        private var shelf1 = 0.0
        private var shelf2 = 0.0
        private var pass1 = 0.0
        private var pass2 = 0.0

        @inline(__always)
        mutating func filter(_ input: Double) -> Double {
            let middle = 1.53512485958697 * input + shelf1
            shelf1 = -2.69169618940638 * input + 1.69065929318241 * middle + shelf2
            shelf2 = 1.19839281085285 * input - 0.73248077421585 * middle
            let output = middle + pass1
            pass1 = -2 * middle + 1.99004745483398 * output + pass2
            pass2 = middle - 0.99007225036621 * output
            return output
        }

        /// What has died away takes as long to count with as thousands of samples: it becomes silence.
        mutating func settle() {
            if max(max(abs(shelf1), abs(shelf2)), max(abs(pass1), abs(pass2))) < 1e-30 { self = Channel() }
        }
    }

    /// Sums over sample pairs.
    struct Sums: Hashable, Sendable {
        /// Of the squares of both channels, weighted.
        var weighted = 0.0
        /// Of the squares of both channels as they are.
        var plain = 0.0
    }

    private var left = Channel()
    private var right = Channel()

    /// Filters sample pairs, and adds up their squares.
    mutating func add(_ samples: UnsafePointer<Float>, pairs: Int, to sums: inout Sums) {
        // Copies stay in registers.
        var (left, right) = (left, right)
        var (weightedLeft, weightedRight, plainLeft, plainRight) = (0.0, 0.0, 0.0, 0.0)
        for pair in 0..<pairs {
            let (inLeft, inRight) = (Double(samples[2 * pair]), Double(samples[2 * pair + 1]))
            let (outLeft, outRight) = (left.filter(inLeft), right.filter(inRight))
            weightedLeft += outLeft * outLeft
            weightedRight += outRight * outRight
            plainLeft += inLeft * inLeft
            plainRight += inRight * inRight
        }
        left.settle()
        right.settle()
        (self.left, self.right) = (left, right)
        sums.weighted += weightedLeft + weightedRight
        sums.plain += plainLeft + plainRight
    }
}
