import FoundationEssentials

/// The times of IRCv3's server-time, `2026-11-28T19:53:24.991Z`.
enum ServerTime {
    /// In milliseconds since 1970; nil for what is no such time. A leap second is the next one.
    static func milliseconds(_ text: String) -> Int64? {
        guard text.utf8.count <= 32 else { return nil }
        let leaps = text.contains(":60")
        let plain = leaps ? text.replacing(":60", with: ":59") : text
        let styles = [Date.ISO8601FormatStyle(includingFractionalSeconds: true), Date.ISO8601FormatStyle()]
        for style in styles {
            if let date = try? Date(plain, strategy: style) {
                return Int64((date.timeIntervalSince1970 * 1000).rounded()) + (leaps ? 1000 : 0)
            }
        }
        return nil
    }
}
