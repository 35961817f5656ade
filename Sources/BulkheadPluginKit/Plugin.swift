/// A plugin: one type that is a ``VideoFilter``, an ``AudioFilter``, an ``EventHandler``, or several of them.
///
///     import BulkheadPluginKit
///
///     struct Negative: VideoFilter {
///         static let info = PluginInfo(name: "Negative", version: "1.0", description: "Turns light into dark.")
///
///         init(_ setup: PluginSetup) {}
///
///         mutating func process(_ frame: borrowing VideoFrame) -> Outcome {
///             frame.forEachRow(of: .luma) { _, source, target in
///                 for x in source.indices { target[x] = 251 - min(source[x], 251) }
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
public protocol Plugin {
    /// What users see of the plugin, and what they can set.
    static var info: PluginInfo { get }

    /// Makes an instance. What it throws is shown to the user.
    init(_ setup: PluginSetup) throws

    /// Takes over parameters that the user has changed on air, between two frames. Where it is left out, a new instance
    /// takes this one's place; a plugin that has something to keep writes its own. When it throws, what it throws is
    /// shown to the user and the old parameters stay.
    mutating func update(_ setup: PluginSetup) throws
}

extension Plugin {
    /// Replaces the instance by a new one with the new parameters.
    public mutating func update(_ setup: PluginSetup) throws { self = try Self(setup) }
}

/// A plugin that changes pictures.
public protocol VideoFilter: Plugin {
    /// Whether input and output are one picture: right for a plugin that changes few pixels, because what it leaves
    /// alone then costs nothing. False where it is left out.
    static var worksInPlace: Bool { get }

    /// Changes one picture: fills all three planes of the output. When it throws, the picture goes on as it came.
    mutating func process(_ frame: borrowing VideoFrame) throws -> Outcome
}

extension VideoFilter {
    /// Input and output are two pictures.
    public static var worksInPlace: Bool { false }
}

/// A plugin that changes sound.
public protocol AudioFilter: Plugin {
    /// Changes one block of sound in place. When it throws, the block goes on as it came.
    mutating func process(_ block: borrowing AudioBlock) throws -> Outcome
}

/// A plugin that takes note of what happens around the broadcast.
public protocol EventHandler: Plugin {
    /// Takes note of an event.
    mutating func handle(_ event: PluginEvent)
}

/// What became of a picture or a block of sound.
public enum Outcome: Sendable {
    case changed
    /// The input is to be used as it is; nothing needs to have been written.
    case unchanged
}

/// What the broadcast is like for which an instance is made. It does not change while the instance lives.
public struct PluginFormat: Hashable, Sendable {
    /// In pixels, both even.
    public let width: Int
    /// In rows, even.
    public let height: Int
    /// Frames in a second.
    public let frameRate: Double
    /// Samples in a second, of each channel.
    public let sampleRate: Int
    /// Interleaved channels, left first.
    public let channelCount: Int

    /// A format; without arguments 720p at 30 frames a second with stereo at 48 kHz.
    public init(
        width: Int = 1280, height: Int = 720, frameRate: Double = 30, sampleRate: Int = 48_000, channelCount: Int = 2
    ) {
        self.width = width
        self.height = height
        self.frameRate = frameRate
        self.sampleRate = sampleRate
        self.channelCount = channelCount
    }
}

/// Why a plugin can't start, or can't go on with a frame: a sentence for the user.
public struct PluginError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The sentence that the user sees.
    public let description: String

    /// An error with the sentence that the user sees.
    public init(_ description: String) { self.description = description }
}
