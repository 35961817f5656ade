import BulkheadFaults
import BulkheadModel

/// The paths of a drill's links to their servers, by number.
actor DrillPaths {
    private var paths: [Int: FaultyPath] = [:]

    /// Opens the path of `link` to the server at `port` of this machine.
    /// - Returns: the port to publish to.
    func open(_ link: Int, to port: Int) async throws(BroadcastError) -> Int {
        do {
            // Buffers of the system's size would hide for seconds that nothing is taken.
            let path = try await FaultyPath.start(port: port, bufferByteCount: 64 << 10)
            paths[link] = path
            return path.port
        } catch { throw BroadcastError(.internal, "the path to the server could not be made: \(error)") }
    }

    /// Changes the path of `link`; false if that can't be done.
    func set(_ link: Int, to condition: FaultyPath.Condition) async -> Bool {
        guard let path = paths[link] else { return false }
        do {
            try await path.set(condition)
            return true
        } catch { return false }
    }

    /// Ends all paths.
    func close() async {
        for path in paths.values { await path.stop() }
        paths = [:]
    }
}
