package import BulkheadSystem

/// The master control: holds the broadcast and the address at which other processes reach it.
///
/// In mode create the application makes one in its own process; `bulkhead master` makes one that waits for an
/// application to attach.
package actor MasterControl {
    package nonisolated let reactor: Reactor
    package nonisolated var unownedExecutor: UnownedSerialExecutor { reactor.asUnownedSerialExecutor() }

    private let programs: Programs
    private let controlPath: String?

    /// - Parameters:
    ///   - programs: where the children's programs lie.
    ///   - controlPath: the control socket's path, or nil for none. Its folder is made if need be, for this user alone.
    package init(programs: Programs, controlPath: String?) throws(BroadcastError) {
        do { reactor = try Reactor() } catch {
            throw BroadcastError(.internal, "the master's thread can't be started: \(error)")
        }
        self.programs = programs
        self.controlPath = controlPath
    }

    /// Runs one broadcast to its end.
    ///
    /// - Parameter onEvent: called on the master's thread with each event as it happens: hand it on and return.
    package func broadcast(
        _ settings: BroadcastSettings, onEvent: @escaping @Sendable (Event) -> Void
    ) async throws(BroadcastError) -> BroadcastSummary {
        throw BroadcastError(.internal, "not yet")
    }

    /// Listens at the control path and serves applications until `stop()`; each may start a broadcast.
    package func serve(onEvent: @escaping @Sendable (Event) -> Void) async throws(BroadcastError) {}

    /// What the broadcast is doing; nil when there is none.
    package func status() -> BroadcastStatus? { nil }

    /// Ends the broadcast cleanly: flushes the encoder, says goodbye to the servers. A second call ends it at once.
    package func stop() {}
}
