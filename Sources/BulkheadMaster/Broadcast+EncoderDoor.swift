import BulkheadChildren
import BulkheadEvents
import BulkheadModel
import BulkheadSystem
import BulkheadWire

/// The door for encoders that connect by themselves: who has not said hello yet waits in front of it, and keeps nobody
/// else out.
extension Broadcast {
    /// How many may stand in front of the door.
    private static let maximumCallers = 16
    /// One that has not answered for so long gives way to the next.
    private static let standstill = Duration.seconds(2)

    /// Takes in a process that has connected: it is an encoder once it has said hello.
    func encoderConnected(_ socket: consuming OwnedDescriptor, pid: Int32) {
        let caller: Child
        do { caller = try Child(.encoder, connected: socket, pid: pid, on: reactor) } catch {
            return post(.encoder, .child(.turnedAway(pid: pid, cause: "its connection can't be used: \(error)")))
        }
        let id = ObjectIdentifier(caller)
        callers[id] = caller
        caller.onGreeted = { [unowned self] in greeted(id) }
        caller.onEnd = { [unowned self] end in callerEnded(id, end) }
        do { try caller.activate() } catch { return caller.dismiss("it could not be watched: \(error)") }
        guard state != .ended else { return caller.dismiss("the broadcast has ended") }
        guard callers.count <= Self.maximumCallers else {
            return caller.dismiss("too many processes have connected and said nothing")
        }
        reactor.schedule(at: .now.advanced(by: Deadlines.opening)) { [weak self] in
            self?.assumeIsolated {
                $0.callers[id]?.dismiss("it connected and did not say hello within \(Deadlines.opening.inWords)")
            }
        }
    }

    private func greeted(_ id: ObjectIdentifier) {
        guard let caller = callers[id] else { return }
        guard let run = currentRun, settings.children == .plugins, state != .ended else {
            return caller.dismiss("the broadcast has ended")
        }
        if let encoder = run.encoder {
            // One that somebody looks into with a debugger may stand still, until there is another for its work.
            let owes = encoder.owesSince.map { MonotonicTime.now.since($0) } ?? 0
            guard encoder.ready != nil, owes > Self.standstill.nanoseconds else {
                return caller.dismiss("another encoder, process \(encoder.child.pid), is at work already")
            }
            encoder.child.dismiss("it stands still, and process \(caller.pid) has connected to go on in its place")
        }
        callers[id] = nil
        encoderSlot.state = .starting
        run.encoder = adopt(caller, run.settings, as: "encoder")
    }

    private func callerEnded(_ id: ObjectIdentifier, _ end: ChildEnd) {
        guard let caller = callers.removeValue(forKey: id) else { return }
        post(.encoder, .child(.turnedAway(pid: caller.pid, cause: "\(end.cause)")))
    }

    /// Sends away all that still stand in front of the door.
    func closeEncoderDoor() {
        for caller in callers.values { caller.dismiss("the broadcast has ended") }
    }
}
