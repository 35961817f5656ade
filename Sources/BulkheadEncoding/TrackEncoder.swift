import BulkheadChildren
import BulkheadEvents
import BulkheadMedia
package import BulkheadModel
package import BulkheadRoom
import BulkheadSystem
package import BulkheadTimeline
import BulkheadWire

/// Encodes one input's own sound for recordings, by a process of its own.
///
/// In: blocks, in order and each once. Out: an AAC frame for each, in order and each once, to `onPacket`. ``TrackMachine``
/// decides; this carries out, on the reactor's thread.
package final class TrackEncoder {
    /// What people call the input.
    package let name: String
    /// Called when all that was given has been encoded, behind ``finish()``.
    package var onDrained: (() -> Void)?
    /// Called when its last process has ended.
    package var onEmpty: (() -> Void)?

    private let context: RoomContext
    private let post: PostID
    private let onPacket: (_ block: Int64, _ bytes: [UInt8]) -> Void
    private var machine: TrackMachine
    private var children: [ChildID: Child] = [:]
    private var lastSign: [ChildID: MonotonicTime] = [:]
    private var lastEnd = ""
    private var isOver = false
    private let work = ActionQueue<TrackMachine.Action>()

    package init(
        name: String, bitsPerSecond: UInt32, in context: RoomContext,
        onPacket: @escaping (_ block: Int64, _ bytes: [UInt8]) -> Void
    ) {
        self.name = name
        self.context = context
        self.onPacket = onPacket
        post = context.nextPostID()
        machine = TrackMachine(bitsPerSecond: bitsPerSecond)
        perform(machine.start())
    }

    package func take(_ block: AudioLedger.Block) { handle(.block(block)) }
    /// Looks after deadlines; to be called every 100 ms or so.
    package func look() { handle(.tick) }
    /// No more blocks come: ``onDrained`` follows.
    package func finish() { handle(.finish) }

    /// Lets its process end by itself.
    package func hangUp() {
        isOver = true
        for child in children.values { child.hangUp() }
    }

    /// Ends its process.
    package func kill(_ reason: String) {
        isOver = true
        for child in children.values { child.dismiss(reason) }
    }

    /// No process is left.
    package var isEmpty: Bool { children.isEmpty }

    private func handle(_ event: TrackMachine.Event) { perform(machine.handle(event, at: .now)) }

    private func perform(_ actions: [TrackMachine.Action]) {
        work.append(contentsOf: actions)
        work.run { carryOut($0) }
    }

    private func carryOut(_ action: TrackMachine.Action) {
        switch action {
        case .launch(let delay):
            guard !isOver else { break }
            context.launch(after: delay) { [weak self] () throws(BroadcastError) in try self?.launch() }
        case .send(let child, let request): children[child]?.send(request)
        case .dismiss(let child, let reason): children[child]?.dismiss(reason)
        case .ready(let child):
            guard let process = children[child] else { break }
            context.post(part(child), .child(.ready(pid: process.pid, plugins: nil)))
        case .worked(let child): context.recovered(part(child), at: post)
        case .packet(let block, let bytes): onPacket(block, bytes)
        case .drained: onDrained?()
        }
    }

    private func part(_ child: ChildID) -> Part { .trackEncoder(child, name: "encoder of \(name)'s own sound") }

    private func launch() throws(BroadcastError) {
        guard !isOver else { return }
        let process: Child
        do throws(ChildLaunchError) {
            process = try Child(.encoder, context.programs.launch(.encoder), on: context.reactor)
        } catch { throw BroadcastError(starting: "the encoder", error) }
        let child = context.nextChildID()
        children[child] = process
        process.onGreeted = { [weak self] in self?.handle(.greeted(child)) }
        process.onFrame = { [weak self] in self?.take($0, of: child) }
        process.onEnd = { [weak self] in self?.ended(child, $0) }
        do { try process.activate() } catch { process.dismiss("it could not be watched: \(error)") }
        context.post(part(child), .child(.started(pid: process.pid, isForeign: process.isForeign)))
        handle(.launched(child))
    }

    private func take(_ frame: WireFrame, of child: ChildID) {
        lastSign[child] = .now
        do { handle(.said(child, try EncoderReply(frame))) } catch {
            children[child]?.dismiss("it sent what can't be understood: \(error)")
        }
    }

    private func ended(_ child: ChildID, _ end: ChildEnd) {
        guard let process = children.removeValue(forKey: child) else { return }
        let sign = lastSign.removeValue(forKey: child)
        if !isOver, end.cause != .released {
            lastEnd = "\(end.cause)"
            context.died(part(child), at: post, end, .init(pid: process.pid, lastSign: sign))
        }
        handle(.ended(child))
        if children.isEmpty { onEmpty?() }
    }

    package var status: ChildStatus {
        let state = machine.state
        return ChildStatus(
            part: part(state.child ?? 0), pid: state.child.flatMap { children[$0]?.pid },
            state: state.isOpen ? .ready : .starting, restarts: state.restarts, lastEnd: lastEnd)
    }
}
