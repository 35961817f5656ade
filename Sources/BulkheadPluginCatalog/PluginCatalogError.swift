package import BulkheadWire

/// Why a plugin, or a value for it, can't be used. A `description` says what is accepted instead.
package enum PluginCatalogError: Error, Hashable, Sendable, CustomStringConvertible {
    /// `near` are identities that look like the one that was asked for.
    case notFound(identity: String, near: [String])
    /// A library of several, or a name for several: `choices` are their identities.
    case ambiguous(identity: String, choices: [String])
    /// The library exists but can't be used.
    case unusable(identity: String, reason: String)
    /// A parameter is unknown, or its value out of range.
    case parameter(identity: String, Refusal)
    /// No library can be looked at.
    case noEnumerator(reason: String)

    package var description: String {
        switch self {
        case .notFound(let identity, let near):
            "there is no plugin \(identity)"
                + (near.isEmpty ? "" : "; there is \(near.joined(separator: ", "))")
        case .ambiguous(let identity, let choices):
            "\(identity) may be any of \(choices.count) plugins: \(Self.list(choices))"
        case .unusable(let identity, let reason): "plugin \(identity) can't be used: \(reason)"
        case .parameter(let identity, let refusal): "plugin \(identity): \(refusal)"
        case .noEnumerator(let reason): "plugins can't be looked at: \(reason)"
        }
    }

    private static func list(_ choices: [String]) -> String {
        choices.prefix(12).joined(separator: ", ") + (choices.count > 12 ? ", …" : "")
    }
}

extension PluginDescription {
    /// Sees that a plugin could be given these parameters, by name.
    /// - Throws: ``PluginCatalogError/parameter(identity:_:)``, which names what is accepted.
    package func check(_ parameters: [String: String]) throws(PluginCatalogError) {
        do throws(Refusal) { _ = try self.parameters.values(given: parameters) } catch {
            throw .parameter(identity: identity, error)
        }
    }
}
