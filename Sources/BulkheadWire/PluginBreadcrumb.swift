import Synchronization

/// What a plugin host notes before and after each call into a plugin, in memory that outlives it: who was at work when
/// it died or hung.
///
///     sequence 8 | plugin 4 | call 4 | start in CLOCK_MONOTONIC nanoseconds 8
///
/// In the byte order of the machine. The plugins can write there too: it is a hint.
package struct PluginBreadcrumb: Hashable, Sendable {
    /// What the plugin was called for.
    package enum Call: UInt32, Hashable, Sendable, CaseIterable, CustomStringConvertible {
        case none = 0
        /// Its library's constructors and entry.
        case open = 1
        case create = 2
        case destroy = 3
        case setParameter = 4
        case video = 5
        case audio = 6
        case event = 7

        package var description: String {
            switch self {
            case .none: "between calls"
            case .open: "while its library was opened"
            case .create: "while it was made"
            case .destroy: "while it was ended"
            case .setParameter: "while a parameter was set"
            case .video: "at work on a picture"
            case .audio: "at work on sound"
            case .event: "while it was told of an event"
            }
        }
    }

    /// The size of the memory.
    package static let byteCount = 4096

    /// Rises by one with each note.
    package var sequence: UInt64
    /// The plugin that was called; 0 between calls.
    package var plugin: UInt32
    package var call: Call
    /// When the call began, in nanoseconds of CLOCK_MONOTONIC.
    package var startNanoseconds: Int64

    package init(sequence: UInt64, plugin: UInt32, call: Call, startNanoseconds: Int64) {
        self.sequence = sequence
        self.plugin = plugin
        self.call = call
        self.startNanoseconds = startNanoseconds
    }

    /// Reads the note in `memory`, at least 24 bytes on a page's border; nil when it makes no sense.
    package init?(in memory: UnsafeRawPointer) {
        let sequence = memory.assumingMemoryBound(to: Atomic<UInt64>.self).pointee.load(ordering: .acquiring)
        let plugin = memory.load(fromByteOffset: 8, as: UInt32.self)
        let start = memory.load(fromByteOffset: 16, as: Int64.self)
        guard let call = Call(rawValue: memory.load(fromByteOffset: 12, as: UInt32.self)) else { return nil }
        guard (plugin == 0) == (call == .none) else { return nil }
        self.init(sequence: sequence, plugin: plugin, call: call, startNanoseconds: start)
    }

    /// Writes the note to `memory`, at least 24 bytes on a page's border.
    package func write(to memory: UnsafeMutableRawPointer) {
        memory.storeBytes(of: startNanoseconds, toByteOffset: 16, as: Int64.self)
        memory.storeBytes(of: call.rawValue, toByteOffset: 12, as: UInt32.self)
        memory.storeBytes(of: plugin, toByteOffset: 8, as: UInt32.self)
        // Last, so that a process that dies in between leaves a note with the number of the one before.
        memory.assumingMemoryBound(to: Atomic<UInt64>.self).pointee.store(sequence, ordering: .releasing)
    }
}
