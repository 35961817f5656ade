import FoundationEssentials

/// The times of IRCv3's server-time, `2026-11-28T19:53:24.991Z`.
package enum ServerTime {
    /// In milliseconds since 1970; nil for what is no such time. A leap second is the next one.
    package static func milliseconds(_ text: String) -> Int64? {
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

    /// The time so many milliseconds after 1970 began; nil outside the years 1970 to 9999.
    package static func text(_ milliseconds: Int64) -> String? {
        guard (0..<253_402_300_800_000).contains(milliseconds) else { return nil }
        // The fraction is written here: that of a binary fraction may be one less.
        let second = Date(timeIntervalSince1970: Double(milliseconds / 1000))
        let fraction = "\(1000 + milliseconds % 1000)".dropFirst()
        return second.formatted(Date.ISO8601FormatStyle()).dropLast() + ".\(fraction)Z"
    }
}
