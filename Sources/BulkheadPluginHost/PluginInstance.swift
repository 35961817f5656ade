import BulkheadMedia
import BulkheadWire
import CBulkheadPlugin
import Glibc

/// A plugin at work.
final class PluginInstance {
    /// What became of a picture.
    enum Outcome: Hashable {
        case changed
        case unchanged
        /// The plugin's own error; what it wrote is not to be used.
        case failed(code: Int32)
    }

    let id: UInt32
    let library: PluginLibrary
    private let state: UnsafeMutableRawPointer?
    private let host: UnsafeMutablePointer<bulkhead_host>
    private let voice: Voice
    private var failureCount = 0

    /// What the plugin's log function is given to know who speaks. The host's name for it comes before each line.
    private final class Voice {
        let name: String
        var lastError: String?

        init(name: String) { self.name = name }
    }

    /// Loads a library and makes an instance with the parameters of `settings`.
    init(_ settings: PluginSettings, canvas: Canvas, frameRate: FrameRate) throws(Refusal) {
        let library = try PluginLibrary(path: settings.path)
        let values = try PluginParameter.values(of: library.parameters, given: settings.parameters)
        let voice = Voice(name: library.name)
        let host = UnsafeMutablePointer<bulkhead_host>.allocate(capacity: 1)
        host.initialize(
            to: bulkhead_host(
                byte_count: UInt32(MemoryLayout<bulkhead_host>.size), abi_version: UInt32(BULKHEAD_PLUGIN_ABI_VERSION),
                context: Unmanaged.passUnretained(voice).toOpaque(), log: Self.log))
        var format = bulkhead_format(
            byte_count: UInt32(MemoryLayout<bulkhead_format>.size), width: UInt32(canvas.width),
            height: UInt32(canvas.height), frame_rate_numerator: frameRate.numerator,
            frame_rate_denominator: frameRate.denominator, sample_rate: UInt32(AudioFormat.sampleRate),
            channel_count: UInt32(AudioFormat.channelCount))
        var state: UnsafeMutableRawPointer?
        let code = Self.withValues(values, of: library.parameters) { values in
            library.functions.create?(library.plugin, host, &format, values, &state) ?? -ENOSYS
        }
        guard code == 0 else {
            host.deallocate()
            let reason = voice.lastError ?? String(cString: strerror(code == .min ? EINVAL : abs(code)))
            throw Refusal(.settings, "plugin \(library.name) can't start: \(reason)")
        }
        id = settings.id
        self.library = library
        self.voice = voice
        self.host = host
        self.state = state
    }

    deinit {
        library.functions.destroy?(state)
        host.deallocate()
    }

    /// Has the plugin change one picture.
    func process(_ frame: inout bulkhead_video_frame) -> Outcome {
        let code = library.functions.process_video?(state, &frame) ?? -ENOSYS
        switch code {
        case 0: return .changed
        case BULKHEAD_UNCHANGED: return .unchanged
        default:
            failureCount += 1
            if failureCount == 1 {
                let reason = String(cString: strerror(code == .min ? EINVAL : abs(code)))
                ChildProgram.say(
                    "bulkhead-plugin-host: plugin \(library.name) failed at frame \(frame.number): \(reason)")
            }
            return .failed(code: code)
        }
    }

    private static let log: @convention(c) (UnsafeMutableRawPointer?, Int32, UnsafePointer<CChar>?) -> Void = {
        context, level, text in
        guard let context, let text else { return }
        let voice = Unmanaged<Voice>.fromOpaque(context).takeUnretainedValue()
        let bytes = UnsafeRawBufferPointer(start: text, count: strnlen(text, 512))
        let line = String(decoding: bytes.map { $0 == 10 || $0 == 13 ? 32 : $0 }, as: UTF8.self)
        if level >= Int32(BULKHEAD_LOG_ERROR.rawValue) { voice.lastError = line }
        guard level >= Int32(BULKHEAD_LOG_NOTICE.rawValue) else { return }
        ChildProgram.say("bulkhead-plugin-host: plugin \(voice.name): \(line)")
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
            described.type = parameter.type
            switch value {
            case .integer(let integer): described.integer = integer
            case .number(let number): described.number = number
            case .text(let text):
                let copy = strdup(text)
                texts.append(copy)
                described.text = UnsafePointer(copy)
            }
            return described
        }
        return described.withUnsafeBufferPointer { body($0.baseAddress) }
    }
}
