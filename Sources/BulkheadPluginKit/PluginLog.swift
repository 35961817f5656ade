import CBulkheadPlugin
import Glibc

/// Where a plugin leaves lines for the user. Use it only on the thread of a call into the plugin.
public struct PluginLog {
    /// How serious a line is.
    public enum Level: Int32, Sendable {
        case debug = 0
        case notice = 1
        case warning = 2
        case error = 3
    }

    private let host: UnsafePointer<bulkhead_host>?

    init(_ host: UnsafePointer<bulkhead_host>?) { self.host = host }

    /// A log without a host, for tests.
    public static var standardError: PluginLog { PluginLog(nil) }

    /// Notes one line.
    public func callAsFunction(_ level: Level, _ text: String) {
        guard let host else {
            // A closed standard error can't be reported anywhere.
            _ = (text + "\n").withCString { write(STDERR_FILENO, $0, strlen($0)) }
            return
        }
        host.pointee.log?(host.pointee.context, level.rawValue, text)
    }
}
