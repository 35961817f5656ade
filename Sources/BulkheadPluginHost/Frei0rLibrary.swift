import BulkheadWire
import CBulkheadEffects
import Glibc

/// A library of frei0r 1.x, with what it describes itself as. It holds one plugin.
final class Frei0rLibrary {
    let library: SharedLibrary
    let functions: bulkhead_frei0r_functions
    private(set) var description: PluginDescription
    /// frei0r's types of the parameters.
    let parameterTypes: [Int32]
    let colorModel: UInt32
    let pluginType: UInt32

    private typealias Initializer = @convention(c) () -> Int32
    private typealias Finisher = @convention(c) () -> Void
    private typealias InfoGetter = @convention(c) (UnsafeMutablePointer<bulkhead_frei0r_info>?) -> Void
    private typealias ParameterGetter =
        @convention(c) (UnsafeMutablePointer<bulkhead_frei0r_parameter_info>?, Int32) -> Void
    private typealias Constructor = @convention(c) (UInt32, UInt32) -> UnsafeMutableRawPointer?
    private typealias Destructor = @convention(c) (UnsafeMutableRawPointer?) -> Void
    private typealias ValueAccess = @convention(c) (UnsafeMutableRawPointer?, UnsafeMutableRawPointer?, Int32) -> Void
    private typealias Update =
        @convention(c) (
            UnsafeMutableRawPointer?, Double, UnsafePointer<UInt32>?, UnsafeMutablePointer<UInt32>?
        ) -> Void
    private typealias Update2 =
        @convention(c) (
            UnsafeMutableRawPointer?, Double, UnsafePointer<UInt32>?, UnsafePointer<UInt32>?, UnsafePointer<UInt32>?,
            UnsafeMutablePointer<UInt32>?
        ) -> Void

    /// The size for which an instance is made to learn the defaults: what all plugins must be able to do.
    private static let trialSize: (width: UInt32, height: UInt32) = (320, 240)

    /// Starts the library up and asks what it is.
    /// - Throws: a refusal whose phrase stands by itself.
    init(_ library: SharedLibrary) throws(Refusal) {
        try library.require(
            [
                "f0r_init", "f0r_deinit", "f0r_get_plugin_info", "f0r_get_param_info", "f0r_construct", "f0r_destruct",
                "f0r_set_param_value", "f0r_get_param_value",
            ], of: "frei0r")
        var functions = bulkhead_frei0r_functions()
        functions.`init` = library.function("f0r_init", as: Initializer.self)
        functions.deinit = library.function("f0r_deinit", as: Finisher.self)
        functions.get_plugin_info = library.function("f0r_get_plugin_info", as: InfoGetter.self)
        functions.get_param_info = library.function("f0r_get_param_info", as: ParameterGetter.self)
        functions.construct = library.function("f0r_construct", as: Constructor.self)
        functions.destruct = library.function("f0r_destruct", as: Destructor.self)
        functions.set_param_value = library.function("f0r_set_param_value", as: ValueAccess.self)
        functions.get_param_value = library.function("f0r_get_param_value", as: ValueAccess.self)
        functions.update = library.function("f0r_update", as: Update.self)
        functions.update2 = library.function("f0r_update2", as: Update2.self)
        guard functions.`init`?() != 0 else { throw Refusal(.other, "\(library.path) can't start: f0r_init failed") }
        var info = bulkhead_frei0r_info()
        functions.get_plugin_info?(&info)
        guard info.frei0r_version == 1 else {
            throw Refusal(
                .wrongVersion,
                "\(library.path) was built for version \(info.frei0r_version) of frei0r, but this host has version 1")
        }
        guard (0...2).contains(info.color_model), (0...3).contains(info.plugin_type),
            (0...Int32(PluginParameter.maximumCount)).contains(info.parameter_count)
        else {
            throw Refusal(
                .other,
                "\(library.path) breaks the interface of frei0r: color model \(info.color_model), plugin type "
                    + "\(info.plugin_type), \(info.parameter_count) parameters")
        }
        pluginType = UInt32(info.plugin_type)
        colorModel = UInt32(info.color_model)
        let isMixer = pluginType >= BULKHEAD_FREI0R_MIXER2.rawValue
        guard isMixer ? functions.update2 != nil : functions.update != nil || functions.update2 != nil else {
            throw Refusal(
                .missingSymbol,
                "\(library.path) breaks the interface of frei0r: it doesn't export \(isMixer ? "f0r_update2" : "f0r_update")"
            )
        }
        self.library = library
        self.functions = functions
        let file = library.path.split(separator: "/").last.map(String.init) ?? library.path
        let name = foreignText(info.name, atMost: 128)
        description = PluginDescription(
            identity: "frei0r:" + (file.hasSuffix(".so") ? String(file.dropLast(3)) : file), kind: .frei0r,
            path: library.path, name: name.isEmpty ? file : name,
            version: "\(info.major_version).\(info.minor_version)", author: foreignText(info.author),
            summary: foreignText(info.explanation),
            role: isMixer ? .mixer : pluginType == BULKHEAD_FREI0R_SOURCE.rawValue ? .source : .filter, takesVideo: true
        )
        var types: [Int32] = []
        for index in 0..<info.parameter_count {
            var parameter = bulkhead_frei0r_parameter_info()
            functions.get_param_info?(&parameter, index)
            types.append(parameter.type)
            let printed = foreignText(parameter.name, atMost: 128)
            description.parameters.append(
                PluginParameter(
                    name: description.parameters.freeName(for: printed, index: Int(index)), printedName: printed,
                    kind: try Self.kind(of: parameter.type, library.path), summary: foreignText(parameter.explanation),
                    defaultText: ""))
        }
        parameterTypes = types
    }

    deinit { functions.deinit?() }

    /// Makes an instance for a moment and reads the parameters' defaults from it.
    func learnDefaults() throws(Refusal) {
        guard let instance = functions.construct?(Self.trialSize.width, Self.trialSize.height) else {
            throw Refusal(.other, "\(library.path) can't start: f0r_construct failed")
        }
        noteDefaults(of: instance)
        functions.destruct?(instance)
    }

    /// Takes what a fresh instance has as the parameters' defaults.
    func noteDefaults(of instance: UnsafeMutableRawPointer) {
        for index in description.parameters.indices {
            var value = bulkhead_frei0r_value()
            functions.get_param_value?(instance, &value, Int32(index))
            describe(index, by: value)
        }
    }

    private func describe(_ index: Int, by value: bulkhead_frei0r_value) {
        switch UInt32(bitPattern: parameterTypes[index]) {
        case BULKHEAD_FREI0R_BOOLEAN.rawValue:
            description.parameters[index].defaultText = value.number >= 0.5 ? "true" : "false"
        case BULKHEAD_FREI0R_NUMBER.rawValue:
            let number = value.number.isFinite ? value.number : 0
            description.parameters[index].defaultText = PluginParameter.shown(number)
            // All numbers of frei0r are from 0 to 1; a plugin whose own default isn't does not keep to that.
            let keepsRange = (0...1).contains(number)
            description.parameters[index].minimum = keepsRange ? 0 : nil
            description.parameters[index].maximum = keepsRange ? 1 : nil
        case BULKHEAD_FREI0R_COLOR.rawValue:
            func part(_ share: Float) -> Int { share.isFinite ? Int((min(max(share, 0), 1) * 255).rounded()) : 0 }
            let number = part(value.color.red) << 16 | part(value.color.green) << 8 | part(value.color.blue)
            let digits = String(number, radix: 16, uppercase: true)
            description.parameters[index].defaultText = "#" + String(repeating: "0", count: 6 - digits.count) + digits
        case BULKHEAD_FREI0R_POSITION.rawValue:
            let x = value.position.x.isFinite ? value.position.x : 0
            let y = value.position.y.isFinite ? value.position.y : 0
            description.parameters[index].defaultText = "\(PluginParameter.shown(x))/\(PluginParameter.shown(y))"
        default:
            description.parameters[index].defaultText = foreignText(value.text, atMost: 4096)
        }
    }

    private static func kind(of type: Int32, _ path: String) throws(Refusal) -> PluginParameter.Kind {
        switch UInt32(bitPattern: type) {
        case BULKHEAD_FREI0R_BOOLEAN.rawValue: return .boolean
        case BULKHEAD_FREI0R_NUMBER.rawValue: return .number
        case BULKHEAD_FREI0R_COLOR.rawValue: return .color
        case BULKHEAD_FREI0R_POSITION.rawValue: return .position
        case BULKHEAD_FREI0R_TEXT.rawValue: return .text
        default:
            throw Refusal(.other, "\(path) breaks the interface of frei0r: it has a parameter of type \(type)")
        }
    }
}

extension [PluginParameter] {
    /// A name in this host's form for a parameter that a library calls `printed`, which none of these has.
    func freeName(for printed: String, index: Int) -> String {
        let wanted = PluginParameter.normalized(printed)
        let base = wanted.isEmpty ? "parameter-\(index + 1)" : wanted
        var name = base
        var number = 2
        while contains(where: { $0.name == name }) {
            name = "\(base)-\(number)"
            number += 1
        }
        return name
    }
}
