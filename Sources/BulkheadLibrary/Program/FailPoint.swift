import Glibc
import Synchronization

/// Steps of the protocol at which a test kills the process: `BULKHEAD_LIBRARY_FAILPOINT=centre-committed:3` does at the third
/// time that the step is reached.
enum FailPoint: String, CaseIterable, Sendable {
    case rowWritten = "row-written"
    case signalSent = "signal-sent"
    case signalledSet = "signalled-set"
    case rowRead = "row-read"
    case centreCommitted = "centre-committed"
    case publishedSet = "published-set"
    case registered
    /// An upload has its name in the folder, and is still one on its way.
    case uploadLinked = "upload-linked"

    private struct Armed: Sendable {
        let point: FailPoint
        let count: Int
    }

    private static let armed: Armed? = {
        guard let text = getenv("BULKHEAD_LIBRARY_FAILPOINT").map({ String(cString: $0) }) else { return nil }
        let parts = text.split(separator: ":").map(String.init)
        guard let point = parts.first.flatMap({ FailPoint(rawValue: $0) }) else { return nil }
        return Armed(point: point, count: parts.count > 1 ? Int(parts[1]) ?? 1 : 1)
    }()

    private static let reached = Atomic<Int>(0)

    /// The step has been done.
    func reach() {
        guard let armed = Self.armed, armed.point == self else { return }
        if Self.reached.add(1, ordering: .relaxed).newValue == armed.count { kill(getpid(), SIGKILL) }
    }
}
