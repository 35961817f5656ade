package import BulkheadMedia

/// Comments as subtitles in Advanced SubStation Alpha, which players draw themselves: they move as the overlay has them.
///
/// A player has other fonts than the overlay, so texts stand in the middle of their lanes, and letters are as high as lanes
/// allow. Written for libass (mpv, VLC, FFmpeg), which takes `\{` for a brace.
///
/// - SeeAlso: libass, `ASSv4+ spec` and `wiki/Fontsize`: a size is that of ascent and descent together.
package struct ASSScript: Sendable {
    private let canvas: Canvas
    private let base: DanmakuSettings
    private let title: String

    /// From the height of a letter, which is that of its em, to that of its line in common fonts.
    private static let line = 1.17

    /// - Parameters:
    ///   - settings: those that most comments have.
    ///   - title: for people.
    package init(_ canvas: Canvas, _ settings: DanmakuSettings, title: String) {
        self.canvas = canvas
        base = settings
        self.title = title
    }

    private var scale: Double { Double(canvas.height) / DanmakuStage.pictureHeight }
    private var pictureWidth: Double { Double(canvas.width) / scale }

    /// What stands before the first comment.
    package var header: String {
        let font = Self.family(base.font)
        let outline = Self.number(max(1, base.size * scale * 0.06))
        // As the encoder says of its pictures.
        let matrix = canvas.height >= 720 ? "TV.709" : "TV.601"
        return """
            [Script Info]
            Title: \(CommentText.clean(title))
            ScriptType: v4.00+
            WrapStyle: 2
            ScaledBorderAndShadow: yes
            YCbCr Matrix: \(matrix)
            PlayResX: \(canvas.width)
            PlayResY: \(canvas.height)

            [V4+ Styles]
            Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, \
            Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, \
            MarginR, MarginV, Encoding
            Style: Danmaku,\(font),\(Self.number(fontSize(base.size))),&H\(alpha(base.opacity))\(Self.bgr(base.color)),\
            &H00FFFFFF,&H\(alpha(base.opacity))\(Self.bgr(Self.outline(of: base.color))),&H00000000,\
            0,0,0,0,100,100,0,0,1,\(outline),0,4,0,0,0,1

            [Events]
            Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text

            """
    }

    /// One comment, with the end of its line.
    package func line(_ flight: CommentFlight) -> String {
        let flying = flight.flying
        let name = CommentText.clean(flying.comment.author).map { $0 == "," ? "，" : $0 }
        return "Dialogue: \(flying.comment.rank.rawValue),\(Self.time(flying.start)),\(Self.time(flying.end)),Danmaku,"
            + "\(String(name)),0,0,0,,{\(place(flying))\(look(flight))}\(Self.escaped(flight.text))\n"
    }

    private func place(_ flying: FlyingComment) -> String {
        let middle = Self.number((flying.top + flying.height / 2) * scale)
        switch flying.mode {
        case .scroll, .reverse:
            let ends = [flying.start, flying.end].map {
                Self.number(
                    (flying.x(at: MediaTime(nanoseconds: $0), pictureWidth: pictureWidth) + flying.size * 0.1) * scale)
            }
            return "\\an4\\move(\(ends[0]),\(middle),\(ends[1]),\(middle))"
        case .positioned:
            let left = flying.x(at: MediaTime(nanoseconds: flying.start), pictureWidth: pictureWidth)
            return "\\an4\\pos(\(Self.number((left + flying.size * 0.1) * scale)),\(middle))"
        case .top, .bottom: return "\\an5\\pos(\(Self.number(Double(canvas.width) / 2)),\(middle))"
        }
    }

    /// What differs from the style.
    private func look(_ flight: CommentFlight) -> String {
        var tags = ""
        let settings = flight.settings
        if flight.flying.size != base.size { tags += "\\fs\(Self.number(fontSize(flight.flying.size)))" }
        if settings.font != base.font { tags += "\\fn\(Self.family(settings.font))" }
        if flight.color != base.color {
            tags += "\\c&H\(Self.bgr(flight.color))&"
            let outline = Self.outline(of: flight.color)
            if outline != Self.outline(of: base.color) { tags += "\\3c&H\(Self.bgr(outline))&" }
        }
        if settings.opacity != base.opacity { tags += "\\alpha&H\(alpha(settings.opacity))&" }
        return tags
    }

    private func fontSize(_ size: Double) -> Double { size * scale * Self.line }

    /// 00 is opaque.
    private func alpha(_ opacity: Double) -> String { Self.hex(Int(((1 - opacity) * 255).rounded()), 2) }

    /// Black around letters, and white where they are dark themselves.
    private static func outline(of color: UInt32) -> UInt32 {
        let parts = [16, 8, 0].map { Double(color >> $0 & 0xFF) }
        return parts[0] * 0.2126 + parts[1] * 0.7152 + parts[2] * 0.0722 < 60 ? 0xFFFFFF : 0
    }

    private static func bgr(_ color: UInt32) -> String {
        hex(Int(color & 0xFF) << 16 | Int(color & 0xFF00) | Int(color >> 16 & 0xFF), 6)
    }

    private static func hex(_ value: Int, _ count: Int) -> String {
        let digits = String(value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, count - digits.count)) + digits
    }

    /// With one digit behind the point.
    private static func number(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10).\(abs(tenths) % 10)"
    }

    /// `0:00:01.25`.
    private static func time(_ nanoseconds: Int64) -> String {
        let hundredths = (max(0, nanoseconds) / 1_000_000 + 5) / 10
        return CommentTime(milliseconds: hundredths * 10).text(hourDigits: 1, mark: ".", fractionDigits: 2)
    }

    private static func family(_ font: String) -> String {
        let name = String(CommentText.clean(font).filter { !",\\{}&".contains($0) })
        return name.isEmpty ? "sans-serif" : name
    }

    /// No text is an order to the player.
    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text {
            switch character {
            // With nothing seen behind it, it is no order such as \N.
            case "\\": escaped += "\\\u{200B}"
            case "{": escaped += "\\{"
            case "}": escaped += "\\}"
            default: escaped.append(character)
            }
        }
        return escaped
    }
}

/// A time of a recording as subtitles write it.
struct CommentTime {
    let milliseconds: Int64

    /// Hours, minutes, seconds and a fraction.
    func text(hourDigits: Int, mark: String, fractionDigits: Int) -> String {
        func digits(_ value: Int64, _ count: Int) -> String {
            let text = "\(value)"
            return String(repeating: "0", count: max(0, count - text.count)) + text
        }
        let seconds = milliseconds / 1000
        let fraction = String(digits(milliseconds % 1000, 3).prefix(fractionDigits))
        return "\(digits(seconds / 3600, hourDigits)):\(digits(seconds / 60 % 60, 2)):\(digits(seconds % 60, 2))"
            + mark + fraction
    }
}
