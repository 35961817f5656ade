import BulkheadSystem
import Glibc

/// The files that a list names (FFmpeg's concat format, M3U) or a folder holds: what is played of them, and what the list's cell
/// must leave readable, wherever they lie.
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

    /// The files that the list at `address` names, in their order, or those of a folder, by their names; nil where it is neither,
    /// or asks for more than to play files, or parts of them, one after the other.
    static func entries(of address: InputAddress) -> [Entry]? {
        if let path = address.path, isFolder(path) {
            return names(in: path).map { Entry(address: InputAddress("file:\(path)/\($0)", inputFormat: "")) }
        }
        guard let path = address.path, address.format.isEmpty || address.format == "concat",
            case let bytes = SourceCell.beginning(of: path, byteCount: mostBytes + 1), bytes.count <= mostBytes
        else { return nil }
        let text = FileName.text(Array(bytes))
        if address.format.isEmpty, isPlainM3U(text, path) { return entries(inM3U: text, from: folder(of: path)) }
        guard address.format == "concat" || text.hasPrefix("ffconcat version") else { return nil }
        return entries(in: text, from: folder(of: path))
    }

    private static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { $0 == path.startIndex ? "" : String(path[..<$0]) } ?? "."
    }

    // MARK: folders

    static func isFolder(_ path: String) -> Bool {
        var information = stat()
        return stat(FileName.bytes(path), &information) == 0 && information.st_mode & S_IFMT == S_IFDIR
    }

    /// A picture in a folder of shows is a cover or a thumbnail.
    private static let pictureEndings = [".jpg", ".jpeg", ".png", ".gif", ".webp"]

    /// A pipe in a folder would be waited for.
    private static func isFile(_ path: String) -> Bool {
        var information = stat()
        return stat(FileName.bytes(path), &information) == 0 && information.st_mode & S_IFMT == S_IFREG
    }

    /// The files of a folder that are called as films and sounds are, by their names; numbers in them count as such.
    private static func names(in folder: String) -> [String] {
        guard let directory = opendir(FileName.bytes(folder)) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { FileName.text(Array($0.prefix { $0 != 0 })) }
            let isPlayed = SourceCell.filmEndings.contains { name.lowercased().hasSuffix($0) }
            let isPicture = pictureEndings.contains { name.lowercased().hasSuffix($0) }
            guard isPlayed, !isPicture, !name.hasPrefix("."), isFile("\(folder)/\(name)") else { continue }
            names.append(name)
        }
        return names.sorted { isBefore($0[...], $1[...]) }
    }

    /// As people sort: `show 2` before `show 10`.
    static func isBefore(_ left: Substring, _ right: Substring) -> Bool {
        var (left, right) = (left, right)
        while let first = left.first, let second = right.first {
            if first.isASCII, first.isNumber, second.isASCII, second.isNumber {
                let (one, other) = (left.prefix(while: \.isNumber), right.prefix(while: \.isNumber))
                let (short, long) = (one.drop { $0 == "0" }, other.drop { $0 == "0" })
                if short.count != long.count { return short.count < long.count }
                if short != long { return short < long }
                (left, right) = (left.dropFirst(one.count), right.dropFirst(other.count))
            } else {
                if first != second { return first < second }
                (left, right) = (left.dropFirst(), right.dropFirst())
            }
        }
        return left.isEmpty && !right.isEmpty
    }

    // MARK: M3U

    /// A list of files one a line, and not one of segments, which is HLS (RFC 8216, section 4).
    static func isPlainM3U(_ text: String, _ path: String) -> Bool {
        let name = path.lowercased()
        let isCalledSo = name.hasSuffix(".m3u") || name.hasSuffix(".m3u8")
        return (isCalledSo || text.hasPrefix("#EXTM3U")) && !text.contains("#EXT-X-")
    }

    /// What the lines name that are no comments; nil where that is nothing.
    static func entries(inM3U text: String, from folder: String) -> [Entry]? {
        let entries = m3uPaths(text, from: folder).map { Entry(address: InputAddress($0, inputFormat: "")) }
        return entries.isEmpty ? nil : entries
    }

    private static func m3uPaths(_ text: String, from folder: String) -> [String] {
        text.split(whereSeparator: \.isNewline).compactMap { line in
            let name = String(line.drop { $0 == " " || $0 == "\t" || $0 == "\u{FEFF}" })
            guard !name.isEmpty, !name.hasPrefix("#") else { return nil }
            if name.contains("://") { return name }
            return "file:" + (name.hasPrefix("/") ? name : "\(folder)/\(name)")
        }
    }

    // MARK: FFmpeg's concat format

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

    /// The files that an M3U names.
    static func paths(inM3U text: String, from folder: String) -> [String] {
        m3uPaths(text, from: folder).filter { $0.hasPrefix("file:") }.prefix(mostFiles).map { String($0.dropFirst(5)) }
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
