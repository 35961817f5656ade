import BulkheadWire
import CBulkheadPlugin
import Glibc

/// A parameter as a plugin describes it.
struct PluginParameter: Hashable {
    enum Kind: Hashable {
        case integer, number, boolean, color, text
        case choice([String])
    }

    enum Value: Hashable {
        case integer(Int64)
        case number(Double)
        case text(String)
    }

    let name: String
    let kind: Kind
    let unit: String
    let defaultText: String
    /// For integers and numbers; nil without limits.
    let range: ClosedRange<Double>?

    /// The parameters in a description that has been checked.
    /// - Throws: a refusal when a name is missing or given twice, or a type is unknown.
    static func all(of plugin: UnsafePointer<bulkhead_plugin>) throws(Refusal) -> [PluginParameter] {
        guard plugin.pointee.parameter_count > 0, let first = plugin.pointee.parameters else { return [] }
        let base = UnsafeRawPointer(first)
        let stride = Int(plugin.pointee.parameter_byte_count)
        var parameters: [PluginParameter] = []
        for index in 0..<Int(plugin.pointee.parameter_count) {
            let parameter = try PluginParameter((base + index * stride).loadUnaligned(as: bulkhead_parameter.self))
            guard !parameters.contains(where: { $0.name == parameter.name }) else {
                throw Refusal(.other, "the plugin has two parameters that are named \(parameter.name)")
            }
            parameters.append(parameter)
        }
        return parameters
    }

    private init(_ described: bulkhead_parameter) throws(Refusal) {
        guard let name = described.name, strnlen(name, 64) <= 63, name.pointee != 0 else {
            throw Refusal(.other, "the plugin has a parameter whose name is missing or over 63 bytes long")
        }
        self.name = String(cString: name)
        unit = described.unit.map { String(cString: $0) } ?? ""
        defaultText = described.default_value.map { String(cString: $0) } ?? ""
        range =
            described.minimum < described.maximum && described.maximum.isFinite && described.minimum.isFinite
            ? described.minimum...described.maximum : nil
        switch described.type {
        case BULKHEAD_PARAMETER_INTEGER.rawValue: kind = .integer
        case BULKHEAD_PARAMETER_NUMBER.rawValue: kind = .number
        case BULKHEAD_PARAMETER_BOOLEAN.rawValue: kind = .boolean
        case BULKHEAD_PARAMETER_COLOR.rawValue: kind = .color
        case BULKHEAD_PARAMETER_TEXT.rawValue: kind = .text
        case BULKHEAD_PARAMETER_CHOICE.rawValue:
            var choices: [String] = []
            while let choice = described.choices?[choices.count], choices.count < 256 {
                choices.append(String(cString: choice))
            }
            kind = .choice(choices)
        default:
            throw Refusal(
                .wrongVersion, "parameter \(self.name) has type \(described.type), which this host doesn't know")
        }
    }

    /// The values that a plugin is made with: those given by name, else the defaults, in the parameters' order.
    static func values(
        of parameters: [PluginParameter], given: [String: String]
    ) throws(Refusal) -> [Value] {
        for name in given.keys.sorted() where !parameters.contains(where: { $0.name == name }) {
            throw unknown(name, among: parameters)
        }
        var values: [Value] = []
        for parameter in parameters {
            values.append(try parameter.value(given[parameter.name] ?? parameter.defaultText))
        }
        return values
    }

    /// The refusal of a parameter that a plugin does not have.
    static func unknown(_ name: String, among parameters: [PluginParameter]) -> Refusal {
        let known = parameters.map(\.name).joined(separator: ", ")
        return Refusal(
            .settings, "parameter \(name) isn't known: there \(known.isEmpty ? "are none" : "are \(known)")")
    }

    /// Reads a value as a user writes it.
    /// - Throws: a refusal that names what is accepted.
    func value(_ text: String) throws(Refusal) -> Value {
        switch kind {
        case .text: return .text(text)
        case .boolean:
            switch text {
            case "true", "yes", "on", "1": return .integer(1)
            case "false", "no", "off", "0": return .integer(0)
            default: throw refusal(text, "true or false")
            }
        case .integer:
            guard let value = Int64(text), range?.contains(Double(value)) ?? true else {
                throw refusal(text, "a whole number\(limits)")
            }
            return .integer(value)
        case .number:
            guard let value = Double(text), value.isFinite, range?.contains(value) ?? true else {
                throw refusal(text, "a number\(limits)")
            }
            return .number(value)
        case .color:
            let digits = text.hasPrefix("#") ? text.dropFirst() : text[...]
            guard digits.utf8.count == 6, digits.allSatisfy(\.isHexDigit), let value = Int64(digits, radix: 16) else {
                throw refusal(text, "a color such as #FF8000")
            }
            return .integer(value)
        case .choice(let choices):
            guard let index = choices.firstIndex(of: text) else {
                throw refusal(text, "one of \(choices.joined(separator: ", "))")
            }
            return .integer(Int64(index))
        }
    }

    private var limits: String {
        guard let range else { return "" }
        func shown(_ limit: Double) -> String { Int64(exactly: limit).map { "\($0)" } ?? "\(limit)" }
        return " from \(shown(range.lowerBound)) to \(shown(range.upperBound))" + (unit.isEmpty ? "" : " \(unit)")
    }

    private func refusal(_ text: String, _ accepted: String) -> Refusal {
        Refusal(.settings, "parameter \(name) can't be \(text.isEmpty ? "empty" : text): it is \(accepted)")
    }

    /// The number that C knows the kind by.
    var type: UInt32 {
        switch kind {
        case .integer: BULKHEAD_PARAMETER_INTEGER.rawValue
        case .number: BULKHEAD_PARAMETER_NUMBER.rawValue
        case .boolean: BULKHEAD_PARAMETER_BOOLEAN.rawValue
        case .color: BULKHEAD_PARAMETER_COLOR.rawValue
        case .text: BULKHEAD_PARAMETER_TEXT.rawValue
        case .choice: BULKHEAD_PARAMETER_CHOICE.rawValue
        }
    }
}
