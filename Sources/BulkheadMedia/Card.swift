/// A picture of words that a source draws in a typeface, instead of reading one.
package struct Card: Codable, Hashable, Sendable {
    /// How the words stand in the picture.
    package enum Kind: UInt8, Codable, Hashable, Sendable {
        /// As they are, on nothing: what lies behind is seen around the letters.
        case title = 0
        /// As a title, short: at most two lines of some fourteen letters each, and an ellipsis for the rest.
        case name = 1
        /// In the middle of a dark ground that fills the canvas, the second and all further lines smaller.
        case slate = 2
    }

    /// The most characters of words.
    package static let longestWords = 500

    /// Whether `text` can be drawn: not too long, and without control characters but line feeds.
    package static func areWords(_ text: String) -> Bool {
        text.count <= longestWords && text.utf8.count <= 4 * longestWords
            && text.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control }
    }

    /// How the words stand in the picture.
    package var kind: Kind
    /// In any script; lines end with a line feed. May be empty.
    package var words: String
    /// The absolute path of a PNG file that stands above the words; empty for none.
    package var logoPath: String
    /// Every picture but the first shows the time of day below the words.
    package var hasClock: Bool

    /// A card; without a logo and a clock where nothing else is said.
    package init(_ kind: Kind, _ words: String, logoPath: String = "", hasClock: Bool = false) {
        self.kind = kind
        self.words = words
        self.logoPath = logoPath
        self.hasClock = hasClock
    }

    /// The words of a slate that its user has given none.
    package static let standardWords = "Stand by\nThe picture will be back"
}
