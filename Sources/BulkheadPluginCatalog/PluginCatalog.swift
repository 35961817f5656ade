package import BulkheadSystem
package import BulkheadWire
import Foundation

/// Knows the plugins that there are, without ever loading one into this process: libraries are looked at by
/// short-lived processes, and what those tell is kept until a library's file changes.
package actor PluginCatalog {
    /// What a library may take until it counts as one that hangs.
    package static let patience = Duration.seconds(10)

    /// Where plugins are looked for.
    package let searchPath: PluginSearchPath
    private let enumerator: Enumerator
    private let cacheFile: String?
    private var cache: CatalogCache
    private var cacheHasChanged = false

    /// - Parameters:
    ///   - host: how `bulkhead-plugin-host` is started.
    ///   - cacheFile: where to keep what is known; nil keeps nothing.
    ///   - isFresh: looks at every library anew.
    package init(
        host: ChildLaunch, searchPath: PluginSearchPath, cacheFile: String?, isFresh: Bool = false,
        patience: Duration = PluginCatalog.patience
    ) {
        self.searchPath = searchPath
        self.cacheFile = cacheFile
        enumerator = Enumerator(launch: host, patience: patience)
        let stamp = CatalogCache.Stamp(host.path)
        if let cacheFile, !isFresh {
            cache = CatalogCache(file: cacheFile, enumerator: stamp)
        } else {
            cache = CatalogCache(enumerator: stamp)
        }
    }

    /// Where a user's catalogs keep what they know; nil without a home.
    package static var standardCacheFile: String? { CatalogCache.standardFile }

    /// All plugins on the search path, by identity, with what can't be used.
    package func all(of kinds: [PluginDescription.Kind] = PluginDescription.Kind.allCases) async -> [PluginListing] {
        var listings: [PluginListing] = []
        for kind in kinds {
            // Without a program that looks at libraries there are none.
            let found = (try? await self.listings(of: searchPath.libraries(of: kind), kind: kind)) ?? []
            listings += found.filter { !isOther($0) }
        }
        return Self.distinct(listings).sorted { ($0.kind.rawValue, $0.identity) < ($1.kind.rawValue, $1.identity) }
    }

    /// The plugin that `identity` names: `frei0r:NAME`, `ladspa:LABEL`, `ladspa:NUMBER`, the `NAME` of a Bulkhead plugin
    /// on the search path, or a path, with `#LABEL` for one of several in a library.
    /// - Throws: an error that names what is accepted.
    package func describe(_ identity: String) async throws(PluginCatalogError) -> PluginDescription {
        if let (path, label) = PluginIdentity.path(in: identity) {
            return try await describe(path: path, label: label, identity: identity)
        }
        let kind: PluginDescription.Kind
        let name: String
        if let colon = identity.firstIndex(of: ":") {
            guard let named = PluginDescription.Kind(rawValue: identity[..<colon].lowercased()) else {
                throw .notFound(identity: identity, near: [])
            }
            kind = named
            name = String(identity[identity.index(after: colon)...])
        } else {
            kind = .bulkhead
            name = identity
        }
        let libraries = searchPath.libraries(of: kind)
        // A file of that name is most often the one: then no other library need be looked at.
        if kind != .ladspa {
            let wanted = PluginParameter.normalized(name)
            for isNamed in [{ $0 == name }, { PluginParameter.normalized($0) == wanted }] as [(String) -> Bool] {
                let named = libraries.filter { isNamed(PluginIdentity.fileName($0)) }
                let found = try await listings(of: named, kind: kind)
                if let plugin = found.first(where: { $0.plugin != nil })?.plugin { return plugin }
            }
        }
        let all = Self.distinct(try await listings(of: libraries, kind: kind))
        return try Self.pick(name, identity: identity, from: all.filter { !isOther($0) })
    }

    // MARK: choosing

    private func describe(
        path: String, label: String, identity: String
    ) async throws(PluginCatalogError) -> PluginDescription {
        let path = URL(fileURLWithPath: path).standardizedFileURL.path
        let listings = try await listings(of: [path], kind: .bulkhead)
        let chosen =
            label.isEmpty ? listings : listings.filter { $0.label == label || "\($0.plugin?.uniqueID ?? 0)" == label }
        guard let only = chosen.first else {
            let choices = listings.map { "\(path)#\($0.label)" }
            guard listings.contains(where: { !$0.label.isEmpty }) else {
                throw .unusable(identity: identity, reason: "its library holds one plugin, which has no label")
            }
            throw .notFound(identity: identity, near: Self.near("\(path)#\(label)", among: choices))
        }
        guard chosen.count == 1 else {
            throw .ambiguous(identity: identity, choices: chosen.map { "\(path)#\($0.label)" })
        }
        guard var plugin = only.plugin else {
            throw .unusable(identity: identity, reason: only.problem ?? "for no stated reason")
        }
        plugin.identity = label.isEmpty ? path : "\(path)#\(label)"
        return plugin
    }

    /// The one among `listings` that `name` stands for.
    static func pick(
        _ name: String, identity: String, from listings: [PluginListing]
    ) throws(PluginCatalogError) -> PluginDescription {
        let wanted = PluginParameter.normalized(name)
        func isNumber(_ listing: PluginListing) -> Bool {
            listing.plugin.map { $0.uniqueID != 0 && "\($0.uniqueID)" == name } ?? false
        }
        let ways: [(PluginListing) -> Bool] = [
            { $0.label == name || PluginIdentity.fileName($0.path) == name && $0.kind != .ladspa }, isNumber,
            { $0.kind == .bulkhead && $0.identity == wanted },
            {
                PluginParameter.normalized($0.kind == .ladspa ? $0.label : PluginIdentity.fileName($0.path)) == wanted
            },
            { $0.plugin.map { PluginParameter.normalized($0.name) == wanted } ?? false },
        ]
        for isMeant in ways {
            let chosen = listings.filter(isMeant)
            guard let first = chosen.first else { continue }
            if let plugin = chosen.first(where: { $0.plugin != nil })?.plugin {
                guard Set(chosen.map(\.identity)).count == 1 else {
                    throw .ambiguous(identity: identity, choices: chosen.map(\.identity))
                }
                return plugin
            }
            throw .unusable(identity: identity, reason: first.problem ?? "for no stated reason")
        }
        throw .notFound(identity: identity, near: near(identity, among: listings.map(\.identity)))
    }

    /// Up to three of `choices` that look most like `wanted`.
    static func near(_ wanted: String, among choices: [String]) -> [String] {
        // Of a kind that is named, only what is of that kind.
        let kind = wanted.firstIndex(of: ":").map { wanted[...$0] } ?? ""
        let limit = max(2, (wanted.count - kind.count) / 3)
        let all = Array(wanted.lowercased().utf8)
        let ranked = Set(choices.filter { $0.hasPrefix(kind) })
            .map { (distance: distance(all, Array($0.lowercased().utf8)), name: $0) }
        return ranked.filter { $0.distance <= limit }.sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }
            .prefix(3).map(\.name)
    }

    /// How many bytes must be changed, put in or left out to make one of the other.
    private static func distance(_ one: [UInt8], _ other: [UInt8]) -> Int {
        var row = Array(0...other.count)
        for (i, left) in one.enumerated() {
            var diagonal = i
            row[0] = i + 1
            for (j, right) in other.enumerated() {
                let change = left == right ? diagonal : diagonal + 1
                diagonal = row[j + 1]
                row[j + 1] = min(change, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[other.count]
    }

    /// A library that is no plugin, where others lie too.
    private func isOther(_ listing: PluginListing) -> Bool {
        guard let mixed = searchPath.mixed, listing.plugin == nil else { return false }
        let folder = URL(fileURLWithPath: mixed).standardizedFileURL.path
        return (listing.path as NSString).deletingLastPathComponent == folder
    }

    /// Of plugins with one identity, the first keeps it; the others go by their paths.
    private static func distinct(_ listings: [PluginListing]) -> [PluginListing] {
        var seen: Set<String> = []
        return listings.map { listing in
            guard !seen.insert(listing.identity).inserted else { return listing }
            var renamed = listing
            renamed.identity = listing.path + (listing.label.isEmpty ? "" : "#" + listing.label)
            renamed.plugin?.identity = renamed.identity
            return renamed
        }
    }

    // MARK: looking

    /// What the libraries at `paths` hold, in their order.
    private func listings(
        of paths: [String], kind: PluginDescription.Kind
    ) async throws(PluginCatalogError) -> [PluginListing] {
        var known: [String: [PluginListing]] = [:]
        var unknown: [String] = []
        for path in paths {
            if let listings = cache.listings(of: path) { known[path] = listings } else { unknown.append(path) }
        }
        let width = max(2, min(8, ProcessInfo.processInfo.activeProcessorCount))
        for start in stride(from: 0, to: unknown.count, by: width) {
            let batch = unknown[start..<min(start + width, unknown.count)]
            let found = await Self.look(at: Array(batch), kind: kind, with: enumerator)
            for (path, stamp, result) in found {
                let listings = try result.get()
                known[path] = listings
                cache.keep(listings, of: path, stamp: stamp)
                cacheHasChanged = true
            }
        }
        if cacheHasChanged, let cacheFile {
            cache.write(to: cacheFile)
            cacheHasChanged = false
        }
        return paths.flatMap { known[$0] ?? [] }
    }

    /// What came of looking at a library: its path, its file's state before, and what it holds.
    private typealias Finding = (
        path: String, stamp: CatalogCache.Stamp?, result: Result<[PluginListing], PluginCatalogError>
    )

    private static func look(
        at paths: [String], kind: PluginDescription.Kind, with enumerator: Enumerator
    ) async -> [Finding] {
        await withTaskGroup(of: Finding.self) { group in
            for path in paths {
                group.addTask {
                    let stamp = CatalogCache.Stamp(path)
                    do throws(PluginCatalogError) {
                        let listings = try await enumerator.listings(of: path, kind: kind)
                        return (path, stamp, .success(listings))
                    } catch {
                        return (path, stamp, .failure(error))
                    }
                }
            }
            var findings: [Finding] = []
            for await finding in group { findings.append(finding) }
            return findings
        }
    }
}
