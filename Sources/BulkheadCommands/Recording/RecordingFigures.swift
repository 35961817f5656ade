import BulkheadModel

/// Times and sizes of recordings, as people write and read them.
enum RecordingFigures {
    /// Nanoseconds of `90`, `90.5`, `1:30` or `1:02:03.25`.
    /// - Throws: the kind `usage`.
    static func time(_ text: String) throws(BroadcastError) -> Int64 {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        var seconds = 0.0
        for (place, part) in parts.enumerated() {
            let isLast = place == parts.count - 1
            guard parts.count <= 3, !part.isEmpty,
                part.allSatisfy({ $0.isASCII && ($0.isNumber || isLast && $0 == ".") }),
                let value = Double(part), place == 0 || value < 60
            else { throw wrong(text) }
            seconds = seconds * 60 + value
        }
        guard seconds < 1e9 else { throw wrong(text) }
        return Int64((seconds * 1e9).rounded())
    }

    private static func wrong(_ text: String) -> BroadcastError {
        BroadcastError(
            .usage, "\"\(text)\" is no time of a recording",
            advice: "write seconds, or hours, minutes and seconds as 1:02:03.5")
    }

    /// `1:02:03.250`.
    static func time(nanoseconds: Int64) -> String {
        let milliseconds = max(0, nanoseconds) / 1_000_000
        let (seconds, rest) = (milliseconds / 1000, milliseconds % 1000)
        func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let fraction = String(1000 + rest).dropFirst()
        return "\(seconds / 3600):\(two(seconds / 60 % 60)):\(two(seconds % 60)).\(fraction)"
    }

    /// `12.3 MB`, by powers of 1000.
    static func size(_ byteCount: UInt64) -> String {
        let units = ["bytes", "kB", "MB", "GB", "TB"]
        var (value, unit) = (Double(byteCount), 0)
        while value >= 999.95, unit + 1 < units.count { (value, unit) = (value / 1000, unit + 1) }
        return unit == 0 ? "\(byteCount) bytes" : "\((value * 10).rounded() / 10) \(units[unit])"
    }
}
