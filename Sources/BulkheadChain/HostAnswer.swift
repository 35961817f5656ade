package import BulkheadWire

/// What a plugin host answers to a change of one of its plugins.
package enum HostAnswer: Hashable, Sendable {
    /// It is made, or there is nothing to be made.
    case done
    /// The plugin does not take it.
    case refused(Refusal)
    /// The host ended before it answered, in words.
    case ended(cause: String)
}
