import BulkheadHTTP
import BulkheadLibraryProtocol
import BulkheadModel
import BulkheadSystem
import Glibc
import NIOCore
import NIOHTTP1
import SystemPackage

/// Uploads over HTTP, below `/node/uploads`: the protocol tus, version 1.0.0, with its extensions creation, creation-with-upload,
/// expiration and termination, and a list of what is on its way.
/// - SeeAlso: https://tus.io/protocols/resumable-upload
struct UploadAnswers: Sendable {
    private static let version = "1.0.0"
    private static let contentType = "application/offset+octet-stream"
    /// Written at once.
    private static let pieceByteCount = 256 << 10
    private static let longestMetadata = 4096

    let node: NodeService

    /// What a sender is told of an upload.
    struct Line: Codable, Hashable, Sendable {
        let id: String
        let name: String
        let byteCount: Int64
        let offset: Int64
        let checksum: String?
    }

    /// - Parameter path: behind `/node/uploads`.
    func answer(_ request: Request, _ path: [String], _ body: RequestBody) async -> Response {
        guard let desk = node.uploads else {
            return .sentence(.forbidden, "This node takes no uploads: its settings name no upload-key-file.")
        }
        var response = await answer(request, path, body, desk)
        response.headers.append(("Tus-Resumable", Self.version))
        return response
    }

    private func answer(_ request: Request, _ path: [String], _ body: RequestBody, _ desk: UploadDesk) async -> Response
    {
        if request.method == .OPTIONS {
            return Response(
                .noContent,
                [
                    ("Tus-Version", Self.version), ("Tus-Max-Size", "\(desk.limits.largest)"),
                    ("Tus-Extension", "creation,creation-with-upload,expiration,termination"),
                ])
        }
        guard path.count <= 1 else { return .notFound }
        guard isAllowed(request, desk) else {
            var response = Response.sentence(
                .unauthorized, "The token is missing, wrong, or no longer good: make one of the node's upload key.")
            response.headers.append(("WWW-Authenticate", "Bearer realm=\"uploads\""))
            return response
        }
        if path.isEmpty, request.method == .GET {
            return .json(
                desk.unfinished.map { upload in
                    let facts = upload.facts
                    return Line(
                        id: facts.id, name: facts.name, byteCount: facts.byteCount, offset: upload.offset,
                        checksum: facts.checksum)
                })
        }
        guard path.isEmpty ? request.method == .POST : [.HEAD, .PATCH, .DELETE].contains(request.method) else {
            return .notAllowed(path.isEmpty ? "GET, POST, OPTIONS" : "HEAD, PATCH, DELETE, OPTIONS")
        }
        guard request[header: "Tus-Resumable"] == Self.version else {
            var response = Response.sentence(.preconditionFailed, "Tus-Resumable: \(Self.version) was expected.")
            response.headers.append(("Tus-Version", Self.version))
            return response
        }
        guard let id = path.first else { return await begin(request, body, desk) }
        guard let upload = desk[id] else { return refusal(UploadRefusal.unknown) }
        switch request.method {
        case .HEAD: return state(of: upload, desk)
        case .PATCH: return await take(request, body, upload, desk)
        default:
            try? await Blocking.run { desk.remove(upload) }
            return Response(.noContent)
        }
    }

    private func isAllowed(_ request: Request, _ desk: UploadDesk) -> Bool {
        guard let header = request[header: "Authorization"], header.lowercased().hasPrefix("bearer ") else {
            return false
        }
        return UploadToken.isGood(String(header.dropFirst(7)), atSeconds: Int64(time(nil)), key: desk.key)
    }

    private func begin(_ request: Request, _ body: RequestBody, _ desk: UploadDesk) async -> Response {
        guard let length = request[header: "Upload-Length"].flatMap({ Int64($0) }), length > 0 else {
            return .sentence(.badRequest, "Upload-Length was expected: how many bytes the film has, 1 at least.")
        }
        let header = request[header: "Upload-Metadata"] ?? ""
        guard header.utf8.count <= Self.longestMetadata, let metadata = UploadName.metadata(header) else {
            return .sentence(.badRequest, "Upload-Metadata is malformed or too long: keys and values in Base64.")
        }
        let name = metadata["filename"] ?? metadata["name"] ?? "film.mp4"
        let checksum = metadata["crc32"]
        guard checksum.map({ $0.count == 8 && $0.allSatisfy(\.isHexDigit) }) ?? true else {
            return .sentence(.badRequest, "crc32 has eight hexadecimal digits.")
        }
        let upload: UploadFile
        do {
            upload = try await Blocking.run {
                try desk.begin(UploadName.fileName(name), byteCount: length, checksum: checksum)
            }
        } catch { return refusal(error) }
        var response = Response(.created)
        if request[header: "Content-Type"]?.lowercased() == Self.contentType {
            let first = await append(body, to: upload, at: 0, desk)
            guard first.status == .noContent else { return first }
            response.headers += first.headers
        } else {
            response.headers.append(expiry(desk))
        }
        response.headers.append(("Location", "/node/uploads/\(upload.facts.id)"))
        return response
    }

    private func state(of upload: UploadFile, _ desk: UploadDesk) -> Response {
        var response = Response(
            .ok,
            [
                ("Upload-Offset", "\(upload.offset)"), ("Upload-Length", "\(upload.facts.byteCount)"),
                ("Cache-Control", "no-store"), expiry(desk),
            ])
        if let video = upload.facts.video { response.headers.append(("Bulkhead-Video", video)) }
        return response
    }

    private func take(_ request: Request, _ body: RequestBody, _ upload: UploadFile, _ desk: UploadDesk) async
        -> Response
    {
        guard request[header: "Content-Type"]?.lowercased() == Self.contentType else {
            return .sentence(.unsupportedMediaType, "Content-Type: \(Self.contentType) was expected.")
        }
        guard let offset = request[header: "Upload-Offset"].flatMap({ Int64($0) }), offset >= 0 else {
            return .sentence(.badRequest, "Upload-Offset was expected: where these bytes belong.")
        }
        return await append(body, to: upload, at: offset, desk)
    }

    /// Writes what comes; the last byte makes it a recording.
    private func append(
        _ body: RequestBody, to upload: UploadFile, at offset: Int64, _ desk: UploadDesk
    ) async -> Response {
        do {
            if !(upload.isComplete && offset == upload.facts.byteCount) {
                guard let turn = try await Blocking.run({ try upload.begin(at: offset) }) else {
                    var response = Response.sentence(
                        .conflict, "The upload goes on elsewhere: ask for its offset by HEAD.")
                    response.headers.append(("Upload-Offset", "\(upload.offset)"))
                    return response
                }
                let isTaken = try await receive(body, upload, turn, desk)
                try await Blocking.run { try upload.end(turn: turn) }
                guard isTaken else {
                    return .sentence(
                        .conflict,
                        "This is more than was announced, or the upload was gone on with on another connection.")
                }
            }
            if upload.isComplete {
                let inode = try await Blocking.run { [scanner = node.scanner] in
                    try desk.finish(upload) { scanner.record($0)?.path }
                }
                if let inode { node.scanner.noteWhole(inode) }
                node.noteNews()
            }
        } catch { return refusal(error) }
        var response = Response(.noContent, [("Upload-Offset", "\(upload.offset)"), expiry(desk)])
        let facts = upload.facts
        if let video = facts.video {
            response.headers += [
                ("Bulkhead-Video", video), ("Bulkhead-Path", PercentCode.encode(facts.path ?? "")),
            ]
        }
        return response
    }

    /// - Returns: false where more comes than was said, or another connection has taken over. What had come before a connection
    ///   was cut is kept.
    private func receive(_ body: RequestBody, _ upload: UploadFile, _ turn: Int, _ desk: UploadDesk) async throws
        -> Bool
    {
        var waiting: [UInt8] = []
        var isOver = false
        while !isOver {
            let piece = try? await body.next()
            if let piece { waiting += piece.readableBytesView } else { isOver = true }
            guard waiting.count >= Self.pieceByteCount || isOver, !waiting.isEmpty else { continue }
            let bytes = waiting
            waiting = []
            guard try await Blocking.run({ try upload.write(bytes, turn: turn) }) else { return false }
            let delay = desk.pace.delay(for: bytes.count, at: .now)
            if delay > .zero { try await Task.sleep(for: delay) }
        }
        return true
    }

    private func expiry(_ desk: UploadDesk) -> (String, String) {
        ("Upload-Expires", HTTPDate.text(Int64(time(nil)) + desk.limits.kept.components.seconds))
    }

    private func refusal(_ error: any Error) -> Response {
        switch error {
        case UploadRefusal.unknown:
            .sentence(.notFound, "There is no such upload, or not any more: begin anew.")
        case UploadRefusal.tooLarge(let limit):
            .sentence(.payloadTooLarge, "This node takes films of \(limit) bytes at most.")
        case UploadRefusal.tooMany(let limit):
            .sentence(.serviceUnavailable, "\(limit) uploads are on their way: try again later.", retryAfter: 60)
        case UploadRefusal.diskFull, Errno.noSpace:
            .sentence(
                .insufficientStorage, "The node's disk is too full for this film: tell its owner, and go on later.")
        case UploadRefusal.notFilm(let why):
            .sentence(.unprocessableEntity, "The film is not taken: \(why).")
        case UploadRefusal.failed(let why):
            .sentence(.serviceUnavailable, "The upload can't be kept: \(why).", retryAfter: 30)
        default: .sentence(.serviceUnavailable, "The upload can't be kept: \(error).", retryAfter: 30)
        }
    }
}
