package import BulkheadSystem

/// The name of a live room: `APP/NAME` as a live server has it, or the identity of a recording that grows.
package struct RoomName: Hashable, Sendable, CustomStringConvertible {
    /// 1 to 128 letters, digits and `.`, `_`, `-`, with `/` between names.
    package let description: String

    /// Nil for what is none.
    package init?(_ text: String) {
        guard (1...128).contains(text.utf8.count),
            text.unicodeScalars.allSatisfy({
                $0.properties.isAlphabetic || "0123456789._-/".unicodeScalars.contains($0)
            })
        else { return nil }
        let names = text.split(separator: "/", omittingEmptySubsequences: false)
        guard names.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else { return nil }
        description = text
    }
}

extension RoomName: CheckedText {}

/// What a live room is called by its people: foreign text of one line.
package struct RoomTitle: Hashable, Sendable, CustomStringConvertible {
    /// In bytes of UTF-8.
    package static let longest = 200

    /// 1 to 200 bytes, without control characters.
    package let description: String

    /// Nil for what is none.
    package init?(_ text: String) {
        guard (1...Self.longest).contains(text.utf8.count), !text.unicodeScalars.contains(where: Self.isControl) else {
            return nil
        }
        description = text
    }

    /// As much of `text` as a title may be; nil where nothing is left.
    package init?(cutting text: String) {
        var kept = ""
        for character in text where !character.unicodeScalars.contains(where: Self.isControl) {
            guard kept.utf8.count + character.utf8.count <= Self.longest else { break }
            kept.append(character)
        }
        self.init(kept)
    }

    /// Controls, and what turns the direction of the text around it.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        default: (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
        }
    }
}

extension RoomTitle: CheckedText {}

/// A live stream of a node.
package struct LiveRoom: Hashable, Sendable, Codable {
    /// Where it is played from.
    package enum Kind: String, Hashable, Sendable, Codable {
        /// A recording that grows; the name is its identity.
        case recording
        /// A live server beside the node, whose address the centre's configuration has.
        case server
    }

    package let name: RoomName
    package let kind: Kind
    /// Nil where nobody has given one, and for a recording, which has its own name.
    package let title: RoomTitle?

    package init(name: RoomName, kind: Kind, title: RoomTitle? = nil) {
        self.name = name
        self.kind = kind
        self.title = title
    }
}

/// All live rooms of a node, as it says every second. A room that it doesn't name any more is off the air.
package struct LiveReport: Hashable, Sendable, Codable {
    /// The most rooms of one node.
    package static let most = 500

    package let node: NodeID
    package let epoch: Epoch
    /// Grows with each.
    package let sequence: Int64
    package let rooms: [LiveRoom]

    package init(node: NodeID, epoch: Epoch, sequence: Int64, rooms: [LiveRoom]) {
        self.node = node
        self.epoch = epoch
        self.sequence = sequence
        self.rooms = rooms
    }
}

/// Which live rooms there are, by what nodes say and the tracker's own clock. It has no clock.
package struct RoomTable: Sendable {
    /// Between two reports of a node.
    package static let period = Duration.seconds(1)
    /// A room without a report.
    package static let lease = Duration.seconds(3)

    private struct Entry: Sendable {
        var report: LiveReport
        var heard: MonotonicTime
    }

    private var entries: [NodeID: Entry] = [:]
    private var holders: [RoomName: Set<NodeID>] = [:]

    package init() {}

    /// - Returns: false where it was overtaken, or is too long.
    @discardableResult package mutating func hear(_ report: LiveReport, at now: MonotonicTime) -> Bool {
        guard report.rooms.count <= LiveReport.most else { return false }
        let old = entries[report.node]
        if let old, old.report.epoch == report.epoch, report.sequence <= old.report.sequence,
            now.since(old.heard) < Self.lease.nanoseconds
        {
            return false
        }
        for room in old?.report.rooms ?? [] {
            holders[room.name]?.remove(report.node)
            if holders[room.name]?.isEmpty == true { holders[room.name] = nil }
        }
        for room in report.rooms { holders[room.name, default: []].insert(report.node) }
        entries[report.node] = Entry(report: report, heard: now)
        return true
    }

    /// The nodes whose lease for a room lives, in no order, and what it is there.
    package func nodes(of room: RoomName, at now: MonotonicTime) -> [NodeID: LiveRoom.Kind] {
        var nodes: [NodeID: LiveRoom.Kind] = [:]
        for node in holders[room] ?? [] {
            guard let entry = entries[node], now.since(entry.heard) < Self.lease.nanoseconds,
                let known = entry.report.rooms.first(where: { $0.name == room })
            else { continue }
            nodes[node] = known.kind
        }
        return nodes
    }

    /// A live room and who has it.
    package struct Listed: Hashable, Sendable {
        /// As the first of the nodes describes it.
        package let room: LiveRoom
        /// By name, one or more.
        package var nodes: [NodeID]

        package var name: RoomName { room.name }
    }

    /// All rooms whose lease lives, by name.
    package func rooms(at now: MonotonicTime) -> [Listed] {
        var rooms: [RoomName: Listed] = [:]
        let alive = entries.filter { now.since($0.value.heard) < Self.lease.nanoseconds }
        for (node, entry) in alive.sorted(by: { $0.key.description < $1.key.description }) {
            for room in entry.report.rooms where rooms[room.name]?.nodes.contains(node) != true {
                rooms[room.name, default: Listed(room: room, nodes: [])].nodes.append(node)
            }
        }
        return rooms.values.sorted { $0.name.description < $1.name.description }
    }
}
