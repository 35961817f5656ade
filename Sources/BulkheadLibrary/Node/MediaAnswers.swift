import BulkheadHTTP
import BulkheadLibraryProtocol
import BulkheadSystem
import Glibc
import NIOHTTP1
import SystemPackage

/// A node's media over HTTP, for players and for a cache in front of them (`Packaging/nginx`): what may be kept is told by
/// `X-Accel-Expires`, in seconds.
struct MediaAnswers: Sendable {
    /// What a cache keeps of bytes that are never changed, in seconds.
    private static let kept = "3600"

    let node: NodeService

    func answer(_ request: Request) async -> Response {
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
        if !response.headers.contains(where: { $0.0 == "X-Accel-Expires" }) {
            response.headers.insert(("X-Accel-Expires", "0"), at: 0)
        }
        response.headers += [
            ("Access-Control-Allow-Origin", "*"), ("Access-Control-Expose-Headers", "Content-Range, ETag"),
            ("Cross-Origin-Resource-Policy", "cross-origin"),
        ]
        response.meter = node.traffic
        return response
    }

    private func medium(_ request: Request) async -> Response {
        guard request.path.count == 3, let id = VideoID(request.path[1]) else { return .notFound }
        let token = request.query["token"] ?? ""
        guard PlaybackToken.isGood(token, id, node.id, atSeconds: Int64(time(nil)), key: node.key) else {
            return .sentence(.forbidden, "The address is no longer good: ask the tracker for a new one.")
        }
        guard let record = node.scanner.record(id) else {
            // A cache that asks whether a token is good still has what was removed here.
            if request.path[2] == "token" { return .sentence(.forbidden, "The recording has been removed.") }
            return .sentence(.notFound, "This node does not have the recording, or not any more.")
        }
        // A picture in a list is no player.
        if request.path[2] != "poster.jpg" { node.players.note("\(request.peer?.bytes ?? [])\(token)", at: .now) }
        do {
            switch request.path[2] {
            case "file.mp4": return try await file(record, request)
            case "stream.mp4": return try await stream(record, request)
            case "file.flv": return try await flv(record, request)
            case "index.m3u8": return try await playlist(record, token)
            case "init.mp4": return try await header(record)
            case "poster.jpg": return poster(record)
            case "token":
                return Response(
                    .noContent,
                    [("Bulkhead-Growing", record.state == .live ? "1" : "0"), ("Cache-Control", "no-store")])
            default: return .notFound
            }
        } catch let error as Errno where error == .noSuchFileOrDirectory {
            node.noteNews()
            return .sentence(.notFound, "The recording has just been removed.")
        } catch let error as NoStream {
            return .sentence(
                error.isComing ? .serviceUnavailable : .notFound, error.text, retryAfter: error.isComing ? 2 : nil)
        } catch {
            return .sentence(.serviceUnavailable, "The recording can't be read: \(error).", retryAfter: 2)
        }
    }

    // MARK: - Files

    private func open(_ record: VideoRecord) async throws -> (OpenFile, RecordingProbe) {
        let folder = node.folder
        return try await Blocking.run {
            let file = try folder.open(record.path)
            let index = folder.openIndex(of: record.path)
            return (file, try RecordingProbe.any(file, index: index, isWhole: record.state == .finished))
        }
    }

    /// A film has no fragments.
    private struct NoStream: Error {
        let text: String
        let isComing: Bool
    }

    /// The file in fragments: the recording itself, or what was made of a film.
    private func fragments(_ record: VideoRecord) async throws -> (file: OpenFile, probe: RecordingProbe, name: String)
    {
        let (file, probe) = try await open(record)
        if probe.isOwn || !probe.pieces.isEmpty { return (file, probe, "file.mp4") }
        let made = try await Blocking.run { [folder = node.folder] in
            try StreamMaker.open(record.id, in: folder).map { ($0, try RecordingProbe(film: $0)) }
        }
        if let (file, probe) = made { return (file, probe, "stream.mp4") }
        guard let streams = node.streams else {
            throw NoStream(text: "The film is served as one file: ask for file.mp4.", isComing: false)
        }
        if let obstacle = streams.obstacle(of: record.id) {
            throw NoStream(
                text: "The film is served as one file, since \(obstacle): ask for file.mp4.", isComing: false)
        }
        throw NoStream(text: "The film is being made ready for HLS; file.mp4 is there already.", isComing: true)
    }

    private func file(_ record: VideoRecord, _ request: Request) async throws -> Response {
        if record.state == .finished {
            let file = try await Blocking.run { [folder = node.folder] in try folder.open(record.path) }
            return ranges(
                of: file, min(file.byteCount, record.byteCount), Self.version(file, record), request, isGrowing: false)
        }
        let (file, probe) = try await open(record)
        // What is on the disk of a file that grows is another version than a moment ago.
        return ranges(of: file, probe.byteCount, "\"\(record.id)-\(probe.byteCount)\"", request, isGrowing: true)
    }

    private func stream(_ record: VideoRecord, _ request: Request) async throws -> Response {
        let made = try await Blocking.run { [folder = node.folder] in StreamMaker.open(record.id, in: folder) }
        guard let made else { return .notFound }
        return ranges(of: made, made.byteCount, Self.version(made, record), request, isGrowing: false)
    }

    /// A strong entity tag.
    private static func version(_ file: OpenFile, _ record: VideoRecord) -> String {
        "\"\(record.id)-\(file.byteCount)-\(file.modified.seconds)-\(file.modified.nanoseconds)\""
    }

    private func ranges(
        of file: OpenFile, _ length: Int64, _ tag: String, _ request: Request, isGrowing: Bool
    ) -> Response {
        var headers = [
            ("Content-Type", "video/mp4"), ("Accept-Ranges", "bytes"), ("ETag", tag),
            ("Cache-Control", isGrowing ? "no-cache" : "private, max-age=3600"),
        ]
        let wish = RangeRequest(
            range: request[header: "Range"], ifRange: request[header: "If-Range"],
            ifNoneMatch: request[header: "If-None-Match"], entityTag: tag, byteCount: length)
        // Of a recording that grows, whole fragments are never changed again: only its first bytes are, when it ends.
        if !isGrowing {
            headers.insert(("X-Accel-Expires", Self.kept), at: 0)
        } else if case .part(let range) = wish, range.lowerBound >= Int64(RecordingProbe.frontByteCount),
            request[header: "Range"] == "bytes=\(range.lowerBound)-\(range.upperBound - 1)"
        {
            headers.insert(("X-Accel-Expires", Self.kept), at: 0)
        }
        switch wish {
        case .whole: return Response(.ok, headers, file: file, 0..<length)
        case .part(let range):
            let place = ("Content-Range", "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(length)")
            return Response(.partialContent, headers + [place], file: file, range)
        case .notModified: return Response(.notModified, headers)
        case .unsatisfiable:
            return Response(.rangeNotSatisfiable, [("Content-Range", "bytes */\(length)"), ("ETag", tag)])
        }
    }

    // MARK: - Streams

    private func playlist(_ record: VideoRecord, _ token: String) async throws -> Response {
        let (_, probe, name) = try await fragments(record)
        let isEnded = probe.isFinished || record.state == .finished
        let segments = HLSPlaylist.segments(probe.pieces, end: probe.durationMilliseconds, isEnded: isEnded)
        guard !segments.isEmpty else {
            return .sentence(.notFound, "There is nothing of this recording to be seen yet.", retryAfter: 2)
        }
        let query = "?token=\(PercentCode.encode(token))"
        let text = HLSPlaylist.text(segments, isEnded: isEnded, file: "\(name)\(query)", header: "init.mp4\(query)")
        return Response(
            .ok, [("Content-Type", "application/vnd.apple.mpegurl"), ("Cache-Control", "no-cache")],
            body: Array(text.utf8))
    }

    private func header(_ record: VideoRecord) async throws -> Response {
        let (file, probe, _) = try await fragments(record)
        let range = probe.header
        guard range.count <= 8 << 20 else { return .notFound }
        let boxes = try await file.read(at: Int64(range.lowerBound), count: range.count)
        return Response(
            .ok,
            [
                ("X-Accel-Expires", Self.kept), ("Content-Type", "video/mp4"),
                ("Cache-Control", "private, max-age=3600"),
            ], body: probe.isOwn ? HLSPlaylist.fileType + boxes : boxes)
    }

    /// HTTP-FLV, from the last IDR at or before `start=SECONDS` on. What grows is followed to its end.
    private func flv(_ record: VideoRecord, _ request: Request) async throws -> Response {
        let start: Double
        switch request.query["start"] {
        case nil: start = 0
        case let text?:
            guard let seconds = Double(text), seconds.isFinite, (0...1e9).contains(seconds) else {
                return .sentence(.badRequest, "start wants seconds from the beginning, such as 90.5.")
            }
            start = seconds
        }
        guard let stream = try await stream(record, from: Int64(start * 1000)) else {
            return .sentence(.notFound, "There is nothing of this recording at that time.")
        }
        return Response(
            .ok,
            [
                ("Content-Type", "video/x-flv"), ("Cache-Control", "no-store"),
                ("Bulkhead-Start", "\(stream.startMilliseconds)"),
            ], stream: stream)
    }

    /// Nil where there is nothing to begin with.
    private func stream(_ record: VideoRecord, from milliseconds: Int64) async throws -> FLVStream? {
        let (file, probe, _) = try await fragments(record)
        let stream = try await Blocking.run { try FLVStream(file, probe, from: milliseconds) }
        guard let stream else { return nil }
        if record.state == .live {
            stream.next = { [self] in
                guard let now = node.scanner.record(record.id) else { return nil }
                let (_, probe) = try await open(now)
                return (probe.pieces, probe.isFinished || now.state == .finished)
            }
        }
        return stream
    }

    /// Why a recording is not played, as a sentence.
    struct Refusal: Error {
        let text: String
    }

    /// A recording for a player of RTMP.
    /// - Parameter name: `ID?token=TOKEN&start=SECONDS`.
    func recording(_ name: String) async -> Result<FLVStream, Refusal> {
        let parts = name.split(separator: "?", maxSplits: 1).map(String.init)
        guard let id = parts.first.flatMap({ VideoID($0) }), let query = Request.query(parts.count > 1 ? parts[1] : ""),
            let start = Double(query["start"] ?? "0"), start.isFinite, (0...1e9).contains(start)
        else { return .failure(Refusal(text: "media/ID?token=TOKEN&start=SECONDS was expected.")) }
        let token = query["token"] ?? ""
        guard PlaybackToken.isGood(token, id, node.id, atSeconds: Int64(time(nil)), key: node.key) else {
            return .failure(Refusal(text: "The address is no longer good: ask the tracker for a new one."))
        }
        guard let record = node.scanner.record(id) else {
            return .failure(Refusal(text: "This node does not have the recording, or not any more."))
        }
        node.players.note("rtmp\(token)", at: .now)
        do {
            let stream = try await stream(record, from: Int64(start * 1000))
            return stream.map { .success($0) }
                ?? .failure(Refusal(text: "There is nothing of this recording at that time."))
        } catch {
            return .failure(Refusal(text: (error as? NoStream)?.text ?? "The recording can't be read: \(error)."))
        }
    }

    private func poster(_ record: VideoRecord) -> Response {
        guard let file = try? OpenFile(named: PosterMaker.path(record.id, in: node.folder)) else { return .notFound }
        return Response(
            .ok,
            [
                ("X-Accel-Expires", Self.kept), ("Content-Type", "image/jpeg"),
                ("Cache-Control", "private, max-age=3600"),
            ], file: file, 0..<file.byteCount)
    }
}
