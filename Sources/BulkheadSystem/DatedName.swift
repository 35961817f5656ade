import CBulkheadLinux
import Glibc

/// A name with the fields of strftime(3) that is filled in with the time at which its file is made, and with a number where
/// that is taken: `show-%Y%m%d.mp4` makes `show-20261128.mp4`, then `show-20261128-2.mp4`.
package struct DatedName: Hashable, Sendable {
    private let pattern: String

    package init(_ pattern: String) { self.pattern = pattern }

    /// The names that it makes can be told from others: fields such as `%Z` can be written and not be read.
    package var isReadable: Bool { matches(filled(at: 1_000_000_000)) }

    /// The name at `time`, in seconds since 1970, as clocks of this machine show it.
    package func filled(at time: Int) -> String {
        guard pattern.contains("%") else { return pattern }
        var time = time
        var parts = tm()
        guard localtime_r(&time, &parts) != nil else { return pattern }
        var text = [CChar](repeating: 0, count: 8192)
        let count = strftime(&text, text.count, FileName.bytes(pattern), &parts)
        return count > 0 ? FileName.text(text[..<count].map { UInt8(bitPattern: $0) }) : pattern
    }

    /// The name with `number` in it, which is 2 or more.
    package static func numbered(_ name: String, _ number: Int) -> String {
        let (stem, ending) = split(name)
        return "\(stem)-\(number)\(ending)"
    }

    /// Whether it makes `name` at some time, with or without a number.
    package func matches(_ name: String) -> Bool {
        if makes(name) { return true }
        let (stem, ending) = Self.split(name)
        let digits = stem.utf8.reversed().prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }.count
        guard (1...5).contains(digits) else { return false }
        let rest = stem.dropLast(digits)
        return rest.hasSuffix("-") && makes(rest.dropLast() + ending)
    }

    private func makes(_ name: String) -> Bool {
        bulkhead_is_dated(FileName.bytes(name), FileName.bytes(pattern)) == 1
    }

    /// What stands before and behind a number in a name.
    private static func split(_ name: String) -> (stem: String, ending: String) {
        guard let dot = name.lastIndex(of: "."), name[dot...].firstIndex(of: "/") == nil else { return (name, "") }
        return (String(name[..<dot]), String(name[dot...]))
    }
}
