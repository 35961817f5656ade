import BulkheadChain
import BulkheadMedia
import BulkheadModel
import BulkheadSystem
import BulkheadTimeline
import BulkheadWire

/// What the machines of the chain are given in tests.
enum Sample {
    static func moment(_ milliseconds: Int64) -> MonotonicTime {
        MonotonicTime(nanoseconds: 7_000_000_000_000 + milliseconds * 1_000_000)
    }

    /// A picture in pool 1, in the slot of its number.
    static func frame(_ number: FrameNumber, isUnfiltered: Bool = false) -> TimelineFrame {
        TimelineFrame(frame: number, slot: slot(number), isUnfiltered: isUnfiltered)
    }

    static func slot(_ number: FrameNumber, pool: UInt32 = 1) -> SlotReference {
        SlotReference(pool: pool, slot: UInt32(number))
    }

    /// The picture as a host has left it: in pool 2.
    static func worked(_ number: FrameNumber) -> TimelineFrame {
        TimelineFrame(frame: number, slot: slot(number, pool: 2))
    }

    static func block(_ number: Int64, _ value: Float = 0) -> AudioLedger.Block {
        AudioLedger.Block(number: number, samples: [value, value])
    }

    // MARK: plugins

    static func description(_ name: String, parameters: [PluginParameter] = []) -> PluginDescription {
        PluginDescription(
            identity: name, kind: .bulkhead, path: "/plugins/\(name).so", name: name, version: "1", takesVideo: true,
            parameters: parameters)
    }

    static let width = PluginParameter(
        name: "width", kind: .integer, defaultText: "8", minimum: 2, maximum: 4096)
    static let height = PluginParameter(
        name: "height", kind: .integer, defaultText: "2", minimum: 2, maximum: 4096)
    static let picture = PluginParameter(name: "picture", kind: .file, defaultText: "")

    static func found(_ name: String, _ parameters: [String: String] = [:]) -> PluginFinder.Found {
        PluginFinder.Found(
            choice: PluginChoice(name, name: name, parameters: parameters),
            library: PluginLibrary(
                description(name, parameters: [width, height, picture]), fileParameters: ["picture"]))
    }

    static func plugin(_ id: PluginID, _ name: String = "", _ parameters: [String: String] = [:]) -> ChainPlugin {
        ChainPlugin(id: id, found(name.isEmpty ? "p\(id)" : name, parameters))
    }
}
