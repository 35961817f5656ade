import BulkheadFaults
import BulkheadTestSupport
import Testing

/// Two nodes with one recording, the first one behind a path that fails on command and nearest to everybody.
final class FailoverStage {
    let library: LibraryStage
    let path: FaultyPath
    let id: String

    /// - Parameter write: puts the recording into a node's folder as `show.mp4`; nil for one of 24 seconds, which nobody can decode.
    init(trackers: [String] = [], write: ((_ folder: String) throws -> Void)? = nil) async throws {
        library = try LibraryStage(["near", "far"], trackers: trackers)
        path = try await FaultyPath.start(port: library.ports["near"] ?? 0)
        var options = LibraryStage.Options()
        options.prefixes = "127.0.0.0/8 near far"
        options.publicAddresses["near"] = "http://127.0.0.1:\(path.port)"
        // Named, and not there: the page shows it, and nobody plays from it.
        options.nodeWords["near"] = "rtmp: \"rtmps://127.0.0.1:1936\""
        try library.configure(options)
        if let write {
            for node in library.nodes { try write(library.folder.path(node)) }
        } else {
            let made = try MadeRecording(seconds: 24)
            for node in library.nodes { try made.write(to: library.folder.path(node), named: "show.mp4") }
        }
        try library.startAll()
        let found = try await library.find("show", nodes: 2)
        let candidates = try #require(found["candidates"] as? [[String: Any]])
        #expect(candidates.first?["node"] as? String == "near")
        id = try #require((found["video"] as? [String: Any])?["id"] as? String)
        for tracker in trackers { _ = try await library.find("show", at: tracker, nodes: 2) }
    }

    func end() async {
        await library.killAll()
        await path.stop()
    }
}
