package import BulkheadDanmaku
import BulkheadMedia
import BulkheadModel
import BulkheadSystem
import FoundationEssentials
import Glibc

/// The files of one room: its record, which is written as a whole or not at all, and the log of all comments, which grows.
///
/// The log is written first: a record that counts a comment has it in the log, and what the log has beyond the record is
/// known again when both are read. All calls may block, and come from one thread.
package final class RoomFiles {
    /// What was found.
    package struct Found: Sendable {
        /// As it was left; nil where there was none.
        package var record: RoomRecord?
        /// The latest comments, the oldest first.
        package var entries: [RoomLogEntry] = []
        /// Comments of the log that a record which begins anew is to know, the oldest first; none where there is a record.
        package var known: [RoomLogEntry] = []
        /// A record that can't be read, and where it was put.
        package var damaged: String?
    }

    /// Why the files can't be used.
    package enum Problem: Error, Hashable, Sendable {
        /// Another broadcast has the room.
        case inUse
        /// What was tried, and the system's number of its error.
        case failed(String, errno: Int32)

        package var text: String {
            switch self {
            case .inUse: "another broadcast has this room"
            case .failed(let what, let number): "\(what): \(String(cString: strerror(number)))"
            }
        }
    }

    /// A longer log is put aside; one such is kept.
    private static let mostLogBytes: Int64 = 64 << 20
    private static let mostRecordBytes = 16 << 20
    /// How many comments are looked at when a room is opened, and how many of them are kept for those who ask.
    private static let mostRead = SeenIDs.capacity
    /// How many records that can't be read are kept; the last one is replaced.
    private static let mostDamaged = 9
    package static let mostKept = 1000

    private let folder: String
    private let name: String
    private var lock: CInt = -1
    private var log: CInt = -1

    package init(folder: String, name: String) {
        self.folder = folder
        self.name = name
    }

    deinit {
        if log >= 0 { close(log) }
        if lock >= 0 { close(lock) }
    }

    package var recordPath: String { "\(folder)/\(name).json" }
    package var logPath: String { "\(folder)/\(name).jsonl" }
    private var olderLogPath: String { "\(folder)/\(name).1.jsonl" }

    // MARK: opening

    /// Takes the room, and reads what is there.
    package func open() throws(Problem) -> Found {
        let obstacle = WholeFile.makeFolder(folder)
        lock = Glibc.open("\(folder)/\(name).lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard lock >= 0 else {
            throw .failed("\(folder) can't be written to", errno: errno == ENOENT ? obstacle ?? ENOENT : errno)
        }
        guard FileHold.own(lock) else { throw .inUse }
        var found = Found()
        readRecord(into: &found)
        try openLog()
        found.entries = Self.lines(of: log, beyond: found.record?.logged ?? 0)
        if found.record == nil {
            found.known = found.entries.isEmpty ? olderLines() : found.entries
        } else {
            for entry in found.entries { found.record?.know(entry) }
        }
        found.entries = Array(found.entries.suffix(Self.mostKept))
        return found
    }

    private func readRecord(into found: inout Found) {
        var information = stat()
        guard stat(recordPath, &information) == 0 else { return }
        if information.st_size <= Self.mostRecordBytes, let data = try? Data(contentsOf: URL(filePath: recordPath)),
            let record = try? JSONLine.decode(RoomRecord.self, from: data), record.isOfThisVersion
        {
            found.record = record
            return
        }
        // Whoever looks into it later may find more than this version did.
        let names = [recordPath + ".damaged"] + (2...Self.mostDamaged).map { "\(recordPath).damaged.\($0)" }
        let aside = names.first { access($0, F_OK) != 0 } ?? names[names.count - 1]
        if rename(recordPath, aside) == 0 { found.damaged = aside }
    }

    /// The end of the log before this one, where this one has just been begun.
    private func olderLines() -> [RoomLogEntry] {
        let older = Glibc.open(olderLogPath, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard older >= 0 else { return [] }
        defer { close(older) }
        return Self.lines(of: older, beyond: 0)
    }

    private func openLog() throws(Problem) {
        log = Glibc.open(logPath, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard log >= 0 else { throw .failed("\(logPath) can't be opened", errno: errno) }
        // Half a line, of a machine that went down, would spoil the next one too.
        var end = lseek(log, 0, SEEK_END)
        var byte: UInt8 = 0
        while end > 0, pread(log, &byte, 1, off_t(end - 1)) == 1, byte != 0x0A { end -= 1 }
        _ = ftruncate(log, off_t(max(0, end)))
    }

    /// Comments from the log's end, as many as are wanted, and all with numbers beyond `number` within reason.
    private static func lines(of log: CInt, beyond number: Int64) -> [RoomLogEntry] {
        var entries: [RoomLogEntry] = []
        var end = lseek(log, 0, SEEK_END)
        var rest: [UInt8] = []
        let piece = 1 << 18
        while end > 0, entries.count < mostRead {
            let start = max(0, Int(end) - piece)
            var bytes = [UInt8](repeating: 0, count: Int(end) - start)
            let count = bytes.withUnsafeMutableBytes { pread(log, $0.baseAddress, $0.count, off_t(start)) }
            guard count == bytes.count else { break }
            bytes += rest
            end = off_t(start)
            // The first line may begin before this piece.
            let first = start == 0 ? 0 : (bytes.firstIndex(of: 0x0A).map { $0 + 1 } ?? bytes.count)
            rest = Array(bytes[..<first])
            let read = bytes[first...].split(separator: 0x0A).compactMap {
                try? JSONLine.decode(RoomLogEntry.self, from: $0)
            }
            entries = read + entries
            if entries.count >= mostKept, entries.first.map({ $0.number <= number }) ?? true { break }
        }
        return entries
    }

    // MARK: writing

    /// Adds `entries` to the log, and puts `record` in the place of the last one. Where it throws, all is to be given again.
    package func save(_ record: RoomRecord?, _ entries: [RoomLogEntry]) throws(Problem) {
        try append(entries)
        guard let record else { return }
        do throws(WholeFile.Failure) { try WholeFile.write(JSONLine.encode(record), to: recordPath) } catch {
            throw .failed("\(error.path) can't be written", errno: error.errno)
        }
    }

    private func append(_ entries: [RoomLogEntry]) throws(Problem) {
        guard !entries.isEmpty else { return }
        let before = lseek(log, 0, SEEK_END)
        if before > Self.mostLogBytes {
            _ = rename(logPath, olderLogPath)
            close(log)
            log = -1
            try openLog()
        }
        let length = lseek(log, 0, SEEK_END)
        let bytes = entries.flatMap { JSONLine.encode($0) }
        let written = bytes.withUnsafeBytes { Glibc.write(log, $0.baseAddress, $0.count) }
        guard written == bytes.count, fdatasync(log) == 0 else {
            let number = written < 0 ? errno : written < bytes.count ? ENOSPC : errno
            // Given again, the lines would stand there twice.
            _ = ftruncate(log, length)
            throw .failed("\(logPath) can't be written", errno: number)
        }
    }
}
