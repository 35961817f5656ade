/// What an instance is made with: the broadcast's format and the parameters' values.
///
/// A test makes one itself: `var setup = PluginSetup(); setup[Mine.strength] = 0.3; var mine = try Mine(setup)`.
public struct PluginSetup {
    /// What the broadcast is like; it does not change while the instance lives.
    public let format: PluginFormat
    /// Where the plugin leaves lines for the user.
    public let log: PluginLog
    private var values: [String: any Sendable] = [:]

    /// All parameters at their defaults.
    public init(_ format: PluginFormat = PluginFormat(), log: PluginLog = .standardError) {
        self.format = format
        self.log = log
    }

    /// The value of a parameter: as the user has set it, else its default.
    public subscript<Value>(_ parameter: Parameter<Value>) -> Value {
        get { values[parameter.name] as? Value ?? parameter.defaultValue }
        set { values[parameter.name] = newValue }
    }

    /// Takes over what a host has sent.
    mutating func set(_ parameter: any PluginParameter, _ setting: ParameterSetting) {
        values[parameter.name] = parameter.value(setting)
    }
}
