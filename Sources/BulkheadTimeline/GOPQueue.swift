package import BulkheadMedia

/// The newest part of a stream, in order, with the places where its GOPs begin: for one reader or many.
///
/// A place is a ``Position``, which is never used twice, so that readers (``Reader``, or a position that the owner keeps)
/// hold no more than a number. The owner bounds the queue: it lets go of the front when readers have passed it or are
/// made to skip it, mostly by whole GOPs. No clock; spans come from the entries' own times.
package struct GOPQueue<Element> {
    package typealias Kind = GOPKind

    package struct Entry {
        fileprivate let mark: GOPMark
        package let element: Element

        package var kind: Kind { mark.kind }
        /// As it counts against bounds.
        package var byteCount: Int { mark.byteCount }
        /// When it is decoded, on any timeline that does not go back.
        package var time: MediaTime { mark.time }
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

    /// Of each entry, in order. Apart from the elements, which are of any type: what is asked for each packet is found
    /// here, and neither looks types up nor copies an element.
    private var marks: [GOPMark] = []
    private var elements: [Element] = []
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
    package var end: Position { start + marks.count }
    package var isEmpty: Bool { marks.isEmpty }
    package var last: Entry? { self[end - 1] }
    /// Of all entries.
    package var byteCount: Int { byteCount(from: start) }

    /// The entry at `position`; nil where none is, not yet or not any more.
    package subscript(position: Position) -> Entry? {
        guard position >= start, position < end else { return nil }
        return Entry(mark: marks[position - start], element: elements[position - start])
    }

    /// When the entry at `position` is decoded; nil where none is.
    package func time(at position: Position) -> MediaTime? {
        position >= start && position < end ? marks[position - start].time : nil
    }

    /// What the entries at `positions` are, as far as they are there.
    package func kinds(in positions: Range<Position>) -> [GOPKind] {
        let positions = positions.clamped(to: start..<end)
        return marks[(positions.lowerBound - start)..<(positions.upperBound - start)].map(\.kind)
    }

    /// Of the entries from `position` on.
    package func byteCount(from position: Position) -> Int {
        let index = max(0, position - start)
        return index < marks.count ? byteOffset - marks[index].offset : 0
    }

    /// Between the entry at `position` and the newest one.
    package func duration(from position: Position) -> MediaTime {
        let index = max(0, position - start)
        guard index < marks.count, let last = marks.last else { return .zero }
        return last.time - marks[index].time
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

    /// The newest of the places where a GOP begins, at or before `position` and not after `time`.
    package func lastIDR(through position: Position, notAfter time: MediaTime) -> Position? {
        var found = lastIDR(through: position)
        while let place = found, let begin = self.time(at: place), begin > time { found = lastIDR(through: place - 1) }
        return found
    }

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
        let mark = GOPMark(kind: kind, byteCount: byteCount, time: time, offset: byteOffset)
        if kind.isPicture { hasPictures = true }
        switch kind {
        case .idr: starts.append(Start(position: end, headers: headers))
        case .header(let number):
            hasPictures = hasPictures || number == pictureHeader
            headers.removeAll { $0.number == number }
            headers.append(Header(number: number, position: end, entry: Entry(mark: mark, element: element)))
            headers.sort { $0.number < $1.number }
        case .picture, .sound, .other: break
        }
        marks.append(mark)
        elements.append(element)
        byteOffset += byteCount
    }

    /// Lets go of all entries before `position`. What is left of a GOP that loses its IDR is no start any more.
    package mutating func forget(before position: Position) {
        let count = min(position - start, marks.count)
        guard count > 0 else { return }
        marks.removeFirst(count)
        elements.removeFirst(count)
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
        let kept = zip(marks, elements).suffix(before - position)
        guard kept.contains(where: { $0.0.kind == .picture(isDisposable: true) }) else { return 0 }
        byteOffset = marks[position - start].offset
        marks.removeSubrange((position - start)...)
        elements.removeSubrange((position - start)...)
        starts.removeSubrange(indexOfFirstStart(from: position)...)
        for (mark, element) in kept where mark.kind != .picture(isDisposable: true) {
            append(element, mark.kind, byteCount: mark.byteCount, at: mark.time)
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
        marks.removeAll()
        elements.removeAll()
        starts.removeAll()
        headers.removeAll()
        hasPictures = false
    }
}

extension GOPQueue: Sendable where Element: Sendable {}
extension GOPQueue.Entry: Sendable where Element: Sendable {}
extension GOPQueue.Header: Sendable where Element: Sendable {}
extension GOPQueue.Start: Sendable where Element: Sendable {}
