package import BulkheadSystem
import CFFmpeg
import Glibc
import Synchronization

/// The log of the libav libraries, fit for a log file.
package enum LibavLog {
    private static let limit = Mutex(LineLimit())

    /// Sends errors of the libav libraries to standard error, without secrets and no more than can be read.
    static func start() {
        bulkhead_av_log_errors_to { line in
            guard let line else { return }
            let allowance = LibavLog.limit.withLock { $0.allowance(at: .now) }
            guard allowance != .silent else { return }
            let end = allowance == .last ? " (more errors are not shown)\n" : "\n"
            let text = "bulkhead-source: " + LibavLog.redacted(String(cString: line)) + end
            _ = text.withCString { write(STDERR_FILENO, $0, strlen($0)) }
        }
    }

    /// `line` in one line, every URL shortened to what is no secret.
    package static func redacted(_ line: String) -> String {
        let words = line.split(whereSeparator: { $0.isWhitespace || $0.isNewline })
        return words.map { $0.contains("://") ? InputAddress.redacted(String($0)) : String($0) }
            .joined(separator: " ")
    }
}

/// Lets some lines pass in each stretch of time: a damaged file makes decoders write one for each macroblock.
package struct LineLimit: Sendable {
    /// Whether a line is shown, shown as the last for now, or left out.
    package enum Allowance: Sendable { case shown, last, silent }

    /// Lines shown in each ``period``.
    package static let lineCount = 5
    /// How long ``lineCount`` lines must last.
    package static let period: Duration = .seconds(10)
    private var start: MonotonicTime?
    private var count = 0

    /// A limit of which nothing is used.
    package init() {}

    /// Counts a line at `now`, and says whether to show it.
    package mutating func allowance(at now: MonotonicTime) -> Allowance {
        if start.map({ now >= $0.advanced(by: Self.period) }) ?? true {
            start = now
            count = 0
        }
        count += 1
        return count < Self.lineCount ? .shown : count == Self.lineCount ? .last : .silent
    }
}
