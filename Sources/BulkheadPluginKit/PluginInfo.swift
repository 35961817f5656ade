/// What users see of a plugin, and what they can set.
public struct PluginInfo: Sendable {
    /// At most 63 bytes of UTF-8.
    public var name: String
    /// At most 63 bytes.
    public var version: String
    /// One sentence.
    public var description: String
    /// The author's name, shown to users.
    public var author: String
    /// An SPDX identifier.
    public var license: String
    /// In the order in which they are listed; at most 256.
    public var parameters: [any PluginParameter]

    /// A description; without parameters a plugin has nothing to set.
    public init(
        name: String, version: String, description: String = "", author: String = "", license: String = "",
        parameters: [any PluginParameter] = []
    ) {
        self.name = name
        self.version = version
        self.description = description
        self.author = author
        self.license = license
        self.parameters = parameters
    }
}
