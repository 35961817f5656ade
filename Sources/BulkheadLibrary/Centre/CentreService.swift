import BulkheadLibraryProtocol
import BulkheadModel
import BulkheadSystem
import Glibc
import NIOHTTP1
import Synchronization

/// A node that the centre knows, by its configuration and not by what a signal says.
struct KnownPeer: Sendable {
    let id: NodeID
    let reader: any NodeReader
    /// Where players find it: `http://10.0.0.1:8090`; empty for the address that a player has found us under.
    let publicAddress: String
    let key: [UInt8]
    /// Where players find the live server beside it.
    var liveAddress: PeerAddress?
    /// Where players of RTMP find its recordings; nil where it has none for them.
    var rtmp: RTMPPlace?
}

/// A tracker elsewhere that is fed from here.
struct KnownTracker: Sendable {
    let id: NodeID
    let key: [UInt8]
    /// Where players find it; nil where the page doesn't name it.
    let publicAddress: PeerAddress?
}

/// The centre: takes signals, reads the nodes' databases, and keeps the central one.
final class CentreService: SignalTaker {
    /// How often a node is read that has sent no signal: what a lost signal would have told comes then.
    static let period = Duration.seconds(30)
    private static let backoff: [Int64] = [1, 2, 5, 10, 30]

    let peers: [NodeID: KnownPeer]
    /// The keys of trackers elsewhere, by their names.
    let trackerKeys: [NodeID: [UInt8]]
    /// Where the page's players find other trackers.
    let trackerAddresses: [PeerAddress]
    let store: any CentralStore
    /// What the page and trackers read: the store, or a replica of it.
    let reader: any CentralReader
    private let log: LibraryLog
    private let wakers: [NodeID: Waker]
    private let onNews: @Sendable () -> Void
    private let facts = Mutex<[NodeID: Facts]>([:])

    /// What has come of reading a node.
    struct Facts: Codable, Hashable, Sendable {
        var readings = 0
        var rows = 0
        var failures = 0
        /// Nil where the last reading went well.
        var trouble: String?
        var restsUntilNanoseconds: Int64 = 0
    }

    /// - Parameter onNews: called when rows were saved.
    init(
        _ peers: [KnownPeer], trackers: [KnownTracker] = [], store: any CentralStore,
        reader: (any CentralReader)? = nil, log: LibraryLog,
        period: Duration = CentreService.period, onNews: @escaping @Sendable () -> Void
    ) {
        self.peers = Dictionary(peers.map { ($0.id, $0) }) { first, _ in first }
        trackerKeys = Dictionary(trackers.map { ($0.id, $0.key) }) { first, _ in first }
        trackerAddresses = trackers.compactMap(\.publicAddress)
        self.store = store
        self.reader = reader ?? store
        self.log = log
        self.onNews = onNews
        wakers = Dictionary(peers.map { ($0.id, Waker(every: period)) }) { first, _ in first }
    }

    /// Runs until the task is cancelled.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            for (id, waker) in wakers {
                guard let peer = peers[id] else { continue }
                group.addTask { await waker.run { await self.read(peer) } }
            }
            // Signals that came before a kill are durable, and so is what failed a moment ago.
            group.addTask {
                await Waker(every: .seconds(1)).run {
                    let nodes = (try? await Blocking.run { [store = self.store] in try store.nodes() }) ?? []
                    for node in nodes where node.isWanted { self.wakers[node.node]?.wake() }
                }
            }
            await group.waitForAll()
        }
    }

    func take(_ signal: Signal) async throws {
        guard peers[signal.node] != nil else { throw PeerFailure(description: "\(signal.node) is no known node") }
        try await Blocking.run { [store] in try store.want(signal) }
        wakers[signal.node]?.wake()
    }

    private func read(_ peer: KnownPeer) async {
        let now = MonotonicTime.now
        let rests = facts.withLock { $0[peer.id]?.restsUntilNanoseconds ?? 0 }
        guard now.nanoseconds >= rests else { return }
        do {
            let count = try await Puller(node: peer.id, reader: peer.reader, store: store).pull()
            facts.withLock { facts in
                facts[peer.id, default: Facts()].readings += 1
                facts[peer.id]?.rows += count
                facts[peer.id]?.trouble = nil
                facts[peer.id]?.failures = 0
            }
            log.clear("centre.\(peer.id)", "\(peer.id) can be read again")
            if count > 0 {
                let what = count == 1 ? "1 record" : "\(count) records"
                log.write("centre.saved", "\(what) of \(peer.id) published", ["node": "\(peer.id)"])
                onNews()
            }
        } catch {
            facts.withLock { facts in
                let failures = facts[peer.id]?.failures ?? 0
                let rest = Self.backoff[min(failures, Self.backoff.count - 1)]
                facts[peer.id, default: Facts()].failures = failures + 1
                facts[peer.id]?.trouble = "\(error)"
                facts[peer.id]?.restsUntilNanoseconds = now.advanced(by: .seconds(rest)).nanoseconds
            }
            log.trouble("centre.\(peer.id)", "\(peer.id) can't be read: \(error)")
        }
    }

    func facts(of node: NodeID) -> Facts { facts.withLock { $0[node] ?? Facts() } }
}

/// The centre's side of HTTP.
struct CentreAnswers: Sendable {
    private static let longestSignal = 4096

    let centre: CentreService

    /// One row of a search.
    struct Found: Codable, Sendable {
        let id: VideoID
        let name: String
        let node: NodeID
        let state: VideoRecord.State
        let durationMilliseconds: Int64
        let byteCount: Int64
        let bitsPerSecond: Int64
        let width: Int, height: Int
        let codecs: String
        let startedMilliseconds: Int64
        let hasPoster: Bool
    }

    /// Nil where the address is none of the centre's.
    func answer(_ request: Request, _ body: RequestBody) async -> Response? {
        switch (request.path, request.method) {
        case (["centre", "signals"], .POST): return await signal(request, body)
        case (["centre", "changes"], .GET): return await changes(request)
        case (["api", "videos"], .GET), (["api", "videos"], .HEAD): return await videos(request)
        case (["api", "videos"], _): return .notAllowed("GET, HEAD")
        default: return request.path.first == "centre" ? .notFound : nil
        }
    }

    /// The node that signed a request; nil for a stranger.
    static func signer(_ request: Request, _ body: [UInt8], _ peers: [NodeID: KnownPeer]) -> KnownPeer? {
        signer(request, body, peers.mapValues(\.key)).flatMap { peers[$0] }
    }

    private static func signer(_ request: Request, _ body: [UInt8], _ keys: [NodeID: [UInt8]]) -> NodeID? {
        guard request.isVouchedFor, let header = request[header: "Authorization"],
            let id = PeerSignature.node(in: header),
            let key = keys[id],
            PeerSignature.isGood(
                header, .node, method: request.method.rawValue, target: request.target, body: body,
                seconds: Int64(time(nil)), key: key)
        else { return nil }
        return id
    }

    static let stranger = Response.sentence(
        .unauthorized,
        "No known node has signed this, or shown the certificate that client-ca wants: compare the keys and the clocks "
            + "of node and centre."
    )

    private func signal(_ request: Request, _ body: RequestBody) async -> Response {
        guard let bytes = await body.collect(upTo: Self.longestSignal) else {
            return .sentence(.payloadTooLarge, "A signal is short.")
        }
        guard let peer = Self.signer(request, bytes, centre.peers) else { return Self.stranger }
        guard let signal = try? JSONLine.decode(Signal.self, from: bytes), signal.node == peer.id,
            (0..<Int64.max / 2).contains(signal.changed)
        else { return .sentence(.badRequest, "A signal of the node that signed it was expected.") }
        do {
            try await centre.take(signal)
            return Response(.accepted)
        } catch { return .sentence(.serviceUnavailable, "\(error)", retryAfter: 2) }
    }

    /// For trackers elsewhere, which nodes' keys don't let in: they come with a key of their own.
    private func changes(_ request: Request) async -> Response {
        guard Self.signer(request, [], centre.trackerKeys) != nil else { return Self.stranger }
        let after = request.query["after"].flatMap { Int64($0) } ?? 0
        do {
            return .json(
                try await Blocking.run { [reader = centre.reader] in
                    try reader.changes(after: after, limit: NodePage.mostRows)
                })
        } catch { return .sentence(.serviceUnavailable, "\(error)", retryAfter: 2) }
    }

    private func videos(_ request: Request) async -> Response {
        let words = (request.query["q"] ?? "").split(whereSeparator: \.isWhitespace).prefix(8).map(String.init)
        let offset = min(1_000_000, max(0, request.query["offset"].flatMap { Int($0) } ?? 0))
        let limit = min(200, max(1, request.query["limit"].flatMap { Int($0) } ?? 60))
        do {
            let rows = try await Blocking.run { [reader = centre.reader] in
                try reader.search(words, offset: offset, limit: limit)
            }
            return .json(
                rows.map { row in
                    Found(
                        id: row.record.id, name: row.record.name, node: row.node, state: row.record.state,
                        durationMilliseconds: row.record.durationMilliseconds, byteCount: row.record.byteCount,
                        bitsPerSecond: row.record.bitsPerSecond, width: row.record.width, height: row.record.height,
                        codecs: row.record.codecs, startedMilliseconds: row.record.startedMilliseconds,
                        hasPoster: row.record.hasPoster)
                })
        } catch { return .sentence(.serviceUnavailable, "\(error)", retryAfter: 2) }
    }
}
