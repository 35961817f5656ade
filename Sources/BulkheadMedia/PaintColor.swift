/// A colour as people write it, opaque or not: `#RRGGBB`, `#RRGGBBAA`, `#RGB`, or a name such as `black`.
package struct PaintColor: Hashable, Sendable {
    /// 0 to 255, as in sRGB.
    package let red: UInt8
    /// 0 to 255, as in sRGB.
    package let green: UInt8
    /// 0 to 255, as in sRGB.
    package let blue: UInt8
    /// 0 (nothing of it shows) to 255.
    package let alpha: UInt8

    /// A colour that is opaque where nothing else is said.
    package init(red: UInt8, green: UInt8, blue: UInt8, alpha: UInt8 = 255) {
        self.red = red
        self.green = green
        self.blue = blue
        self.alpha = alpha
    }

    /// Reads a colour; nil for what is none.
    package init?(_ text: String) {
        guard text.hasPrefix("#") else {
            guard let number = Self.names[text.lowercased()] else { return nil }
            self.init(number << 8 | 0xFF)
            return
        }
        var digits = text.dropFirst()
        if digits.count == 3 { digits = Substring(digits.map { "\($0)\($0)" }.joined()) }
        guard digits.count == 6 || digits.count == 8, digits.allSatisfy(\.isHexDigit),
            digits.utf8.count == digits.count,
            let number = UInt32(digits, radix: 16)
        else { return nil }
        self.init(digits.count == 6 ? number << 8 | 0xFF : number)
    }

    private init(_ number: UInt32) {
        self.init(
            red: UInt8(truncatingIfNeeded: number >> 24), green: UInt8(truncatingIfNeeded: number >> 16),
            blue: UInt8(truncatingIfNeeded: number >> 8), alpha: UInt8(truncatingIfNeeded: number))
    }

    /// The colour itself, as video of `canvas` carries it.
    package func video(for canvas: Canvas) -> VideoColor {
        VideoColor(red: Double(red) / 255, green: Double(green) / 255, blue: Double(blue) / 255, for: canvas)
    }

    /// How the colour looks on black, as video of `canvas` carries it.
    package func videoOnBlack(for canvas: Canvas) -> VideoColor {
        let share = Double(alpha) / (255 * 255)
        return VideoColor(
            red: Double(red) * share, green: Double(green) * share, blue: Double(blue) * share, for: canvas)
    }

    /// The names of HTML 4 and some that people use with them.
    private static let names: [String: UInt32] = [
        "black": 0x000000, "silver": 0xC0C0C0, "gray": 0x808080, "grey": 0x808080, "white": 0xFFFFFF,
        "maroon": 0x800000, "red": 0xFF0000, "purple": 0x800080, "fuchsia": 0xFF00FF, "magenta": 0xFF00FF,
        "green": 0x008000, "lime": 0x00FF00, "olive": 0x808000, "yellow": 0xFFFF00, "navy": 0x000080,
        "blue": 0x0000FF, "teal": 0x008080, "aqua": 0x00FFFF, "cyan": 0x00FFFF, "orange": 0xFFA500,
    ]
}
