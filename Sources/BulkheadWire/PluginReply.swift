package import BulkheadMedia

/// What a plugin host answers.
package enum PluginReply: WireMessage, Hashable {
    /// The result pool is mapped.
    case ready
    case loaded(id: UInt32, name: String, version: String, abilities: PluginAbilities)
    /// The answer to `load` and `setParameter`.
    case refused(id: UInt32, Refusal)
    case unloaded(id: UInt32)
    /// The chain has run; `changed` is false when the result slot holds nothing of use and the input is to be used. The
    /// times are those of the plugins that were called, in their order.
    case processed(frame: FrameNumber, changed: Bool, times: [PluginTime])
    case parameterSet(id: UInt32, name: String)
    /// The chain has run on a block of sound; `samples` are empty when `changed` is false, else as many as were given.
    case processedAudio(firstSample: Int64, changed: Bool, samples: [Float], times: [PluginTime])
    /// A line from a plugin, or, with id 0, from the host itself. A plugin that says more than a few lines a second is
    /// cut short by the host, which then tells how many lines were left out.
    case log(id: UInt32, PluginLogLevel, String)

    /// The message as a frame, ready to be sent.
    package var frame: WireFrame {
        switch self {
        case .ready: WireFrame(.pluginReady) { _ in }
        case .loaded(let id, let name, let version, let abilities):
            WireFrame(.pluginLoaded) {
                $0.write(id)
                $0.write(name, atMost: 256)
                $0.write(version, atMost: 256)
                $0.write(abilities.rawValue)
            }
        case .refused(let id, let refusal):
            WireFrame(.pluginRefused) {
                $0.write(id)
                refusal.write(to: &$0)
            }
        case .unloaded(let id): WireFrame(.pluginUnloaded) { $0.write(id) }
        case .processed(let frame, let changed, let times):
            WireFrame(.pluginProcessed) {
                $0.write(frame)
                $0.write(changed)
                PluginTime.write(times, to: &$0)
            }
        case .parameterSet(let id, let name):
            WireFrame(.pluginParameterSet) {
                $0.write(id)
                $0.write(name, atMost: 256)
            }
        case .processedAudio(let firstSample, let changed, let samples, let times):
            WireFrame(.pluginProcessedAudio, reserving: samples.count * 4 + 64) {
                $0.write(firstSample)
                $0.write(changed)
                $0.write(samples)
                PluginTime.write(times, to: &$0)
            }
        case .log(let id, let level, let text):
            WireFrame(.pluginLog) {
                $0.write(id)
                $0.write(level.rawValue)
                $0.write(text, atMost: 1024)
            }
        }
    }

    /// Reads a frame. Throws at an unknown type, a value out of range, and a payload of another length.
    package init(_ frame: WireFrame) throws(WireError) {
        var reader = WireReader(frame)
        switch frame.knownType {
        case .pluginReady?: self = .ready
        case .pluginLoaded?:
            self = .loaded(
                id: try reader.read(), name: try reader.readString(atMost: 256, "name"),
                version: try reader.readString(atMost: 256, "version"),
                abilities: PluginAbilities(rawValue: try reader.read()))
        case .pluginRefused?: self = .refused(id: try reader.read(), try Refusal(&reader))
        case .pluginUnloaded?: self = .unloaded(id: try reader.read())
        case .pluginProcessed?:
            self = .processed(
                frame: try reader.read(), changed: try reader.readBool("change flag"),
                times: try PluginTime.read(&reader))
        case .pluginParameterSet?:
            self = .parameterSet(id: try reader.read(), name: try reader.readString(atMost: 256, "parameter name"))
        case .pluginProcessedAudio?:
            self = .processedAudio(
                firstSample: try reader.read(), changed: try reader.readBool("change flag"),
                samples: try reader.readStereo(), times: try PluginTime.read(&reader))
        case .pluginLog?:
            let id = try reader.read(UInt32.self)
            guard let level = PluginLogLevel(rawValue: try reader.read()) else { throw reader.outsideRange("level") }
            self = .log(id: id, level, try reader.readString(atMost: 1024, "line"))
        default: throw .unknownType(frame.type)
        }
        try reader.finish()
    }
}
