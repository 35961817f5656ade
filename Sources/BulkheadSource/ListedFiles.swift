/// The files that a list in FFmpeg's concat format names: what its cell must leave readable, wherever they lie.
///
/// A word is read as FFmpeg's `av_get_token` does: a backslash takes the next character as it is, quotes (') all up to the
/// next quote. (FFmpeg's documentation: Formats, concat, Syntax; Utilities, Quoting and escaping.)
enum ListedFiles {
    /// Of longer lists the rest has to lie in the folder of the list.
    static let mostFiles = 4096
    /// As much of a list is read.
    static let mostBytes = 1 << 20

    /// The paths behind `file`, those that are relative below `folder`.
    static func paths(in text: String, from folder: String) -> [String] {
        var paths: [String] = []
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.drop { $0 == " " || $0 == "\t" }
            guard words.hasPrefix("file"), let gap = words.dropFirst(4).first, gap == " " || gap == "\t" else {
                continue
            }
            let path = word(words.dropFirst(4))
            guard !path.isEmpty, !path.contains("://") else { continue }
            paths.append(path.hasPrefix("/") ? path : "\(folder)/\(path)")
            if paths.count == mostFiles { break }
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
