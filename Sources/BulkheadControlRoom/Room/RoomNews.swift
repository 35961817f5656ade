import BulkheadControlFormats
import BulkheadModel

/// What somebody who is connected is told.
enum RoomNews: Sendable {
    /// An event of the broadcast, as one line of JSON.
    case event(EventRing.Entry)
    /// The state of the broadcast, as one line of JSON.
    case status(String)
    /// What clients of obs-websocket are told.
    case obs([OBSEvent])
}

/// Somebody who is connected.
struct RoomListener: Sendable {
    enum Kind: String, Sendable, CaseIterable { case page, obs }

    let kind: Kind
    /// It is told of the state several times a second.
    var wantsStatus: Bool
    /// It is told how loud inputs are, several times a second.
    var wantsMeters = false
    /// Does not wait.
    let tell: @Sendable (RoomNews) -> Void
}

/// The broadcast as the master last told it.
struct RoomSnapshot: Sendable {
    /// Nil where the master has no broadcast.
    var status: BroadcastStatus?
    var masterPID: Int32?
    /// The master answers.
    var isReached: Bool

    static let unreached = RoomSnapshot(status: nil, masterPID: nil, isReached: false)

    private struct Line: Encodable {
        let isReached: Bool
        let masterPID: Int32?
        let broadcast: BroadcastStatus?
    }

    /// As one line of JSON.
    var json: String {
        JSONLine.text(Line(isReached: isReached, masterPID: masterPID, broadcast: status)) ?? "{}"
    }
}

/// The newest events, so that a page that was away misses none.
package struct EventRing: Sendable {
    package struct Entry: Hashable, Sendable {
        /// Counts up by one from 1.
        package let number: Int
        package let json: String
    }

    static let mostEntries = 2000
    static let mostBytes = 2 << 20

    /// Tells the numbers of one process from those of another.
    let epoch = String(UInt32.random(in: .min ... .max), radix: 36)
    private(set) var entries: [Entry] = []
    private var byteCount = 0
    private var last = 0

    package init() {}

    package mutating func add(_ json: String) -> Entry {
        last += 1
        let entry = Entry(number: last, json: json)
        entries.append(entry)
        byteCount += json.utf8.count
        while entries.count > Self.mostEntries || byteCount > Self.mostBytes, let first = entries.first {
            byteCount -= first.json.utf8.count
            entries.removeFirst()
        }
        return entry
    }

    /// What a client has missed that has read up to `id`.
    /// - Returns: the entries, and whether some are gone that it has not read.
    func missed(after id: String) -> (entries: ArraySlice<Entry>, hasGap: Bool) {
        let parts = id.split(separator: "-")
        guard parts.count == 2, parts[0] == epoch, let number = Int(parts[1]), (0...last).contains(number) else {
            return (entries[...], true)
        }
        let first = entries.firstIndex { $0.number > number } ?? entries.endIndex
        let hasGap = first < entries.endIndex ? entries[first].number > number + 1 : number < last
        return (entries[first...], hasGap)
    }

    func id(of entry: Entry) -> String { "\(epoch)-\(entry.number)" }
}
