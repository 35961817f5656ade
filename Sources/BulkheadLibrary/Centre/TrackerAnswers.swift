import BulkheadHTTP
import BulkheadLibraryProtocol
import BulkheadModel
import Glibc
import NIOHTTP1

/// The tracker's side of HTTP.
struct TrackerAnswers: Sendable {
    private static let longestBody = 256 << 10
    private static let longestReport = 8192

    let tracker: TrackerService

    /// Where a video or a room is to be had.
    struct Candidate: Encodable {
        let node: NodeID
        let why: String
        let hls: String
        var mp4: String?
        var flv: String?
        var rtmp: String?
        var poster: String?
    }

    private struct Found: Encodable {
        let video: VideoRecord
        let candidates: [Candidate]
        /// Seconds for which the answer may be kept.
        let ttl: Int
    }

    private struct FoundRoom: Encodable {
        let room: RoomName
        let candidates: [Candidate]
        let ttl: Int
    }

    private struct RoomLine: Encodable {
        let room: RoomName
        /// Empty where it has none.
        let title: String
        /// `recording` for a recording that grows, which `/find/ID` knows as well, or `live`.
        let state: String
        let nodes: [NodeID]

        init(_ listed: RoomTable.Listed, title: String) {
            room = listed.name
            self.title = title
            state = listed.room.kind == .recording ? "recording" : "live"
            nodes = listed.nodes
        }
    }

    /// Nil where the address is none of the tracker's.
    func answer(_ request: Request, _ body: RequestBody) async -> Response? {
        switch request.path.first {
        case "find", "watch", "live": return lookUp(request)
        case "tracker": break
        default: return nil
        }
        guard request.path.count == 2 else { return .notFound }
        switch (request.path[1], request.method) {
        case ("heartbeats", .POST):
            return await take(request, body, Heartbeat.self, \.node, "A heartbeat") { try await tracker.take($0) }
        case ("rooms", .POST):
            return await take(request, body, LiveReport.self, \.node, "A list of rooms") { try await tracker.take($0) }
        case ("trips", .POST):
            var response = await trips(request, body)
            response.headers.append(("Access-Control-Allow-Origin", "*"))
            return response
        default: return .notFound
        }
    }

    /// Look-ups, which are answered from memory; nil for all else.
    func lookUp(_ request: Request) -> Response? {
        guard let first = request.path.first, first == "find" || first == "watch" || first == "live" else { return nil }
        guard request.method == .GET || request.method == .HEAD else { return .notAllowed("GET, HEAD") }
        var response = first == "live" ? room(request) : find(request)
        response.headers.append(("Access-Control-Allow-Origin", "*"))
        return response
    }

    // MARK: - For nodes

    private func take<Value: Decodable>(
        _ request: Request, _ body: RequestBody, _: Value.Type, _ node: (Value) -> NodeID, _ what: String,
        _ taken: (Value) async throws -> Void
    ) async -> Response {
        guard let bytes = await body.collect(upTo: Self.longestBody),
            let peer = CentreAnswers.signer(request, bytes, tracker.peers)
        else { return CentreAnswers.stranger }
        guard let value = try? JSONLine.decode(Value.self, from: bytes), node(value) == peer.id else {
            return .sentence(.badRequest, "\(what) of the node that signed it was expected.")
        }
        do { try await taken(value) } catch { return .sentence(.badRequest, "\(error)") }
        return Response(.noContent)
    }

    // MARK: - For players

    /// How a player's tries at nodes went. Each comes with the token by which the player was sent there.
    private struct TripReport: Decodable {
        struct Trip: Decodable {
            let node: NodeID
            let token: String
            let milliseconds: Double?
        }
        let video: VideoID
        let trips: [Trip]
    }

    private func trips(_ request: Request, _ body: RequestBody) async -> Response {
        guard let bytes = await body.collect(upTo: Self.longestReport),
            let report = try? JSONLine.decode(TripReport.self, from: bytes),
            report.trips.count <= PlayerChoice.most * 2,
            let address = request.peer
        else { return .sentence(.badRequest, "A report of a player was expected.") }
        let now = Int64(time(nil))
        for trip in report.trips {
            guard let peer = tracker.peers[trip.node],
                let token = PercentCode.decode(trip.token, plusIsBlank: false),
                PlaybackToken.isGood(token, report.video, peer.id, atSeconds: now, key: peer.key)
            else { return .sentence(.forbidden, "Only whoever was sent to a node can tell how it went.") }
        }
        for trip in report.trips { tracker.noteTrip(trip.node, from: address, milliseconds: trip.milliseconds) }
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
            if let kind {
                // Tokens are what an answer costs: one is enough where one address is given.
                guard let first = ranked.first.flatMap({ candidate($0, record, request) }) else { return .notFound }
                return lead(kind == "mp4" ? first.mp4 : first.hls, first.why)
            }
            let candidates = ranked.compactMap { candidate($0, record, request) }
            return Response.json(Found(video: record, candidates: candidates, ttl: TrackerService.answerSeconds))
        }
    }

    private func lead(_ address: String?, _ why: String) -> Response {
        guard let address else { return .notFound }
        return Response(.found, [("Location", address), ("Cache-Control", "no-store"), ("Bulkhead-Why", why)])
    }

    private func candidate(
        _ ranked: PlayerChoice.Ranked, _ record: VideoRecord, _ request: Request
    ) -> Candidate? {
        guard let peer = tracker.peers[ranked.node] else { return nil }
        // Digits, a point and small letters: as it is in an address.
        let token = PlaybackToken.make(
            record.id, peer.id, until: Int64(time(nil)) + PlaybackToken.seconds, key: peer.key)
        let base = "\(peer.publicAddress)/media/\(record.id)"
        return Candidate(
            node: peer.id, why: ranked.why, hls: "\(base)/index.m3u8?token=\(token)",
            mp4: "\(base)/file.mp4?token=\(token)",
            rtmp: peer.rtmp?.address("\(record.id)?token=\(token)", asked: request[header: "Host"]),
            poster: record.hasPoster ? "\(base)/poster.jpg?token=\(token)" : nil)
    }

    // MARK: - Live rooms

    /// `/live` lists the rooms, `/live/APP/NAME` says who has one, and with `.m3u8` or `.flv` behind it leads players there.
    private func room(_ request: Request) -> Response {
        guard request.path.count > 1 else {
            return .json(
                tracker.rooms.map { listed in
                    let record = listed.nodes.first.flatMap { tracker.record(listed.name, at: $0) }
                    return RoomLine(listed, title: listed.room.title?.description ?? record?.name ?? "")
                })
        }
        var text = request.path.dropFirst().joined(separator: "/")
        var kind: String?
        for end in [".m3u8", ".flv"] where text.hasSuffix(end) {
            kind = end
            text = String(text.dropLast(end.count))
        }
        guard let name = RoomName(text) else { return .notFound }
        let candidates = tracker.findRoom(name, for: request.peer).compactMap { ranked, kind in
            candidate(ranked, name, kind, request)
        }
        guard let first = candidates.first else {
            return .sentence(.notFound, "No room of that name is on the air, or not any more.")
        }
        if let kind { return lead(kind == ".flv" ? first.flv : first.hls, first.why) }
        return .json(FoundRoom(room: name, candidates: candidates, ttl: Int(RoomTable.lease.components.seconds)))
    }

    /// Addresses are those of our configuration: what a node says is a name and no more.
    private func candidate(
        _ ranked: PlayerChoice.Ranked, _ name: RoomName, _ kind: LiveRoom.Kind, _ request: Request
    ) -> Candidate? {
        switch kind {
        case .recording: return tracker.record(name, at: ranked.node).flatMap { candidate(ranked, $0, request) }
        case .server:
            guard let server = tracker.peers[ranked.node]?.liveAddress else { return nil }
            let path = name.description.split(separator: "/").map { PercentCode.encode(String($0)) }.joined(
                separator: "/")
            return Candidate(
                node: ranked.node, why: ranked.why, hls: "\(server)/\(path)/index.m3u8",
                mp4: "\(server)/\(path).mp4", flv: "\(server)/\(path).flv",
                rtmp: server.usesTLS
                    ? "rtmps://\(server.authority(usualPort: 443))/\(path)"
                    : "rtmp://\(server.authority(usualPort: 1935))/\(path)")
        }
    }
}
