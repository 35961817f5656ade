package import BulkheadSystem
package import BulkheadTimeline

/// Sound on its way through one plugin host, as a value: blocks leave in order and each once, worked on where the host
/// was in time.
package struct SoundPassage: Sendable {
    /// What became of an answer.
    package struct Answer: Hashable {
        /// The block had not left yet.
        package var isInTime: Bool
        /// Blocks that can leave now, in order.
        package var leaving: [AudioLedger.Block]
    }

    private struct Entry {
        var block: AudioLedger.Block
        var state: State
    }

    private enum State: Hashable {
        /// Not given to the host yet.
        case waiting
        case sent(deadline: MonotonicTime)
        case done
    }

    /// So many blocks may be unanswered: a second of sound.
    package static let mostSent = 48

    private var entries: [Entry] = []
    /// Blocks that have left and that the host has yet to answer.
    private var abandoned = 0
    private var sentCount = 0

    package init() {}

    package var isEmpty: Bool { entries.isEmpty }
    /// How many blocks are on their way.
    package var count: Int { entries.count }
    /// The host owes no block that is still waited for.
    package var hasNothingInHand: Bool { sentCount == 0 }

    /// When the oldest block that the host has leaves without its answer; nil when the host has none.
    package var deadline: MonotonicTime? {
        guard case .sent(let deadline)? = entries.first?.state else { return nil }
        return deadline
    }

    /// Takes a block in; ``send(isOpen:deadline:)`` moves it on.
    package mutating func take(_ block: AudioLedger.Block) { entries.append(Entry(block: block, state: .waiting)) }

    /// Gives the host what waits for it; what can't be worked on leaves as it is.
    ///
    /// - Parameters:
    ///   - isOpen: blocks are to be worked on, and can be.
    ///   - deadline: for what is given to the host now.
    /// - Returns: what the host is to be given, and what leaves.
    package mutating func send(
        isOpen: Bool, deadline: MonotonicTime
    ) -> (sent: [AudioLedger.Block], leaving: [AudioLedger.Block]) {
        var sent: [AudioLedger.Block] = []
        for index in entries.indices where entries[index].state == .waiting {
            // A host that still has to answer for blocks that have left is behind: what it is given would be late, too.
            if isOpen, abandoned == 0, sentCount < Self.mostSent {
                entries[index].state = .sent(deadline: deadline)
                sentCount += 1
                sent.append(entries[index].block)
            } else {
                entries[index].state = .done
            }
        }
        return (sent, leave())
    }

    /// The host has answered for its oldest block.
    /// - Parameter samples: what it made of it, as many as it was given; nil when nothing changed.
    package mutating func answered(_ samples: [Float]?) -> Answer {
        if abandoned > 0 {
            abandoned -= 1
            return Answer(isInTime: false, leaving: [])
        }
        guard let index = entries.firstIndex(where: { if case .sent = $0.state { true } else { false } }) else {
            return Answer(isInTime: false, leaving: [])
        }
        let block = entries[index].block
        // One sample that is no number would end the encoder.
        if let samples, samples.count == block.samples.count, samples.allSatisfy(\.isFinite) {
            entries[index].block = AudioLedger.Block(number: block.number, samples: samples)
        }
        entries[index].state = .done
        sentCount -= 1
        return Answer(isInTime: true, leaving: leave())
    }

    /// The host has gone: what it had leaves as it came.
    package mutating func release() -> [AudioLedger.Block] {
        abandoned = 0
        sentCount = 0
        for index in entries.indices {
            if case .sent = entries[index].state { entries[index].state = .done }
        }
        return leave()
    }

    /// Lets go of blocks that the host is late with.
    package mutating func expire(at now: MonotonicTime) -> [AudioLedger.Block] {
        var late: [AudioLedger.Block] = []
        while let deadline, deadline <= now {
            abandoned += 1
            sentCount -= 1
            late.append(entries.removeFirst().block)
        }
        return late + leave()
    }

    private mutating func leave() -> [AudioLedger.Block] {
        let done = entries.prefix { $0.state == .done }.map(\.block)
        entries.removeFirst(done.count)
        return done
    }
}
