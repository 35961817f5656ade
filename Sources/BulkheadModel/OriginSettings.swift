/// What a live server is to be like: how the command hands it to the program of the server.
package struct OriginSettings: Codable, Hashable, Sendable {
    /// The address to listen on.
    package var host = "127.0.0.1"
    /// The port; 0 for any that is free.
    package var port = 1935
    /// The stream keys that may be published; nil for any.
    package var streamKeys: [String]?
    /// The most connections at a time.
    package var connectionLimit = 64
    /// The same from one address; nil for half of all.
    package var addressConnectionLimit: Int?
    /// How long a publisher may send nothing, in seconds.
    package var publisherTimeout = 10.0
    /// How long the players of a publisher that disappears are kept, in seconds.
    package var publisherGrace = 10.0
    /// They are kept as well when it says goodbye.
    package var holdsPlayers = false
    /// Where publishers are sent that are asked to go on elsewhere; nil for here.
    package var moveTo: String?
    /// How publishers are acknowledged, for drills.
    package var acknowledgements: String?
    /// The path of the certificate, in PEM form; with ``key``, or nil.
    package var certificate: String?
    /// The path of the certificate's private key, in PEM form.
    package var key: String?
    /// What happens is told as JSON.
    package var isJSON = false
    /// Streams that are pulled from other servers.
    package var pulls: [OriginPull] = []
    /// Servers that streams are pushed to.
    package var pushes: [OriginPush] = []
    /// Whom it asks.
    package var hooks: OriginHooks?
    /// The path of the file with the secrets of tokens to publish; nil where none is needed.
    package var publishSecretFile: String?
    /// The same to play.
    package var playSecretFile: String?
    /// The path of the file with the token for its interface; nil where only this machine may use it.
    package var interfaceTokenFile: String?
    /// What addresses, and all players together, may do.
    package var limits = OriginLimits()

    /// The defaults.
    package init() {}
}

/// A stream that a live server pulls.
package struct OriginPull: Codable, Hashable, Sendable {
    /// What it is called here: application and name.
    package var stream: String
    /// Addresses of RTMP, or of HTTP-FLV, in the order in which they are tried.
    package var sources: [String]
    /// Only while somebody plays it.
    package var isOnDemand = false
    /// How long it goes on after the last player, in seconds.
    package var lingerSeconds = 10.0

    package init(stream: String, sources: [String]) {
        self.stream = stream
        self.sources = sources
    }
}

/// A server that a live server pushes to.
package struct OriginPush: Codable, Hashable, Sendable {
    /// Which stream, as application and name; nil for each.
    package var stream: String?
    /// An address of RTMP. One without a name takes each stream under its own.
    package var target: String

    package init(stream: String?, target: String) {
        self.stream = stream
        self.target = target
    }
}

/// Whom a live server asks, and tells, by HTTP.
package struct OriginHooks: Codable, Hashable, Sendable {
    /// What is told or asked. The words are those of nginx-rtmp.
    package enum Call: String, Codable, Hashable, Sendable, CaseIterable {
        case publish = "on_publish"
        case play = "on_play"
        case publishDone = "on_publish_done"
        case playDone = "on_play_done"
        case update = "on_update"
    }

    /// Addresses of HTTP, by what they are for.
    package var addresses: [String: String] = [:]
    /// Calls are JSON, not a form.
    package var isJSON = false
    /// How long an answer is waited for, in seconds.
    package var timeoutSeconds = 3.0
    /// Without an answer peers are let in.
    package var admitsWithoutAnswer = false
    /// How often `on_update` is called, in seconds.
    package var updateSeconds = 30.0

    package init() {}
}

/// What may be done at a live server. Where a number is nil, its own one holds.
package struct OriginLimits: Codable, Hashable, Sendable {
    /// Of one address in a minute.
    package var connectionsPerMinute: Int?
    package var publishesPerMinute: Int?
    package var playsPerMinute: Int?
    /// At one time; of all streams, and of one.
    package var players: Int?
    package var playersPerStream: Int?
    /// Sent to all players together.
    package var bitsPerSecond: Int?

    package init() {}
}
