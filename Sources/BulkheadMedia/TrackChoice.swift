/// Which of an input's tracks of one kind is played.
package enum TrackChoice: Hashable, Sendable {
    /// The one that the input's format or FFmpeg takes for the best.
    case automatic
    case none
    /// The first of its kind has number 1.
    case number(UInt16)
    /// The first whose language the file says to be this one, such as `fra` (ISO 639-2).
    case language(String)

    /// Reads `auto`, `none`, a number from 1 or a language of two or three letters; nil for all else.
    package init?(_ text: String) {
        switch text.lowercased() {
        case "auto": self = .automatic
        case "none": self = .none
        case let word
        where !word.isEmpty && word.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }:
            guard let number = UInt16(word), number > 0 else { return nil }
            self = .number(number)
        case let word where (2...3).contains(word.utf8.count):
            guard word.utf8.allSatisfy({ (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }) else { return nil }
            self = .language(word)
        default: return nil
        }
    }

    /// The place of the track among those of its kind, whose languages are `languages`.
    /// - Returns: nil where there is no such track, or none is wanted, or the choice is not for this to make.
    package func place(among languages: [String]) -> Int? {
        switch self {
        case .automatic, .none: nil
        case .number(let number): Int(number) <= languages.count ? Int(number) - 1 : nil
        case .language(let language): languages.firstIndex { $0.lowercased().hasPrefix(language) }
        }
    }
}

extension TrackChoice: CustomStringConvertible {
    package var description: String {
        switch self {
        case .automatic: "auto"
        case .none: "none"
        case .number(let number): "\(number)"
        case .language(let language): language
        }
    }
}

extension TrackChoice: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let choice = TrackChoice(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a track")
        }
        self = choice
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
