package import BulkheadModel
import BulkheadSystem
import Glibc

/// Finds out whether a file could be made, as far as that shows without making it: for requests that are to be refused at
/// once. The disk may hang, which is felt by a thread of its own.
package enum FileLook {
    /// How long a disk may take.
    private static let patience = Duration.seconds(3)

    /// Whether a broadcast that begins can write what it is to write: a recording whose folder is not there would be tried
    /// for as long as the broadcast lasts, and a file that exists ends the only link when it has just been begun.
    ///
    /// Folders with fields of strftime(3) are not looked at, and neither are those of recordings with a fallback.
    /// - Throws: what is wrong with the first recording, or with the first of destinations that are all of no use.
    package static func checkStart(
        _ destinations: [DestinationSettings], _ recordings: [RecordingSettings]
    ) async throws(BroadcastError) {
        for recording in recordings where recording.fallbackFolder.isEmpty {
            let folder = Self.folder(of: recording.path)
            guard !folder.contains("%") else { continue }
            try await check(recording.path) { access(FileName.bytes(folder), W_OK | X_OK) == 0 ? 0 : errno }
        }
        var first: BroadcastError?
        for destination in destinations {
            guard destination.isFile else { return }
            do throws(BroadcastError) {
                try await check(String(destination.url.dropFirst(5)))
                return
            } catch { first = first ?? error }
        }
        if let first { throw first }
    }

    /// - Throws: what a link with that file would fail with.
    static func check(_ path: String) async throws(BroadcastError) {
        try await check(path) { look(at: path) }
    }

    private static func check(
        _ path: String, _ look: @escaping @Sendable () -> Int32
    ) async throws(BroadcastError) {
        let outcome = AsyncStream<Int32>.makeStream(bufferingPolicy: .bufferingOldest(1))
        let thread = SerialThread()
        let isTaken = thread.run {
            outcome.continuation.yield(look())
            outcome.continuation.finish()
        }
        // Without a thread to look with, making the link is refused for want of one.
        guard isTaken else { return }
        let timer = Task {
            // Cancelled as soon as the file has been looked at.
            do { try await Task.sleep(for: patience) } catch { return }
            outcome.continuation.yield(ETIMEDOUT)
            outcome.continuation.finish()
        }
        defer { timer.cancel() }
        for await number in outcome.stream {
            switch number {
            case 0: return
            case ETIMEDOUT:
                throw BroadcastError(
                    .file, "\(path) can't be looked at: its disk does not answer", advice: "look at its disk")
            default: throw RecordingWords.failure(number, path)
            }
        }
    }

    private static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    }

    /// - Returns: the system's error; 0 for none.
    private static func look(at path: String) -> Int32 {
        var information = stat()
        if stat(FileName.bytes(path), &information) == 0 {
            switch information.st_mode & S_IFMT {
            case S_IFREG: return EEXIST
            case S_IFDIR: return EISDIR
            default: return access(FileName.bytes(path), W_OK) == 0 ? 0 : errno
            }
        }
        guard errno == ENOENT else { return errno }
        let folder = folder(of: path)
        return access(FileName.bytes(folder), W_OK | X_OK) == 0 ? 0 : errno
    }
}
