/// Comments in the XML that recorders of live rooms write and converters read: `<d>` for a comment, `<sc>` for one that was
/// paid for, with its price in whole units of its currency, which is the yuan where no other is named.
///
///     <d p="seconds,mode,size,color,milliseconds since 1970,pool,author's identity,0" user="name">text</d>
///     <sc ts="seconds" uid="identity" user="name" price="30" time="60">text</sc>
///
/// - SeeAlso: DanmakuFactory, `src/XmlFile.c`, and the XML of BililiveRecorder.
package enum CommentXML {
    package static let header = """
        <?xml version="1.0" encoding="UTF-8"?>
        <i>

        """
    package static let footer = "</i>\n"

    /// One comment, with the end of its line; empty for one that was blocked, or said before the beginning.
    package static func line(_ recorded: RecordedComment, _ settings: DanmakuSettings) -> String {
        let seconds = recorded.saidAt(settings)
        let comment = recorded.comment
        guard recorded.isBlocked != true, (0...31_536_000).contains(seconds) else { return "" }
        let (user, uid) = (escaped(comment.author), escaped(comment.authorID.filter { $0 != "," }))
        let text = escaped(comment.text)
        let time = CommentTime.seconds(seconds)
        guard let amount = recorded.amountMicros else {
            let place = comment.mode == .positioned ? comment.place : nil
            let mode =
                switch comment.mode {
                case .scroll: 1
                case .bottom: 4
                case .top: 5
                case .reverse: 6
                case .positioned: place == nil ? 1 : 7
                }
            let words = place.map { positioned(comment.text, at: $0, settings) } ?? text
            let sent = comment.sentMilliseconds ?? recorded.time
            return "  <d p=\"\(time),\(mode),25,\((comment.color ?? settings.color) & 0xFFFFFF),\(sent),0,\(uid),0\" "
                + "user=\"\(user)\">\(words)</d>\n"
        }
        let currency = recorded.currency ?? ""
        let other = ["", "CNY", "RMB"].contains(currency.uppercased()) ? "" : " currency=\"\(escaped(currency))\""
        let stays = recorded.until.map { $0.subtractingReportingOverflow(recorded.time) }
        let span = stays.map { $0.overflow ? 0 : max(0, $0.partialValue / 1000) } ?? 0
        return "  <sc ts=\"\(time)\" uid=\"\(uid)\" user=\"\(user)\" price=\"\(price(amount))\"\(other) "
            + "time=\"\(span)\">\(text)</sc>\n"
    }

    /// The text of mode 7: `["x","y","1-1",seconds,"words"]`, where the place is in shares of the picture.
    private static func positioned(_ text: String, at place: CommentPlace, _ settings: DanmakuSettings) -> String {
        let (x, y) = (CommentTime.seconds(place.x), CommentTime.seconds(place.y))
        var words = ""
        for scalar in text.unicodeScalars where scalar.value >= 0x20 {
            if scalar == "\"" || scalar == "\\" { words += "\\" }
            words.unicodeScalars.append(scalar)
        }
        return escaped("[\"\(x)\",\"\(y)\",\"1-1\",\(CommentTime.seconds(settings.standSeconds)),\"\(words)\"]")
    }

    private static func price(_ micros: Int64) -> String {
        let cents = max(0, micros) / 10_000
        guard cents % 100 != 0 else { return "\(cents / 100)" }
        return "\(cents / 100).\(cents % 100 < 10 ? "0" : "")\(cents % 100)"
    }

    /// XML 1.0, section 2.2, has no way to write most controls.
    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "\t", "\n", "\r": escaped += " "
            case _ where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF: continue
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}

/// Comments as plain subtitles (SubRip), each for as long as a standing comment stands, with the name of who wrote it.
package struct SubRip: Sendable {
    private var number = 0

    package init() {}

    /// The next comment, with the empty line behind it; empty as for ``CommentXML``, and for one without words.
    package mutating func cue(_ recorded: RecordedComment, _ settings: DanmakuSettings) -> String {
        let seconds = recorded.saidAt(settings)
        let text = CommentText.clean(recorded.comment.text)
        guard recorded.isBlocked != true, (0...31_536_000).contains(seconds), !text.isEmpty else { return "" }
        number += 1
        let times = [seconds, seconds + settings.standSeconds].map {
            CommentTime(milliseconds: Int64(($0 * 1000).rounded())).text(hourDigits: 2, mark: ",", fractionDigits: 3)
        }
        let author = CommentText.clean(recorded.comment.author)
        let words = Self.plain(author.isEmpty ? text : "\(author): \(text)")
        return "\(number)\n\(times[0]) --> \(times[1])\n\(words)\n\n"
    }

    /// No text is an order to the player: `<i>`, `{\an8}`, and an arrow of a time.
    private static func plain(_ text: String) -> String {
        var plain = ""
        for character in text {
            plain.append(character)
            if character == "<" || character == "{" || character == "-" && plain.hasSuffix("--") {
                plain += "\u{200B}"
            }
        }
        return plain
    }
}

extension CommentTime {
    /// `12.345`.
    static func seconds(_ seconds: Double) -> String {
        let milliseconds = Int64((seconds * 1000).rounded())
        return "\(milliseconds / 1000).\(String(1000 + milliseconds % 1000).dropFirst())"
    }
}
