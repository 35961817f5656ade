import BulkheadMedia
import BulkheadWire
import CBulkheadEffects
import CBulkheadPlugin
import Glibc

/// A plugin of LADSPA at work on stereo at 48 kHz.
///
/// - A plugin with one input and one output is made twice, once for each side. Others are made once: their inputs get
///   left and right in turn, a single input gets the mean of both; the first two outputs are left and right, a single
///   output is both.
/// - A plugin without inputs is heard beside what comes in; one without outputs hears it and changes nothing.
/// - What control outputs tell, a latency too, is passed over.
final class LadspaInstance: PluginInstance {
    /// Longer blocks are run in parts.
    private static let maximumSampleCount = 4096

    private let library: LadspaLibrary
    private let plugin: LadspaLibrary.Plugin
    private let descriptor: bulkhead_ladspa_descriptor
    private let voice: PluginVoice
    private let handles: [UnsafeMutableRawPointer]
    /// One float for each port, for controls and meters.
    private let ports: UnsafeMutablePointer<Float>
    /// The buffers of the audio inputs, then of the outputs, for each handle.
    private let buffers: UnsafeMutablePointer<Float>
    private let inputCount: Int
    private let outputCount: Int

    /// Makes an instance with the parameters that are given; the others have their defaults.
    /// - Throws: a refusal that names the parameter.
    init(
        _ library: LadspaLibrary, _ plugin: LadspaLibrary.Plugin, parameters: [String: String], voice: PluginVoice
    ) throws(Refusal) {
        let values = try plugin.description.parameters.values(given: parameters)
        let descriptor = plugin.descriptor.pointee
        inputCount = plugin.audioInputs.count
        outputCount = plugin.audioOutputs.count
        let handleCount = inputCount == 1 && outputCount == 1 ? 2 : 1
        var handles: [UnsafeMutableRawPointer] = []
        for _ in 0..<handleCount {
            guard let handle = descriptor.instantiate?(plugin.descriptor, UInt(AudioFormat.sampleRate)) else {
                for handle in handles { descriptor.cleanup?(handle) }
                throw Refusal(.settings, "plugin \(plugin.description.name) can't start: instantiate failed")
            }
            handles.append(handle)
        }
        let portCount = max(1, Int(descriptor.port_count))
        ports = .allocate(capacity: portCount)
        ports.initialize(repeating: 0, count: portCount)
        let sampleCount = max(1, handleCount * (inputCount + outputCount)) * Self.maximumSampleCount
        buffers = .allocate(capacity: sampleCount)
        buffers.initialize(repeating: 0, count: sampleCount)
        self.library = library
        self.plugin = plugin
        self.descriptor = descriptor
        self.voice = voice
        self.handles = handles
        bulkhead_flush_denormals()
        for (port, value) in zip(plugin.controls, values) { ports[port] = Self.number(value) }
        for (index, handle) in handles.enumerated() { connect(handle, index) }
        for handle in handles { descriptor.activate?(handle) }
    }

    deinit {
        voice.during(.destroy) {
            for handle in handles {
                descriptor.deactivate?(handle)
                descriptor.cleanup?(handle)
            }
        }
        ports.deallocate()
        buffers.deallocate()
    }

    var name: String { plugin.description.name }
    var version: String { plugin.description.version }
    var abilities: PluginAbilities { .audio }
    var worksInPlace: Bool { false }

    func process(_ frame: inout bulkhead_video_frame) -> PluginOutcome { .unchanged }
    func handle(_ event: inout bulkhead_event) {}

    func setParameter(_ name: String, to text: String) throws(Refusal) {
        let parameters = plugin.description.parameters
        guard let index = parameters.index(called: name) else { throw parameters.unknown(name) }
        ports[plugin.controls[index]] = Self.number(try parameters[index].value(text))
    }

    func process(_ block: inout bulkhead_audio_block) -> PluginOutcome {
        guard let samples = block.samples else { return .unchanged }
        var start = 0
        let count = Int(block.sample_count)
        while start < count {
            let part = min(Self.maximumSampleCount, count - start)
            run(samples + start * AudioFormat.channelCount, part)
            start += part
        }
        return outputCount == 0 ? .unchanged : .changed
    }

    private func connect(_ handle: UnsafeMutableRawPointer, _ index: Int) {
        for port in plugin.controls + plugin.meters { descriptor.connect_port?(handle, UInt(port), ports + port) }
        for (place, port) in (plugin.audioInputs + plugin.audioOutputs).enumerated() {
            descriptor.connect_port?(handle, UInt(port), buffer(index, place))
        }
    }

    /// The buffer of an audio port: inputs have the first places, outputs the next.
    private func buffer(_ handle: Int, _ place: Int) -> UnsafeMutablePointer<Float> {
        buffers + (handle * (inputCount + outputCount) + place) * Self.maximumSampleCount
    }

    private func run(_ samples: UnsafeMutablePointer<Float>, _ count: Int) {
        for (index, handle) in handles.enumerated() {
            for input in 0..<inputCount {
                let target = buffer(index, input)
                if handles.count == 2 {
                    for i in 0..<count { target[i] = samples[2 * i + index] }
                } else if inputCount == 1 {
                    for i in 0..<count { target[i] = (samples[2 * i] + samples[2 * i + 1]) / 2 }
                } else {
                    for i in 0..<count { target[i] = samples[2 * i + input % 2] }
                }
            }
            descriptor.run?(handle, UInt(count))
        }
        guard outputCount > 0 else { return }
        let left = buffer(0, inputCount)
        let right =
            handles.count == 2 ? buffer(1, inputCount) : outputCount > 1 ? buffer(0, inputCount + 1) : left
        if inputCount == 0 {
            for i in 0..<count {
                samples[2 * i] += left[i]
                samples[2 * i + 1] += right[i]
            }
        } else {
            for i in 0..<count {
                samples[2 * i] = left[i]
                samples[2 * i + 1] = right[i]
            }
        }
    }

    private static func number(_ value: PluginParameter.Value) -> Float {
        switch value {
        case .integer(let integer): Float(integer)
        case .number(let number): Float(number)
        case .text, .position: 0  // no control has such a value
        }
    }
}
