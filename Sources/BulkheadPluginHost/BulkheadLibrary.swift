import BulkheadWire
import CBulkheadPlugin
import Glibc

/// A library of Bulkhead's own interface, with what it describes itself as.
final class BulkheadLibrary {
    let name: String
    let version: String
    let parameters: [PluginParameter]
    /// The plugin's own description, and this host's copy of as much of it as both sides know.
    let plugin: UnsafePointer<bulkhead_plugin>
    let functions: bulkhead_plugin
    private let library: SharedLibrary

    private typealias Entry = @convention(c) (UInt32) -> UnsafePointer<bulkhead_plugin>?

    /// Asks the library for its plugin.
    /// - Throws: a refusal whose phrase stands by itself.
    init(_ library: SharedLibrary) throws(Refusal) {
        let path = library.path
        let ours = UInt32(BULKHEAD_PLUGIN_ABI_VERSION)
        let symbol = "bulkhead_plugin_entry"
        try library.require([symbol], of: "Bulkhead")
        guard let entry = library.function(symbol, as: Entry.self), let plugin = entry(ours) else {
            throw Refusal(
                .wrongVersion, "\(path) does not work with version \(ours) of the plugin interface, which this is")
        }
        self.library = library
        self.plugin = plugin
        functions = try Self.checked(plugin, path)
        name = try Self.text(plugin.pointee.name, "name", path)
        version = try Self.text(plugin.pointee.version, "version", path)
        parameters = try Self.parameters(of: plugin)
    }

    var description: PluginDescription {
        func has(_ capability: bulkhead_capability) -> Bool { functions.capabilities & capability.rawValue != 0 }
        return PluginDescription(
            identity: PluginParameter.normalized(name), kind: .bulkhead, path: library.path, name: name,
            version: version, author: foreignText(functions.author), license: foreignText(functions.license),
            summary: foreignText(functions.description), takesVideo: has(BULKHEAD_VIDEO),
            takesAudio: has(BULKHEAD_AUDIO), takesEvents: has(BULKHEAD_EVENTS),
            worksInPlace: has(BULKHEAD_VIDEO_IN_PLACE), parameters: parameters)
    }

    private static func checked(
        _ plugin: UnsafePointer<bulkhead_plugin>, _ path: String
    ) throws(Refusal) -> bulkhead_plugin {
        let ours = UInt32(BULKHEAD_PLUGIN_ABI_VERSION)
        // These two stand first in every version.
        let theirs = plugin.pointee.abi_version
        guard theirs == ours else {
            throw Refusal(
                .wrongVersion,
                "\(path) was built for version \(theirs) of the plugin interface, but this host has version \(ours)")
        }
        let size = MemoryLayout<bulkhead_plugin>.size
        let parameterSize = MemoryLayout<bulkhead_parameter>.size
        guard Int(plugin.pointee.byte_count) >= size else {
            throw Refusal(
                .wrongVersion,
                "\(path) describes itself in \(plugin.pointee.byte_count) bytes, but version \(ours) of the plugin "
                    + "interface has \(size)")
        }
        let copy = plugin.pointee
        guard copy.parameter_count == 0 || Int(copy.parameter_byte_count) >= parameterSize,
            copy.parameter_byte_count % 8 == 0
        else {
            throw Refusal(
                .wrongVersion,
                "\(path) describes a parameter in \(copy.parameter_byte_count) bytes, but version \(ours) of the "
                    + "plugin interface has \(parameterSize)")
        }
        guard copy.parameter_count <= 256, copy.parameter_count == 0 || copy.parameters != nil else {
            throw Refusal(.other, "\(path) breaks the plugin interface: its parameters are missing or over 256")
        }
        func has(_ capability: bulkhead_capability) -> Bool { copy.capabilities & capability.rawValue != 0 }
        var missing: [String] = []
        if copy.create == nil { missing.append("create") }
        if copy.destroy == nil { missing.append("destroy") }
        if has(BULKHEAD_VIDEO), copy.process_video == nil { missing.append("process_video") }
        if has(BULKHEAD_AUDIO), copy.process_audio == nil { missing.append("process_audio") }
        if has(BULKHEAD_EVENTS), copy.handle_event == nil { missing.append("handle_event") }
        guard missing.isEmpty else {
            throw Refusal(
                .missingSymbol,
                "\(path) breaks the plugin interface: it lacks \(missing.joined(separator: " and ")), which its "
                    + "capabilities call for")
        }
        return copy
    }

    private static func text(
        _ pointer: UnsafePointer<CChar>?, _ field: String, _ path: String
    ) throws(Refusal) -> String {
        guard let pointer, strnlen(pointer, 64) <= 63, pointer.pointee != 0 else {
            throw Refusal(.other, "\(path) breaks the plugin interface: its \(field) is missing or over 63 bytes long")
        }
        return String(cString: pointer)
    }

    // MARK: parameters

    /// The parameters in a description that has been checked.
    /// - Throws: a refusal when a name is missing or given twice, or a type is unknown.
    private static func parameters(of plugin: UnsafePointer<bulkhead_plugin>) throws(Refusal) -> [PluginParameter] {
        guard plugin.pointee.parameter_count > 0, let first = plugin.pointee.parameters else { return [] }
        let base = UnsafeRawPointer(first)
        let stride = Int(plugin.pointee.parameter_byte_count)
        var parameters: [PluginParameter] = []
        for index in 0..<Int(plugin.pointee.parameter_count) {
            let described = (base + index * stride).loadUnaligned(as: bulkhead_parameter.self)
            let parameter = try self.parameter(described)
            guard !parameters.contains(where: { $0.name == parameter.name }) else {
                throw Refusal(.other, "the plugin has two parameters that are named \(parameter.name)")
            }
            parameters.append(parameter)
        }
        return parameters
    }

    private static func parameter(_ described: bulkhead_parameter) throws(Refusal) -> PluginParameter {
        guard let name = described.name, strnlen(name, 64) <= 63, name.pointee != 0 else {
            throw Refusal(.other, "the plugin has a parameter whose name is missing or over 63 bytes long")
        }
        var parameter = PluginParameter(
            name: String(cString: name), kind: try kind(of: described.type, String(cString: name)),
            summary: foreignText(described.description), unit: foreignText(described.unit, atMost: 32),
            defaultText: foreignText(described.default_value, atMost: 4096))
        if described.minimum < described.maximum, described.minimum.isFinite, described.maximum.isFinite {
            parameter.minimum = described.minimum
            parameter.maximum = described.maximum
        }
        while let choice = described.choices?[parameter.choices.count], parameter.kind == .choice,
            parameter.choices.count < 256
        {
            parameter.choices.append(foreignText(choice, atMost: 256))
        }
        return parameter
    }

    private static let types: [(UInt32, PluginParameter.Kind)] = [
        (BULKHEAD_PARAMETER_INTEGER.rawValue, .integer), (BULKHEAD_PARAMETER_NUMBER.rawValue, .number),
        (BULKHEAD_PARAMETER_BOOLEAN.rawValue, .boolean), (BULKHEAD_PARAMETER_CHOICE.rawValue, .choice),
        (BULKHEAD_PARAMETER_COLOR.rawValue, .color), (BULKHEAD_PARAMETER_TEXT.rawValue, .text),
        (BULKHEAD_PARAMETER_FILE.rawValue, .file),
    ]

    private static func kind(of type: UInt32, _ name: String) throws(Refusal) -> PluginParameter.Kind {
        guard let kind = types.first(where: { $0.0 == type })?.1 else {
            throw Refusal(.wrongVersion, "parameter \(name) has type \(type), which this host doesn't know")
        }
        return kind
    }

    /// The number that C knows a kind of parameter by; 0 for the kinds that this interface does not have.
    static func type(of kind: PluginParameter.Kind) -> UInt32 { types.first { $0.1 == kind }?.0 ?? 0 }
}
