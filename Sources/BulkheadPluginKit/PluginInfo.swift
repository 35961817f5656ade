/// What users see of a plugin, and what they can set.
public struct PluginInfo: Sendable {
    /// At most 63 bytes of UTF-8.
    public var name: String
    public var version: String
    /// One sentence.
    public var description: String
    public var author: String
    /// An SPDX identifier.
    public var license: String
    public var parameters: [Parameter]

    public init(
        name: String, version: String, description: String = "", author: String = "", license: String = "",
        parameters: [Parameter] = []
    ) {
        self.name = name
        self.version = version
        self.description = description
        self.author = author
        self.license = license
        self.parameters = parameters
    }
}

/// One thing that a user can set. The host checks values against type and range before a plugin sees them.
public struct Parameter: Sendable {
    public enum Kind: Sendable {
        case integer(default: Int, in: ClosedRange<Int>)
        case number(default: Double, in: ClosedRange<Double>)
        case boolean(default: Bool)
        case choice(default: String, of: [String])
        /// 0xRRGGBB in sRGB.
        case color(default: UInt32)
        case text(default: String)
    }

    /// Lowercase letters, digits and hyphens; unique in the plugin.
    public var name: String
    public var kind: Kind
    /// One sentence.
    public var description: String
    /// "px", "ms", "dB", or nothing.
    public var unit: String

    public init(_ name: String, _ kind: Kind, description: String = "", unit: String = "") {
        self.name = name
        self.kind = kind
        self.description = description
        self.unit = unit
    }
}

/// The values of a plugin's parameters: as the user set them, else their defaults.
public struct ParameterValues: Hashable, Sendable {
    /// One value; the case follows from the parameter's kind.
    public enum Value: Hashable, Sendable {
        case integer(Int)
        case number(Double)
        case boolean(Bool)
        case text(String)
    }

    private let values: [String: Value]

    public init(_ values: [String: Value]) { self.values = values }

    /// The value of the parameter `name`; nil for a name that the plugin's ``PluginInfo`` does not have.
    public subscript(_ name: String) -> Value? { values[name] }

    /// An integer's or a color's value, else 0.
    public func integer(_ name: String) -> Int { if case .integer(let value) = values[name] { value } else { 0 } }

    /// A number's value, else 0.
    public func number(_ name: String) -> Double { if case .number(let value) = values[name] { value } else { 0 } }

    /// A boolean's value, else false.
    public func boolean(_ name: String) -> Bool { if case .boolean(let value) = values[name] { value } else { false } }

    /// A text's or a choice's value, else "".
    public func text(_ name: String) -> String { if case .text(let value) = values[name] { value } else { "" } }
}
