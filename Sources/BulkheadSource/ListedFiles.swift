import BulkheadSystem

/// The files that a list in FFmpeg's concat format names: what its cell must leave readable, wherever they lie.
///
/// A word is read as FFmpeg's `av_get_token` does: a backslash takes the next character as it is, quotes (') all up to the
/// next quote. (FFmpeg's documentation: Formats, concat, Syntax; Utilities, Quoting and escaping.)
enum ListedFiles {
    /// Of longer lists the rest has to lie in the folder of the list.
    static let mostFiles = 4096
    /// As much of a list is read.
    static let mostBytes = 1 << 20

    /// The files that the list at `address` names, in their order; nil where it is no such list, or asks for more than to play
    /// files one after the other.
    static func entries(of address: InputAddress) -> [InputAddress]? {
        guard let path = address.path, address.format.isEmpty || address.format == "concat",
            case let bytes = SourceCell.beginning(of: path, byteCount: mostBytes + 1), bytes.count <= mostBytes
        else { return nil }
        let text = FileName.text(Array(bytes))
        guard address.format == "concat" || text.hasPrefix("ffconcat version"), isPlain(text) else { return nil }
        let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "" : String(path[..<$0]) } ?? "."
        let paths = paths(in: text, from: folder, atMost: .max)
        return paths.isEmpty ? nil : paths.map { InputAddress("file:" + $0, inputFormat: "") }
    }

    /// The list holds names of files and what tells nothing of how they are played.
    private static func isPlain(_ text: String) -> Bool {
        text.split(whereSeparator: \.isNewline).allSatisfy { line in
            let words = line.split { $0 == " " || $0 == "\t" }
            guard let first = words.first, !first.hasPrefix("#") else { return true }
            if first == "file" { return !line.contains("://") }
            return ["ffconcat", "duration", "file_packet_metadata"].contains(first)
        }
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
