package import BulkheadDanmaku
package import BulkheadMedia
package import BulkheadModel

/// What the room has to say beside its comments, as plugins are told: title, notice, what is pinned and paid for. Ends of the
/// world's clock are told as times of the timeline, once for each change, so that what is drawn asks no clock.
package struct RoomBoard: Sendable {
    private struct Content: Hashable {
        let title: String
        let notice: String
        let pinned: RoomRecord.Pinned?
        let paid: [PaidComment]
        let style: BoardStyle?
    }

    /// How many comments that were paid for are told, the latest first.
    private static let mostPaid = 5
    /// How many boards of before are kept for a successor, and for how long.
    private static let (mostEvents, memory) = (32, Int64(3_000_000_000))

    private var content: Content?
    private var events: [RoomEvent] = []

    /// A board that nothing was told of.
    package init() {}

    /// Another timeline has begun: all ends are told anew.
    package mutating func beginTimeline() {
        content = nil
        events = []
    }

    /// Takes how the room is at `time`, which is `now` in milliseconds since 1970, and gives what is new.
    package mutating func update(_ record: RoomRecord, at time: MediaTime, now: Int64) -> [RoomEvent] {
        let new = Content(
            title: record.title, notice: record.notice, pinned: record.pinned, paid: record.paid,
            style: record.board)
        guard new != content else { return [] }
        content = new
        let event = RoomEvent(.roomData, at: time, name: "room", Self.text(new, at: time, now: now))
        // What is no longer on any picture that may be drawn again.
        while events.count > 1, events[1].time.nanoseconds < time.nanoseconds - Self.memory { events.removeFirst() }
        if events.count == Self.mostEvents { events.removeFirst() }
        events.append(event)
        return [event]
    }

    /// All that a successor is to know.
    package var all: [RoomEvent] { events }

    /// A flat object whose members stand in the order in which they are shown, each end before what it is the end of.
    private static func text(_ content: Content, at time: MediaTime, now: Int64) -> [UInt8] {
        func nanoseconds(_ until: Int64?) -> Int64 {
            guard let until else { return 0 }
            let (left, isFar) = until.subtractingReportingOverflow(now)
            let (span, isFarther) = left.multipliedReportingOverflow(by: 1_000_000)
            let (end, isFarthest) = time.nanoseconds.addingReportingOverflow(span)
            return isFar || isFarther || isFarthest ? 0 : max(1, end)
        }
        func quoted(_ text: String) -> String { JSONLine.text(text) ?? "\"\"" }
        func words(_ comment: RoomComment) -> String {
            let text = CommentText.clean(comment.text)
            return comment.author.isEmpty ? text : "\(comment.author): \(text)"
        }
        var members: [String] = []
        if let position = content.style?.position { members.append("\"position\":\(quoted(position.rawValue))") }
        for (name, value) in [
            ("size", content.style?.size), ("width", content.style?.width), ("box", content.style?.box),
        ] {
            if let value { members.append("\"\(name)\":\(value)") }
        }
        members += ["\"title\":\(quoted(content.title))", "\"notice\":\(quoted(content.notice))"]
        if let pinned = content.pinned {
            members += ["\"until\":\(nanoseconds(pinned.until))", "\"pinned\":\(quoted(words(pinned.comment)))"]
        }
        for (number, paid) in content.paid.suffix(mostPaid).reversed().enumerated() {
            let cents = paid.amountMicros / 10_000
            let amount = "\(cents / 100).\(cents % 100 < 10 ? "0" : "")\(cents % 100) \(paid.currency)"
            members += [
                "\"until\":\(nanoseconds(paid.until))",
                "\"paid\(number)\":\(quoted("\(amount)  \(words(paid.comment))"))",
            ]
        }
        return Array("{\(members.joined(separator: ","))}".utf8)
    }
}
