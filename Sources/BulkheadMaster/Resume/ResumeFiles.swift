import BulkheadEvents
import BulkheadModel
import BulkheadSystem
import FoundationEssentials
import Glibc

/// The files of one broadcast that can be resumed: its record, which is written as a whole or not at all, and its place
/// (``ResumePlaceFile``). All calls may block, and come from one thread.
package final class ResumeFiles {
    /// What was found.
    package struct Found: Sendable {
        package var record: ResumeRecord?
        /// Why a file that is there can't be used, in words.
        package var damage: String?
        /// The machine went down since, and what was noted last may be lost.
        package var isAfterReboot = false
    }

    /// Why the files can't be used.
    package enum Problem: Error, Hashable, Sendable {
        /// Another broadcast has the name.
        case inUse
        /// What was tried, and the system's number of its error.
        case failed(String, errno: Int32)

        package var text: String {
            switch self {
            case .inUse: "another broadcast has this name"
            case .failed(let what, let number): "\(what): \(String(cString: strerror(number)))"
            }
        }
    }

    static let mostBytes = 16 << 20

    private let folder: String
    private let name: String
    private var lock: CInt = -1

    package init(folder: String = standardFolder, name: String) {
        self.folder = folder
        self.name = name
    }

    deinit { release() }

    /// `$XDG_STATE_HOME/bulkhead/resume`, or below `~/.local/state`; empty where neither is known.
    package static var standardFolder: String {
        let deaths = DeathArchive.standard.path
        return deaths.lastIndex(of: "/").map { deaths[..<$0] + "/resume" } ?? ""
    }

    package var recordPath: String { "\(folder)/\(name).json" }
    package var placePath: String { "\(folder)/\(name).place" }
    /// Where the record of a broadcast lies that another of its name has replaced: the last one alone.
    private var beforePath: String { recordPath + ".before" }
    private var damagedPath: String { recordPath + ".damaged" }
    private var lockPath: String { "\(folder)/\(name).lock" }

    // MARK: reading

    /// Takes the name for a broadcast, and reads what is there.
    package func open() throws(Problem) -> Found {
        WholeFile.makeFolder(folder)
        for _ in 0..<Self.mostLocks {
            release()
            let descriptor = Glibc.open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
            guard descriptor >= 0 else { throw .failed("\(folder) can't be written to", errno: errno) }
            guard FileHold.own(descriptor) else {
                close(descriptor)
                throw .inUse
            }
            lock = descriptor
            if holdsTheName { return read() }
        }
        throw .inUse
    }

    /// How often a lock is made anew that another has removed meanwhile.
    private static let mostLocks = 20

    /// Whether the lock is the file that has its name: whoever had it before may have removed it.
    private var holdsTheName: Bool {
        var (held, named) = (stat(), stat())
        return fstat(lock, &held) == 0 && lstat(lockPath, &named) == 0 && held.st_dev == named.st_dev
            && held.st_ino == named.st_ino
    }

    /// Lets go of the name. The lock goes where nothing is kept under it.
    package func release() {
        guard lock >= 0 else { return }
        if access(recordPath, F_OK) != 0, holdsTheName { unlink(lockPath) }
        close(lock)
        lock = -1
    }

    /// What is there, for who only looks.
    package func read() -> Found {
        var found = Found()
        var information = stat()
        guard stat(recordPath, &information) == 0 else { return found }
        guard information.st_size <= Self.mostBytes, let data = try? Data(contentsOf: URL(filePath: recordPath)) else {
            found.damage = "it is too long or can't be read"
            return found
        }
        guard let version = (try? JSONLine.decode(Version.self, from: data))?.version else {
            found.damage = "it is torn, or no file of Bulkhead's"
            return found
        }
        guard version == ResumeRecord.currentVersion else {
            found.damage = "it is of another version of Bulkhead"
            return found
        }
        do {
            var record = try JSONLine.decode(ResumeRecord.self, from: data)
            try record.check()
            guard record.name == name else { throw BroadcastError(.file, "it is of another broadcast") }
            found.isAfterReboot = record.bootID != ResumeRecord.bootID
            if let place = ResumePlaceFile.read(placePath, of: record.startedAt), place.frame >= record.place.frame {
                record.place = place
            }
            found.record = record
        } catch let error as BroadcastError {
            found.damage = error.problem
        } catch { found.damage = "it is torn, or no file of Bulkhead's" }
        return found
    }

    private struct Version: Codable { let version: Int }

    // MARK: writing

    /// Puts `record` in the place of the last one; returns when it is on the disk.
    package func save(_ record: ResumeRecord) throws(Problem) {
        do throws(WholeFile.Failure) { try WholeFile.write(JSONLine.encode(record), to: recordPath) } catch {
            throw .failed("\(error.path) can't be written", errno: error.errno)
        }
    }

    /// Removes all that is kept, and lets go of the name.
    package func forget() {
        forgetRecord()
        unlink(beforePath)
        unlink(damagedPath)
        release()
    }

    /// Nothing is to be resumed any more.
    package func forgetRecord() {
        unlink(recordPath)
        unlink(placePath)
    }

    /// Whether there is anything to forget.
    package var isThere: Bool {
        [recordPath, placePath, beforePath, damagedPath].contains { (path: String) in access(path, F_OK) == 0 }
    }

    /// Keeps the record that was found aside, in the place of an earlier one. With another name, it could be resumed.
    /// - Returns: its path; nil where it can't be written.
    package func keepBefore(_ found: Found) -> String? {
        guard let record = found.record else { return rename(recordPath, beforePath) == 0 ? beforePath : nil }
        do throws(WholeFile.Failure) { try WholeFile.write(JSONLine.encode(record), to: beforePath) } catch {
            return nil
        }
        return beforePath
    }

    /// Moves a record that can't be used to where it is in nobody's way.
    /// - Returns: its path.
    package func putAside() -> String {
        _ = rename(recordPath, damagedPath)
        return damagedPath
    }

    // MARK: all of them

    /// The names of broadcasts of which something is kept, in order.
    package static func names(in folder: String = standardFolder) -> [String] {
        guard let entries = try? FileManager.default.contentsOfDirectory(atPath: folder) else { return [] }
        return entries.filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }
            .filter(RoomSettings.isName).sorted()
    }

    /// Whether a broadcast of this name runs.
    package var isInUse: Bool {
        let descriptor = Glibc.open(lockPath, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return !FileHold.own(descriptor, looks: 1)
    }
}
