package import BulkheadMedia

extension GOPQueue {
    /// One of many readers of a queue, with a place and a pace of its own. Whoever is too slow skips.
    ///
    /// It skips to the newest IDR where that brings it well within its bound, else to the end, from where on pictures are
    /// left out until an IDR comes. Headers that hold where it arrives, and that it has not been given, come first.
    package struct Reader {
        /// Skips without having caught up between them, after which a reader is hopeless.
        package static var skipLimit: Int { 4 }

        /// The place of the entry that is read next. The owner of the queue may let go of all before it.
        package private(set) var position: Position
        /// Headers from before ``position`` that are given first.
        private var pending: [Header] = []
        private var awaitsIDR = false
        /// What is from before ``Floor/time`` is passed over: whoever reads has it.
        private var floor: Floor?
        private var skips = 0
        /// Entries left out so far, headers excepted.
        package private(set) var shedCount = 0

        /// A reader that has seen nothing yet, at the newest GOP. Where none is kept it begins at the end, with a picture
        /// once an IDR comes; where there are no pictures, at once.
        package init(at queue: GOPQueue) {
            position = queue.newestIDR ?? queue.end
            awaitsIDR = queue.newestIDR == nil && queue.hasPictures
            pending = queue.headers(at: position)
        }

        private struct Floor {
            let time: MediaTime
            /// What is so much older is of another time.
            let reach: MediaTime
        }

        /// A reader that has all from before `time`, in the GOP in which that lies; at the newest one where the queue does not reach
        /// back so far.
        ///
        /// What comes to the queue from before `time` is passed over as well: whoever writes may be catching up.
        /// - Parameter reach: how much that may be.
        package init(at queue: GOPQueue, from time: MediaTime, reach: MediaTime) {
            self.init(at: queue)
            let start = queue.lastIDR(through: queue.end, notAfter: time)
            guard start != nil || queue.isEmpty else { return }
            position = start ?? queue.end
            awaitsIDR = start == nil
            pending = queue.headers(at: position)
            floor = Floor(time: time, reach: reach)
        }

        /// A reader of a stream that has not begun.
        package init(before queue: GOPQueue) {
            position = queue.end
            awaitsIDR = true
        }

        package func hasCaughtUp(with queue: GOPQueue) -> Bool { hasRead(before: queue.end) }

        /// Nothing from before `position` waits.
        package func hasRead(before position: Position) -> Bool { pending.isEmpty && self.position >= position }

        /// It has been too slow for too long.
        package var isHopeless: Bool { skips >= Self.skipLimit }

        /// What is read next, with the time from which it holds; nil where nothing waits.
        package mutating func next(in queue: GOPQueue) -> (element: Element, time: MediaTime, isRepeated: Bool)? {
            catchUp(with: queue)
            if !pending.isEmpty {
                let time = (queue[position] ?? queue.last)?.time ?? .zero
                return (pending.removeFirst().entry.element, time, true)
            }
            while let entry = queue[position] {
                position += 1
                if position == queue.end { skips = 0 }
                switch entry.kind {
                case .idr: awaitsIDR = false
                case .picture where awaitsIDR:
                    shedCount += 1
                    continue
                case .picture, .sound, .header, .other: break
                }
                guard entry.kind.isHeader || isAboveFloor(entry.time) else { continue }
                return (entry.element, entry.time, false)
            }
            return nil
        }

        private mutating func isAboveFloor(_ time: MediaTime) -> Bool {
            guard let floor else { return true }
            guard time >= floor.time || time + floor.reach < floor.time else { return false }
            self.floor = nil
            return true
        }

        /// Reads all from `start` to `end`, the end of the queue, which the owner gives together to all that are at `start`.
        /// - Returns: whether that is read as it stands; if not, nothing has been read: the reader is elsewhere, a header
        ///   comes first, or something is left out.
        package mutating func read(from start: Position, to end: Position) -> Bool {
            guard position == start, start < end, pending.isEmpty, !awaitsIDR, floor == nil else { return false }
            position = end
            skips = 0
            return true
        }

        /// Skips when more than `byteLimit` bytes wait.
        package mutating func bound(to byteLimit: Int, in queue: GOPQueue) {
            catchUp(with: queue)
            guard queue.byteCount(from: position) > byteLimit else { return }
            skips += 1
            if let idr = queue.newestIDR, idr > position, queue.byteCount(from: idr) <= byteLimit / 2 {
                skip(to: idr, in: queue)
            } else {
                restart(in: queue)
            }
        }

        /// Goes on at the end, with the next IDR.
        /// - Parameter isShed: what is passed over would have been wanted.
        package mutating func restart(in queue: GOPQueue, isShed: Bool = true) {
            let shed = shedCount
            skip(to: queue.end, in: queue)
            awaitsIDR = true
            if !isShed { shedCount = shed }
        }

        /// The queue may have let go of what the reader would read.
        private mutating func catchUp(with queue: GOPQueue) {
            guard position < queue.start else { return }
            restart(in: queue)
        }

        private mutating func skip(to target: Position, in queue: GOPQueue) {
            shedCount += queue.kinds(in: position..<target).count { !$0.isHeader }
            // Of each number the newest; older ones were replaced.
            let unseen = Set(pending.map(\.position))
            pending = queue.headers(at: target).filter { $0.position >= position || unseen.contains($0.position) }
            position = target
            floor = nil
        }
    }
}
