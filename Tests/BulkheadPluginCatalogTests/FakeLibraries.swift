import BulkheadPluginCatalog
import BulkheadSystem
import BulkheadWire
import Foundation

/// A folder of files that pass for libraries, and a script in the place of the program that looks at them: it says what a
/// file beside the library holds, and then does what another file says.
final class FakeLibraries {
    let folder: String
    private let host: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("catalog-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        folder = url.path
        host = folder + "/host"
        // Every look is noted, so that a test can count them.
        try Data(
            """
            #!/bin/sh
            echo "$2" >> "\(folder)/looks"
            cat "$2.reply" >&3 2>/dev/null
            if [ -f "$2.end" ]; then . "$2.end"; fi

            """.utf8
        ).write(to: URL(fileURLWithPath: host))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: host)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// Makes a library that says `replies`, and returns its path.
    /// - Parameter end: shell commands that the process ends with.
    @discardableResult
    func add(_ name: String, _ replies: [EnumeratorReply], end: String? = nil, raw: [UInt8] = []) throws -> String {
        let path = "\(folder)/\(name)"
        let parent = (path as NSString).deletingLastPathComponent
        try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
        try Data("library".utf8).write(to: URL(fileURLWithPath: path))
        try Data(replies.flatMap(\.frame.bytes) + raw).write(to: URL(fileURLWithPath: path + ".reply"))
        if let end { try Data(end.utf8).write(to: URL(fileURLWithPath: path + ".end")) }
        return path
    }

    /// A library of one plugin, as it describes itself.
    @discardableResult
    func add(
        _ name: String, kind: PluginDescription.Kind = .bulkhead, calledItself: String, version: String = "1"
    ) throws -> String {
        let plugin = PluginDescription(
            identity: "what it likes", kind: kind, path: "/where/it/likes.so", name: calledItself, version: version,
            takesVideo: true)
        return try add(name, [.calling(.open), .plugin(plugin), .finished(path: "")])
    }

    /// The paths that were looked at, in their order.
    var looks: [String] {
        let text = (try? String(contentsOfFile: folder + "/looks", encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map(String.init)
    }

    func catalog(
        _ searchPath: PluginSearchPath, cache: String? = nil, isFresh: Bool = false, patience: Duration = .seconds(30)
    ) -> PluginCatalog {
        PluginCatalog(
            host: ChildLaunch(path: host, arguments: [], environment: ["PATH": "/usr/bin:/bin"]),
            searchPath: searchPath,
            cacheFile: cache, isFresh: isFresh, patience: patience)
    }
}
