import BulkheadWire
import Foundation

/// What is known of libraries from earlier times, for as long as their files stay as they were.
struct CatalogCache: Codable {
    /// What tells one state of a file from another.
    struct Stamp: Codable, Hashable {
        var byteCount: Int64
        var inode: UInt64
        var modifiedNanoseconds: Int64

        /// Nil when there is no such file.
        init?(_ path: String) {
            var information = stat()
            guard stat(path, &information) == 0, information.st_mode & S_IFMT == S_IFREG else { return nil }
            byteCount = Int64(information.st_size)
            inode = UInt64(information.st_ino)
            modifiedNanoseconds =
                Int64(information.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(information.st_mtim.tv_nsec)
        }
    }

    struct Entry: Codable {
        var stamp: Stamp
        var listings: [PluginListing]
        /// From when on it is to be looked at again, in seconds since 1970; nil while the file stays as it is.
        var endsAt: Double?
    }

    /// Raised when entries mean something else.
    private static let format = 1

    private var format = Self.format
    private var build = BulkheadVersion.build
    private var enumerator: Stamp?
    private var entries: [String: Entry] = [:]

    init(enumerator: Stamp?) { self.enumerator = enumerator }

    /// What `file` holds; empty when it holds nothing of use, or was written by another version.
    init(file: String, enumerator: Stamp?) {
        self.init(enumerator: enumerator)
        guard let data = FileManager.default.contents(atPath: file), data.count <= 64 << 20,
            let kept = try? JSONDecoder().decode(CatalogCache.self, from: data),
            kept.format == format, kept.build == build, kept.enumerator == enumerator
        else { return }
        entries = kept.entries
    }

    /// What is known of the file at `path`, unless it has changed.
    func listings(of path: String) -> [PluginListing]? {
        guard let entry = entries[path], entry.stamp == Stamp(path) else { return nil }
        if let end = entry.endsAt, Date().timeIntervalSince1970 >= end { return nil }
        return entry.listings
    }

    /// Keeps what is told of a file. What kills or holds up a process is believed for an hour: it may have been the
    /// machine's fault. What another package may repair, such as a missing library, is looked at again each time.
    mutating func keep(_ listings: [PluginListing], of path: String, stamp: Stamp?) {
        entries[path] = nil
        guard let stamp else { return }
        var entry = Entry(stamp: stamp, listings: listings)
        if !listings.contains(where: { $0.plugin != nil }) {
            let problem = listings.first?.problem ?? ""
            guard Self.deadly.contains(where: { problem.hasPrefix($0) }) else { return }
            entry.endsAt = Date().timeIntervalSince1970 + Self.secondsOfRest
        }
        entries[path] = entry
    }

    /// How the problems begin that cost a process.
    private static let deadly = ["it crashed ", "it hung ", "it ended "]
    private static let secondsOfRest: Double = 3600

    /// Writes the cache to `file`, without what is there no more. A cache that can't be written costs time, nothing else.
    mutating func write(to file: String) {
        entries = entries.filter { Stamp($0.key) != nil }
        let folder = (file as NSString).deletingLastPathComponent
        try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        guard let data = try? JSONEncoder().encode(self) else { return }
        try? data.write(to: URL(fileURLWithPath: file), options: .atomic)
    }

    /// `bulkhead/plugins.json` in the user's folder for caches.
    static var standardFile: String? {
        let environment = ProcessInfo.processInfo.environment
        if let folder = environment["XDG_CACHE_HOME"], folder.hasPrefix("/") {
            return folder + "/bulkhead/plugins.json"
        }
        return environment["HOME"].flatMap { $0.hasPrefix("/") ? $0 + "/.cache/bulkhead/plugins.json" : nil }
    }
}
