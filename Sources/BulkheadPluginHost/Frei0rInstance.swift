import BulkheadMedia
import BulkheadWire
import CBulkheadEffects
import CBulkheadPlugin
import Glibc

/// A plugin of frei0r at work on packed pixels, of a size that is rounded up to a multiple of 8.
///
/// A source is laid over the picture by its alpha. A mixer's first input is the picture, its second the picture before,
/// its third the one before that: what it makes never comes back to it.
final class Frei0rInstance: PluginInstance {
    private let library: Frei0rLibrary
    private let canvas: Canvas
    private let instance: UnsafeMutableRawPointer
    private let voice: PluginVoice
    private let width: Int
    private let height: Int
    /// The inputs, newest first, and the result.
    private var inputs: [UnsafeMutablePointer<UInt32>]
    private let output: UnsafeMutablePointer<UInt32>
    private var hasRun = false
    /// What the plugin has been given as texts. It should have copied them, but not all do.
    private var texts: [UnsafeMutablePointer<CChar>]

    /// Makes an instance with the parameters that are given; the others stay as the plugin has them.
    /// - Throws: a refusal that names the parameter.
    init(
        _ library: Frei0rLibrary, parameters: [String: String], stage: PluginStage, voice: PluginVoice
    ) throws(Refusal) {
        width = (stage.canvas.width + 7) / 8 * 8
        height = (stage.canvas.height + 7) / 8 * 8
        guard let instance = library.functions.construct?(UInt32(width), UInt32(height)) else {
            throw Refusal(.settings, "plugin \(library.description.name) can't start: f0r_construct failed")
        }
        library.noteDefaults(of: instance)
        let described = library.description.parameters
        var texts: [UnsafeMutablePointer<CChar>] = []
        do throws(Refusal) {
            _ = try described.values(given: parameters)
            for (name, text) in parameters {
                guard let index = described.index(called: name) else { throw described.unknown(name) }
                Self.set(index, to: try described[index].value(text), in: instance, of: library, keeping: &texts)
            }
        } catch {
            library.functions.destruct?(instance)
            for text in texts { free(text) }
            throw error
        }
        self.texts = texts
        self.library = library
        self.voice = voice
        self.instance = instance
        canvas = stage.canvas
        let inputCount =
            switch library.pluginType {
            case BULKHEAD_FREI0R_SOURCE.rawValue: 0
            case BULKHEAD_FREI0R_MIXER2.rawValue: 2
            case BULKHEAD_FREI0R_MIXER3.rawValue: 3
            default: 1
            }
        let pixelCount = width * height
        inputs = (0..<inputCount).map { _ in Self.pixels(pixelCount) }
        output = Self.pixels(pixelCount)
    }

    deinit {
        voice.during(.destroy) { library.functions.destruct?(instance) }
        for buffer in inputs + [output] { buffer.deallocate() }
        for text in texts { free(text) }
    }

    var name: String { library.description.name }
    var version: String { library.description.version }
    var abilities: PluginAbilities { .video }
    var worksInPlace: Bool { false }

    func process(_ block: inout bulkhead_audio_block) -> PluginOutcome { .unchanged }
    func handle(_ event: inout bulkhead_event) {}

    func process(_ frame: inout bulkhead_video_frame) -> PluginOutcome {
        let isBT709: Int32 = canvas.height >= 720 ? 1 : 0
        let isBGRA: Int32 = library.colorModel == BULKHEAD_FREI0R_BGRA.rawValue ? 1 : 0
        var from = bulkhead_planes(
            luma: UnsafeMutablePointer(mutating: frame.input.0), cb: UnsafeMutablePointer(mutating: frame.input.1),
            cr: UnsafeMutablePointer(mutating: frame.input.2), luma_stride: Int(frame.input_stride.0),
            chroma_stride: Int(frame.input_stride.1))
        var to = bulkhead_planes(
            luma: frame.output.0, cb: frame.output.1, cr: frame.output.2, luma_stride: Int(frame.output_stride.0),
            chroma_stride: Int(frame.output_stride.1))
        if let oldest = inputs.popLast() {
            bulkhead_i420_to_packed(
                &from, oldest, Int32(canvas.width), Int32(canvas.height), Int32(width), Int32(height), isBT709, isBGRA)
            inputs.insert(oldest, at: 0)
            // The first picture has none before it.
            if !hasRun {
                for input in inputs.dropFirst() { input.update(from: oldest, count: width * height) }
            }
        }
        hasRun = true
        update(at: Double(frame.pts_nanoseconds) / 1_000_000_000)
        if inputs.isEmpty {
            copyPlanes(frame)
            bulkhead_packed_to_i420(
                output, &to, Int32(canvas.width), Int32(canvas.height), Int32(width), isBT709, isBGRA, 1)
        } else {
            bulkhead_packed_to_i420(
                output, &to, Int32(canvas.width), Int32(canvas.height), Int32(width), isBT709, isBGRA, 0)
        }
        return .changed
    }

    func setParameter(_ name: String, to text: String) throws(Refusal) {
        let parameters = library.description.parameters
        guard let index = parameters.index(called: name) else { throw parameters.unknown(name) }
        Self.set(index, to: try parameters[index].value(text), in: instance, of: library, keeping: &texts)
    }

    private func update(at time: Double) {
        func input(_ index: Int) -> UnsafePointer<UInt32>? {
            inputs.indices.contains(index) ? UnsafePointer(inputs[index]) : nil
        }
        if let update = library.functions.update, inputs.count < 2 {
            update(instance, time, input(0), output)
        } else {
            library.functions.update2?(instance, time, input(0), input(1), input(2), output)
        }
    }

    private func copyPlanes(_ frame: bulkhead_video_frame) {
        func copy(_ from: UnsafePointer<UInt8>?, _ to: UnsafeMutablePointer<UInt8>?, _ stride: UInt32, _ height: Int) {
            guard let from, let to, from != UnsafePointer(to) else { return }
            to.update(from: from, count: Int(stride) * height)
        }
        copy(frame.input.0, frame.output.0, frame.input_stride.0, canvas.height)
        copy(frame.input.1, frame.output.1, frame.input_stride.1, canvas.height / 2)
        copy(frame.input.2, frame.output.2, frame.input_stride.2, canvas.height / 2)
    }

    private static func set(
        _ index: Int, to value: PluginParameter.Value, in instance: UnsafeMutableRawPointer, of library: Frei0rLibrary,
        keeping texts: inout [UnsafeMutablePointer<CChar>]
    ) {
        var foreign = bulkhead_frei0r_value()
        switch value {
        case .integer(let integer):
            if library.description.parameters[index].kind == .color {
                foreign.color.red = Float(integer >> 16 & 255) / 255
                foreign.color.green = Float(integer >> 8 & 255) / 255
                foreign.color.blue = Float(integer & 255) / 255
            } else {
                foreign.number = Double(integer)
            }
        case .number(let number): foreign.number = number
        case .position(let x, let y):
            foreign.position.x = x
            foreign.position.y = y
        case .text(let string):
            guard let text = strdup(string) else { return }
            texts.append(text)
            foreign.text = text
        }
        library.functions.set_param_value?(instance, &foreign, Int32(index))
    }

    /// Room for pixels, aligned as frei0r asks (16 bytes) and more, black at first.
    private static func pixels(_ count: Int) -> UnsafeMutablePointer<UInt32> {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: count * MemoryLayout<UInt32>.size, alignment: 64)
        return memory.initializeMemory(as: UInt32.self, repeating: 0xFF00_0000, count: count)
    }
}
