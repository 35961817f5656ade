import BulkheadMedia
package import BulkheadModel

/// The own sound of inputs, of one block.
package struct TrackBlock: Hashable, Sendable {
    package let number: Int64
    /// `AudioFormat.floatsPerBlock` floats of each input that has any; others are silent.
    package let samples: [InputID: [Float]]

    package init(number: Int64, samples: [InputID: [Float]]) {
        self.number = number
        self.samples = samples
    }
}

/// The same for sound: which PCM blocks are not safe yet.
package struct AudioLedger: Sendable {
    package struct Block: Hashable, Sendable {
        package let number: Int64
        /// `AudioFormat.floatsPerBlock` floats.
        package let samples: [Float]

        package init(number: Int64, samples: [Float]) {
            self.number = number
            self.samples = samples
        }
    }

    /// How many committed blocks a new encoder is given first, to fill its filter bank; what it yields is thrown away.
    package static let warmUpCount = 2

    /// Blocks that may wait for an encoder, 21 seconds: a broadcast can stand without one for hours.
    package static let maximumUncommitted = 1024

    package private(set) var uncommitted: [Block] = []
    /// Blocks that were given up because too many waited.
    package private(set) var skipped = 0
    private var committed: [Block] = []
    private var ignoredBefore: Int64 = 0
    /// Of the encoder at hand; before its first, the one before the first block that it was given.
    private var lastAnswer: Int64 = .min

    package init() {}

    /// Adds a block; numbers rise by one. When too many wait the oldest is given up: what an encoder is given later has
    /// no gap.
    package mutating func give(_ number: Int64, _ samples: [Float]) {
        uncommitted.append(Block(number: number, samples: samples))
        guard uncommitted.count > Self.maximumUncommitted else { return }
        ignoredBefore = max(ignoredBefore, uncommitted.removeFirst().number + 1)
        skipped += 1
        // They would no longer stand before the first that waits.
        committed.removeAll()
    }

    /// Takes an answer. False for a block of the warm-up, whose packet is thrown away; true for one that is committed.
    package mutating func answer(_ number: Int64) throws(LedgerError) -> Bool {
        guard number > lastAnswer else { throw .blockOutOfOrder(number) }
        if number < ignoredBefore {
            lastAnswer = number
            return false
        }
        guard let first = uncommitted.first, first.number == number else { throw .blockOutOfOrder(number) }
        lastAnswer = number
        committed.append(uncommitted.removeFirst())
        if committed.count > Self.warmUpCount { committed.removeFirst() }
        return true
    }

    /// What a new encoder is given: a few committed blocks to warm up, then all that is uncommitted.
    package mutating func startOver() -> [Block] {
        ignoredBefore = uncommitted.first?.number ?? committed.last.map { $0.number + 1 } ?? 0
        let blocks = committed + uncommitted
        lastAnswer = blocks.first.map { $0.number - 1 } ?? .min
        return blocks
    }
}
