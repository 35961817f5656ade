package import BulkheadRTMP

/// What waits for one player, and what is left out when the player is too slow.
///
/// When the queue is full everything up to the last IDR in it goes, headers excepted; if that is not enough, all media
/// goes and pictures wait for the next IDR. A player that never empties its queue between several such cuts is
/// hopeless.
package struct PlayerQueue<Element> {
    private struct Entry {
        let element: Element
        let kind: MediaKind
        let byteCount: Int
    }

    /// Cuts without an empty queue between them, after which a player is hopeless.
    package static var cutLimit: Int { 4 }

    private let byteLimit: Int
    private var entries: [Entry] = []
    private var head = 0
    private var cutCount = 0
    private var awaitsIDR: Bool
    /// Bytes that wait.
    package private(set) var byteCount = 0
    /// Messages left out so far.
    package private(set) var shedCount = 0

    /// - Parameter awaitsIDR: pictures before the first IDR are left out.
    package init(byteLimit: Int, awaitsIDR: Bool) {
        self.byteLimit = byteLimit
        self.awaitsIDR = awaitsIDR
    }

    /// Nothing waits.
    package var isEmpty: Bool { head == entries.count }
    /// The player has been too slow for too long, and should be closed.
    package var isHopeless: Bool { cutCount >= Self.cutLimit }

    /// Adds a message, and cuts the queue if it is full.
    package mutating func append(_ element: Element, kind: MediaKind, byteCount: Int) {
        switch kind {
        case .idr: awaitsIDR = false
        case .video where awaitsIDR:
            shedCount += 1
            return
        default: break
        }
        entries.append(Entry(element: element, kind: kind, byteCount: byteCount))
        self.byteCount += byteCount
        if self.byteCount > byteLimit { cut() }
    }

    /// The message to send next; nil when nothing waits.
    package mutating func popFirst() -> Element? {
        guard head < entries.count else { return nil }
        let entry = entries[head]
        head += 1
        byteCount -= entry.byteCount
        if head == entries.count {
            entries.removeAll(keepingCapacity: entries.capacity < 4096)
            head = 0
            cutCount = 0
        } else if head >= 1024 {
            entries.removeFirst(head)
            head = 0
        }
        return entry.element
    }

    /// Leaves pictures out until the next IDR, as for a player that paused.
    package mutating func restart() {
        drop { !$0.isHeader }
        awaitsIDR = true
    }

    private mutating func cut() {
        cutCount += 1
        let waiting = entries[head...]
        let lastIDR = waiting.lastIndex { $0.kind == .idr }
        let bytesFromIDR = lastIDR.map { waiting[$0...].reduce(0) { $0 + $1.byteCount } }
        if let lastIDR, let bytesFromIDR, bytesFromIDR <= byteLimit / 2, lastIDR > head {
            drop(before: lastIDR) { !$0.isHeader }
        } else {
            restart()
        }
        // Headers alone beyond the limit are a peer's attack: none is worth keeping.
        if byteCount > byteLimit { drop { _ in true } }
    }

    private mutating func drop(before end: Int? = nil, where shouldDrop: (MediaKind) -> Bool) {
        let end = end ?? entries.count
        let kept = entries[head..<end].filter { !shouldDrop($0.kind) }
        shedCount += end - head - kept.count
        entries = kept + entries[end...]
        head = 0
        byteCount = entries.reduce(0) { $0 + $1.byteCount }
    }
}
