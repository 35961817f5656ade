import BulkheadChildren
package import BulkheadSystem

/// Whether a plugin whose quarantine may be over is tried again now.
package enum Readmission: Hashable, Sendable {
    case now
    /// A change is under way, which may take the plugin in itself: after this time.
    case after(Duration)
    /// The plugin works, is off, was pardoned, or was charged once more.
    case never

    /// - Parameter isBusy: a next host or a change of the chain is on its way.
    package init(of plugin: ChainPlugin, isBusy: Bool, at now: MonotonicTime) {
        guard case .until = plugin.quarantine.state, plugin.quarantine.isDue(at: now) else {
            self = .never
            return
        }
        self = isBusy ? .after(.milliseconds(250)) : .now
    }
}
