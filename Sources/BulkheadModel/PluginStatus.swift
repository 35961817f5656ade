/// A plugin of the chain as a user sees it.
package struct PluginStatus: Codable, Hashable, Sendable {
    /// Whether frames pass the plugin, and why not.
    package enum State: String, Codable, Hashable, Sendable {
        case working
        /// No host has it at the moment.
        case waiting
        case disabled
        /// Left out for a while because it has brought its host down.
        case quarantined
        /// Left out until it is pardoned.
        case off
        /// The host can't load it.
        case refused
    }

    /// Unique in the chain.
    package var name: String
    /// The identity or path that was asked for.
    package var plugin: String
    /// The values that were asked for, by name.
    package var parameters: [String: String]
    /// Whether frames pass the plugin.
    package var state: State
    /// Why it was refused; empty unless it was.
    package var problem: String
    /// The mean time of its calls.
    package var microsecondsPerFrame: Double
    /// How often it was called.
    package var calls: Int
    /// Calls that it answered with an error.
    package var failures: Int
    /// Frames that went out without it because it took too long.
    package var misses: Int
    /// Hosts that it has brought down.
    package var deaths: Int
    /// Until the quarantine ends; nil when there is none, or when it has no end.
    package var secondsLeft: Double?
    /// The host's process.
    package var pid: Int32?

    /// The status of a plugin that has not been called yet.
    package init(
        name: String, plugin: String, parameters: [String: String] = [:], state: State, problem: String = "",
        microsecondsPerFrame: Double = 0, calls: Int = 0, failures: Int = 0, misses: Int = 0, deaths: Int = 0,
        secondsLeft: Double? = nil, pid: Int32? = nil
    ) {
        self.name = name
        self.plugin = plugin
        self.parameters = parameters
        self.state = state
        self.problem = problem
        self.microsecondsPerFrame = microsecondsPerFrame
        self.calls = calls
        self.failures = failures
        self.misses = misses
        self.deaths = deaths
        self.secondsLeft = secondsLeft
        self.pid = pid
    }
}
