import BulkheadLibraryProtocol
import BulkheadSystem
import Glibc
import Synchronization
import SystemPackage

/// Takes recordings into a library's folder that a broadcast has written elsewhere: by a link, where both lie on one disk, else
/// by a copy.
final class Intake: Sendable {
    /// Why a file was not taken, as one lowercase phrase.
    struct Refusal: Error, Hashable, CustomStringConvertible {
        let description: String
    }

    private let folder: MediaFolder
    /// One at a time: a notice that is sent again while its file is copied must not lead to a second copy.
    private let turn = Mutex(())
    /// Recordings that have only just been opened: nothing of them was on the disk when they were to be taken.
    private let waiting = Mutex<[String: MonotonicTime]>([:])
    private static let mostWaiting = 64
    private static let longestWait = Duration.seconds(120)

    init(folder: MediaFolder) { self.folder = folder }

    /// Takes the file at `path`; one that lies in the folder already is left where it is. May wait long.
    /// - Parameter isGrowing: a file that is still written to is linked, or left for later.
    /// - Returns: false where it was left for later.
    func take(_ path: String, isGrowing: Bool) throws(Refusal) -> Bool {
        guard path.hasPrefix("/"), path.utf8.count <= 4096, path.hasSuffix(".mp4") else {
            throw Refusal(description: "only recordings in MP4 are taken")
        }
        let isTaken = try turn.withLock { _ throws(Refusal) in try takeInTurn(path, isGrowing: isGrowing) }
        waiting.withLock { waiting in
            if isTaken {
                waiting[path] = nil
            } else if waiting.count < Self.mostWaiting {
                waiting[path] = waiting[path] ?? .now
            }
        }
        return isTaken
    }

    /// Tries again what was left for later. May wait long.
    func takeWaiting() {
        let now = MonotonicTime.now
        let paths = waiting.withLock { waiting in
            waiting = waiting.filter { now.since($0.value) < Self.longestWait.nanoseconds }
            return Array(waiting.keys)
        }
        for path in paths {
            do throws(Refusal) { _ = try take(path, isGrowing: true) } catch {
                waiting.withLock { $0[path] = nil }
            }
        }
    }

    private func takeInTurn(_ path: String, isGrowing: Bool) throws(Refusal) -> Bool {
        if isInside(path) { return true }
        let file: OpenFile
        do throws(Errno) { file = try OpenFile(named: path) } catch {
            throw Refusal(description: "\(path) can't be read: \(error)")
        }
        // A notice needs no password: it publishes nothing that another user has written.
        guard file.owner == geteuid() else {
            throw Refusal(description: "\(path) belongs to another user")
        }
        let probe: RecordingProbe
        do throws(RecordingProbe.Refusal) {
            probe = try RecordingProbe(file, index: try? OpenFile(named: path + ".index"))
        } catch {
            // Nothing of a file that has just been opened is on the disk.
            if isGrowing { return false }
            throw Refusal(description: "\(path) is not taken: \(error)")
        }
        let index = path + ".index"
        var name = String(path.split(separator: "/").last ?? "")
        let stem = String(name.dropLast(".mp4".count))
        for number in 2...1000 {
            let target = folder.path + "/" + name
            if isSame(target, as: file) || isCopy(target, of: probe) { return true }
            // The index first: a file without one is read by its tables.
            if link(FileName.bytes(path), FileName.bytes(target)) == 0 {
                _ = link(FileName.bytes(index), FileName.bytes(target + ".index"))
                FolderSync.run(folder.path)
                return true
            }
            switch errno {
            case EEXIST: name = "\(stem)-\(number).mp4"
            case EXDEV, EPERM, EMLINK, ENOTSUP:
                guard !isGrowing else { return false }
                try copy(index, to: target + ".index", isOptional: true)
                try copy(path, to: target, isOptional: false)
                return true
            default: throw Refusal(description: "\(target) can't be made: \(Errno(rawValue: errno))")
            }
        }
        throw Refusal(description: "there are too many files named \(stem) in \(folder.path)")
    }

    private func isInside(_ path: String) -> Bool {
        guard let real = realpath(FileName.bytes(path), nil) else { return false }
        defer { free(real) }
        guard let root = realpath(FileName.bytes(folder.path), nil) else { return false }
        defer { free(root) }
        return FileName.text(real).hasPrefix(FileName.text(root) + "/")
    }

    private func isSame(_ path: String, as file: OpenFile) -> Bool {
        var (facts, own) = (stat(), stat())
        return stat(FileName.bytes(path), &facts) == 0 && fstat(file.descriptor, &own) == 0
            && facts.st_ino == own.st_ino && facts.st_dev == own.st_dev
    }

    private func isCopy(_ path: String, of probe: RecordingProbe) -> Bool {
        guard probe.isFinished, let file = try? OpenFile(named: path), file.byteCount == probe.byteCount else {
            return false
        }
        return (try? RecordingProbe(file, index: try? OpenFile(named: path + ".index")))?.id == probe.id
    }

    /// Under a hidden name until all of it is on the disk.
    private func copy(_ source: String, to target: String, isOptional: Bool) throws(Refusal) {
        let parts = target.split(separator: "/", omittingEmptySubsequences: false)
        let draft = parts.dropLast().joined(separator: "/") + "/." + (parts.last ?? "") + ".new"
        do throws(Errno) {
            let file = try OpenFile(named: source)
            let output = open(FileName.bytes(draft), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o644)
            guard output >= 0 else { throw Errno(rawValue: errno) }
            defer { _ = Glibc.close(output) }
            var offset: Int64 = 0
            while offset < file.byteCount {
                let bytes = try file.readBlocking(at: offset, count: Int(min(1 << 20, file.byteCount - offset)))
                guard !bytes.isEmpty else { throw .ioError }
                var rest = bytes[...]
                while !rest.isEmpty {
                    let count = rest.withUnsafeBytes { Glibc.write(output, $0.baseAddress, $0.count) }
                    guard count > 0 else { throw Errno(rawValue: count < 0 ? errno : ENOSPC) }
                    rest = rest.dropFirst(count)
                }
                offset += Int64(bytes.count)
            }
            // A link replaces nothing, as a new name would.
            guard fsync(output) == 0, link(FileName.bytes(draft), FileName.bytes(target)) == 0 else {
                throw Errno(rawValue: errno)
            }
            unlink(FileName.bytes(draft))
            FolderSync.run(folder.path)
        } catch {
            unlink(FileName.bytes(draft))
            if isOptional, error == .noSuchFileOrDirectory { return }
            throw Refusal(description: "\(source) can't be copied to \(target): \(error)")
        }
    }
}
