import CBulkheadPlugin
import Glibc

extension Plugin {
    /// What a library's `bulkhead_plugin_entry` returns; nil when the host speaks another version of the interface.
    ///
    /// Each call makes a description that stays until the process ends; a host calls the entry once for each load.
    public static func pluginEntry(hostVersion: UInt32) -> UnsafeRawPointer? {
        guard hostVersion == UInt32(BULKHEAD_PLUGIN_ABI_VERSION) else { return nil }
        let functions = PluginInstance.Functions(Self.self)
        let maker = InstanceMaker(parameters: info.parameters) { try TypedPluginInstance<Self>(functions, $0) }
        return UnsafeRawPointer(PluginDescription.make(info, functions, maker))
    }
}

/// Makes instances of one plugin type, which C function pointers can't name.
private final class InstanceMaker {
    let parameters: [any PluginParameter]
    let make: (PluginSetup) throws -> PluginInstance

    init(parameters: [any PluginParameter], make: @escaping (PluginSetup) throws -> PluginInstance) {
        self.parameters = parameters
        self.make = make
    }
}

/// A plugin's description in C's terms. Nothing of it is ever freed: the host may read it as long as the library lives.
private enum PluginDescription {
    static func make(
        _ info: PluginInfo, _ functions: PluginInstance.Functions, _ maker: InstanceMaker
    ) -> UnsafePointer<bulkhead_plugin> {
        let parameters = UnsafeMutablePointer<bulkhead_parameter>.allocate(capacity: max(1, info.parameters.count))
        for (index, parameter) in info.parameters.enumerated() {
            (parameters + index).initialize(to: describe(parameter))
        }
        var plugin = bulkhead_plugin()
        plugin.abi_version = UInt32(BULKHEAD_PLUGIN_ABI_VERSION)
        plugin.byte_count = UInt32(MemoryLayout<bulkhead_plugin>.size)
        plugin.parameter_byte_count = UInt32(MemoryLayout<bulkhead_parameter>.size)
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
        plugin.set_parameter = setParameter
        if functions.video != nil {
            plugin.capabilities |= BULKHEAD_VIDEO.rawValue
            if functions.worksInPlace { plugin.capabilities |= BULKHEAD_VIDEO_IN_PLACE.rawValue }
            plugin.process_video = processVideo
        }
        if functions.audio != nil {
            plugin.capabilities |= BULKHEAD_AUDIO.rawValue
            plugin.process_audio = processAudio
        }
        if functions.event != nil {
            plugin.capabilities |= BULKHEAD_EVENTS.rawValue
            plugin.handle_event = handleEvent
        }
        let memory = UnsafeMutablePointer<bulkhead_plugin>.allocate(capacity: 1)
        memory.initialize(to: plugin)
        return UnsafePointer(memory)
    }

    private static func describe(_ parameter: any PluginParameter) -> bulkhead_parameter {
        var described = bulkhead_parameter()
        described.name = lasting(parameter.name)
        described.description = lasting(parameter.description)
        described.unit = parameter.unit.isEmpty ? nil : lasting(parameter.unit)
        let type: bulkhead_parameter_type
        switch parameter.kind {
        case .integer(let value, let range):
            type = BULKHEAD_PARAMETER_INTEGER
            described.default_value = lasting("\(value)")
            described.minimum = Double(range?.lowerBound ?? 0)
            described.maximum = Double(range?.upperBound ?? 0)
        case .number(let value, let range):
            type = BULKHEAD_PARAMETER_NUMBER
            described.default_value = lasting("\(value)")
            described.minimum = range?.lowerBound ?? 0
            described.maximum = range?.upperBound ?? 0
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
            let digits = String(value.code, radix: 16, uppercase: true)
            described.default_value = lasting("#" + String(repeating: "0", count: 6 - digits.count) + digits)
        case .text(let value):
            type = BULKHEAD_PARAMETER_TEXT
            described.default_value = lasting(value)
        case .file:
            type = BULKHEAD_PARAMETER_FILE
            described.default_value = lasting("")
        }
        described.type = type.rawValue
        return described
    }

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
    let rate = Double(format.frame_rate_numerator) / Double(max(1, format.frame_rate_denominator))
    var setup = PluginSetup(
        PluginFormat(
            width: Int(format.width), height: Int(format.height), frameRate: rate, sampleRate: Int(format.sample_rate),
            channelCount: Int(format.channel_count)),
        log: PluginLog(host))
    for (index, parameter) in maker.parameters.enumerated() {
        guard let value = values?[index] else { continue }
        setup.set(parameter, setting(value, parameter.kind))
    }
    do {
        state.pointee = Unmanaged.passRetained(Made(try maker.make(setup), maker)).toOpaque()
        return 0
    } catch {
        setup.log(.error, "\(error)")
        return -EINVAL
    }
}

/// An instance together with what made it.
private final class Made {
    let instance: PluginInstance
    let maker: InstanceMaker

    init(_ instance: PluginInstance, _ maker: InstanceMaker) {
        self.instance = instance
        self.maker = maker
    }

    static func at(_ state: UnsafeMutableRawPointer?) -> Made? {
        state.map { Unmanaged<Made>.fromOpaque($0).takeUnretainedValue() }
    }
}

private func destroy(state: UnsafeMutableRawPointer?) {
    guard let state else { return }
    Unmanaged<Made>.fromOpaque(state).release()
}

private func setParameter(
    state: UnsafeMutableRawPointer?, index: UInt32, value: UnsafePointer<bulkhead_value>?
) -> Int32 {
    guard let made = Made.at(state), let value = value?.pointee, made.maker.parameters.indices.contains(Int(index))
    else { return -EINVAL }
    let parameter = made.maker.parameters[Int(index)]
    var setup = made.instance.setup
    setup.set(parameter, setting(value, parameter.kind))
    do {
        try made.instance.update(setup)
        return 0
    } catch {
        setup.log(.error, "\(error)")
        return -EINVAL
    }
}

private func processVideo(state: UnsafeMutableRawPointer?, frame: UnsafePointer<bulkhead_video_frame>?) -> Int32 {
    guard let instance = Made.at(state)?.instance, let process = instance.functions.video, let frame,
        let picture = VideoFrame(frame.pointee)
    else { return -EINVAL }
    return instance.code { try process(instance.memory, picture) }
}

private func processAudio(state: UnsafeMutableRawPointer?, block: UnsafePointer<bulkhead_audio_block>?) -> Int32 {
    guard let instance = Made.at(state)?.instance, let process = instance.functions.audio, let block,
        let sound = AudioBlock(block.pointee, channelCount: instance.setup.format.channelCount)
    else { return -EINVAL }
    return instance.code { try process(instance.memory, sound) }
}

private func handleEvent(state: UnsafeMutableRawPointer?, event: UnsafePointer<bulkhead_event>?) {
    guard let instance = Made.at(state)?.instance, let event = event.flatMap({ PluginEvent($0.pointee) }) else {
        return
    }
    instance.functions.event?(instance.memory, event)
}

private func setting(_ value: bulkhead_value, _ kind: ParameterKind) -> ParameterSetting {
    switch kind {
    case .integer, .boolean, .choice, .color: .integer(value.integer)
    case .number: .number(value.number)
    case .text, .file: .text(value.text.map { String(cString: $0) } ?? "")
    }
}
