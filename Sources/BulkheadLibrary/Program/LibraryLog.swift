import BulkheadModel
import Glibc
import Synchronization

/// Writes what happens, one line each: sentences for people, or JSON. The same thing that happens again and again is said once.
final class LibraryLog: Sendable {
    private let isJSON: Bool
    private let said = Mutex<[String: String]>([:])

    init(isJSON: Bool) { self.isJSON = isJSON }

    private struct Line: Encodable {
        let time: Double
        let event: String
        let text: String
        let values: [String: String]
    }

    /// - Parameter event: a code for scripts: `node.published`.
    func write(_ event: String, _ text: String, _ values: [String: String] = [:]) {
        var line = text
        if isJSON {
            var now = timespec()
            clock_gettime(CLOCK_REALTIME, &now)
            let seconds = Double(now.tv_sec) + Double(now.tv_nsec / 1_000_000) / 1000
            line = JSONLine.text(Line(time: seconds, event: event, text: text, values: values)) ?? ""
        }
        var clean =
            String(
                String.UnicodeScalarView(
                    line.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 })) + "\n"
        clean.withUTF8 { _ = Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
    }

    /// Says a trouble of `part`, until it is another one or over.
    func trouble(_ part: String, _ text: String) {
        let isNews = said.withLock { said in
            guard said[part] != text else { return false }
            said[part] = text
            return true
        }
        if isNews { write("\(part).trouble", text) }
    }

    /// The trouble of `part` is over.
    func clear(_ part: String, _ text: String) {
        let had = said.withLock { $0.removeValue(forKey: part) != nil }
        if had { write("\(part).cleared", text) }
    }
}
