package import BulkheadEvents
package import BulkheadModel
import FoundationEssentials

/// What an application asks of a master through its control socket: JSON objects, one a line.
package enum ControlRequest: Codable, Sendable {
    case status
    /// Ends the broadcast cleanly; sent a second time, at once.
    case stop
    /// Starts a broadcast; events follow on the same connection until it ends or the application goes away.
    case broadcast(BroadcastSettings)
    /// Asks for the events from now on.
    case events
    /// Changes settings on air; answered when they are in effect.
    case set(SettingsChange)
    /// Starts a part anew without a gap; answered when its successor is on its way, the encoder's when it is on air.
    case restart(RestartablePart)
    /// Changes the chain of plugins; answered when the change is in effect.
    case plugin(PluginChange)
    /// Asks for the deaths of children in this broadcast.
    case deaths
    /// Changes the links on air; answered when it is under way.
    case link(LinkChange)
    /// Asks what a link, or each of all, knows of its servers and would choose; measured now or as it stands.
    case servers(link: String?, isMeasured: Bool)
}

/// What a master answers.
package enum ControlReply: Codable, Sendable {
    /// Nil when the master has no broadcast.
    case status(BroadcastStatus?, masterPID: Int32)
    case done
    /// The oldest first; the last 200 at most.
    case deaths([DeathRecord])
    case event(Event)
    case servers([LinkServersReport])
    /// The broadcast has ended well.
    case ended(BroadcastSummary)
    case failed(BroadcastError)
}
