package import BulkheadMedia

/// The newest part of a stream, in order, with the places where its GOPs begin: for one reader or many.
///
/// A place is a ``Position``, which is never used twice, so that readers (``Reader``, or a position that the owner keeps)
/// hold no more than a number. The owner bounds the queue: it lets go of the front when readers have passed it or are
/// made to skip it, mostly by whole GOPs. No clock; spans come from the entries' own times.
package struct GOPQueue<Element> {
    /// What an entry means to a reader that skips.
    package enum Kind: Hashable, Sendable {
        /// A picture that a decoder can start with: a GOP begins.
        case idr
        case picture(isDisposable: Bool)
        case sound
        /// Says what later entries mean. Of those with one number the newest holds, and a reader that comes or skips is
        /// given it first.
        case header(Int)
        /// It stands for itself.
        case other

        package var isHeader: Bool { if case .header = self { true } else { false } }
        package var isPicture: Bool {
            switch self {
            case .idr, .picture: true
            case .sound, .header, .other: false
            }
        }
    }

    package struct Entry {
        package let kind: Kind
        /// As it counts against bounds.
        package let byteCount: Int
        /// When it is decoded, on any timeline that does not go back.
        package let time: MediaTime
        package let element: Element
        /// Bytes of all entries before it, as far as they were not left out.
        fileprivate let offset: Int
    }

    /// A place in the stream: of the entry that was added as the n-th, from 0.
    package typealias Position = Int

    struct Header {
        let number: Int
        let position: Position
        let entry: Entry
    }

    fileprivate struct Start {
        let position: Position
        /// The headers that hold there.
        let headers: [Header]
    }

    private var entries: [Entry] = []
    private var starts: [Start] = []
    private var headers: [Header] = []
    /// The place of the oldest entry.
    package private(set) var start: Position = 0
    /// Of all that was ever added.
    private var byteOffset = 0
    /// A picture, or a header of pictures, has come.
    package private(set) var hasPictures = false
    private let pictureHeader: Int?

    /// - Parameter pictureHeader: the number of the header that announces pictures, if there is one.
    package init(pictureHeader: Int? = nil) { self.pictureHeader = pictureHeader }

    /// The place of the entry that comes next.
    package var end: Position { start + entries.count }
    package var isEmpty: Bool { entries.isEmpty }
    package var last: Entry? { entries.last }
    /// Of all entries.
    package var byteCount: Int { byteCount(from: start) }

    /// The entry at `position`; nil where none is, not yet or not any more.
    package subscript(position: Position) -> Entry? {
        position >= start && position < end ? entries[position - start] : nil
    }

    /// The entries at `positions`, as far as they are there.
    package subscript(positions: Range<Position>) -> ArraySlice<Entry> {
        let positions = positions.clamped(to: start..<end)
        return entries[(positions.lowerBound - start)..<(positions.upperBound - start)]
    }

    /// Of the entries from `position` on.
    package func byteCount(from position: Position) -> Int {
        byteOffset - (self[max(position, start)]?.offset ?? byteOffset)
    }

    /// Between the entry at `position` and the newest one.
    package func duration(from position: Position) -> MediaTime {
        guard let first = self[max(position, start)], let last else { return .zero }
        return last.time - first.time
    }

    // MARK: where GOPs begin

    /// The oldest of the places where a GOP begins, from `position` on.
    package func firstIDR(from position: Position) -> Position? {
        let index = indexOfFirstStart(from: position)
        return index < starts.count ? starts[index].position : nil
    }

    /// The newest of the places where a GOP begins, at or before `position`.
    package func lastIDR(through position: Position) -> Position? {
        let index = indexOfFirstStart(from: position + 1)
        return index > 0 ? starts[index - 1].position : nil
    }

    package var newestIDR: Position? { starts.last?.position }

    /// By halving: with intra pictures alone each entry is a start.
    private func indexOfFirstStart(from position: Position) -> Int {
        var range = 0..<starts.count
        while let last = range.last {
            let middle = (range.lowerBound + last) / 2
            range =
                starts[middle].position < position
                ? (middle + 1)..<range.upperBound : range.lowerBound..<middle
        }
        return range.lowerBound
    }

    /// The headers that hold at the GOP that begins at `position`, or at the end.
    func headers(at position: Position) -> [Header] {
        let index = indexOfFirstStart(from: position)
        guard index < starts.count, starts[index].position == position else { return headers }
        return starts[index].headers
    }

    // MARK: changes

    package mutating func append(_ element: Element, _ kind: Kind, byteCount: Int, at time: MediaTime) {
        let entry = Entry(kind: kind, byteCount: byteCount, time: time, element: element, offset: byteOffset)
        if kind.isPicture { hasPictures = true }
        switch kind {
        case .idr: starts.append(Start(position: end, headers: headers))
        case .header(let number):
            hasPictures = hasPictures || number == pictureHeader
            headers.removeAll { $0.number == number }
            headers.append(Header(number: number, position: end, entry: entry))
            headers.sort { $0.number < $1.number }
        case .picture, .sound, .other: break
        }
        entries.append(entry)
        byteOffset += byteCount
    }

    /// Lets go of all entries before `position`. What is left of a GOP that loses its IDR is no start any more.
    package mutating func forget(before position: Position) {
        let count = min(position - start, entries.count)
        guard count > 0 else { return }
        entries.removeFirst(count)
        start += count
        starts.removeFirst(indexOfFirstStart(from: start))
    }

    /// Leaves disposable pictures out from `position` on, and moves what follows up: for an owner whose readers have not
    /// come so far.
    /// - Returns: how many.
    package mutating func removeDisposable(from position: Position) -> Int {
        let position = max(position, start)
        let before = end
        guard position < before else { return 0 }
        let rest = Array(entries[(position - start)...])
        guard rest.contains(where: { $0.kind == .picture(isDisposable: true) }) else { return 0 }
        byteOffset = rest.first?.offset ?? byteOffset
        entries.removeSubrange((position - start)...)
        starts.removeSubrange(indexOfFirstStart(from: position)...)
        for entry in rest where entry.kind != .picture(isDisposable: true) {
            append(entry.element, entry.kind, byteCount: entry.byteCount, at: entry.time)
        }
        return before - end
    }

    /// Those that come begin with a later GOP: what is kept of this one is too much.
    package mutating func forgetStarts() { starts.removeAll() }

    /// A header that does not hold any more.
    package mutating func forgetHeader(_ number: Int) { headers.removeAll { $0.number == number } }

    /// Another stream begins: nothing of the old one is left, and its places are not used again.
    package mutating func clear() {
        start = end
        entries.removeAll()
        starts.removeAll()
        headers.removeAll()
        hasPictures = false
    }
}

extension GOPQueue: Sendable where Element: Sendable {}
extension GOPQueue.Entry: Sendable where Element: Sendable {}
extension GOPQueue.Header: Sendable where Element: Sendable {}
extension GOPQueue.Start: Sendable where Element: Sendable {}
