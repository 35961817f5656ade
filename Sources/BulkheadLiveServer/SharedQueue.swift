import BulkheadMedia
import BulkheadTimeline
import NIOCore

/// What a stream brought last in one form, which all players of that form read, each at a pace of its own.
final class SharedQueue<Element> {
    /// The newest GOP, for players that come, and what those that are here have not been given yet.
    private(set) var queue: GOPQueue<Element>
    private(set) var players: [Player<Element>] = []
    /// What is kept of a GOP for players that come, in bytes.
    var gopByteLimit: Int

    init(_ options: LiveServerOptions, pictureHeader: Int) {
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
        for player in players { player.noteArrival() }
        queue.append(element, kind, byteCount: byteCount, at: time)
        for player in players { player.bound() }
    }

    func forgetHeader(_ number: Int) { queue.forgetHeader(number) }

    func flush(isPublished: Bool) {
        // A player found hopeless leaves the list while this runs.
        for player in Array(players) { player.pump() }
        trim(isPublished: isPublished)
    }

    func publisherCame() {
        queue.clear()
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
        let start = isPublished ? queue.newestIDR : nil
        queue.forget(before: (players.compactMap(\.position) + [start ?? queue.end]).min() ?? queue.end)
    }
}
