import BulkheadModel
import BulkheadSystem
import Glibc

/// Finds out whether a file could be made, as far as that shows without making it: for requests that are to be refused at
/// once. The disk may hang, which is felt by a thread of its own.
enum FileLook {
    /// How long a disk may take.
    private static let patience = Duration.seconds(3)

    /// - Throws: what a link with that file would fail with.
    static func check(_ path: String) async throws(BroadcastError) {
        let outcome = AsyncStream<Int32>.makeStream(bufferingPolicy: .bufferingOldest(1))
        let thread = SerialThread()
        let isTaken = thread.run {
            outcome.continuation.yield(look(at: path))
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
        let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        return access(FileName.bytes(folder), W_OK | X_OK) == 0 ? 0 : errno
    }
}
