import BulkheadChildren
import BulkheadEvents
import BulkheadModel
import BulkheadRoom
import BulkheadSystem
import BulkheadWire

/// The door for encoders that are started by hand: a process that has connected and not said hello yet waits in front of
/// it, and keeps no other out. It is confined to the reactor's thread.
final class EncoderDoor {
    /// How many may stand in front of the door.
    private static let mostCallers = 16

    /// Called when a process has said hello: it is an encoder.
    var onGreeted: ((ChildID, Child) -> Void)?
    private let context: RoomContext
    private var callers: [ChildID: Child] = [:]

    init(_ context: RoomContext) { self.context = context }

    /// Takes in a process that has connected.
    func open(_ socket: consuming OwnedDescriptor, pid: Int32) {
        let id = context.nextChildID()
        let caller: Child
        do { caller = try Child(.encoder, connected: socket, pid: pid, on: context.reactor) } catch {
            return turnedAway(id, pid, "its connection can't be used: \(error)")
        }
        callers[id] = caller
        caller.onGreeted = { [weak self] in
            guard let self, let caller = callers[id] else { return }
            onGreeted?(id, caller)
        }
        caller.onEnd = { [weak self] end in
            guard let self, callers.removeValue(forKey: id) != nil else { return }
            turnedAway(id, pid, "\(end.cause)")
        }
        do { try caller.activate() } catch { return caller.dismiss("it could not be watched: \(error)") }
        guard !context.isOver else { return caller.dismiss("the broadcast has ended") }
        guard callers.count <= Self.mostCallers else {
            return caller.dismiss("too many processes have connected and said nothing")
        }
        context.schedule(after: EncoderDeadlines.opening) { [weak self] in
            self?.callers[id]?.dismiss(
                "it connected and did not say hello within \(EncoderDeadlines.opening.inWords)")
        }
    }

    /// The caller goes through the door: from now on it is looked after elsewhere.
    func letIn(_ id: ChildID) -> Child? { callers.removeValue(forKey: id) }

    func turnAway(_ id: ChildID, _ reason: String) { callers[id]?.dismiss(reason) }

    /// Sends away all that still stand in front of the door.
    func close() {
        for caller in callers.values { caller.dismiss("the broadcast has ended") }
    }

    private func turnedAway(_ id: ChildID, _ pid: Int32, _ cause: String) {
        context.post(.encoder(id), .child(.turnedAway(pid: pid, cause: cause)))
    }
}
