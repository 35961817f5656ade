package import BulkheadModel

/// Where the settings of a broadcast come from, and how they are read again.
///
/// A file may be large, hostile, or on a disk that hangs, so that no thread of the master reads it: whoever makes this has
/// another process do it.
package struct ConfigurationSource: Sendable {
    package let status: ConfigurationStatus
    /// What the broadcast was begun with; nil where it could not be read then, as when one is resumed all the same.
    package let loaded: BroadcastSettings?
    /// Reads the file, or the text in its place, with the flags beside it.
    package let read: @Sendable (ConfigurationText?) async -> Result<BroadcastSettings, BroadcastError>

    package init(
        status: ConfigurationStatus, loaded: BroadcastSettings?,
        read: @escaping @Sendable (ConfigurationText?) async -> Result<BroadcastSettings, BroadcastError>
    ) {
        self.status = status
        self.loaded = loaded
        self.read = read
    }
}
