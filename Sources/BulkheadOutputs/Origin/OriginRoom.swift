package import BulkheadModel
package import BulkheadWire

/// What viewers were told of the live room, kept for an origin to come. A value.
package struct OriginRoom: Sendable {
    /// What is kept of comments.
    package static let (mostComments, byteLimit) = (300, 512 << 10)
    /// Longer ones are not told to viewers.
    package static let longestComment = OriginRequest.longestComment

    private var board: OriginRequest?
    private var comments: [(number: Int64, request: OriginRequest, byteCount: Int)] = []
    private var byteCount = 0

    package init() {}

    /// Takes what is new.
    /// - Returns: what the origin on air is told; nil for what is too long.
    package mutating func take(_ news: RoomNews) -> OriginRequest? {
        switch news {
        case .board(let text, let isOpen):
            guard text.count <= OriginRequest.longestBoard else { return nil }
            let request = OriginRequest.room(text, isOpen: isOpen)
            board = request
            return request
        case .comment(let number, let time, let text):
            guard text.count <= OriginRequest.longestComment else { return nil }
            let request = OriginRequest.comment(number: number, at: time, text)
            comments.append((number, request, text.count + 64))
            byteCount += text.count + 64
            while comments.count > Self.mostComments || byteCount > Self.byteLimit {
                byteCount -= comments.removeFirst().byteCount
            }
            return request
        case .takenBack(let numbers, let fromPictureOnly):
            if !fromPictureOnly {
                comments.removeAll { numbers.contains($0.number) }
                byteCount = comments.reduce(0) { $0 + $1.byteCount }
            }
            return .takeBack(Array(numbers.suffix(OriginRequest.mostTakenBack)), fromPictureOnly: fromPictureOnly)
        }
    }

    /// All that an origin is told which begins now.
    package var all: [OriginRequest] { (board.map { [$0] } ?? []) + comments.map(\.request) }
}
