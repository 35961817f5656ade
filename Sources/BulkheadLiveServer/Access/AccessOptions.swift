package import BulkheadHTTP
package import BulkheadModel

/// Who is asked whether a peer may publish or play.
package struct AccessOptions: Hashable, Sendable {
    /// Servers that are asked and told.
    package struct Hooks: Hashable, Sendable {
        package var addresses: [OriginHooks.Call: HTTPAddress]
        /// Calls are JSON, not a form.
        package var isJSON = false
        /// For one call, from looking the name up to the answer's head.
        package var timeout = Duration.seconds(3)
        /// Peers are let in where no answer comes.
        package var admitsWithoutAnswer = false
        /// How often a hook for updates is called.
        package var updateInterval = Duration.seconds(30)

        package init(_ addresses: [OriginHooks.Call: HTTPAddress]) { self.addresses = addresses }
    }

    package var hooks: Hooks?
    /// The path of a file with the secrets of tokens to publish, one a line; nil where no token is needed.
    package var publishSecretPath: String?
    /// The same to play.
    package var playSecretPath: String?
    /// The path of a file with the token for the interface, one a line; nil where it is for this machine only.
    package var interfaceTokenPath: String?

    /// Anybody may do anything.
    package init() {}
}

/// What one address, and all players together, may do.
package struct RateOptions: Hashable, Sendable {
    /// Connections of one address in a minute; nil for 600, and no limit for this machine.
    package var connectionsPerMinute: Int?
    /// The same for publishing; nil for 60.
    package var publishesPerMinute: Int?
    /// The same for playing; nil for 600.
    package var playsPerMinute: Int?
    /// Players at one time; nil for as many as connections.
    package var playerLimit: Int?
    /// The same of one stream.
    package var streamPlayerLimit: Int?
    /// What players are given together, by the bitrates of their streams; beyond it no more are let in.
    package var bitsPerSecondLimit: Int?

    package init() {}
}
