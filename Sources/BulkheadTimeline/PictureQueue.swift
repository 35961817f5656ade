package import BulkheadMedia
package import BulkheadWire

/// A picture that a source has delivered.
package struct Picture: Hashable, Sendable {
    package let slot: SlotReference
    /// Source time.
    package let pts: MediaTime
    /// Where it stands in its file.
    package let position: MediaTime

    package init(slot: SlotReference, pts: MediaTime, position: MediaTime) {
        self.slot = slot
        self.pts = pts
        self.position = position
    }
}

/// The pictures of one source that wait for their tick. Every picture in it has one hold on its slot.
package struct PictureQueue: Sendable {
    private var waiting: [Picture] = []
    /// The picture that was shown last, kept to be shown again.
    package private(set) var current: Picture?
    /// The current picture is the first of all and is shown before its time.
    package private(set) var isEarly = false

    package init() {}

    package var count: Int { waiting.count }
    private var newestPTS: MediaTime?
    package var firstWaitingPTS: MediaTime? { waiting.first?.pts }

    /// False for a picture that does not come after the newest: its source breaks its word, its slot is the caller's.
    package mutating func push(_ picture: Picture) -> Bool {
        if let newest = newestPTS, picture.pts <= newest { return false }
        newestPTS = picture.pts
        waiting.append(picture)
        return true
    }

    /// Whether a picture at or after `limit` is here, so that no later one can be due before it.
    package func reaches(_ limit: MediaTime) -> Bool {
        (waiting.last ?? (isEarly ? current : nil)).map { $0.pts >= limit } ?? false
    }

    package enum Selection: Hashable, Sendable {
        /// `current` is a picture that was not shown before.
        case advanced
        /// `current` is shown again, or is nil when there was none yet.
        case held
    }

    /// Makes the newest picture before `limit` the current one. Pictures that are passed over, and the current one that
    /// is replaced, are handed to `release`.
    package mutating func advance(to limit: MediaTime, release: (SlotReference) -> Void) -> Selection {
        var selection = Selection.held
        if let current, current.pts < limit { isEarly = false }
        while let next = waiting.first, next.pts < limit {
            if let current { release(current.slot) }
            current = waiting.removeFirst()
            selection = .advanced
        }
        return selection
    }

    /// Lets go of all that wait but for the newest.
    package mutating func keepNewest(release: (SlotReference) -> Void) {
        guard waiting.count > 1 else { return }
        for picture in waiting.dropLast() { release(picture.slot) }
        waiting.removeFirst(waiting.count - 1)
    }

    /// Takes the newest picture out again.
    package mutating func removeNewest() -> Picture? { waiting.popLast() }

    /// Makes the first picture that waits the current one. The one that is replaced is handed to `release`.
    package mutating func advance(release: (SlotReference) -> Void) -> Selection {
        guard !waiting.isEmpty else { return .held }
        if let current { release(current.slot) }
        current = waiting.removeFirst()
        isEarly = false
        return .advanced
    }

    /// Makes the first picture of all the current one before its time: where sound begins a little earlier, the picture
    /// stands from the start.
    package mutating func takeFirstEarly() {
        guard current == nil, !waiting.isEmpty else { return }
        current = waiting.removeFirst()
        isEarly = true
    }

    /// Empties the queue but for the current picture, for a source whose time begins anew.
    package mutating func startOver(release: (SlotReference) -> Void) {
        for picture in waiting { release(picture.slot) }
        waiting.removeAll()
        isEarly = false
        newestPTS = nil
    }
}
