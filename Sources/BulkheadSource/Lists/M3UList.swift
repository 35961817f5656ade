import BulkheadSystem
import Glibc

/// A plain M3U: files one a line, with titles where `#EXTINF` gives them.
///
/// Programs write the names as they please: as they are, percent-encoded, in Latin-1, with the separators of another system. A
/// name is taken as it stands, and read otherwise only where there is no such file.
package enum M3UList {
    /// One file of the list: how it may be called, the likeliest first, and what it is to be called.
    package struct Line: Hashable, Sendable {
        /// Paths, or one address.
        package var names: [String]
        /// Empty where the list says none.
        package var title: String
    }

    /// A list of files, and not one of segments, which is HLS (RFC 8216, section 4).
    static func isPlain(_ text: String, _ path: String) -> Bool {
        let name = path.lowercased()
        let isCalledSo = name.hasSuffix(".m3u") || name.hasSuffix(".m3u8")
        let isMarked = text.hasPrefix("#EXTM3U") || text.hasPrefix("\u{FEFF}#EXTM3U")
        return (isCalledSo || isMarked) && !text.contains("#EXT-X-")
    }

    /// What the lines name that are no comments; relative names count from `folder`.
    package static func lines(of text: String, from folder: String) -> [Line] {
        var lines: [Line] = []
        var title = ""
        for line in text.split(whereSeparator: \.isNewline) {
            let name = String(line.drop { $0 == " " || $0 == "\t" || $0 == "\u{FEFF}" })
            if name.hasPrefix("#") {
                if let said = self.title(in: name) { title = said }
                continue
            }
            guard !name.isEmpty else { continue }
            lines.append(Line(names: names(name, from: folder), title: title))
            title = ""
        }
        return lines
    }

    /// The text behind the comma of `#EXTINF:123,Artist - Title`; attributes before it may hold commas between quotes.
    private static func title(in line: String) -> String? {
        guard line.uppercased().hasPrefix("#EXTINF:") else { return nil }
        var isQuoted = false
        for (index, character) in zip(line.indices, line) {
            if character == "\"" { isQuoted.toggle() }
            if character == ",", !isQuoted {
                return latin1(String(line[line.index(after: index)...].drop { $0 == " " })).trimmed
            }
        }
        return nil
    }

    private static func names(_ name: String, from folder: String) -> [String] {
        var path = name
        if name.lowercased().hasPrefix("file://") {
            path = String(name.dropFirst(7))
            if path.hasPrefix("localhost/") { path = String(path.dropFirst(9)) }
        } else if name.contains("://") {
            return [name]
        }
        var names = [path]
        for change in [percentDecoded, latin1, { $0.trimmed }, { $0.replacing("\\", with: "/") }] {
            for known in names where !names.contains(change(known)) { names.append(change(known)) }
        }
        return names.map { $0.hasPrefix("/") ? $0 : "\(folder)/\($0)" }
    }

    /// `%C3%A4` as the byte pair that it stands for; what is no such code stays.
    private static func percentDecoded(_ name: String) -> String {
        let bytes = FileName.bytes(name).dropLast().map { UInt8(bitPattern: $0) }
        var decoded: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
                let value = UInt8(String(decoding: bytes[index + 1...index + 2], as: UTF8.self), radix: 16), value > 0
            {
                decoded.append(value)
                index += 3
            } else {
                decoded.append(bytes[index])
                index += 1
            }
        }
        return FileName.text(decoded)
    }

    /// Bytes that are no UTF-8 as the characters of Latin-1.
    private static func latin1(_ name: String) -> String {
        var text = ""
        for scalar in name.unicodeScalars {
            text.unicodeScalars.append(FileName.byte(of: scalar).map { Unicode.Scalar($0) } ?? scalar)
        }
        return text
    }
}

extension String {
    /// Without white space at its end.
    fileprivate var trimmed: String {
        var text = self[...]
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }
}
