import BulkheadLibraryProtocol
import BulkheadModel
import BulkheadSystem
import Glibc
import NIOHTTP1
import Synchronization

/// Tells players which nodes have a video and serve them best. It answers from memory; what is in there comes from the central
/// database, and from the nodes' heartbeats.
final class TrackerService: TrackerTaker {
    /// How long an answer may be kept.
    static let answerSeconds = 30

    /// Gives rows of the central database that changed behind a version.
    typealias Feed = @Sendable (_ version: Int64) async throws -> [CentralRow]

    let peers: [NodeID: KnownPeer]
    private let choice: PlayerChoice
    private let feed: Feed
    private let log: LibraryLog
    private let waker = Waker(every: .seconds(1))
    private let state = Mutex(State())

    private struct State {
        var version: Int64 = 0
        /// The row with that version.
        var last: CentralRow?
        /// Whether all has been read once.
        var isFilled = false
        var videos: [VideoID: [NodeID: VideoRecord]] = [:]
        var leases = LeaseTable()
        var trips = TripTable()
        var rooms = RoomTable()
    }

    init(_ peers: [NodeID: KnownPeer], prefixes: PrefixTable, log: LibraryLog, feed: @escaping Feed) {
        self.peers = peers
        self.feed = feed
        self.log = log
        choice = PlayerChoice(prefixes: prefixes)
    }

    /// Runs until the task is cancelled.
    func run() async { await waker.run { await self.update() } }

    /// There may be news in the central database.
    func noteNews() { waker.wake() }

    private func update() async {
        do {
            while true {
                let (version, last) = state.withLock { ($0.version, $0.last) }
                // With the last row that is known: whether it is still the one that it was, and there is one at all.
                let rows = try await feed(max(0, version - 1))
                if let last, rows.first.map({ $0.version == version && $0 != last }) ?? true {
                    try await fillAnew()
                    break
                }
                let news = rows.filter { $0.version > version }
                state.withLock { state in
                    for row in news { Self.enter(row, into: &state.videos) }
                    if let newest = news.last { (state.version, state.last) = (newest.version, newest) }
                    if news.isEmpty { state.isFilled = true }
                }
                if news.isEmpty { break }
                FailPoint.registered.reach()
            }
            log.clear("tracker.feed", "the tracker has news again")
        } catch { log.trouble("tracker.feed", "the tracker gets no news: \(error)") }
    }

    /// The central database counts from a lower number than it did: it was put back from a backup, or another one took its
    /// place. What is known stands until all has been read.
    private func fillAnew() async throws {
        var videos: [VideoID: [NodeID: VideoRecord]] = [:]
        var last: CentralRow?
        while true {
            let rows = try await feed(last?.version ?? 0)
            guard let newest = rows.last, newest.version > last?.version ?? 0 else { break }
            for row in rows { Self.enter(row, into: &videos) }
            last = newest
        }
        state.withLock { [videos, last] state in
            (state.videos, state.last, state.version) = (videos, last, last?.version ?? 0)
        }
        log.write("tracker.anew", "The central database is an older one than it was: all of it has been read anew.")
    }

    private static func enter(_ row: CentralRow, into videos: inout [VideoID: [NodeID: VideoRecord]]) {
        if row.isDeleted {
            videos[row.record.id]?[row.node] = nil
            if videos[row.record.id]?.isEmpty == true { videos[row.record.id] = nil }
        } else {
            videos[row.record.id, default: [:]][row.node] = row.record
        }
    }

    func take(_ heartbeat: Heartbeat) async throws {
        guard peers[heartbeat.node] != nil else { throw PeerFailure(description: "\(heartbeat.node) is no known node") }
        let (isTaken, ignored) = state.withLock { state in
            (state.leases.hear(heartbeat, at: .now), state.leases.ignored(of: heartbeat.node))
        }
        if !isTaken, ignored > 3 {
            log.trouble(
                "tracker.\(heartbeat.node)",
                "two nodes call themselves \(heartbeat.node): the older one is not heard; give it a name of its own")
        } else if isTaken, ignored == 0 {
            log.clear("tracker.\(heartbeat.node)", "only one node calls itself \(heartbeat.node) again")
        }
    }

    /// What a look-up comes to.
    enum Answer: Sendable {
        case unknown
        /// None of the nodes that have it is alive.
        case nobody(VideoRecord)
        case ranked(VideoRecord, [PlayerChoice.Ranked])
        /// The tracker has just been started, and does not know all.
        case notReady
    }

    func find(_ id: VideoID, for address: NetworkAddress?) -> Answer {
        state.withLock { state in
            guard let holders = state.videos[id], let any = holders.first?.value else {
                return state.isFilled ? .unknown : .notReady
            }
            var random = SystemRandomNumberGenerator()
            let ranked = choice.rank(
                Array(holders.keys), for: address, leases: state.leases, trips: state.trips, at: .now, random: &random)
            guard let first = ranked.first else { return .nobody(any) }
            state.leases.noteSent(first.node)
            return .ranked(holders[first.node] ?? any, ranked)
        }
    }

    // MARK: - Live rooms

    func take(_ report: LiveReport) async throws {
        guard peers[report.node] != nil else { throw PeerFailure(description: "\(report.node) is no known node") }
        _ = state.withLock { $0.rooms.hear(report, at: .now) }
    }

    /// Who has a room, the best first, and what it is there; empty where no lease for it lives.
    func findRoom(_ name: RoomName, for address: NetworkAddress?) -> [(PlayerChoice.Ranked, LiveRoom.Kind)] {
        state.withLock { state in
            let now = MonotonicTime.now
            let holders = state.rooms.nodes(of: name, at: now)
            guard !holders.isEmpty else { return [] }
            var random = SystemRandomNumberGenerator()
            let ranked = choice.rank(
                Array(holders.keys), for: address, leases: state.leases, trips: state.trips, at: now, random: &random)
            if let first = ranked.first { state.leases.noteSent(first.node) }
            return ranked.compactMap { ranked in holders[ranked.node].map { (ranked, $0) } }
        }
    }

    var rooms: [RoomTable.Listed] { state.withLock { $0.rooms.rooms(at: .now) } }

    /// The record of a recording that grows, as the room's node has it.
    func record(_ name: RoomName, at node: NodeID) -> VideoRecord? {
        VideoID(name.description).flatMap { id in state.withLock { $0.videos[id]?[node] } }
    }

    // MARK: - What players have measured

    /// How a player's try at `node` went.
    func noteTrip(_ node: NodeID, from address: NetworkAddress, milliseconds: Double?) {
        _ = state.withLock {
            $0.trips.note(node, from: PlayerNetwork(address), milliseconds: milliseconds, at: .now)
        }
    }

    var networkCount: Int { state.withLock { $0.trips.count } }

    func leaseState(of node: NodeID) -> (LeaseTable.State, Double) {
        state.withLock { ($0.leases.state(of: node, at: .now), $0.leases.load(of: node)) }
    }

    var videoCount: Int { state.withLock { $0.videos.count } }
}
