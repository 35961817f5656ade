import CBulkheadPlugin
import Glibc

extension VideoFilter {
    /// What a library's `bulkhead_plugin_entry` returns; nil when the host speaks another version of the interface.
    ///
    /// Each call makes a description that stays until the process ends; a host calls the entry once for each load.
    public static func pluginEntry(hostVersion: UInt32) -> UnsafeRawPointer? {
        guard hostVersion == UInt32(BULKHEAD_PLUGIN_ABI_VERSION) else { return nil }
        let maker = InstanceMaker(info: info) { values, format, log in
            FilterInstance(filter: try Self(values, format: format, log: log))
        }
        return UnsafeRawPointer(Description.make(info, maker: maker))
    }
}

/// Makes instances of one filter type, which C function pointers can't name.
private final class InstanceMaker {
    let info: PluginInfo
    let make: (ParameterValues, PluginFormat, PluginLog) throws -> Instance

    init(info: PluginInfo, make: @escaping (ParameterValues, PluginFormat, PluginLog) throws -> Instance) {
        self.info = info
        self.make = make
    }
}

/// An instance as C holds it.
private class Instance {
    final var log = PluginLog(nil)
    final var failureCount = 0

    func process(_ frame: borrowing VideoFrame) throws -> Outcome { .unchanged }
}

private final class FilterInstance<Filter: VideoFilter>: Instance {
    private var filter: Filter

    init(filter: Filter) { self.filter = filter }

    override func process(_ frame: borrowing VideoFrame) throws -> Outcome { try filter.process(frame) }
}

/// A plugin's description in C's terms.
private enum Description {
    static func make(_ info: PluginInfo, maker: InstanceMaker) -> UnsafePointer<bulkhead_plugin> {
        let parameters = UnsafeMutablePointer<bulkhead_parameter>.allocate(capacity: max(1, info.parameters.count))
        for (index, parameter) in info.parameters.enumerated() {
            (parameters + index).initialize(to: describe(parameter))
        }
        var plugin = bulkhead_plugin()
        plugin.abi_version = UInt32(BULKHEAD_PLUGIN_ABI_VERSION)
        plugin.byte_count = UInt32(MemoryLayout<bulkhead_plugin>.size)
        plugin.parameter_byte_count = UInt32(MemoryLayout<bulkhead_parameter>.size)
        plugin.capabilities = BULKHEAD_VIDEO.rawValue
        plugin.name = lasting(info.name)
        plugin.version = lasting(info.version)
        plugin.description = lasting(info.description)
        plugin.author = lasting(info.author)
        plugin.license = lasting(info.license)
        plugin.parameters = UnsafePointer(parameters)
        plugin.parameter_count = UInt32(info.parameters.count)
        plugin.context = Unmanaged.passRetained(maker).toOpaque()
        plugin.create = create
        plugin.destroy = destroy
        plugin.process_video = processVideo
        let memory = UnsafeMutablePointer<bulkhead_plugin>.allocate(capacity: 1)
        memory.initialize(to: plugin)
        return UnsafePointer(memory)
    }

    private static func describe(_ parameter: Parameter) -> bulkhead_parameter {
        var described = bulkhead_parameter()
        described.name = lasting(parameter.name)
        described.description = lasting(parameter.description)
        described.unit = parameter.unit.isEmpty ? nil : lasting(parameter.unit)
        let type: bulkhead_parameter_type
        switch parameter.kind {
        case .integer(let value, let range):
            type = BULKHEAD_PARAMETER_INTEGER
            described.default_value = lasting("\(value)")
            described.minimum = Double(range.lowerBound)
            described.maximum = Double(range.upperBound)
        case .number(let value, let range):
            type = BULKHEAD_PARAMETER_NUMBER
            described.default_value = lasting("\(value)")
            described.minimum = range.lowerBound
            described.maximum = range.upperBound
        case .boolean(let value):
            type = BULKHEAD_PARAMETER_BOOLEAN
            described.default_value = lasting(value ? "true" : "false")
        case .choice(let value, let choices):
            type = BULKHEAD_PARAMETER_CHOICE
            described.default_value = lasting(value)
            let texts = UnsafeMutablePointer<UnsafePointer<CChar>?>.allocate(capacity: choices.count + 1)
            for (index, choice) in choices.enumerated() { (texts + index).initialize(to: lasting(choice)) }
            (texts + choices.count).initialize(to: nil)
            described.choices = UnsafePointer(texts)
        case .color(let value):
            type = BULKHEAD_PARAMETER_COLOR
            let digits = String(value & 0xFF_FFFF, radix: 16)
            described.default_value = lasting("#" + String(repeating: "0", count: 6 - digits.count) + digits)
        case .text(let value):
            type = BULKHEAD_PARAMETER_TEXT
            described.default_value = lasting(value)
        }
        described.type = type.rawValue
        return described
    }

    /// A C string that is never freed.
    private static func lasting(_ text: String) -> UnsafePointer<CChar>? { UnsafePointer(strdup(text)) }
}

// MARK: what the host calls

private func create(
    plugin: UnsafePointer<bulkhead_plugin>?, host: UnsafePointer<bulkhead_host>?,
    format: UnsafePointer<bulkhead_format>?, values: UnsafePointer<bulkhead_value>?,
    state: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> Int32 {
    guard let plugin, let context = plugin.pointee.context, let format = format?.pointee, let state else {
        return -EINVAL
    }
    let maker = Unmanaged<InstanceMaker>.fromOpaque(context).takeUnretainedValue()
    let log = PluginLog(host)
    let rate = Double(format.frame_rate_numerator) / Double(max(1, format.frame_rate_denominator))
    do {
        let instance = try maker.make(
            ParameterValues(maker.info.parameters, values),
            PluginFormat(width: Int(format.width), height: Int(format.height), frameRate: rate), log)
        instance.log = log
        state.pointee = Unmanaged.passRetained(instance).toOpaque()
        return 0
    } catch {
        log(.error, "\(error)")
        return -EINVAL
    }
}

private func destroy(state: UnsafeMutableRawPointer?) {
    guard let state else { return }
    Unmanaged<Instance>.fromOpaque(state).release()
}

private func processVideo(state: UnsafeMutableRawPointer?, frame: UnsafePointer<bulkhead_video_frame>?) -> Int32 {
    guard let state, let frame, let picture = VideoFrame(frame.pointee) else { return -EINVAL }
    let instance = Unmanaged<Instance>.fromOpaque(state).takeUnretainedValue()
    do {
        return try instance.process(picture) == .changed ? 0 : BULKHEAD_UNCHANGED
    } catch {
        // The first is enough for a person; the host counts them all.
        if instance.failureCount == 0 { instance.log(.error, "\(error)") }
        instance.failureCount += 1
        return -EIO
    }
}

extension ParameterValues {
    fileprivate init(_ parameters: [Parameter], _ values: UnsafePointer<bulkhead_value>?) {
        var read: [String: Value] = [:]
        for (index, parameter) in parameters.enumerated() {
            guard let value = values?[index] else { continue }
            read[parameter.name] =
                switch parameter.kind {
                case .integer, .color: .integer(Int(value.integer))
                case .number: .number(value.number)
                case .boolean: .boolean(value.integer != 0)
                case .choice(_, let choices):
                    .text(choices.indices.contains(Int(value.integer)) ? choices[Int(value.integer)] : "")
                case .text: .text(value.text.map { String(cString: $0) } ?? "")
                }
        }
        self.init(read)
    }
}
