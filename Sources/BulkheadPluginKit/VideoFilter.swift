/// A plugin that changes pictures. A library with one such type and one line of entry is a plugin:
///
///     import BulkheadPluginKit
///
///     struct Negative: VideoFilter {
///         static let info = PluginInfo(name: "Negative", version: "1.0")
///
///         init(_ parameters: ParameterValues, format: PluginFormat, log: PluginLog) {}
///
///         mutating func process(_ frame: borrowing VideoFrame) -> Outcome {
///             frame.forEachRow(of: .luma) { _, source, target in
///                 for x in source.indices { target[x] = 255 - source[x] }
///             }
///             frame.copy(.cb)
///             frame.copy(.cr)
///             return .changed
///         }
///     }
///
///     @c(bulkhead_plugin_entry)
///     public func entry(hostVersion: UInt32) -> UnsafeRawPointer? { Negative.pluginEntry(hostVersion: hostVersion) }
///
/// The host calls an instance on one thread, one call after the other.
public protocol VideoFilter {
    /// What users see of the plugin, and what they can set.
    static var info: PluginInfo { get }

    /// Makes an instance for pictures of one format. What it throws is shown to the user.
    init(_ parameters: ParameterValues, format: PluginFormat, log: PluginLog) throws

    /// Changes one picture: fills all three planes of the output. When it throws, the picture goes on as it came.
    mutating func process(_ frame: borrowing VideoFrame) throws -> Outcome
}

/// What became of a picture.
public enum Outcome: Sendable {
    case changed
    /// The input is to be used as it is; nothing needs to have been written.
    case unchanged
}

/// What a host tells an instance about the broadcast.
public struct PluginFormat: Hashable, Sendable {
    /// In pixels, both even.
    public let width: Int
    public let height: Int
    /// Frames in a second.
    public let frameRate: Double

    public init(width: Int, height: Int, frameRate: Double) {
        self.width = width
        self.height = height
        self.frameRate = frameRate
    }
}
