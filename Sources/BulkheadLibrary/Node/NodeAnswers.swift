import BulkheadLibraryProtocol
import BulkheadModel
import BulkheadSystem
import Glibc
import NIOHTTP1

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

/// The node's side of HTTP: rows for the centre, notices from broadcasts.
struct NodeAnswers: Sendable {
    private static let longestBody = 1 << 20

    let node: NodeService

    /// Nil where the address is none of a node's.
    func answer(_ request: Request, _ body: RequestBody) async -> Response? {
        switch request.path.first {
        case "media": return await MediaAnswers(node: node).answer(request)
        case "node": break
        default: return nil
        }
        switch (request.path.count > 1 ? request.path[1] : "", request.method) {
        case ("uploads", _):
            return await UploadAnswers(node: node).answer(request, Array(request.path.dropFirst(2)), body)
        case ("records", .GET): return await records(request)
        case ("published", .POST): return await published(request, body)
        case ("epoch", .POST): return await epoch(request, body)
        case ("notices", .POST): return await notice(request, body)
        case ("status", .GET): return await status(request)
        default: return .notFound
        }
    }

    // MARK: - For the centre

    private func isCentre(_ request: Request, _ body: [UInt8]) -> Bool {
        guard request.isVouchedFor, let header = request[header: "Authorization"],
            PeerSignature.node(in: header) == node.id
        else { return false }
        return PeerSignature.isGood(
            header, .centre, method: request.method.rawValue, target: request.target, body: body,
            seconds: Int64(time(nil)), key: node.key)
    }

    private static let stranger = Response.sentence(
        .unauthorized,
        "The signature is missing or wrong, or the certificate that client-ca wants: compare the keys and the clocks of node and centre."
    )

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
