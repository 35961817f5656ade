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
        /// What the list calls it; empty for nothing.
        var title = ""
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
        if var path = address.path, isFolder(path) {
            while path.count > 1, path.hasSuffix("/") { path.removeLast() }
            return names(in: path).map { Entry(address: InputAddress("file:\(path)/\($0)", inputFormat: "")) }
        }
        guard let path = address.path, address.format.isEmpty || address.format == "concat",
            case let bytes = SourceCell.beginning(of: path, byteCount: mostBytes + 1), bytes.count <= mostBytes
        else { return nil }
        let text = FileName.text(Array(bytes))
        if address.format.isEmpty, M3UList.isPlain(text, path) {
            let lines = M3UList.lines(of: text, from: folder(of: path))
            return lines.isEmpty ? nil : entries(of: lines)
        }
        guard address.format == "concat" || text.hasPrefix("ffconcat version") else { return nil }
        return entries(in: text, from: folder(of: path))
    }

    private static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { $0 == path.startIndex ? "" : String(path[..<$0]) } ?? "."
    }

    /// It is a folder, or an M3U, in which files may come and go while it is played.
    static func mayChange(_ address: InputAddress) -> Bool {
        guard let path = address.path, address.format.isEmpty else { return false }
        if isFolder(path) { return true }
        return M3UList.isPlain(FileName.text(Array(SourceCell.beginning(of: path, byteCount: mostBytes))), path)
    }

    /// Whether something lies where `entry` says.
    static func isThere(_ entry: Entry) -> Bool {
        var information = stat()
        return entry.address.path.map { stat(FileName.bytes($0), &information) == 0 } ?? false
    }

    /// Files that were named one by one.
    static func entries(of files: [String]) -> [Entry] {
        files.map { Entry(address: InputAddress("file:\($0)", inputFormat: "")) }
    }

    /// Why a file can't be read that lies in a list's folder: it is a link to one elsewhere, which the cell of the list keeps
    /// from its reader. Nil where it is none.
    static func leadsAway(_ path: String) -> String? {
        func real(_ path: String) -> String? {
            guard let real = realpath(FileName.bytes(path), nil) else { return nil }
            defer { free(real) }
            return FileName.text(real)
        }
        guard let target = real(path), let folder = real(folder(of: path)), !target.hasPrefix(folder + "/") else {
            return nil
        }
        return target
    }

    // MARK: folders

    static func isFolder(_ path: String) -> Bool {
        var information = stat()
        return stat(FileName.bytes(path), &information) == 0 && information.st_mode & S_IFMT == S_IFDIR
    }

    /// A picture in a folder of shows is a cover or a thumbnail.
    private static let pictureEndings = [".jpg", ".jpeg", ".png", ".gif", ".webp"]

    /// A pipe in a folder would be waited for, and an empty file is one that is about to be written.
    private static func isFile(_ path: String) -> Bool {
        var information = stat()
        return stat(FileName.bytes(path), &information) == 0 && information.st_mode & S_IFMT == S_IFREG
            && information.st_size > 0
    }

    /// Whether a file may still be being written: it has changed in the last seconds.
    /// - Parameter other: a file that was there before; what has changed together with it has been there as well.
    static func isGrowing(_ entry: Entry, behind other: String? = nil) -> Bool {
        guard let path = entry.address.path, let changed = changeTime(of: path) else { return false }
        let earliest = other.flatMap(changeTime) ?? .min
        return Glibc.time(nil) - changed < secondsLeftAlone && changed - secondsLeftAlone > earliest
    }

    private static func changeTime(of path: String) -> Int? {
        var information = stat()
        return stat(FileName.bytes(path), &information) == 0 ? information.st_mtim.tv_sec : nil
    }

    /// What comes to a folder while it is played is taken when it has been left alone for so long.
    private static let secondsLeftAlone = 5

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

    private static func entries(of lines: [M3UList.Line]) -> [Entry] {
        lines.map { line in
            let isAddress = line.names.count == 1 && line.names[0].contains("://")
            let target = isAddress ? line.names[0] : "file:" + existing(line.names)
            var entry = Entry(address: InputAddress(target, inputFormat: ""))
            entry.title = line.title
            return entry
        }
    }

    /// The first path at which something is; the first of all where nothing is.
    private static func existing(_ paths: [String]) -> String {
        var information = stat()
        return paths.first { stat(FileName.bytes($0), &information) == 0 } ?? paths.first ?? ""
    }

    /// The files that an M3U names.
    static func paths(inM3U text: String, from folder: String) -> [String] {
        entries(of: M3UList.lines(of: text, from: folder)).compactMap(\.address.path).prefix(mostFiles).map { $0 }
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
