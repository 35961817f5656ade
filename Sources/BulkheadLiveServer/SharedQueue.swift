import BulkheadMedia
import BulkheadTimeline
import NIOCore

/// What a stream brought last, which all its players read, each at a pace of its own.
///
/// Players that keep up are given what has come since the last time as one piece (``fresh(in:)``), which is made once for all
/// of one form: so many messages are one write, and no message is looked at for each player. Players that are behind
/// take message by message, whose bytes are shared as well.
final class SharedQueue<Element: PlayedElement> {
    /// More than this is not joined: a burst would be copied to be given to players who can't take it at once.
    private static var longestFresh: Int { 256 << 10 }

    /// The newest GOPs, for players that come, and what those that are here have not been given yet.
    private(set) var queue: GOPQueue<Element>
    private(set) var players: [Player<Element>] = []
    /// What is kept of GOPs for players that come, in bytes.
    var gopByteLimit: Int
    /// What is kept at least, as far as there are so many bytes, for players that come back.
    private let keptDuration: MediaTime
    // Numbers are kept beside the queue: it is not copied to ask it for them, for each player.
    /// Where what players have not been told of begins.
    private(set) var freshStart = 0
    /// Of all that is not told of yet.
    private(set) var freshByteCount = 0
    /// The queue's end.
    private(set) var end = 0
    private var freshBytes: [(form: PlayerForm, bytes: ByteBuffer)] = []
    private var unboundByteCount = 0

    /// - Parameter keptDuration: of this what is older than the newest GOP is for players that come back.
    init(_ options: LiveServerOptions, pictureHeader: Int, keptDuration: MediaTime = .zero) {
        self.keptDuration = keptDuration
        queue = GOPQueue(pictureHeader: pictureHeader)
        gopByteLimit = options.gopByteLimit
    }

    func add(_ player: Player<Element>, hasBegun: Bool) {
        players.append(player)
        if hasBegun { player.start() }
    }

    func remove(_ player: Player<Element>, isPublished: Bool) {
        players.removeAll { $0 === player }
        trim(isPublished: isPublished)
    }

    /// Players get it at the next ``flush(isPublished:)``.
    func append(_ element: Element, _ kind: GOPKind, byteCount: Int, at time: MediaTime) {
        queue.append(element, kind, byteCount: byteCount, at: time)
        end = queue.end
        freshByteCount += byteCount
        if !freshBytes.isEmpty { freshBytes.removeAll(keepingCapacity: true) }
        unboundByteCount += byteCount
        if unboundByteCount > Self.longestFresh { boundPlayers(at: .now()) }
    }

    /// What waits for a player is bounded, also while nothing is given to any.
    private func boundPlayers(at now: NIODeadline) {
        unboundByteCount = 0
        for player in players { player.bound(at: now) }
    }

    func forgetHeader(_ number: Int) { queue.forgetHeader(number) }

    /// Gives players what has come.
    func flush(isPublished: Bool) {
        guard freshStart != end else { return }
        let now = NIODeadline.now()
        boundPlayers(at: now)
        // A player found hopeless leaves the list while this runs.
        for player in Array(players) { player.pump(at: now) }
        forgetFresh()
        trim(isPublished: isPublished)
    }

    private func forgetFresh() {
        (freshStart, freshByteCount) = (end, 0)
        freshBytes.removeAll(keepingCapacity: true)
    }

    /// All that has come since the last ``flush(isPublished:)``, as one piece, for a reader that had caught up then; nil
    /// where it is read one by one.
    func fresh(in form: PlayerForm, for reader: inout GOPQueue<Element>.Reader) -> ByteBuffer? {
        guard freshByteCount <= Self.longestFresh, reader.read(from: freshStart, to: end) else { return nil }
        if let known = freshBytes.first(where: { $0.form == form }) { return known.bytes }
        var output = ByteBuffer()
        output.reserveCapacity(minimumWritableBytes: freshByteCount)
        for position in freshStart..<end { queue[position]?.element.append(to: &output, in: form) }
        if form.isInPieces { output = PlayerForm.framed(output) }
        freshBytes.append((form, output))
        return output
    }

    func publisherCame() {
        queue.clear()
        end = queue.end
        forgetFresh()
        for player in players { player.publisherCame() }
    }

    /// Another publisher goes on in the same time: players begin with its first IDR, and keep the headers that still hold.
    func publisherReturned() {
        queue.forgetStarts()
        for player in players { player.publisherReturned() }
    }

    func publisherWent() { for player in Array(players) { player.publisherWent() } }

    /// Lets go of what nobody needs.
    private func trim(isPublished: Bool) {
        if let idr = queue.newestIDR, queue.byteCount(from: idr) > gopByteLimit { queue.forgetStarts() }
        var oldest = isPublished ? queue.newestIDR ?? queue.end : queue.end
        while isPublished, let next = queue.lastIDR(through: oldest - 1), queue.byteCount(from: next) <= gopByteLimit,
            queue.duration(from: oldest) < keptDuration
        {
            oldest = next
        }
        for player in players { if let position = player.position { oldest = min(oldest, position) } }
        queue.forget(before: oldest)
    }
}
