import BulkheadLibraryProtocol
import BulkheadModel
import BulkheadSystem
import Glibc
import NIOHTTP1
import Synchronization

/// Tells players which nodes have a video and serve them best. It answers from memory; what is in there comes from the central
/// database, and from the nodes' heartbeats.
final class TrackerService: HeartbeatTaker {
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
        /// Whether all has been read once.
        var isFilled = false
        var videos: [VideoID: [NodeID: VideoRecord]] = [:]
        var leases = LeaseTable()
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
                let version = state.withLock { $0.version }
                let rows = try await feed(version)
                state.withLock { state in
                    for row in rows {
                        if row.isDeleted {
                            state.videos[row.record.id]?[row.node] = nil
                            if state.videos[row.record.id]?.isEmpty == true { state.videos[row.record.id] = nil }
                        } else {
                            state.videos[row.record.id, default: [:]][row.node] = row.record
                        }
                        state.version = max(state.version, row.version)
                    }
                    if rows.isEmpty { state.isFilled = true }
                }
                if rows.isEmpty { break }
                FailPoint.registered.reach()
            }
            log.clear("tracker.feed", "the tracker has news again")
        } catch { log.trouble("tracker.feed", "the tracker gets no news: \(error)") }
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
                Array(holders.keys), for: address, leases: state.leases, at: .now, random: &random)
            guard let first = ranked.first else { return .nobody(any) }
            state.leases.noteSent(first.node)
            return .ranked(holders[first.node] ?? any, ranked)
        }
    }

    func leaseState(of node: NodeID) -> (LeaseTable.State, Double) {
        state.withLock { ($0.leases.state(of: node, at: .now), $0.leases.load(of: node)) }
    }

    var videoCount: Int { state.withLock { $0.videos.count } }
}

/// The tracker's side of HTTP.
struct TrackerAnswers: Sendable {
    let tracker: TrackerService

    private struct Found: Encodable {
        struct Candidate: Encodable {
            let node: NodeID
            let why: String
            let hls: String
            let mp4: String
            let poster: String?
        }
        let video: VideoRecord
        let candidates: [Candidate]
        /// Seconds for which the answer may be kept.
        let ttl: Int
    }

    /// Nil where the address is none of the tracker's.
    func answer(_ request: Request, _ body: RequestBody) async -> Response? {
        switch request.path.first {
        case "find", "watch":
            guard request.method == .GET || request.method == .HEAD else { return .notAllowed("GET, HEAD") }
            return find(request)
        case "tracker": break
        default: return nil
        }
        guard request.path == ["tracker", "heartbeats"], request.method == .POST else { return .notFound }
        guard let bytes = await body.collect(upTo: 4096),
            let peer = CentreAnswers.signer(request, bytes, tracker.peers)
        else { return CentreAnswers.stranger }
        guard let heartbeat = try? JSONLine.decode(Heartbeat.self, from: bytes), heartbeat.node == peer.id else {
            return .sentence(.badRequest, "A heartbeat of the node that signed it was expected.")
        }
        do { try await tracker.take(heartbeat) } catch { return .sentence(.badRequest, "\(error)") }
        return Response(.noContent)
    }

    /// `/find/ID` gives all there is to know as JSON, `/watch/ID.m3u8` and `/watch/ID.mp4` lead players to the best node.
    private func find(_ request: Request) -> Response {
        guard request.path.count == 2 else { return .notFound }
        let words = request.path[1].split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let kind = words.count == 2 ? String(words[1]) : nil
        guard let id = VideoID(String(words[0])),
            request.path[0] == "find" ? kind == nil : kind == "m3u8" || kind == "mp4"
        else { return .notFound }
        switch tracker.find(id, for: request.peer) {
        case .unknown: return .sentence(.notFound, "No recording of that name is in the library, or not any more.")
        case .notReady: return .sentence(.serviceUnavailable, "The tracker is starting.", retryAfter: 1)
        case .nobody(let record):
            return .sentence(
                .serviceUnavailable, "\(record.name) is in the library, but no node that has it is alive.",
                retryAfter: 5)
        case .ranked(let record, let ranked):
            let candidates = ranked.compactMap { candidate($0, record, request) }
            if let kind, let first = candidates.first {
                return Response(
                    .found,
                    [
                        ("Location", kind == "mp4" ? first.mp4 : first.hls), ("Cache-Control", "no-store"),
                        ("Access-Control-Allow-Origin", "*"), ("Bulkhead-Why", first.why),
                    ])
            }
            var response = Response.json(
                Found(video: record, candidates: candidates, ttl: TrackerService.answerSeconds))
            response.headers.append(("Access-Control-Allow-Origin", "*"))
            return response
        }
    }

    private func candidate(
        _ ranked: PlayerChoice.Ranked, _ record: VideoRecord, _ request: Request
    ) -> Found.Candidate? {
        guard let peer = tracker.peers[ranked.node] else { return nil }
        let token = PercentCode.encode(
            PlaybackToken.make(record.id, peer.id, until: Int64(time(nil)) + PlaybackToken.seconds, key: peer.key))
        let base = "\(peer.publicAddress)/media/\(record.id)"
        return Found.Candidate(
            node: peer.id, why: ranked.why, hls: "\(base)/index.m3u8?token=\(token)",
            mp4: "\(base)/file.mp4?token=\(token)",
            poster: record.hasPoster ? "\(base)/poster.jpg?token=\(token)" : nil)
    }
}
