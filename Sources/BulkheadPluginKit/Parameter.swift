import CBulkheadPlugin

/// A ``Parameter`` of whatever type.
public protocol PluginParameter: Sendable {
    var name: String { get }
    var kind: ParameterKind { get }
    var unit: String { get }
    var description: String { get }

    /// The value that a host has sent, as the parameter's type; nil for one that is none.
    func value(_ setting: ParameterSetting) -> (any Sendable)?
}

/// What a parameter's values are, as users and hosts know them.
public enum ParameterKind: Hashable, Sendable {
    /// Without a range there is no limit.
    case integer(default: Int, in: ClosedRange<Int>?)
    case number(default: Double, in: ClosedRange<Double>?)
    case boolean(default: Bool)
    case choice(default: String, of: [String])
    case color(default: Color)
    case text(default: String)
    case file
}

/// A value as it crosses the plugin interface.
public enum ParameterSetting: Hashable, Sendable {
    /// An integer, a boolean (0 or 1), a choice's index or a color (0xRRGGBB).
    case integer(Int64)
    case number(Double)
    /// A text or a path.
    case text(String)
}

/// One thing that a user can set, typed. Declare it as a constant, list it in ``PluginInfo/parameters``, and read it from
/// the setup:
///
///     static let strength = Parameter("strength", 0.5, in: 0...1, "How much of it.")
///     static let info = PluginInfo(name: "Mine", version: "1.0", parameters: [strength])
///     init(_ setup: PluginSetup) { strength = setup[Self.strength] }
///
/// The host checks what users write against type and range before a plugin sees it. Names consist of lowercase letters,
/// digits and hyphens; a description is one sentence; a unit is "px", "ms", "dB", or nothing.
public struct Parameter<Value: Sendable>: PluginParameter {
    /// What users write, in lowercase letters, digits and hyphens.
    public let name: String
    /// The type and range of the values.
    public let kind: ParameterKind
    /// "px", "ms", "dB", or empty.
    public let unit: String
    /// One sentence for users.
    public let description: String
    /// The value where the user has set none.
    public let defaultValue: Value
    private let read: @Sendable (ParameterSetting) -> Value?

    private init(
        _ name: String, _ kind: ParameterKind, _ defaultValue: Value, unit: String = "", _ description: String,
        _ read: @escaping @Sendable (ParameterSetting) -> Value?
    ) {
        self.name = name
        self.kind = kind
        self.unit = unit
        self.description = description
        self.defaultValue = defaultValue
        self.read = read
    }

    /// The setting as this parameter's type; nil if it is of another kind.
    public func value(_ setting: ParameterSetting) -> (any Sendable)? { read(setting) }
}

extension Parameter where Value == Int {
    /// A whole number. Without a range there is no limit.
    public init(
        _ name: String, _ defaultValue: Int, in range: ClosedRange<Int>? = nil, unit: String = "",
        _ description: String = ""
    ) {
        self.init(name, .integer(default: defaultValue, in: range), defaultValue, unit: unit, description) {
            if case .integer(let value) = $0 { Int(value) } else { nil }
        }
    }
}

extension Parameter where Value == Double {
    /// A number. Without a range there is no limit.
    public init(
        _ name: String, _ defaultValue: Double, in range: ClosedRange<Double>? = nil, unit: String = "",
        _ description: String = ""
    ) {
        self.init(name, .number(default: defaultValue, in: range), defaultValue, unit: unit, description) {
            if case .number(let value) = $0 { value } else { nil }
        }
    }
}

extension Parameter where Value == Bool {
    /// True or false.
    public init(_ name: String, _ defaultValue: Bool, _ description: String = "") {
        self.init(name, .boolean(default: defaultValue), defaultValue, description) {
            if case .integer(let value) = $0 { value != 0 } else { nil }
        }
    }
}

extension Parameter where Value == String {
    /// Any text.
    public init(_ name: String, _ defaultValue: String, _ description: String = "") {
        self.init(name, .text(default: defaultValue), defaultValue, description) {
            if case .text(let value) = $0 { value } else { nil }
        }
    }
}

extension Parameter where Value == Color {
    /// A color, written #RRGGBB.
    public init(_ name: String, _ defaultValue: Color, _ description: String = "") {
        self.init(name, .color(default: defaultValue), defaultValue, description) {
            if case .integer(let value) = $0 { Color(UInt32(truncatingIfNeeded: value)) } else { nil }
        }
    }
}

extension Parameter where Value == File {
    /// A file that the plugin may read; none until the user names one. Written `Parameter<File>("logo", "…")`: without the
    /// type, two texts are a name and the default of a text.
    @_disfavoredOverload
    public init(_ name: String, _ description: String = "") {
        self.init(name, .file, File(path: ""), description) {
            if case .text(let path) = $0 { File(path: path) } else { nil }
        }
    }
}

extension Parameter where Value: CaseIterable & RawRepresentable<String> {
    /// One of the cases of an enumeration, written as its raw value.
    public init(_ name: String, _ defaultValue: Value, _ description: String = "") {
        let choices = Value.allCases.map(\.rawValue)
        self.init(name, .choice(default: defaultValue.rawValue, of: choices), defaultValue, description) {
            guard case .integer(let index) = $0, let index = Int(exactly: index), choices.indices.contains(index)
            else { return nil }
            return Value(rawValue: choices[index])
        }
    }
}

/// A color in sRGB.
public struct Color: Hashable, Sendable {
    /// 0 to 255, in sRGB.
    public var red: UInt8
    /// 0 to 255, in sRGB.
    public var green: UInt8
    /// 0 to 255, in sRGB.
    public var blue: UInt8

    /// A color of three components, each 0 to 255.
    public init(red: UInt8, green: UInt8, blue: UInt8) {
        self.red = red
        self.green = green
        self.blue = blue
    }

    /// From 0xRRGGBB.
    public init(_ code: UInt32) {
        self.init(
            red: UInt8(truncatingIfNeeded: code >> 16), green: UInt8(truncatingIfNeeded: code >> 8),
            blue: UInt8(truncatingIfNeeded: code))
    }

    /// 0xRRGGBB.
    public var code: UInt32 { UInt32(red) << 16 | UInt32(green) << 8 | UInt32(blue) }

    /// The pixel of this color in a picture of so many rows: limited range, by the matrix that goes with its height, as
    /// `bulkhead_ycbcr` in the header says.
    public func pixel(inPictureOf rows: Int) -> (luma: UInt8, cb: UInt8, cr: UInt8) {
        var values = (0.0, 0.0, 0.0)
        withUnsafeMutablePointer(to: &values) { tuple in
            tuple.withMemoryRebound(to: Double.self, capacity: 3) {
                bulkhead_ycbcr(
                    UInt32(clamping: rows), Double(red) / 255, Double(green) / 255, Double(blue) / 255, $0)
            }
        }
        return (UInt8(values.0.rounded()), UInt8(values.1.rounded()), UInt8(values.2.rounded()))
    }
}

/// A file that the user has named, which the plugin's process may read.
public struct File: Hashable, Sendable {
    /// Absolute; empty when the user has named none.
    public var path: String

    /// A file by its absolute path, as a test names one.
    public init(path: String) { self.path = path }

    /// Whether the user has named a file.
    public var isNamed: Bool { !path.isEmpty }
}
