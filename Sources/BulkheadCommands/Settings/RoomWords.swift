import BulkheadDanmaku
import BulkheadModel
import Yams

/// What a person writes of a live room: `title=Evening show`, `size=40`, `modes=scroll+top`.
enum RoomWords {
    /// The keys of fields, in the order of the manual page.
    static let keys = [
        "platform", "room", "title", "category", "notice", "shown", "font", "size", "color", "opacity", "scroll",
        "stand",
        "area", "density", "modes", "board-position", "board-size", "board-width", "board-box", "viewers",
    ]
    /// The keys that a configuration file has besides: lists.
    static let listKeys = ["block-words", "block-users"]

    /// Reads `key=value` into `fields`.
    /// - Throws: kind `usage`, saying what the key takes.
    static func change(_ fields: inout RoomFields, _ word: String) throws(BroadcastError) {
        guard let equals = word.firstIndex(of: "="), case let key = String(word[..<equals]), keys.contains(key) else {
            throw BroadcastError(
                .usage, "\"\(word)\" sets nothing of a room",
                advice: "write KEY=VALUE with one of \(keys.joined(separator: ", "))")
        }
        try change(&fields, key, String(word[word.index(after: equals)...]))
    }

    /// Reads `value` as that of `key`.
    static func change(_ fields: inout RoomFields, _ key: String, _ value: String) throws(BroadcastError) {
        switch key {
        case "platform": fields.platform = value
        case "room": fields.room = value
        case "title": fields.title = value
        case "category": fields.category = value
        case "notice": fields.notice = value.replacing("\\n", with: "\n")
        case "shown": fields.isShown = try onOrOff(key, value)
        case "viewers": fields.viewers = try onOrOff(key, value)
        case "font": fields.font = value
        case "size": fields.size = try number(key, value, DanmakuSettings.sizeRange)
        case "color":
            fields.color = try read(key, value, "a color such as #ffcc00") { text in
                text.count == 7 && text.first == "#" ? UInt32(text.dropFirst(), radix: 16) : nil
            }
        case "opacity": fields.opacity = try number(key, value, DanmakuSettings.opacityRange)
        case "scroll": fields.scrollSeconds = try seconds(key, value)
        case "stand": fields.standSeconds = try seconds(key, value)
        case "area": fields.area = try number(key, value, DanmakuSettings.areaRange)
        case "density":
            let range = DanmakuSettings.densityRange
            fields.density = try read(key, value, "\(range.lowerBound) to \(range.upperBound)") { text in
                Int(text).flatMap { range.contains($0) ? $0 : nil }
            }
        case "modes":
            let names = CommentMode.allCases.map(\.rawValue)
            let modes = try read(key, value, "\(names.joined(separator: ", ")) with + between them") { text in
                let words = text.split(separator: "+", omittingEmptySubsequences: false)
                let modes = words.compactMap { CommentMode(rawValue: String($0)) }
                return modes.count == words.count ? modes : nil
            }
            fields.modes = CommentMode.allCases.filter { modes.contains($0) }
        case "board-position":
            let names = BoardStyle.Position.allCases.map(\.rawValue)
            fields.boardPosition = try read(key, value, names.joined(separator: ", "), BoardStyle.Position.init)
        case "board-size": fields.boardSize = try number(key, value, BoardStyle.sizeRange)
        case "board-width": fields.boardWidth = try number(key, value, BoardStyle.widthRange)
        case "board-box": fields.boardBox = try number(key, value, BoardStyle.boxRange)
        default:
            throw BroadcastError(
                .usage, "a room has no \"\(key)\"", advice: "it has \((keys + listKeys).joined(separator: ", "))")
        }
        if let field = fields.outside {
            throw BroadcastError(
                .usage, "the room's \(field) is too long, or has characters that can't be shown",
                advice: "at most \(RoomRecord.longestText) characters in one line; a notice may have several")
        }
    }

    private static func onOrOff(_ key: String, _ text: String) throws(BroadcastError) -> Bool {
        try read(key, text, "on or off") { ["on": true, "off": false, "true": true, "false": false][$0] }
    }

    private static func number(
        _ key: String, _ text: String, _ range: ClosedRange<Double>
    ) throws(BroadcastError) -> Double {
        try read(key, text, "\(range.lowerBound) to \(range.upperBound)") { text in
            Double(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    private static func seconds(_ key: String, _ text: String) throws(BroadcastError) -> Double {
        try read(key, text, "1 second to a minute, such as 8s") { text in
            TimeSpan(text).map(\.seconds).flatMap { DanmakuSettings.secondsRange.contains($0) ? $0 : nil }
        }
    }

    private static func read<Value>(
        _ key: String, _ text: String, _ takes: String, _ read: (String) -> Value?
    ) throws(BroadcastError) -> Value {
        guard let value = read(text) else {
            throw BroadcastError(.usage, "the room's \(key)=\(text) is no such value", advice: "it takes \(takes)")
        }
        return value
    }

    // MARK: configuration files

    /// The key of a room in a configuration file.
    static let key = "room"

    /// Reads what stands under `room:`: a name, or a mapping of `name` and fields.
    static func settings(_ node: Node, at place: String) throws(BroadcastError) -> RoomSettings {
        if case .scalar(let scalar) = node { return RoomSettings(try name(scalar.string, at: place)) }
        guard case .mapping(let mapping) = node else {
            throw BroadcastError(.usage, "\(place): \"room\" takes a name, or keys", advice: "mend it there")
        }
        var settings = RoomSettings()
        for (keyNode, value) in mapping {
            let key = keyNode.string ?? ""
            if listKeys.contains(key) {
                let words = try list(value, key, at: place)
                if key == "block-words" {
                    settings.fields.blockedWords = words
                } else {
                    settings.fields.blockedUsers = words
                }
                if let field = settings.fields.outside {
                    throw BroadcastError(
                        .usage, "\(place): the room's \(field) holds an empty word, a long one, or too many",
                        advice: "at most \(DanmakuSettings.mostBlocked) of \(DanmakuSettings.longestBlocked) characters"
                    )
                }
                continue
            }
            guard case .scalar(let scalar) = value else {
                throw BroadcastError(.usage, "\(place): the room's \(key) takes a value", advice: "mend it there")
            }
            do throws(BroadcastError) {
                if key == "name" {
                    settings.name = try name(scalar.string, at: place)
                } else {
                    try change(&settings.fields, key, scalar.string)
                }
            } catch { throw BroadcastError(.usage, "\(place): \(error.problem)", advice: error.advice) }
        }
        return settings
    }

    private static func list(_ node: Node, _ key: String, at place: String) throws(BroadcastError) -> [String] {
        switch node {
        case .scalar(let scalar): return [scalar.string]
        case .sequence(let sequence):
            let words = sequence.compactMap(\.scalar).map(\.string)
            if words.count == sequence.count { return words }
        case .mapping, .alias: break
        }
        throw BroadcastError(.usage, "\(place): the room's \(key) is a list of words", advice: "mend it there")
    }

    /// - Throws: kind `usage`, where no file can be called so.
    static func name(_ text: String, at place: String) throws(BroadcastError) -> String {
        guard RoomSettings.isName(text) else {
            throw BroadcastError(
                .usage, "\(place) \"\(text)\" is no name of a room",
                advice: "letters, digits, -, _ and . are possible, 64 at most")
        }
        return text
    }
}
