package import BulkheadChildren
import BulkheadWire

extension Programs {
    /// The plugins that there are, looked at by these programs.
    /// - Parameter isFresh: passes over what is known from earlier times.
    package func pluginCatalog(isFresh: Bool = false) -> PluginCatalog {
        PluginCatalog(
            host: launch(.pluginHost), searchPath: .standard(programs: folder),
            cacheFile: PluginCatalog.standardCacheFile, isFresh: isFresh)
    }
}
