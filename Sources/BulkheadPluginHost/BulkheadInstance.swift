import BulkheadMedia
import BulkheadWire
import CBulkheadPlugin
import Glibc

/// A plugin of Bulkhead's own interface at work.
final class BulkheadInstance: PluginInstance {
    private let library: BulkheadLibrary
    private let stage: PluginStage
    private let voice: PluginVoice
    private let host: UnsafeMutablePointer<bulkhead_host>
    private var values: [PluginParameter.Value]
    private var state: UnsafeMutableRawPointer?

    /// Makes an instance with the parameters that are given; the others have their defaults.
    /// - Throws: a refusal that names the parameter, or repeats what the plugin has said.
    init(
        _ library: BulkheadLibrary, parameters: [String: String], stage: PluginStage, voice: PluginVoice
    ) throws(Refusal) {
        let values = try library.parameters.values(given: parameters)
        let host = UnsafeMutablePointer<bulkhead_host>.allocate(capacity: 1)
        host.initialize(
            to: bulkhead_host(
                byte_count: UInt32(MemoryLayout<bulkhead_host>.size), abi_version: UInt32(BULKHEAD_PLUGIN_ABI_VERSION),
                context: Unmanaged.passUnretained(voice).toOpaque(), log: Self.log))
        do throws(Refusal) {
            state = try Self.create(library, host, values, stage, voice)
        } catch {
            host.deallocate()
            throw error
        }
        self.library = library
        self.stage = stage
        self.voice = voice
        self.host = host
        self.values = values
    }

    deinit {
        voice.during(.destroy) { library.functions.destroy?(state) }
        host.deallocate()
    }

    var name: String { library.name }
    var version: String { library.version }
    var worksInPlace: Bool { library.functions.capabilities & BULKHEAD_VIDEO_IN_PLACE.rawValue != 0 }

    var abilities: PluginAbilities { library.description.abilities }

    func process(_ frame: inout bulkhead_video_frame) -> PluginOutcome {
        outcome(library.functions.process_video?(state, &frame) ?? -ENOSYS)
    }

    func process(_ block: inout bulkhead_audio_block) -> PluginOutcome {
        outcome(library.functions.process_audio?(state, &block) ?? -ENOSYS)
    }

    func handle(_ event: inout bulkhead_event) { library.functions.handle_event?(state, &event) }

    func setParameter(_ name: String, to text: String) throws(Refusal) {
        guard let index = library.parameters.index(called: name) else {
            throw library.parameters.unknown(name)
        }
        let value = try library.parameters[index].value(text)
        var changed = values
        changed[index] = value
        voice.lastError = nil
        if let set = library.functions.set_parameter {
            let code = Self.withValues([value], of: [library.parameters[index]]) { set(state, UInt32(index), $0) }
            guard code == 0 else {
                let reason = voice.lastError ?? Self.reason(code)
                throw Refusal(.settings, "parameter \(name) can't be \(text): \(reason)")
            }
        } else {
            let fresh = try Self.create(library, host, changed, stage, voice)
            library.functions.destroy?(state)
            state = fresh
        }
        values = changed
    }

    private func outcome(_ code: Int32) -> PluginOutcome {
        switch code {
        case 0: .changed
        case BULKHEAD_UNCHANGED: .unchanged
        default: .failed(Self.reason(code))
        }
    }

    private static func reason(_ code: Int32) -> String {
        guard (-4095 ... -1).contains(code) else { return "it returned \(code), which is no result that it may have" }
        return String(cString: strerror(-code))
    }

    private static func create(
        _ library: BulkheadLibrary, _ host: UnsafePointer<bulkhead_host>, _ values: [PluginParameter.Value],
        _ stage: PluginStage, _ voice: PluginVoice
    ) throws(Refusal) -> UnsafeMutableRawPointer? {
        var format = bulkhead_format(
            byte_count: UInt32(MemoryLayout<bulkhead_format>.size), width: UInt32(stage.canvas.width),
            height: UInt32(stage.canvas.height), frame_rate_numerator: stage.frameRate.numerator,
            frame_rate_denominator: stage.frameRate.denominator, sample_rate: UInt32(AudioFormat.sampleRate),
            channel_count: UInt32(AudioFormat.channelCount))
        var state: UnsafeMutableRawPointer?
        let code = withValues(values, of: library.parameters) { values in
            library.functions.create?(library.plugin, host, &format, values, &state) ?? -ENOSYS
        }
        guard code == 0 else {
            throw Refusal(.settings, "plugin \(library.name) can't start: \(voice.lastError ?? reason(code))")
        }
        return state
    }

    private static let log: @convention(c) (UnsafeMutableRawPointer?, Int32, UnsafePointer<CChar>?) -> Void = {
        context, level, text in
        guard let context, let text else { return }
        let line = String(
            decoding: UnsafeRawBufferPointer(start: text, count: strnlen(text, 512)), as: UTF8.self)
        let level = PluginLogLevel(rawValue: UInt8(clamping: level)) ?? .error
        Unmanaged<PluginVoice>.fromOpaque(context).takeUnretainedValue().say(level, line)
    }

    /// Gives `body` the values in C's terms, valid until it returns.
    private static func withValues(
        _ values: [PluginParameter.Value], of parameters: [PluginParameter],
        _ body: (UnsafePointer<bulkhead_value>?) -> Int32
    ) -> Int32 {
        var texts: [UnsafeMutablePointer<CChar>?] = []
        defer { for text in texts { free(text) } }
        let described = zip(parameters, values).map { parameter, value in
            var described = bulkhead_value()
            described.type = BulkheadLibrary.type(of: parameter.kind)
            switch value {
            case .integer(let integer): described.integer = integer
            case .number(let number): described.number = number
            case .text(let text):
                let copy = strdup(text)
                texts.append(copy)
                described.text = UnsafePointer(copy)
            case .position: break  // no parameter of this interface has such a value
            }
            return described
        }
        return described.withUnsafeBufferPointer { body($0.baseAddress) }
    }
}
