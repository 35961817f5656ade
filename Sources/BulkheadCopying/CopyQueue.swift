import BulkheadMedia
import BulkheadSystem

/// What has come of an input and has not gone out: pictures and sound, brought into one order by their DTS.
struct CopyQueue: Sendable {
    struct Item: Sendable {
        let packet: CopiedPacket
        /// Which form of the stream it has.
        let form: Int
        let arrival: MonotonicTime
    }

    private var pictures: [Item] = []
    private var sounds: [Item] = []
    private(set) var byteCount = 0
    /// Of all that has come, in source time.
    private(set) var newestPicture: MediaTime?
    private(set) var newestSound: MediaTime?

    var isEmpty: Bool { pictures.isEmpty && sounds.isEmpty }

    mutating func append(_ item: Item) {
        byteCount += item.packet.bytes.count
        if item.packet.isVideo {
            pictures.append(item)
            newestPicture = item.packet.dts
        } else {
            sounds.append(item)
            newestSound = item.packet.dts
        }
    }

    /// What goes out next, by its DTS; a picture before sound of the same time, which would be sound from before an IDR.
    var first: Item? {
        guard let picture = pictures.first else { return sounds.first }
        guard let sound = sounds.first, sound.packet.dts < picture.packet.dts else { return picture }
        return sound
    }

    /// Whether nothing can come any more that belongs before the first.
    /// - Parameter hasSound: sound is to be expected.
    func isSettled(hasSound: Bool) -> Bool {
        guard let first else { return false }
        guard hasSound else { return true }
        let other = first.packet.isVideo ? newestSound : newestPicture
        return other.map { first.packet.dts <= $0 } ?? false
    }

    mutating func removeFirst() {
        guard let first else { return }
        byteCount -= first.packet.bytes.count
        if first.packet.isVideo { pictures.removeFirst() } else { sounds.removeFirst() }
    }

    /// Another time begins: nothing of the last one counts any more.
    mutating func forgetTimes() { (newestPicture, newestSound) = (nil, nil) }

    /// The newest of all times, in source time.
    var newest: MediaTime? { [newestPicture, newestSound].compactMap { $0 }.max() }
}
