package import BulkheadModel
package import BulkheadSystem
package import BulkheadTimeline
package import BulkheadWire

/// Has one input's own sound encoded, by one encoder after the other: each is given what the last one owed.
///
/// It decides; it has no child and no clock. Nothing on air depends on it.
package struct TrackMachine: Sendable {
    package enum Event: Sendable {
        case block(AudioLedger.Block)
        case launched(ChildID)
        /// Both sides have said hello.
        case greeted(ChildID)
        case said(ChildID, EncoderReply)
        case ended(ChildID)
        /// Now and then: deadlines are looked at.
        case tick
        /// No more blocks come.
        case finish
    }

    package enum Action: Hashable, Sendable {
        case launch(after: Duration)
        case send(ChildID, EncoderRequest)
        /// End it now: it does not do its work.
        case dismiss(ChildID, String)
        case ready(ChildID)
        /// An encoder has done work for the first time.
        case worked(ChildID)
        case packet(block: Int64, bytes: [UInt8])
        /// All that was given has been encoded.
        case drained
    }

    /// An encoder that owes something for so long is replaced.
    private static let patience = Duration.seconds(2)

    private let bitsPerSecond: UInt32
    private var ledger = AudioLedger()
    private var child: ChildID?
    private var isOpen = false
    private var hasWorked = false
    private var failures = 0
    private var restarts = 0
    private var isEnding = false
    private var isDrained = false
    /// When the encoder at hand last answered, or was launched.
    private var answeredAt: MonotonicTime?

    package init(bitsPerSecond: UInt32) { self.bitsPerSecond = bitsPerSecond }

    /// Blocks that were given up, because too many waited.
    package var skipped: Int { ledger.skipped }
    /// How it is at the moment, for people.
    package var state: (child: ChildID?, isOpen: Bool, restarts: Int) { (child, isOpen, restarts) }

    /// The first action of all.
    package func start() -> [Action] { [.launch(after: .zero)] }

    package mutating func handle(_ event: Event, at now: MonotonicTime) -> [Action] {
        switch event {
        case .block(let block): return take(block, at: now)
        case .launched(let child):
            self.child = child
            (isOpen, hasWorked, answeredAt) = (false, false, now)
            return []
        case .greeted(let child):
            return child == self.child ? [.send(child, .configureSound(bitsPerSecond: bitsPerSecond))] : []
        case .said(let child, let reply): return child == self.child ? said(child, reply, at: now) : []
        case .ended(let child):
            guard child == self.child else { return [] }
            self.child = nil
            isOpen = false
            guard !isDrained else { return [] }
            failures += 1
            restarts += 1
            return [.launch(after: failures > 2 ? .seconds(1) : .zero)]
        case .tick:
            // An encoder holds one block back.
            guard let child, let answeredAt, !isDrained, !isOpen || ledger.uncommitted.count > 1 || isEnding,
                now.since(answeredAt) > Self.patience.nanoseconds
            else { return [] }
            self.answeredAt = now
            return [.dismiss(child, "it owed an answer for \(Self.patience.inWords)")]
        case .finish:
            guard !isEnding else { return [] }
            isEnding = true
            answeredAt = now
            guard !ledger.uncommitted.isEmpty else { return drain() }
            return child.map { isOpen ? [.send($0, .flush)] : [] } ?? []
        }
    }

    private mutating func take(_ block: AudioLedger.Block, at now: MonotonicTime) -> [Action] {
        guard !isEnding else { return [] }
        if ledger.uncommitted.count <= 1 { answeredAt = now }
        ledger.give(block.number, block.samples)
        guard let child, isOpen else { return [] }
        return [.send(child, .encodeAudio(block: block.number, samples: block.samples))]
    }

    private mutating func said(_ child: ChildID, _ reply: EncoderReply, at now: MonotonicTime) -> [Action] {
        answeredAt = now
        switch reply {
        case .ready:
            guard !isOpen else { return [.dismiss(child, "it was ready twice")] }
            isOpen = true
            let blocks = ledger.startOver().map { block in
                Action.send(child, .encodeAudio(block: block.number, samples: block.samples))
            }
            return [.ready(child)] + blocks + (isEnding ? [.send(child, .flush)] : [])
        case .audioPacket(let block, let bytes):
            do throws(LedgerError) {
                guard try ledger.answer(block) else { return [] }
            } catch { return [.dismiss(child, "it answered what it was not asked for: \(error)")] }
            failures = 0
            defer { hasWorked = true }
            return [.packet(block: block, bytes: bytes)] + (hasWorked ? [] : [.worked(child)])
        case .flushed:
            guard isEnding, ledger.uncommitted.isEmpty else {
                return [.dismiss(child, "it was done before its work was")]
            }
            return drain()
        case .refused(let refusal): return [.dismiss(child, "it refused: \(refusal)")]
        case .accessUnit, .alive: return [.dismiss(child, "it answered what it was not asked for")]
        }
    }

    private mutating func drain() -> [Action] {
        guard !isDrained else { return [] }
        isDrained = true
        return [.drained]
    }
}
