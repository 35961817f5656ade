import BulkheadSystem

/// The files that a list in FFmpeg's concat format names: what is played of them, and what the list's cell must leave readable,
/// wherever they lie.
///
/// A word is read as FFmpeg's `av_get_token` does: a backslash takes the next character as it is, quotes (') all up to the
/// next quote. (FFmpeg's documentation: Formats, concat, Syntax; Utilities, Quoting and escaping.)
enum ListedFiles {
    /// Of longer lists the rest has to lie in the folder of the list.
    static let mostFiles = 4096
    /// As much of a list is read.
    static let mostBytes = 1 << 20

    /// One file of a list, and what is played of it. Times are nanoseconds.
    struct Entry {
        var address: InputAddress
        /// On the file's own timeline: what comes before is not shown.
        var inPoint: Int64?
        /// On the file's own timeline: what comes from there on is not shown.
        var outPoint: Int64?
        /// How long it stands at least; a still, exactly.
        var length: Int64?
    }

    /// The files that the list at `address` names, in their order; nil where it is no such list, or asks for more than to play
    /// files, or parts of them, one after the other.
    static func entries(of address: InputAddress) -> [Entry]? {
        guard let path = address.path, address.format.isEmpty || address.format == "concat",
            case let bytes = SourceCell.beginning(of: path, byteCount: mostBytes + 1), bytes.count <= mostBytes
        else { return nil }
        let text = FileName.text(Array(bytes))
        guard address.format == "concat" || text.hasPrefix("ffconcat version") else { return nil }
        let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "" : String(path[..<$0]) } ?? "."
        return entries(in: text, from: folder)
    }

    /// The same of a list's text; nil where a line is none that is known here.
    static func entries(in text: String, from folder: String) -> [Entry]? {
        var entries: [Entry] = []
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.drop { $0 == " " || $0 == "\t" }
            let first = words.prefix { $0 != " " && $0 != "\t" }
            guard !first.isEmpty, !first.hasPrefix("#") else { continue }
            let value = word(words.dropFirst(first.count))
            switch first {
            case "ffconcat", "file_packet_metadata", "file_packet_meta": continue
            case "file" where !value.isEmpty:
                let isAddress = value.contains("://")
                let target = isAddress ? value : "file:" + (value.hasPrefix("/") ? value : "\(folder)/\(value)")
                entries.append(Entry(address: InputAddress(target, inputFormat: "")))
            case "inpoint", "outpoint", "duration":
                guard !entries.isEmpty, let time = time(value) else { return nil }
                let last = entries.count - 1
                switch first {
                case "inpoint": entries[last].inPoint = time
                case "outpoint": entries[last].outPoint = time
                default: entries[last].length = time
                }
            default: return nil
            }
        }
        return entries.isEmpty ? nil : entries
    }

    /// A time as FFmpeg writes it, in nanoseconds: `[HH:]MM:SS[.m…]`, or `S[.m…]` with `s`, `ms`, `us` or nothing behind.
    /// (FFmpeg's documentation: Utilities, Time duration.)
    static func time(_ text: String) -> Int64? {
        var number = text[...]
        var unit = 1e9
        for (suffix, value) in [("ms", 1e6), ("us", 1e3), ("s", 1e9)] where number.hasSuffix(suffix) {
            number = number.dropLast(suffix.count)
            unit = value
            break
        }
        let parts = number.split(separator: ":", omittingEmptySubsequences: false)
        guard (1...3).contains(parts.count), parts.count == 1 || number.count == text.count else { return nil }
        var seconds = 0.0
        for part in parts {
            guard part.first?.isNumber == true, part.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }),
                let value = Double(part)
            else { return nil }
            seconds = seconds * 60 + value
        }
        let time = seconds * unit
        return time < 1e18 ? Int64(time.rounded()) : nil
    }

    /// The paths behind `file`, those that are relative below `folder`.
    static func paths(in text: String, from folder: String, atMost limit: Int = mostFiles) -> [String] {
        var paths: [String] = []
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.drop { $0 == " " || $0 == "\t" }
            guard words.hasPrefix("file"), let gap = words.dropFirst(4).first, gap == " " || gap == "\t" else {
                continue
            }
            let path = word(words.dropFirst(4))
            guard !path.isEmpty, !path.contains("://") else { continue }
            paths.append(path.hasPrefix("/") ? path : "\(folder)/\(path)")
            if paths.count == limit { break }
        }
        return paths
    }

    private static func word(_ text: Substring) -> String {
        var word = ""
        var isQuoted = false
        var rest = text.drop { $0 == " " || $0 == "\t" }
        while let character = rest.popFirst() {
            switch character {
            case "'": isQuoted.toggle()
            case "\\" where !isQuoted: if let next = rest.popFirst() { word.append(next) }
            case " " where !isQuoted, "\t" where !isQuoted: return word
            default: word.append(character)
            }
        }
        return word
    }
}
