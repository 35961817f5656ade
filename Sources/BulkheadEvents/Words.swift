import BulkheadModel

// Payloads that are one of a fixed set of words. The raw values are stable.

extension Duty: ValueConvertible {}

extension Happening.Level: ValueConvertible {}

/// What a plugin was called for when its host ended.
package enum PluginCall: String, ValueConvertible, CaseIterable {
    /// Its library's constructors and entry.
    case open
    case create, destroy
    case setParameter = "set-parameter"
    case video, audio, event
}

/// Why frames are skipped.
package enum OverloadCause: String, ValueConvertible, CaseIterable {
    /// The encoder works, but slower than frames come.
    case slowEncoder = "slow-encoder"
    /// No encoder has worked for too long.
    case noEncoder = "no-encoder"
}

/// What the timeline shows.
package enum ShownPicture: String, Codable, ValueConvertible, CaseIterable {
    case picture
    /// The input is late: its last picture stays.
    case lastPicture = "last-picture"
    case slate
}

/// Where a source goes on after a place that crashes it.
package enum SkipGoal: String, ValueConvertible, CaseIterable {
    case position
    /// The start of an input that loops.
    case nextPass = "next-pass"
    /// The next file of a list.
    case nextFile = "next-file"
    case end
}

/// Why a connection may be lost.
package enum StallSign: String, ValueConvertible, CaseIterable {
    /// Not even the server's kernel answers.
    case noAnswer = "no-answer"
    /// The server's kernel answers, but its receive window stays full.
    case notReading = "not-reading"
    /// The server takes everything and acknowledges nothing any more.
    case notAcknowledging = "not-acknowledging"
    /// The server's kernel takes everything, and the server answers no ping any more.
    case notAnswering = "not-answering"
}

/// Which of the tracks of a stream an event is about.
package enum Track: String, ValueConvertible, CaseIterable {
    case video, audio
}

/// Why a publisher is no longer heard at the live server.
package enum PublishEndCause: String, ValueConvertible, CaseIterable {
    /// The publisher said that it ends.
    case unpublished
    /// The connection ended without a goodbye.
    case disconnected
    /// Nothing arrived for too long.
    case idle
    /// More arrived than the server allows.
    case overBitrate = "over-bitrate"
}

/// Why the live server closes a connection at once.
package enum ConnectionRefusalCause: String, ValueConvertible, CaseIterable {
    case tooManyConnections = "too-many-connections"
    /// Of the peer's address.
    case tooManyOfAddress = "too-many-of-address"
    /// Wrong keys and broken rules of the peer's address.
    case tooManyFailures = "too-many-failures"
    case tooOften = "too-often"
}

/// Why the live server refuses a publisher or a player.
package enum PeerRefusalCause: String, ValueConvertible, CaseIterable {
    case alreadyPublishing = "already-publishing"
    case unknownKey = "unknown-key"
    case tooManyStreams = "too-many-streams"
    case noToken = "no-token"
    case expiredToken = "expired-token"
    case wrongToken = "wrong-token"
    case refusedByHook = "refused-by-hook"
    case hookSilent = "hook-silent"
    case tooOften = "too-often"
    case tooManyPlayers = "too-many-players"
    case tooManyPlayersOfStream = "too-many-players-of-stream"
    case noBandwidth = "no-bandwidth"
    case loop
}
