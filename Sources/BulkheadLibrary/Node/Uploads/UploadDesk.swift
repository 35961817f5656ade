import BulkheadLibraryProtocol
import BulkheadModel
import BulkheadRecording
import BulkheadSystem
import Glibc
import Synchronization
import SystemPackage

/// What a node takes of uploads.
struct UploadLimits: Hashable, Sendable {
    /// Of one film, in bytes.
    var largest: Int64 = 50_000_000_000
    /// Of all together; nil for no limit.
    var bytesPerSecond: Int64?
    /// How many may be on their way.
    var most = 16
    /// How long one is kept on which nothing was written.
    var kept = Duration.seconds(24 * 3600)
}

/// Why an upload does not go on.
enum UploadRefusal: Error, Hashable, Sendable {
    case unknown
    case tooLarge(limit: Int64)
    case tooMany(limit: Int)
    case diskFull
    case notFilm(String)
    case failed(String)
}

/// Keeps what comes in, until it is whole and a recording of the folder. It lies in `.library/uploads` meanwhile: the bytes, and
/// beside them what is known of them. Calls block.
final class UploadDesk: Sendable {
    /// What is left free on the disk.
    private static let diskFloor: Int64 = 500_000_000

    let limits: UploadLimits
    /// Makes the tokens of those who may upload.
    let key: [UInt8]
    let pace: UploadPace
    private let folder: MediaFolder
    private let place: String
    private let log: LibraryLog
    private let uploads = Mutex<[String: UploadFile]>([:])
    /// One film at a time becomes a recording.
    private let finishing = Mutex(())

    /// Finds what a process before has left.
    init(_ folder: MediaFolder, key: [UInt8], limits: UploadLimits, log: LibraryLog) {
        self.folder = folder
        self.key = key
        self.limits = limits
        self.log = log
        pace = UploadPace(bytesPerSecond: limits.bytesPerSecond)
        place = folder.ownPath("uploads")
        WholeFile.makeFolder(place)
        var found: [String: UploadFile] = [:]
        for name in FolderSync.names(place) where name.hasSuffix(".json") {
            guard let file = try? OpenFile(named: "\(place)/\(name)"), file.byteCount < 65_536,
                let bytes = try? file.readBlocking(at: 0, count: Int(file.byteCount)),
                let facts = try? JSONLine.decode(UploadFacts.self, from: bytes), name == facts.id + ".json",
                facts.byteCount > 0
            else {
                unlink("\(place)/\(name)")
                continue
            }
            let part = try? OpenFile(named: "\(place)/\(facts.id).part")
            guard part != nil || facts.video != nil, part?.byteCount ?? 0 <= facts.byteCount else {
                unlink("\(place)/\(name)")
                continue
            }
            found[facts.id] = UploadFile(facts, in: place, offset: part?.byteCount ?? facts.byteCount)
        }
        for name in FolderSync.names(place) where found[String(name.prefix { $0 != "." })] == nil {
            unlink("\(place)/\(name)")
        }
        uploads.withLock { [found] in $0 = found }
    }

    subscript(id: String) -> UploadFile? { uploads.withLock { $0[id] } }

    /// Those that are on their way.
    var unfinished: [UploadFile] {
        uploads.withLock { $0.values.filter { $0.facts.video == nil } }.sorted { $0.facts.id < $1.facts.id }
    }

    func begin(_ name: String, byteCount: Int64, checksum: String?) throws(UploadRefusal) -> UploadFile {
        guard byteCount <= limits.largest else { throw .tooLarge(limit: limits.largest) }
        let waiting = unfinished
        guard waiting.count < limits.most else { throw .tooMany(limit: limits.most) }
        // What the others have not brought yet is theirs.
        let promised = waiting.reduce(Int64(0)) { $0 + $1.facts.byteCount - $1.offset }
        guard let free = DiskSpace.free(folder.path), free - Self.diskFloor - promised >= byteCount else {
            throw .diskFull
        }
        let facts = UploadFacts(
            id: Epoch.random().description, name: name, byteCount: byteCount, checksum: checksum)
        let upload = UploadFile(facts, in: place, offset: 0)
        let descriptor = open(upload.partPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else { throw .failed(String(cString: strerror(errno))) }
        _ = close(descriptor)
        do throws(WholeFile.Failure) {
            // Both names are on the disk then: they lie in one folder.
            try WholeFile.write(JSONLine.encode(facts), to: upload.factsPath)
        } catch {
            unlink(upload.partPath)
            throw .failed(String(cString: strerror(error.errno)))
        }
        uploads.withLock { $0[facts.id] = upload }
        log.write("node.upload-begun", "\(name) is being uploaded", ["upload": facts.id, "bytes": "\(byteCount)"])
        return upload
    }

    func remove(_ upload: UploadFile) {
        uploads.withLock { $0[upload.facts.id] = nil }
        unlink(upload.partPath)
        unlink(upload.factsPath)
    }

    /// Makes a recording of the folder of an upload that is whole. Doing it twice does no harm: a kill may have come between.
    /// - Parameter known: the path of a video that is in the library already.
    /// - Returns: the number of the file, for the first look at it; nil where the library had it already.
    func finish(_ upload: UploadFile, known: (VideoID) -> MediaPath?) throws(UploadRefusal) -> UInt64? {
        let result: Result<UInt64?, UploadRefusal> = finishing.withLock { _ in
            do throws(UploadRefusal) { return .success(try finishInTurn(upload, known)) } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private func finishInTurn(
        _ upload: UploadFile, _ known: (VideoID) -> MediaPath?
    ) throws(UploadRefusal) -> UInt64? {
        let facts = upload.facts
        guard facts.video == nil else { return nil }
        guard let file = try? OpenFile(named: upload.partPath), file.byteCount == facts.byteCount else {
            throw .failed("what has come of it can't be read")
        }
        let probe: RecordingProbe
        do throws(RecordingProbe.Refusal) {
            try Self.check(file, facts.checksum)
            probe = try RecordingProbe.any(file, index: nil, isWhole: true)
        } catch {
            remove(upload)
            log.write("node.upload-refused", "\(facts.name) is refused: \(error)", ["upload": facts.id])
            throw .notFilm(error.description)
        }
        guard fsync(file.descriptor) == 0 else { throw .failed(String(cString: strerror(errno))) }
        var (path, isNew) = (known(probe.id)?.description ?? "", false)
        if path.isEmpty || (try? OpenFile(named: folder.path + "/" + path))?.inode == file.inode {
            path = try link(upload.partPath, as: UploadName.fileName(facts.name), file)
            isNew = true
        }
        FolderSync.run(folder.path)
        FailPoint.uploadLinked.reach()
        do throws(WholeFile.Failure) { try upload.noteTaken("\(probe.id)", path) } catch {
            throw .failed(String(cString: strerror(error.errno)))
        }
        unlink(upload.partPath)
        log.write("node.uploaded", "\(facts.name) has been uploaded", ["id": "\(probe.id)", "path": path])
        return isNew ? file.inode : nil
    }

    /// Gives it a name in the folder, with a number where there is one of that name.
    private func link(_ part: String, as name: String, _ file: OpenFile) throws(UploadRefusal) -> String {
        let stem = name.dropLast(".mp4".count)
        for number in 1...1000 {
            let name = number == 1 ? name : "\(stem)-\(number).mp4"
            let target = folder.path + "/" + name
            if Glibc.link(part, FileName.bytes(target)) == 0 { return name }
            guard errno == EEXIST else { throw .failed(String(cString: strerror(errno))) }
            if (try? OpenFile(named: target))?.inode == file.inode { return name }
        }
        throw .failed("there are too many films of that name")
    }

    private static func check(_ file: OpenFile, _ checksum: String?) throws(RecordingProbe.Refusal) {
        guard let checksum else { return }
        var (crc, offset) = (CRC32(), Int64(0))
        while offset < file.byteCount {
            guard let bytes = try? file.readBlocking(at: offset, count: 1 << 20), !bytes.isEmpty else {
                throw RecordingProbe.Refusal(description: "it can't be read")
            }
            crc.update(bytes)
            offset += Int64(bytes.count)
        }
        guard UploadName.checksum(crc) == checksum.lowercased() else {
            throw RecordingProbe.Refusal(description: "it did not arrive as it was sent: its checksum is another one")
        }
    }

    /// Removes what nobody has gone on with.
    func clean() {
        let now = Int64(time(nil))
        for upload in uploads.withLock({ Array($0.values) }) {
            let path = upload.facts.video == nil ? upload.partPath : upload.factsPath
            guard let file = try? OpenFile(named: path) else { continue }
            let age = now.subtractingReportingOverflow(file.modified.seconds).partialValue
            guard age > limits.kept.components.seconds else { continue }
            if upload.facts.video == nil {
                log.write(
                    "node.upload-given-up",
                    "\(upload.facts.name) is given up: \(upload.offset) of \(upload.facts.byteCount) bytes had come",
                    ["upload": upload.facts.id])
            }
            remove(upload)
        }
    }
}

/// How much the disk of a folder can take.
enum DiskSpace {
    /// Bytes for this user; nil where that can't be found out.
    static func free(_ path: String) -> Int64? {
        var facts = statvfs()
        guard statvfs(FileName.bytes(path), &facts) == 0 else { return nil }
        let (bytes, overflows) = UInt64(facts.f_bavail).multipliedReportingOverflow(by: UInt64(facts.f_frsize))
        return overflows ? .max : Int64(clamping: bytes)
    }
}

/// Spreads what comes in over time. Whoever brings bytes waits for as long as it is told.
final class UploadPace: Sendable {
    private let bytesPerSecond: Int64?
    private let free = Mutex(MonotonicTime.now)

    init(bytesPerSecond: Int64?) { self.bytesPerSecond = bytesPerSecond }

    /// - Returns: how long to wait before more is read.
    func delay(for byteCount: Int, at now: MonotonicTime) -> Duration {
        guard let bytesPerSecond else { return .zero }
        let cost = Duration.nanoseconds(Int64(Double(byteCount) / Double(max(1, bytesPerSecond)) * 1e9))
        return free.withLock { free in
            let begin = max(free, now)
            free = begin.advanced(by: cost)
            return .nanoseconds(max(0, free.since(now)))
        }
    }
}
