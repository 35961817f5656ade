import BulkheadFrames
import BulkheadMedia
import BulkheadSystem
import BulkheadTimeline

/// Sound on its way through one plugin host: blocks leave in order and each once, worked on where the host was in time.
/// It lives on the reactor's thread.
final class SoundPassage {
    /// Called with each block that leaves.
    var onSound: ((AudioLedger.Block) -> Void)?
    /// Called when the host has answered a block in time.
    var onAnswered: (() -> Void)?
    /// Called when blocks have left that the host was late with.
    var onExpired: (() -> Void)?
    /// Blocks are to be worked on, and can be.
    var isOpen = false
    /// Blocks wait for the next host.
    var isHolding = false

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

    private let reactor: Reactor
    private var entries: [Entry] = []
    /// Blocks that have left and that the host has yet to answer.
    private var abandoned = 0
    private var timer: Reactor.Token?

    init(_ reactor: Reactor) { self.reactor = reactor }

    var isEmpty: Bool { entries.isEmpty }
    var count: Int { entries.count }

    var hasNothingInHand: Bool {
        !entries.contains { if case .sent = $0.state { true } else { false } }
    }

    /// Takes a block in; ``send(to:within:)`` moves it on.
    func pass(_ block: AudioLedger.Block) { entries.append(Entry(block: block, state: .waiting)) }

    /// Gives the host what waits for it; what can't be worked on leaves as it is.
    func send(to host: PluginStub?, within deadline: Duration) {
        guard !isHolding, !entries.isEmpty else { return }
        for index in entries.indices where entries[index].state == .waiting {
            let block = entries[index].block
            let position = block.number * Int64(AudioFormat.samplesPerBlock)
            guard isOpen, abandoned == 0, host?.processSound(at: position, block.samples) ?? false else {
                entries[index].state = .done
                continue
            }
            entries[index].state = .sent(deadline: .now.advanced(by: deadline))
        }
        leave()
    }

    /// The host has answered for the block at `position`.
    /// - Parameter samples: what it made of it, as many as it was given; nil when nothing changed.
    func answered(_ position: Int64, _ samples: [Float]?) {
        if abandoned > 0 {
            abandoned -= 1
            return
        }
        guard let index = entries.firstIndex(where: { if case .sent = $0.state { true } else { false } }) else {
            return
        }
        let block = entries[index].block
        // One sample that is no number would end the encoder.
        if let samples, samples.count == block.samples.count, samples.allSatisfy(\.isFinite) {
            entries[index].block = AudioLedger.Block(number: block.number, samples: samples)
        }
        entries[index].state = .done
        onAnswered?()
        leave()
    }

    /// The host has gone: what it had leaves as it came.
    func release() {
        abandoned = 0
        for index in entries.indices {
            if case .sent = entries[index].state { entries[index].state = .done }
        }
        leave()
    }

    func close() {
        if let timer { reactor.cancel(timer) }
        timer = nil
    }

    private func leave() {
        while let first = entries.first, first.state == .done {
            entries.removeFirst()
            onSound?(first.block)
        }
        close()
        guard case .sent(let deadline)? = entries.first?.state else { return }
        let bound = ReactorBound(self, reactor)
        timer = reactor.schedule(at: deadline) { bound.value.expire() }
    }

    private func expire() {
        timer = nil
        let now = MonotonicTime.now
        while case .sent(let deadline)? = entries.first?.state, deadline <= now {
            abandoned += 1
            let late = entries.removeFirst()
            onSound?(late.block)
        }
        leave()
        onExpired?()
    }
}
