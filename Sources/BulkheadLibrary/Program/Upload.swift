import BulkheadHTTP
import BulkheadLibraryProtocol
import BulkheadModel
import BulkheadRecording
import Glibc
import NIOHTTP1
import SystemPackage

/// One film on its way to a node.
struct Upload {
    private static let pieceByteCount = 256 << 10
    private static let contentType = ("Content-Type", "application/offset+octet-stream")
    private static let mostFailures = 1000

    let address: PeerAddress
    /// Whom it believes under TLS; nil for the system's authorities.
    let trust: ClientTrust?
    let path: String
    let key: [UInt8]?
    let token: String
    let patience: Duration

    /// - Returns: the video's name in the library.
    func run(_ progress: (String) -> Void) async throws(StartError) -> String {
        let file: OpenFile
        do throws(Errno) { file = try OpenFile(named: path) } catch {
            throw StartError("\(path) can't be read: \(error)")
        }
        guard file.byteCount > 0 else { throw StartError("\(path) is empty") }
        progress("reading \(path)")
        let checksum = try await checksum(of: file)
        var troubleSince: ContinuousClock.Instant?
        var (place, reached): (String?, Int64) = (nil, 0)
        for failure in 0..<Self.mostFailures {
            do {
                return try await HTTPCall.with(address, trust: trust) { call in
                    try await send(file, checksum, &place, call) { offset, isThere in
                        // What was sent and not kept is no progress.
                        if isThere, offset > reached { (reached, troubleSince) = (offset, nil) }
                        progress("\(path): \(offset * 100 / file.byteCount) %")
                    }
                }
            } catch let error as StartError { throw error } catch {
                let since = troubleSince ?? .now
                troubleSince = since
                let why =
                    (error as? PeerFailure)?.description ?? "\(address) can't be reached: \(PeerCall.phrase(error))"
                guard ContinuousClock.now - since < patience else {
                    throw StartError("\(why); the same command goes on where it was")
                }
                progress("\(why); it is tried again")
                try? await Task.sleep(for: .milliseconds(min(5000, 200 << min(5, failure))))
            }
        }
        throw StartError("\(address) breaks the upload off again and again; the same command goes on where it was")
    }

    private func checksum(of file: OpenFile) async throws(StartError) -> String {
        do {
            return try await Blocking.run {
                var (crc, offset) = (CRC32(), Int64(0))
                while offset < file.byteCount {
                    let bytes = try file.readBlocking(at: offset, count: 1 << 20)
                    guard !bytes.isEmpty else { throw Errno.ioError }
                    crc.update(bytes)
                    offset += Int64(bytes.count)
                }
                return UploadName.checksum(crc)
            }
        } catch { throw StartError("\(path) can't be read: \(error)") }
    }

    private var headers: [(String, String)] {
        let token = key.map { UploadToken.make(until: Int64(time(nil)) + 60, key: $0) } ?? token
        return [("Authorization", "Bearer \(token)"), ("Tus-Resumable", "1.0.0")]
    }

    private func send(
        _ file: OpenFile, _ checksum: String, _ place: inout String?, _ call: HTTPCall,
        _ progress: (Int64, _ isThere: Bool) -> Void
    ) async throws -> String {
        var offset: Int64 = 0
        if place == nil {
            // The same film of an earlier call.
            let list = try await checked(call.send(.GET, "/node/uploads", headers))
            let lines = (try? JSONLine.decode([UploadAnswers.Line].self, from: list.body)) ?? []
            place = lines.first { $0.checksum == checksum && $0.byteCount == file.byteCount }.map {
                "/node/uploads/\($0.id)"
            }
        }
        if let known = place {
            let answer = try await call.send(.HEAD, known, headers)
            if let video = answer.headers.first(name: "Bulkhead-Video") { return video }
            if let there = answer.headers.first(name: "Upload-Offset").flatMap({ Int64($0) }),
                answer.status == 200, (0...file.byteCount).contains(there)
            {
                offset = there
                progress(there, true)
            } else {
                place = nil
            }
        }
        if place == nil {
            let name = path.split(separator: "/").last.map(String.init) ?? path
            let metadata = [("filename", name), ("crc32", checksum)].map { "\($0) \(Base64.encode(Array($1.utf8)))" }
            let answer = try await checked(
                call.send(
                    .POST, "/node/uploads",
                    headers + [
                        ("Upload-Length", "\(file.byteCount)"), ("Upload-Metadata", metadata.joined(separator: ",")),
                    ]))
            guard let location = answer.headers.first(name: "Location"), location.hasPrefix("/") else {
                throw StartError("\(address) takes no uploads")
            }
            place = location
        }
        guard let target = place else { throw StartError("\(address) takes no uploads") }
        let begin = offset
        let answer = try await call.send(
            .PATCH, target, headers + [Self.contentType, ("Upload-Offset", "\(begin)")],
            byteCount: file.byteCount - begin
        ) {
            guard offset < file.byteCount else { return nil }
            let bytes = try await file.read(
                at: offset, count: Int(min(Int64(Self.pieceByteCount), file.byteCount - offset)))
            // The length that was promised can't be kept.
            guard !bytes.isEmpty else { throw StartError("\(path) has become shorter") }
            offset += Int64(bytes.count)
            progress(offset, false)
            return bytes
        }
        // Somebody else has gone on with it: where it is, is asked anew.
        if answer.status == 409 { throw PeerFailure(description: "\(address) has another part of the film") }
        guard let video = try checked(answer).headers.first(name: "Bulkhead-Video") else {
            throw PeerFailure(description: "\(address) has not got all of it")
        }
        return video
    }

    private func checked(_ answer: HTTPCall.Answer) throws -> HTTPCall.Answer {
        if (200..<300).contains(answer.status) { return answer }
        // What may be better in a moment is tried again.
        if answer.status == 503 || answer.status == 507 {
            let phrase = answer.sentence.hasSuffix(".") ? String(answer.sentence.dropLast()) : answer.sentence
            throw PeerFailure(description: "\(address) answers: \(phrase)", status: answer.status)
        }
        throw StartError("\(address) refuses: \(answer.sentence)")
    }
}
