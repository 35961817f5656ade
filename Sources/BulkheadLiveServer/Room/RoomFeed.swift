import BulkheadModel
package import NIOCore

/// What viewers are told of the live room beside a stream, as server-sent events, made once for all of them. A value.
///
/// Each viewer has a ``Reader``, a place in it, and nothing is kept for viewers but this: whoever is so slow that the place is not
/// there any more is told how much was left out, and goes on with what there is.
///
///     event: board    how the room is, as JSON; once at the start, and with each change
///     event: comment  one comment, as JSON, with an id; see ``epoch``
///     event: gone     the numbers of comments that are to be seen no more, as JSON
///     event: missed   how many comments were left out, at most
///
/// - SeeAlso: HTML, 9.2, "Server-sent events".
package struct RoomFeed: Sendable {
    /// What is kept of comments.
    package static let (mostComments, byteLimit) = (300, 1 << 20)
    /// How many a viewer is given who has just come.
    package static let mostAtStart = 100
    private static let mostRemovals = 64

    /// How far a viewer has been told.
    package struct Reader: Hashable, Sendable {
        /// The number of the last comment.
        fileprivate var comment: Int64
        /// That comment was known before: what lies between it and the first that is left was missed.
        fileprivate var goesOn: Bool
        fileprivate var board: Int = 0
        fileprivate var removal: Int
    }

    /// What tells numbers of one broadcast's room from another's: a viewer's last id counts where it has the same.
    package let epoch: Int64
    private var board: ByteBuffer?
    private var boardNumber = 0
    private var comments: [(number: Int64, event: ByteBuffer)] = []
    private var byteCount = 0
    /// Of the last comment that there was.
    private var newest: Int64 = 0
    /// Of the last comment that is not kept any more.
    private var cutThrough: Int64 = 0
    private var removals: [ByteBuffer] = []
    private var removalCount = 0
    /// Viewers may write.
    package private(set) var isOpen = false
    /// The room's title; empty where it has none. Foreign text.
    package private(set) var title = ""

    private struct Board: Decodable {
        let title: String?
    }

    package init(epoch: Int64) { self.epoch = epoch }

    /// There is a room.
    package var hasRoom: Bool { board != nil }

    // MARK: what is new

    /// - Parameter json: one line.
    package mutating func set(board json: some Collection<UInt8>, isOpen: Bool) {
        boardNumber += 1
        board = Self.event("board", json)
        title = (try? JSONLine.decode(Board.self, from: json))?.title ?? ""
        self.isOpen = isOpen
    }

    /// - Parameters:
    ///   - json: an object in one line.
    ///   - wallClock: where on the stream's time it belongs, in milliseconds since 1970.
    package mutating func add(comment number: Int64, at wallClock: Int64, _ json: some Collection<UInt8>) {
        guard number > newest else { return }
        newest = number
        var text = ByteBuffer()
        text.writeString(
            "id: \(epoch)-\(number)\nevent: comment\ndata: {\"number\":\(number),\"at\":\(wallClock),\"comment\":")
        Self.write(json, to: &text)
        text.writeString("}\n\n")
        comments.append((number, text))
        byteCount += text.readableBytes
        while comments.count > Self.mostComments || byteCount > Self.byteLimit {
            let first = comments.removeFirst()
            byteCount -= first.event.readableBytes
            cutThrough = first.number
        }
    }

    package mutating func takeBack(_ numbers: [Int64], fromPictureOnly: Bool) {
        if !fromPictureOnly {
            let gone = Set(numbers)
            comments.removeAll { gone.contains($0.number) }
            byteCount = comments.reduce(0) { $0 + $1.event.readableBytes }
        }
        let list = numbers.map { "\($0)" }.joined(separator: ",")
        removals.append(Self.event("gone", #"{"numbers":[\#(list)],"fromPictureOnly":\#(fromPictureOnly)}"#.utf8))
        removalCount += 1
        if removals.count > Self.mostRemovals { removals.removeFirst() }
    }

    private static func event(_ name: String, _ json: some Collection<UInt8>) -> ByteBuffer {
        var text = ByteBuffer(string: "event: \(name)\ndata: ")
        write(json, to: &text)
        text.writeString("\n\n")
        return text
    }

    /// A line's end would end the event's field: in JSON it stands for nothing.
    private static func write(_ json: some Collection<UInt8>, to text: inout ByteBuffer) {
        text.writeBytes(json.lazy.map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 })
    }

    // MARK: viewers

    /// A viewer that comes.
    /// - Parameter lastID: of the last comment that it has; nil for none.
    package func reader(lastID: String?) -> Reader {
        let pieces = (lastID ?? "").split(separator: "-", maxSplits: 1)
        if pieces.count == 2, Int64(pieces[0]) == epoch, let number = Int64(pieces[1]), number >= 0 {
            // What was taken back meanwhile is told again: it may not have come.
            return Reader(comment: min(number, newest), goesOn: true, removal: removalCount - removals.count)
        }
        let first = comments.suffix(Self.mostAtStart).first?.number ?? newest + 1
        return Reader(comment: first - 1, goesOn: false, removal: removalCount)
    }

    /// What the viewer is told next; nil for nothing yet.
    package func next(_ reader: inout Reader) -> ByteBuffer? {
        if reader.board != boardNumber, let board {
            reader.board = boardNumber
            return board
        }
        if reader.removal < removalCount {
            let first = removalCount - removals.count
            defer { reader.removal = max(reader.removal, first) + 1 }
            return removals[max(reader.removal, first) - first]
        }
        guard reader.comment < newest else { return nil }
        guard let index = firstIndex(after: reader.comment) else {
            reader.comment = newest
            return nil
        }
        let comment = comments[index]
        // Numbers of those that were taken back, or that nobody is to see, are missing here and were not missed.
        if reader.goesOn, reader.comment < cutThrough {
            let count = cutThrough - reader.comment
            reader.comment = cutThrough
            return Self.event("missed", #"{"count":\#(count)}"#.utf8)
        }
        (reader.comment, reader.goesOn) = (comment.number, true)
        return comment.event
    }

    private func firstIndex(after number: Int64) -> Int? {
        var (low, high) = (0, comments.count)
        while low < high {
            let middle = (low + high) / 2
            if comments[middle].number > number { high = middle } else { low = middle + 1 }
        }
        return low < comments.count ? low : nil
    }

    /// For connections on which nothing comes: proxies, and the page, would give them up.
    package static let sign = ByteBuffer(string: "event: sign\ndata: \n\n")
}
