import BulkheadDanmaku
import BulkheadModel
import Foundation

/// A live room for people.
enum RoomText {
    /// - Parameter now: in milliseconds since 1970.
    static func lines(_ room: RoomReport, now: Int64) -> [String] {
        var lines = ["room \(room.name)"]
        func add(_ name: String, _ text: String) { lines.append("  \(name): \(EventLine.clean(text))") }
        let place = [room.platform, room.room].filter { !$0.isEmpty }
        if !place.isEmpty { add("at", place.joined(separator: " ")) }
        for (name, text) in [("title", room.title), ("category", room.category), ("notice", room.notice)]
        where !text.isEmpty { add(name, text) }
        if let pinned = room.pinned {
            add("pinned", comment(pinned.comment) + (pinned.until.map { ", for \(left($0, now))" } ?? ""))
        }
        for paid in room.paid {
            add(
                "paid",
                "\(amount(paid.amountMicros, paid.currency)) \(comment(paid.comment)), for \(left(paid.until, now))")
        }
        let settings = room.settings
        let modes = settings.modes.map(\.rawValue)
        add(
            "comments",
            settings.isShown
                ? "size \(number(settings.size)), color \(color(settings.color)), opacity \(number(settings.opacity)), "
                    + "scroll \(number(settings.scrollSeconds))s, stand \(number(settings.standSeconds))s, area "
                    + "\(number(settings.area)), density \(settings.density), modes \(modes.joined(separator: "+"))"
                    + (settings.font.isEmpty ? "" : ", font \(settings.font)")
                : "not shown")
        if let board = room.board {
            let parts = [
                board.position?.rawValue, board.size.map { "size \(number($0))" },
                board.width.map { "width \(number($0))" }, board.box.map { "box \(number($0))" },
            ]
            add("board", parts.compactMap { $0 }.joined(separator: ", "))
        }
        if room.viewers == true { add("viewers", "may write on the watch page") }
        if !settings.blockedWords.isEmpty { add("blocked words", settings.blockedWords.joined(separator: ", ")) }
        if !settings.blockedUsers.isEmpty { add("blocked users", settings.blockedUsers.joined(separator: ", ")) }
        let counts = room.counts
        add(
            "counts",
            "\(room.logged) in the log, \(counts.shown) shown, \(counts.merged) merged, \(counts.shed) without a place, "
                + "\(counts.blocked) blocked; \(room.flying) on the picture, \(room.waiting) waiting")
        for channel in room.channels {
            add(
                "chat \(channel.name)",
                channel.state + (channel.server.isEmpty ? "" : " at \(channel.server)")
                    + (channel.problem.map { ": \($0)" } ?? "") + ", \(channel.comments) comments")
        }
        for gap in room.gaps.suffix(5) {
            add("gap", "\(gap.source): from \(time(gap.from)) to \(time(gap.until))")
        }
        for recording in room.recordings ?? [] { lines.append("  \(RecordingText.line(recording))") }
        if let problem = room.problem { add("not saved", problem) }
        add("kept in", room.path)
        return lines
    }

    /// One comment of the history.
    static func line(_ entry: RoomLogEntry) -> String {
        let paid = entry.amountMicros.map { " [\(amount($0, entry.currency ?? ""))]" } ?? ""
        return EventLine.clean(
            "\(time(entry.comment.sentMilliseconds ?? entry.time)) \(entry.comment.source)\(paid) "
                + "\(comment(entry.comment)) (\(entry.comment.id))")
    }

    private static func comment(_ comment: RoomComment) -> String {
        let text = CommentText.clean(comment.text)
        return comment.author.isEmpty ? text : "\(comment.author): \(text)"
    }

    private static func amount(_ micros: Int64, _ currency: String) -> String {
        let amount = String(format: "%.2f", Double(micros) / 1e6)
        return currency.isEmpty ? amount : "\(amount) \(currency)"
    }

    private static func left(_ until: Int64, _ now: Int64) -> String {
        String(format: "%.1f s", max(0, Double(until) - Double(now)) / 1000)
    }

    private static func number(_ value: Double) -> String {
        value == value.rounded() ? String(format: "%.0f", value) : String(format: "%g", value)
    }

    private static func color(_ value: UInt32) -> String { String(format: "#%06x", value) }

    private static func time(_ milliseconds: Int64) -> String {
        Date(timeIntervalSince1970: Double(milliseconds) / 1000).formatted(
            .iso8601.time(includingFractionalSeconds: false).dateSeparator(.dash).year().month().day())
    }
}
