/// Something that happened to a part of the broadcast: the one vocabulary of the status line, JSON and the records.
package struct Event: Codable, Hashable, Sendable {
    package enum Level: String, Codable, Hashable, Sendable {
        /// A state changed.
        case notice
        /// It healed itself, or is about to.
        case warning
        /// Somebody must act.
        case error
    }

    /// Seconds since 1970, for people; order and spans come from `mediaSeconds`.
    package var time: Double
    /// Where the timeline stood, in seconds; nil before it started.
    package var mediaSeconds: Double?
    /// `encoder`, `source 1`, `plugin host`, `link 1`, `timeline`, `master`.
    package var part: String
    /// A stable word: `started`, `ready`, `died`, `restarting`, `connected`, `refused`, …
    package var kind: String
    package var level: Level
    /// One lowercase phrase for a person, without the part's name; never holds a stream key.
    package var message: String
    /// Values by name, such as `pid`, `frame`, `signal`.
    package var details: [String: String]

    package init(
        time: Double, mediaSeconds: Double?, part: String, kind: String, level: Level, message: String,
        details: [String: String] = [:]
    ) {
        self.time = time
        self.mediaSeconds = mediaSeconds
        self.part = part
        self.kind = kind
        self.level = level
        self.message = message
        self.details = details
    }
}
