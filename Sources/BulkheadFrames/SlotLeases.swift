/// Who holds each slot of one pool. It lies in the master's own memory, where no child can spoil it.
///
/// A slot is free, lent to the pool's writer, or held by a number of readers. The slot that came back last is lent
/// first, so a pool takes up only as much memory as it is used.
package struct SlotLeases: Sendable {
    private enum State: Hashable {
        case free
        case lent
        case held(Int)
    }

    private var states: [State]
    private var free: [UInt32]

    package init(slotCount: Int) {
        states = Array(repeating: .free, count: slotCount)
        free = (0..<UInt32(slotCount)).reversed()
    }

    package var freeCount: Int { free.count }

    /// Lends a free slot to the writer; nil when there is none.
    package mutating func lend() -> UInt32? {
        guard let slot = free.popLast() else { return nil }
        states[Int(slot)] = .lent
        return slot
    }

    /// Takes a slot back that the writer has filled, with one holder. False when the writer does not have that slot: it
    /// lies.
    package mutating func takeFilled(_ slot: UInt32) -> Bool {
        guard slot < states.count, states[Int(slot)] == .lent else { return false }
        states[Int(slot)] = .held(1)
        return true
    }

    /// Takes a lent slot back unfilled.
    package mutating func takeUnfilled(_ slot: UInt32) {
        guard slot < states.count, states[Int(slot)] == .lent else { return }
        states[Int(slot)] = .free
        free.append(slot)
    }

    /// Adds a holder to a slot that has one.
    package mutating func retain(_ slot: UInt32) {
        guard case .held(let count) = states[Int(slot)] else { preconditionFailure("only a held slot is held again") }
        states[Int(slot)] = .held(count + 1)
    }

    /// Takes a holder away. The slot is free once it has none.
    package mutating func release(_ slot: UInt32) {
        guard case .held(let count) = states[Int(slot)] else { preconditionFailure("a slot is released once a holder") }
        states[Int(slot)] = count == 1 ? .free : .held(count - 1)
        if count == 1 { free.append(slot) }
    }

    /// How many slots have a holder.
    package var heldCount: Int { states.count { if case .held = $0 { true } else { false } } }
    package var lentCount: Int { states.count { $0 == .lent } }
}
