package import BulkheadModel

extension BroadcastError {
    /// A plugin, or a value for it, that can't be used.
    package init(_ error: PluginCatalogError) {
        switch error {
        case .noEnumerator: self.init(code: .noEnumerator, "\(error)", advice: "reinstall Bulkhead")
        case .notFound(_, near: []): self.init(code: .unknownPlugin, "\(error)")
        case .notFound, .ambiguous, .unusable, .parameter: self.init(.plugin, "\(error)")
        }
    }
}
