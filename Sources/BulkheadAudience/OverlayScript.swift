package import BulkheadDanmaku
package import BulkheadMedia
package import BulkheadModel

/// What whoever draws comments has been told, and is told again when another process takes over: from it and a picture's time
/// alone follows what is seen on it. So a picture that is drawn a second time is the same one.
///
/// All that changes is told with the time from which on it holds, which no picture that was handed out has reached.
package struct OverlayScript: Sendable {
    /// A comment as it is told; lengths are in lines, of which a picture has 1080.
    private struct Shown: Encodable {
        let key: Int
        let text: String
        let mode: String
        let top: Double
        /// Of what is positioned.
        let left: Double?
        let height: Double
        let size: Double
        let width: Double
        let speed: Double
        let start: Int64
        let end: Int64
        let color: UInt32
        let opacity: Double
        let font: String
    }

    private struct Removed: Encodable {
        let key: Int
    }

    private struct ID: Hashable {
        let source: String
        let id: String
    }

    private struct Entry {
        let key: Int
        var comment: FlyingComment
        /// All that was told of it.
        var events: [RoomEvent]
        var isRemoved = false

        /// Forgets how it looked when nobody asks for it any more.
        mutating func forget(before time: Int64) {
            while events.count > 1, events[1].time.nanoseconds <= time { events.removeFirst() }
        }
    }

    /// How long what has ended is still told to a successor, who may draw older pictures again.
    private static let memory: Int64 = 3_000_000_000
    /// How long one is not told again with another number: thousands of equal ones in a second are some pictures of them.
    private static let interval: Int64 = 100_000_000

    private var entries: [ID: Entry] = [:]
    private var keys = 0

    /// A script that nothing was told of.
    package init() {}

    /// Takes how the stage is at `time`, and gives what is new of it.
    package mutating func update(_ stage: DanmakuStage, at time: MediaTime) -> [RoomEvent] {
        let now = time.nanoseconds
        entries = entries.filter { $0.value.comment.end > now - Self.memory }
        var events: [RoomEvent] = []
        var seen: Set<ID> = []
        for comment in stage.flying {
            let id = ID(source: comment.comment.source, id: comment.comment.id)
            seen.insert(id)
            if var entry = entries[id], !entry.isRemoved, entry.comment.start == comment.start {
                let last = entry.events.last?.time.nanoseconds ?? comment.start
                guard entry.comment.count != comment.count, now - last >= Self.interval else { continue }
                entry.comment = comment
                let event = Self.event(entry.key, comment, stage.settings, at: time)
                entry.forget(before: now - Self.memory)
                entry.events.append(event)
                entries[id] = entry
                events.append(event)
            } else {
                // Another timeline has begun, or it flies once more: a successor need not know of the one before.
                if let entry = entries[id], !entry.isRemoved { events.append(Self.removal(entry.key, at: time)) }
                keys += 1
                let event = Self.event(
                    keys, comment, stage.settings, at: MediaTime(nanoseconds: min(now, comment.start)))
                entries[id] = Entry(key: keys, comment: comment, events: [event])
                events.append(event)
            }
        }
        for (id, entry) in entries where !entry.isRemoved && entry.comment.end > now && !seen.contains(id) {
            let event = Self.removal(entry.key, at: time)
            entries[id]?.events.append(event)
            entries[id]?.isRemoved = true
            events.append(event)
        }
        return events
    }

    /// All that a successor is to know, in the order in which it was told.
    package var all: [RoomEvent] { entries.values.sorted { $0.key < $1.key }.flatMap(\.events) }

    private static func removal(_ key: Int, at time: MediaTime) -> RoomEvent {
        RoomEvent(.comment, at: time, name: "remove", JSONLine.encode(Removed(key: key)))
    }

    private static func event(
        _ key: Int, _ comment: FlyingComment, _ settings: DanmakuSettings, at time: MediaTime
    ) -> RoomEvent {
        let text = comment.count > 1 ? "\(comment.text) ×\(comment.count)" : comment.text
        let shown = Shown(
            key: key, text: text, mode: comment.mode.rawValue, top: comment.top, left: comment.left,
            height: comment.height, size: comment.size, width: comment.width, speed: comment.speed,
            start: comment.start, end: comment.end,
            color: comment.comment.color ?? settings.color, opacity: settings.opacity, font: settings.font)
        return RoomEvent(.comment, at: time, name: "show", JSONLine.encode(shown))
    }
}
