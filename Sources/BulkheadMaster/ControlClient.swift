/// What an application asks of a master through its control socket: JSON objects, one a line.
package enum ControlRequest: Codable, Sendable {
    case status
    case stop
    /// Starts a broadcast; events follow on the same connection until it ends or the application goes away.
    case broadcast(BroadcastSettings)
    /// Asks for the events from now on.
    case events
}

/// What a master answers.
package enum ControlReply: Codable, Sendable {
    /// Nil when the master has no broadcast.
    case status(BroadcastStatus?, masterPID: Int32)
    case done
    case event(Event)
    /// The broadcast has ended well.
    case ended(BroadcastSummary)
    case failed(BroadcastError)
}

/// The application's side of a control socket: blocking.
package final class ControlClient {
    /// Connects to `path`.
    /// - Throws: kind `control`: no master there, or one of another user.
    package init(path: String) throws(BroadcastError) {
        throw BroadcastError(.control, "not yet")
    }

    package func send(_ request: ControlRequest) throws(BroadcastError) {}

    /// The next reply; nil when the master has closed the connection.
    package func receive() throws(BroadcastError) -> ControlReply? { nil }
}
