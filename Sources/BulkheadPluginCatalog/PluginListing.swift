package import BulkheadWire

/// One plugin that was found, or one library that can't be used, and why.
package struct PluginListing: Hashable, Codable, Sendable {
    /// How users call it. For what can't be used, the name that its file suggests.
    package var identity: String
    /// Which interface the library offers.
    package var kind: PluginDescription.Kind
    /// The library's absolute path.
    package var path: String
    /// Which of the library's plugins, for LADSPA; else empty.
    package var label: String
    /// Nil for what can't be used.
    package var plugin: PluginDescription?
    /// Why it can't be used: one lowercase phrase.
    package var problem: String?

    /// A plugin that can be used.
    package init(_ plugin: PluginDescription) {
        identity = plugin.identity
        kind = plugin.kind
        path = plugin.path
        label = plugin.label
        self.plugin = plugin
    }

    /// A library that can't be used, and why.
    package init(path: String, kind: PluginDescription.Kind, label: String = "", problem: String) {
        identity = PluginIdentity.of(kind: kind, path: path, label: label, name: "")
        self.kind = kind
        self.path = path
        self.label = label
        self.problem = problem
    }
}

/// How users call plugins.
package enum PluginIdentity {
    /// What a plugin is called for short: `NAME`, `frei0r:NAME` or `ladspa:LABEL`.
    package static func of(kind: PluginDescription.Kind, path: String, label: String, name: String) -> String {
        switch kind {
        case .bulkhead: PluginParameter.normalized(name.isEmpty ? fileName(path) : name)
        case .frei0r: "frei0r:" + fileName(path)
        case .ladspa: "ladspa:" + (label.isEmpty ? fileName(path) : label)
        }
    }

    /// The file's name without folder and ending, and without `lib`.
    package static func fileName(_ path: String) -> String {
        var name = path.split(separator: "/").last.map(String.init) ?? path
        if name.hasSuffix(".so") { name.removeLast(3) }
        return name.hasPrefix("lib") && name.utf8.count > 3 ? String(name.dropFirst(3)) : name
    }

    /// A path as it was written, and the label behind it; nil for a name.
    package static func path(in identity: String) -> (path: String, label: String)? {
        var path = identity
        var label = ""
        if let sign = identity.lastIndex(of: "#"), !identity[sign...].contains("/") {
            path = String(identity[..<sign])
            label = String(identity[identity.index(after: sign)...])
        }
        return path.contains("/") || path.hasSuffix(".so") ? (path, label) : nil
    }
}
