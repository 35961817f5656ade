import BulkheadLibraryProtocol
import BulkheadModel
import BulkheadSystem
import Glibc
import NIOHTTP1
import SystemPackage

/// What a node says of itself.
struct NodeStatus: Codable, Hashable, Sendable {
    var node: String
    var epoch: String
    /// Whether the centre has been told of all news: `sent` or `unsent`.
    var signal: String
    var changed: Int64
    var signalled: Int64
    var recordings: Int
    /// Rows that the centre has not confirmed.
    var unpublished: Int
    var players: Int
    /// The newest rows.
    var rows: [Row]

    struct Row: Codable, Hashable, Sendable {
        var id: String
        var path: String
        var state: String
        /// `published` or `not published`.
        var data: String
        var revision: Int64
        var published: Int64
    }
}

/// The node's side of HTTP: media for players, rows for the centre, notices from broadcasts.
struct NodeAnswers: Sendable {
    private static let longestBody = 1 << 20

    let node: NodeService

    /// Nil where the address is none of a node's.
    func answer(_ request: Request, _ body: RequestBody) async -> Response? {
        switch request.path.first {
        case "media": return await media(request)
        case "node": break
        default: return nil
        }
        switch (request.path.count > 1 ? request.path[1] : "", request.method) {
        case ("records", .GET): return await records(request)
        case ("published", .POST): return await published(request, body)
        case ("epoch", .POST): return await epoch(request, body)
        case ("notices", .POST): return await notice(request, body)
        case ("status", .GET): return await status(request)
        default: return .notFound
        }
    }

    // MARK: - For players

    private func media(_ request: Request) async -> Response {
        if request.method == .OPTIONS {
            return Response(
                .noContent,
                [
                    ("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS"),
                    ("Access-Control-Allow-Headers", "Range, If-Range"), ("Access-Control-Max-Age", "86400"),
                ])
        }
        guard request.method == .GET || request.method == .HEAD else { return .notAllowed("GET, HEAD, OPTIONS") }
        var response = await medium(request)
        response.headers += [
            ("Access-Control-Allow-Origin", "*"), ("Access-Control-Expose-Headers", "Content-Range, ETag"),
            ("Cross-Origin-Resource-Policy", "cross-origin"),
        ]
        return response
    }

    private func medium(_ request: Request) async -> Response {
        guard request.path.count == 3, let id = VideoID(request.path[1]) else { return .notFound }
        let token = request.query["token"] ?? ""
        guard PlaybackToken.isGood(token, id, node.id, atSeconds: Int64(time(nil)), key: node.key) else {
            return .sentence(.forbidden, "The address is no longer good: ask the tracker for a new one.")
        }
        guard let record = node.scanner.record(id) else {
            return .sentence(.notFound, "This node does not have the recording, or not any more.")
        }
        // A picture in a list is no player.
        if request.path[2] != "poster.jpg" { node.players.note("\(request.peer?.bytes ?? [])\(token)", at: .now) }
        do {
            switch request.path[2] {
            case "file.mp4": return try await file(record, request)
            case "index.m3u8": return try await playlist(record, token)
            case "init.mp4": return try await header(record)
            case "poster.jpg": return poster(record)
            default: return .notFound
            }
        } catch let error as Errno where error == .noSuchFileOrDirectory {
            node.noteNews()
            return .sentence(.notFound, "The recording has just been removed.")
        } catch {
            return .sentence(.serviceUnavailable, "The recording can't be read: \(error).", retryAfter: 2)
        }
    }

    private func open(_ record: VideoRecord) async throws -> (OpenFile, RecordingProbe) {
        let folder = node.folder
        return try await Blocking.run {
            let file = try folder.open(record.path)
            return (file, try RecordingProbe(file, index: folder.openIndex(of: record.path)))
        }
    }

    private func file(_ record: VideoRecord, _ request: Request) async throws -> Response {
        let (file, length): (OpenFile, Int64)
        if record.state == .finished {
            file = try await Blocking.run { [folder = node.folder] in try folder.open(record.path) }
            length = min(file.byteCount, record.byteCount)
        } else {
            let (opened, probe) = try await open(record)
            (file, length) = (opened, probe.byteCount)
        }
        // What is on the disk of a file that grows is another version than a moment ago.
        let modified = file.modified
        let tag =
            record.state == .finished
            ? "\"\(record.id)-\(length)-\(modified.seconds)-\(modified.nanoseconds)\"" : "\"\(record.id)-\(length)\""
        let headers = [
            ("Content-Type", "video/mp4"), ("Accept-Ranges", "bytes"), ("ETag", tag),
            ("Cache-Control", record.state == .finished ? "private, max-age=3600" : "no-cache"),
        ]
        switch RangeRequest(
            range: request[header: "Range"], ifRange: request[header: "If-Range"],
            ifNoneMatch: request[header: "If-None-Match"], entityTag: tag, byteCount: length)
        {
        case .whole: return Response(.ok, headers, file: file, 0..<length)
        case .part(let range):
            let place = ("Content-Range", "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(length)")
            return Response(.partialContent, headers + [place], file: file, range)
        case .notModified: return Response(.notModified, headers)
        case .unsatisfiable:
            return Response(.rangeNotSatisfiable, [("Content-Range", "bytes */\(length)"), ("ETag", tag)])
        }
    }

    private func playlist(_ record: VideoRecord, _ token: String) async throws -> Response {
        let (_, probe) = try await open(record)
        let isEnded = probe.isFinished || record.state == .finished
        let segments = HLSPlaylist.segments(probe.pieces, end: probe.durationMilliseconds, isEnded: isEnded)
        guard !segments.isEmpty else {
            return .sentence(.notFound, "There is nothing of this recording to be seen yet.", retryAfter: 2)
        }
        let query = "?token=\(PercentCode.encode(token))"
        let text = HLSPlaylist.text(segments, isEnded: isEnded, file: "file.mp4\(query)", header: "init.mp4\(query)")
        return Response(
            .ok, [("Content-Type", "application/vnd.apple.mpegurl"), ("Cache-Control", "no-cache")],
            body: Array(text.utf8))
    }

    private func header(_ record: VideoRecord) async throws -> Response {
        let (file, probe) = try await open(record)
        let range = probe.header
        guard range.count <= 8 << 20 else { return .notFound }
        let boxes = try await file.read(at: Int64(range.lowerBound), count: range.count)
        return Response(
            .ok, [("Content-Type", "video/mp4"), ("Cache-Control", "private, max-age=3600")],
            body: HLSPlaylist.fileType + boxes)
    }

    private func poster(_ record: VideoRecord) -> Response {
        guard let file = try? OpenFile(named: PosterMaker.path(record.id, in: node.folder)) else { return .notFound }
        return Response(
            .ok, [("Content-Type", "image/jpeg"), ("Cache-Control", "private, max-age=3600")], file: file,
            0..<file.byteCount)
    }

    // MARK: - For the centre

    private func isCentre(_ request: Request, _ body: [UInt8]) -> Bool {
        guard let header = request[header: "Authorization"], PeerSignature.node(in: header) == node.id else {
            return false
        }
        return PeerSignature.isGood(
            header, .centre, method: request.method.rawValue, target: request.target, body: body,
            seconds: Int64(time(nil)), key: node.key)
    }

    private static let stranger = Response.sentence(
        .unauthorized, "The signature is missing or wrong: compare the keys and the clocks of node and centre.")

    private func records(_ request: Request) async -> Response {
        guard isCentre(request, []) else { return Self.stranger }
        let after = request.query["after"].flatMap { Int64($0) } ?? 0
        let limit = min(NodePage.mostRows, max(1, request.query["limit"].flatMap { Int($0) } ?? NodePage.mostRows))
        let isWhole = request.query["whole"] == "1"
        do {
            return .json(
                try await LocalReader(node: node.id, store: node.store).page(
                    after: after, limit: limit, isWhole: isWhole))
        } catch { return .sentence(.serviceUnavailable, "\(error)", retryAfter: 5) }
    }

    private func published(_ request: Request, _ body: RequestBody) async -> Response {
        guard let bytes = await body.collect(upTo: Self.longestBody), isCentre(request, bytes) else {
            return Self.stranger
        }
        guard let confirmations = try? JSONLine.decode([Receipt].self, from: bytes),
            confirmations.count <= NodePage.mostRows
        else { return .sentence(.badRequest, "A list of confirmations was expected.") }
        do {
            try await LocalReader(node: node.id, store: node.store).confirm(confirmations)
            return Response(.noContent)
        } catch { return .sentence(.serviceUnavailable, "\(error)", retryAfter: 5) }
    }

    private func epoch(_ request: Request, _ body: RequestBody) async -> Response {
        guard let bytes = await body.collect(upTo: Self.longestBody), isCentre(request, bytes) else {
            return Self.stranger
        }
        guard let old = try? JSONLine.decode([Epoch].self, from: bytes).first else {
            return .sentence(.badRequest, "The epoch that is over was expected.")
        }
        do {
            try await LocalReader(node: node.id, store: node.store).beginEpoch(insteadOf: old)
            return Response(.noContent)
        } catch { return .sentence(.serviceUnavailable, "\(error)", retryAfter: 5) }
    }

    // MARK: - For broadcasts and people of this machine

    private struct Notice: Decodable {
        struct Happening: Decodable {
            struct Values: Decodable {
                let path: String?
            }
            let values: Values?
        }
        let type: String
        let data: Happening?
    }

    private func notice(_ request: Request, _ body: RequestBody) async -> Response {
        // A page in a browser of this machine could send a form here, but no JSON without being asked first.
        guard request.isLocal, request[header: "Origin"] == nil,
            request[header: "Content-Type"]?.hasPrefix("application/json") == true
        else { return .sentence(.forbidden, "Notices are taken from broadcasts on this machine alone.") }
        guard let bytes = await body.collect(upTo: Self.longestBody),
            let notice = try? JSONLine.decode(Notice.self, from: bytes)
        else { return .sentence(.badRequest, "A notice of a broadcast was expected.") }
        guard let path = notice.data?.values?.path, notice.type.hasPrefix("recording.") else {
            return Response(.noContent)
        }
        defer { node.noteNews() }
        guard notice.type == "recording.opened" || notice.type == "recording.closed" else {
            return Response(.noContent)
        }
        // FLV files of the same broadcast are nothing to a library.
        guard path.hasSuffix(".mp4") else { return Response(.noContent) }
        do {
            let isGrowing = notice.type == "recording.opened"
            _ = try await Blocking.run { [intake = node.intake] in try intake.take(path, isGrowing: isGrowing) }
            return Response(.noContent)
        } catch { return .sentence(.unprocessableEntity, "\(error)") }
    }

    private func status(_ request: Request) async -> Response {
        guard request.isLocal else { return .sentence(.forbidden, "The status is for this machine alone.") }
        do {
            let (counters, rows, unpublished) = try await Blocking.run { [store = node.store] in
                let page = try store.page(after: 0, limit: 100_000, isWhole: true)
                return (page.counters, page.rows, page.rows.count { !$0.isPublished })
            }
            return .json(
                NodeStatus(
                    node: "\(node.id)", epoch: "\(counters.epoch)", signal: counters.isSent ? "sent" : "unsent",
                    changed: counters.changed, signalled: counters.signalled, recordings: node.scanner.count,
                    unpublished: unpublished, players: node.players.count(at: .now),
                    rows: rows.suffix(20).reversed().map { row in
                        NodeStatus.Row(
                            id: "\(row.record.id)", path: "\(row.record.path)",
                            state: row.isDeleted ? "removed" : row.record.state.rawValue,
                            data: row.isPublished ? "published" : "not published", revision: row.revision,
                            published: row.published)
                    }))
        } catch { return .sentence(.serviceUnavailable, "\(error)", retryAfter: 5) }
    }
}
