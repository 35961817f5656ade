import BulkheadMedia
import BulkheadWire
import CBulkheadEffects
import Glibc

/// A library of LADSPA 1.1, which holds any number of plugins.
final class LadspaLibrary {
    /// One plugin: its library's descriptor, and what that means here.
    struct Plugin {
        let descriptor: UnsafePointer<bulkhead_ladspa_descriptor>
        var description: PluginDescription
        /// The ports of the parameters, in their order.
        var controls: [Int] = []
        var audioInputs: [Int] = []
        var audioOutputs: [Int] = []
        /// Control outputs, which are passed over.
        var meters: [Int] = []
    }

    let library: SharedLibrary
    /// The plugins that can be used, and the labels of those that can't, with the reasons.
    private(set) var plugins: [Plugin] = []
    private(set) var refused: [(label: String, Refusal)] = []

    private typealias Descriptor = @convention(c) (UInt) -> UnsafePointer<bulkhead_ladspa_descriptor>?
    /// More plugins and ports than any library has.
    private static let maximumPluginCount: UInt = 4096
    private static let maximumPortCount: UInt = 4096

    /// Asks the library for its plugins.
    /// - Throws: a refusal whose phrase stands by itself.
    init(_ library: SharedLibrary) throws(Refusal) {
        self.library = library
        try library.require(["ladspa_descriptor"], of: "LADSPA")
        guard let describe = library.function("ladspa_descriptor", as: Descriptor.self) else { return }
        for index in 0..<Self.maximumPluginCount {
            guard let descriptor = describe(index) else { break }
            do throws(Refusal) {
                plugins.append(try Self.plugin(descriptor, library.path))
            } catch {
                refused.append((foreignText(descriptor.pointee.label, atMost: 128), error))
            }
        }
        guard !plugins.isEmpty || !refused.isEmpty else {
            throw Refusal(.other, "\(library.path) is a library of LADSPA without any plugin")
        }
    }

    /// The plugin that `label`, or its number, stands for; with an empty label the only one.
    /// - Throws: a refusal that names the labels that there are.
    func plugin(label: String) throws(Refusal) -> Plugin {
        if label.isEmpty, plugins.count == 1, let only = plugins.first { return only }
        if let plugin = plugins.first(where: { $0.description.label == label || "\($0.description.uniqueID)" == label })
        {
            return plugin
        }
        if let refusal = refused.first(where: { $0.label == label })?.1 { throw refusal }
        let labels = plugins.map(\.description.label).joined(separator: ", ")
        throw Refusal(
            .settings,
            label.isEmpty
                ? "\(library.path) holds \(plugins.count) plugins: name one of \(labels)"
                : "\(library.path) holds no plugin \(label): there are \(labels)")
    }

    private static func plugin(
        _ pointer: UnsafePointer<bulkhead_ladspa_descriptor>, _ path: String
    ) throws(Refusal) -> Plugin {
        let descriptor = pointer.pointee
        let label = foreignText(descriptor.label, atMost: 128)
        func breach(_ what: String) -> Refusal {
            Refusal(.other, "plugin \(label) in \(path) breaks the interface of LADSPA: \(what)")
        }
        guard !label.isEmpty else { throw breach("it has no label") }
        guard descriptor.port_count <= maximumPortCount else { throw breach("it has \(descriptor.port_count) ports") }
        let portCount = Int(descriptor.port_count)
        guard portCount == 0 || descriptor.ports != nil && descriptor.ranges != nil && descriptor.port_names != nil
        else { throw breach("its ports are missing") }
        var missing: [String] = []
        if descriptor.instantiate == nil { missing.append("instantiate") }
        if descriptor.connect_port == nil { missing.append("connect_port") }
        if descriptor.run == nil { missing.append("run") }
        if descriptor.cleanup == nil { missing.append("cleanup") }
        guard missing.isEmpty else {
            throw Refusal(.missingSymbol, breach("it lacks \(missing.joined(separator: " and "))").description)
        }
        var plugin = Plugin(
            descriptor: pointer,
            description: PluginDescription(
                identity: "ladspa:\(label)", kind: .ladspa, path: path, label: label,
                uniqueID: UInt32(clamping: descriptor.unique_id), name: foreignText(descriptor.name, atMost: 256),
                version: "", author: foreignText(descriptor.maker), license: foreignText(descriptor.copyright)))
        for port in 0..<portCount {
            let bits = UInt32(bitPattern: descriptor.ports?[port] ?? 0)
            func has(_ bit: bulkhead_ladspa_port) -> Bool { bits & bit.rawValue != 0 }
            guard has(BULKHEAD_LADSPA_INPUT) != has(BULKHEAD_LADSPA_OUTPUT),
                has(BULKHEAD_LADSPA_CONTROL) != has(BULKHEAD_LADSPA_AUDIO)
            else { throw breach("port \(port) is of kind \(bits)") }
            switch (has(BULKHEAD_LADSPA_AUDIO), has(BULKHEAD_LADSPA_INPUT)) {
            case (true, true): plugin.audioInputs.append(port)
            case (true, false): plugin.audioOutputs.append(port)
            case (false, false): plugin.meters.append(port)
            case (false, true):
                plugin.controls.append(port)
                let parameter = LadspaControl.parameter(
                    foreignText(descriptor.port_names?[port], atMost: 256),
                    descriptor.ranges?[port] ?? bulkhead_ladspa_range(),
                    among: plugin.description.parameters)
                plugin.description.parameters.append(parameter)
            }
        }
        // One that works on controls alone is run as well; it changes nothing.
        plugin.description.takesAudio = true
        plugin.description.role = plugin.audioInputs.isEmpty && !plugin.audioOutputs.isEmpty ? .source : .filter
        return plugin
    }
}

/// A control input of LADSPA as a parameter.
enum LadspaControl {
    /// What stands in brackets behind a port's name and is a unit.
    private static let units: Set<String> = [
        "db", "hz", "khz", "s", "ms", "us", "%", "samples", "cents", "semitones", "degrees", "deg", "bpm", "octaves",
        "v", "seconds", "sec", "m", "oct", "st", "us/sample", "ratio",
    ]

    /// - SeeAlso: ladspa.h 1.1, `LADSPA_PortRangeHint`.
    static func parameter(
        _ printed: String, _ range: bulkhead_ladspa_range, among others: [PluginParameter]
    ) -> PluginParameter {
        let (name, unit) = split(printed)
        let hints = UInt32(bitPattern: range.hints)
        func has(_ hint: bulkhead_ladspa_hint) -> Bool { hints & hint.rawValue != 0 }
        let factor = has(BULKHEAD_LADSPA_SAMPLE_RATE) ? Double(AudioFormat.sampleRate) : 1
        func bound(_ value: Float, _ hint: bulkhead_ladspa_hint) -> Double? {
            has(hint) && value.isFinite ? exact(value) * factor : nil
        }
        var lower = bound(range.lower, BULKHEAD_LADSPA_BOUNDED_BELOW)
        var upper = bound(range.upper, BULKHEAD_LADSPA_BOUNDED_ABOVE)
        if let low = lower, let high = upper, low > high { (lower, upper) = (high, low) }
        let fallback = standard(hints, lower, upper)
        var parameter = PluginParameter(
            name: others.freeName(for: name, index: others.count), printedName: printed, kind: .number, unit: unit,
            defaultText: "", minimum: lower, maximum: upper)
        if has(BULKHEAD_LADSPA_TOGGLED) {
            parameter.kind = .boolean
            parameter.minimum = nil
            parameter.maximum = nil
            parameter.defaultText = fallback > 0 ? "true" : "false"
        } else if has(BULKHEAD_LADSPA_INTEGER) {
            parameter.kind = .integer
            // Rounded into the range, so that the default itself is taken.
            let least = lower.map { $0.rounded(.up) } ?? -1e15
            let most = upper.map { $0.rounded(.down) } ?? 1e15
            parameter.minimum = lower.map { _ in min(least, most) }
            parameter.maximum = upper.map { _ in max(least, most) }
            let whole = min(max(fallback.rounded(), min(least, most)), max(least, most))
            parameter.defaultText = "\(Int64(min(max(whole, -1e15), 1e15)))"
        } else {
            parameter.defaultText = PluginParameter.shown(fallback)
        }
        return parameter
    }

    /// The default that the hints tell of; without any, the number in the range that is nearest to 0.
    private static func standard(_ hints: UInt32, _ lower: Double?, _ upper: Double?) -> Double {
        let low = lower ?? 0
        let high = upper ?? max(1, low)
        let isLogarithmic = hints & BULKHEAD_LADSPA_LOGARITHMIC.rawValue != 0 && low > 0 && high > 0
        func between(_ share: Double) -> Double {
            isLogarithmic ? exp(log(low) * (1 - share) + log(high) * share) : low * (1 - share) + high * share
        }
        func rounded(_ value: Double) -> Double { exact(Float(value)) }
        let wanted: Double =
            switch hints & BULKHEAD_LADSPA_DEFAULT_MASK.rawValue {
            case BULKHEAD_LADSPA_DEFAULT_MINIMUM.rawValue: low
            case BULKHEAD_LADSPA_DEFAULT_LOW.rawValue: rounded(between(0.25))
            case BULKHEAD_LADSPA_DEFAULT_MIDDLE.rawValue: rounded(between(0.5))
            case BULKHEAD_LADSPA_DEFAULT_HIGH.rawValue: rounded(between(0.75))
            case BULKHEAD_LADSPA_DEFAULT_MAXIMUM.rawValue: high
            case BULKHEAD_LADSPA_DEFAULT_1.rawValue: 1
            case BULKHEAD_LADSPA_DEFAULT_100.rawValue: 100
            case BULKHEAD_LADSPA_DEFAULT_440.rawValue: 440
            default: 0
            }
        return min(max(wanted, lower ?? -.greatestFiniteMagnitude), upper ?? .greatestFiniteMagnitude)
    }

    /// The double that is written as shortly as the float: 0.1 for 0.1f.
    private static func exact(_ value: Float) -> Double { value.isFinite ? Double("\(value)") ?? Double(value) : 0 }

    /// A port's name without the unit behind it, and that unit.
    private static func split(_ printed: String) -> (name: String, unit: String) {
        for (opening, closing) in [("(", ")"), ("[", "]")] {
            guard printed.hasSuffix(closing), let start = printed.lastIndex(of: Character(opening)) else { continue }
            let unit = String(printed[printed.index(after: start)...].dropLast())
            let name = String(printed[..<start])
            if units.contains(unit.lowercased()), !PluginParameter.normalized(name).isEmpty { return (name, unit) }
        }
        return (printed, "")
    }
}
