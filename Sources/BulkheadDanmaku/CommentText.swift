/// Makes foreign text fit to be shown: one line of bounded length, without what vandals write.
package enum CommentText {
    /// In grapheme clusters.
    package static let mostCharacters = 100
    /// How many marks may stand on one letter: Vietnamese, Thai and pointed Hebrew take three.
    package static let mostMarks = 3

    /// `text` in one line, without controls, orders to change the direction of writing, and towers of marks. Empty where
    /// nothing is left.
    package static func clean(_ text: String) -> String {
        var line = String.UnicodeScalarView()
        var marks = 0
        var isSpace = true
        // What is longer than this is cut before it is looked at: nobody pays for a megabyte of marks.
        for scalar in text.unicodeScalars.prefix(mostCharacters * 16) {
            if scalar.properties.isWhitespace {
                // Several are one: indentation pushes text out of the picture.
                if !isSpace { line.append(" ") }
                (isSpace, marks) = (true, 0)
                continue
            }
            switch scalar.properties.generalCategory {
            case .control, .surrogate, .unassigned, .privateUse, .lineSeparator, .paragraphSeparator: continue
            case .format where !isJoiner(scalar): continue
            case .nonspacingMark, .enclosingMark:
                // Variation selectors say how an emoji looks, and are no marks to see.
                guard !isVariation(scalar) else { break }
                marks += 1
                if marks > mostMarks || isSpace { continue }
            default: marks = 0
            }
            isSpace = false
            line.append(scalar)
        }
        let characters = String(line).prefix(mostCharacters)
        return String(characters.last == " " ? characters.dropLast() : characters)
    }

    /// What joins emoji to one, and letters of Indic and Arabic scripts; all other invisible characters are left out.
    private static func isJoiner(_ scalar: Unicode.Scalar) -> Bool {
        // Tags spell the flags of England, Scotland and Wales (UTS #51, annex C).
        scalar.value == 0x200D || scalar.value == 0x200C || (0xE0020...0xE007F).contains(scalar.value)
    }

    private static func isVariation(_ scalar: Unicode.Scalar) -> Bool { (0xFE00...0xFE0F).contains(scalar.value) }

    /// How wide `text` is, in ems of its font: a bound that needs no font. Who draws squeezes what turns out wider.
    package static func ems(_ text: String) -> Double { text.reduce(0) { $0 + ems($1) } }

    private static func ems(_ character: Character) -> Double {
        let scalars = character.unicodeScalars
        guard let first = scalars.first else { return 0 }
        // A sequence of emoji is one sign where the font has it: a little wider than a letter of Chinese.
        if scalars.count > 1, scalars.contains(where: { $0.properties.isEmoji && $0.value > 0xFF }) { return 1.25 }
        if isWide(first) { return 1 }
        return first.properties.generalCategory == .nonspacingMark ? 0 : 0.6
    }

    /// Whether a character takes the width of a Chinese one (UAX #11, W and F), in ranges that err towards wide.
    private static func isWide(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.properties.isEmojiPresentation { return true }
        switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
            0xA960...0xA97C, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6,
            0x16FE0...0x18AFF, 0x1B000...0x1B2FB, 0x1F200...0x1F2FF, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
            return true
        default: return false
        }
    }
}
