package import BulkheadModel

/// The chain at one moment.
package struct ChainSnapshot: Codable, Hashable, Sendable {
    /// The hosts and their standbys, in the order in which frames pass them.
    package var children: [ChildStatus]
    /// The plugins, in the order in which they work.
    package var plugins: [PluginStatus]
    /// Frames that went out without a plugin that should have worked on them.
    package var framesUnfiltered: Int
    /// Pictures that wait before the chain or in it.
    package var framesWaiting: Int
}
