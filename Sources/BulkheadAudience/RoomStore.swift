package import BulkheadDanmaku
import BulkheadEvents
import BulkheadSystem

/// Keeps a room's files on a thread of its own: a slow disk holds up nothing but what is saved next.
package final class RoomStore: Sendable {
    private let thread = SerialThread()
    private let files: ThreadBound<RoomFiles>
    /// Where the record lies.
    package let path: String

    /// - Parameter folder: nil for `$XDG_STATE_HOME/bulkhead/rooms`, or below `~/.local/state`.
    package init(_ name: String, folder: String? = nil) {
        let folder = folder ?? Self.standardFolder
        files = ThreadBound(thread) { RoomFiles(folder: folder, name: name) }
        path = "\(folder)/\(name).json"
    }

    private static var standardFolder: String {
        let deaths = DeathArchive.standard.path
        return deaths.lastIndex(of: "/").map { deaths[..<$0] + "/rooms" } ?? ""
    }

    /// Where the logs of the room `name` lie, the older one first; there may be none of them.
    package static func logs(of name: String) -> [String] {
        ["\(standardFolder)/\(name).1.jsonl", "\(standardFolder)/\(name).jsonl"]
    }

    /// Takes the room, and reads what is there.
    package func open() async -> Result<RoomFiles.Found, RoomFiles.Problem> {
        await withCheckedContinuation { continuation in
            files.run { files in
                continuation.resume(returning: Result { () throws(RoomFiles.Problem) in try files.open() })
            }
        }
    }

    /// Saves away from the caller's thread, and calls `done` there with what went wrong; nil for nothing.
    package func save(
        _ record: RoomRecord?, _ entries: [RoomLogEntry], done: @escaping @Sendable (RoomFiles.Problem?) -> Void
    ) {
        files.run { files in
            do throws(RoomFiles.Problem) {
                try files.save(record, entries)
                done(nil)
            } catch { done(error) }
        }
    }
}
