package import BulkheadMedia
package import BulkheadWire

/// The last span of the program as it was encoded, in whole GOPs: what a replay is saved from.
///
/// It holds at least the wanted span, once so much has been encoded, and less than one GOP more. Where that takes more
/// bytes than it may hold, the oldest GOPs go earlier. The bytes of packets are shared with whoever else holds them.
package struct ReplayBuffer: Sendable {
    package struct Limits: Hashable, Sendable {
        /// From the oldest picture to the newest, by DTS.
        package var duration: MediaTime
        /// Of all packets that are held.
        package var byteCount = 256 << 20

        package init(duration: MediaTime) { self.duration = duration }
    }

    /// Whole GOPs that follow each other; the newest may lack its end.
    package struct Clip: Hashable, Sendable {
        /// In the order in which they are decoded, from an IDR on.
        package let packets: [Packet]
        /// What was noted, by the number of its picture.
        package let notes: [Int64: [RecordNote]]
        /// What the audience said, alike.
        package let comments: [Int64: [RecorderComment]]
        /// The number of the first picture among those of the broadcast, from 0.
        package let firstPicture: Int64
        package let pictureCount: Int
        /// From the first DTS to the last.
        package let duration: MediaTime
    }

    private struct GOP {
        let start: MediaTime
        let firstPicture: Int64
        var packets: [Packet]
        var notes: [Int64: [RecordNote]] = [:]
        var comments: [Int64: [RecorderComment]] = [:]
        var pictureCount = 1
        var byteCount: Int
    }

    package let limits: Limits
    private var gops: [GOP] = []
    private var nextPicture: Int64 = 0
    private var newest = MediaTime.zero
    package private(set) var byteCount = 0

    package init(limits: Limits) { self.limits = limits }

    /// Between the oldest picture and the newest.
    package var duration: MediaTime { gops.first.map { newest - $0.start } ?? .zero }

    /// Takes the next packet, and lets go of what is too old for it. What comes before the first IDR is not held.
    package mutating func append(_ packet: Packet) {
        defer { if packet.isVideo { nextPicture += 1 } }
        if packet.isIDR {
            gops.append(
                GOP(start: packet.dts, firstPicture: nextPicture, packets: [packet], byteCount: packet.bytes.count))
        } else {
            guard let last = gops.indices.last else { return }
            gops[last].packets.append(packet)
            gops[last].byteCount += packet.bytes.count
            if packet.isVideo { gops[last].pictureCount += 1 }
        }
        byteCount += packet.bytes.count
        if packet.isVideo { newest = packet.dts }
        letGo()
    }

    /// Notes something at the picture that came last.
    package mutating func append(_ note: RecordNote) {
        if let last = gops.indices.last { gops[last].notes[nextPicture - 1, default: []].append(note) }
    }

    /// Keeps a comment of the audience at the picture that came last.
    package mutating func append(_ comment: RecorderComment) {
        guard let last = gops.indices.last else { return }
        gops[last].comments[nextPicture - 1, default: []].append(comment)
        gops[last].byteCount += comment.body.count
        byteCount += comment.body.count
    }

    private mutating func letGo() {
        var count = 0
        while count < gops.count {
            let isOld = gops.indices.contains(count + 1) && newest - gops[count + 1].start >= limits.duration
            guard isOld || byteCount > limits.byteCount else { break }
            byteCount -= gops[count].byteCount
            count += 1
        }
        if count > 0 { gops.removeFirst(count) }
    }

    /// The last `span`, from the IDR before it on; all that is held where `span` is nil or longer. Nil where nothing is
    /// held.
    package func clip(last span: MediaTime? = nil) -> Clip? {
        let first = span.flatMap { span in gops.lastIndex { newest - $0.start >= span } } ?? gops.startIndex
        guard gops.indices.contains(first) else { return nil }
        let chosen = gops[first...]
        return Clip(
            packets: chosen.flatMap(\.packets),
            notes: chosen.reduce(into: [:]) { $0.merge($1.notes) { first, _ in first } },
            comments: chosen.reduce(into: [:]) { $0.merge($1.comments) { first, _ in first } },
            firstPicture: gops[first].firstPicture, pictureCount: chosen.reduce(0) { $0 + $1.pictureCount },
            duration: newest - gops[first].start)
    }
}
