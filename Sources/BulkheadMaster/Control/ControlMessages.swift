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

/// A change of the links on air. Links go by their numbers or names.
package enum LinkChange: Codable, Hashable, Sendable {
    case add(DestinationSettings)
    /// It sends what waits, says goodbye and is no more.
    case remove(String)
    /// It says goodbye, and nothing waits for it.
    case pause(String)
    /// A paused one comes back; one that waits tries at once; one that has failed begins anew.
    case retry(String)
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

/// The lines of a control connection.
package enum ControlLine {
    /// A longer line is no request.
    package static let maximumByteCount = 1 << 20

    /// The value as one line, its end included.
    package static func encode(_ value: some Encodable) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // The messages hold no value that JSON lacks: floats come from clocks and rates.
        guard let data = try? encoder.encode(value) else { return [] }
        return Array(data) + [0x0A]
    }

    /// The value that a line holds.
    package static func decode<Value: Decodable>(_: Value.Type, from line: some Sequence<UInt8>) throws -> Value {
        try JSONDecoder().decode(Value.self, from: Data(line))
    }
}
