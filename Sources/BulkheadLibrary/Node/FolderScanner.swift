import BulkheadLibraryProtocol
import Glibc
import Synchronization
import SystemPackage

/// Holds a node's database to what lies in its folder: new recordings, ones that grow, renamed and removed ones. Whatever a
/// notice or a kill has left out is found by the next look.
final class FolderScanner: Sendable {
    /// A recording that is not finished, and was not written to for so long, is one that a crash has left.
    private static let growthPatience: Int64 = 10_000_000_000
    /// How often the row of a recording that grows is written anew.
    private static let growthStep: Int64 = 5_000
    /// Without being told a file is taken for whole some seconds later.
    private static let mostWhole = 1000

    private struct Look: Sendable {
        let entry: MediaFolder.Entry
        /// Nil for a file that is none of a library's.
        let id: VideoID?
        let isSettled: Bool
    }

    private struct State {
        var looks: [MediaPath: Look] = [:]
        /// Files that nobody writes to any more, though they are young: uploads.
        var whole: Set<UInt64> = []
        /// Those that are no tombstones; nil before the database was read.
        var records: [VideoID: VideoRecord]?
    }

    private let folder: MediaFolder
    private let store: any NodeStore
    private let log: LibraryLog
    private let posters: PosterMaker?
    private let streams: StreamMaker?
    private let state = Mutex(State())

    init(_ folder: MediaFolder, _ store: any NodeStore, posters: PosterMaker?, streams: StreamMaker?, log: LibraryLog) {
        self.folder = folder
        self.store = store
        self.posters = posters
        self.streams = streams
        self.log = log
    }

    /// What is in the database and no tombstone, as of the last look.
    func record(_ id: VideoID) -> VideoRecord? { state.withLock { $0.records?[id] } }

    /// Whether the database was read, so that what is not known is not there.
    var isFilled: Bool { state.withLock { $0.records != nil } }

    /// A file of the folder is whole, whenever it was written to last.
    func noteWhole(_ inode: UInt64) {
        state.withLock {
            if $0.whole.count >= Self.mostWhole { $0.whole.removeAll() }
            $0.whole.insert(inode)
        }
    }

    /// Recordings that are being written.
    var growing: [VideoID] { state.withLock { ($0.records ?? [:]).filter { $0.value.state == .live }.map(\.key) } }

    var count: Int { state.withLock { $0.records?.count ?? 0 } }

    /// Looks at the folder once, and writes what is new. May wait. One look at a time.
    /// - Returns: whether anything was written.
    func look() throws(StoreError) -> Bool {
        try loadRecords()
        guard let entries = folder.list() else {
            log.trouble("node.folder", "the folder \(folder.path) can't be read: nothing is taken for removed")
            return false
        }
        log.clear("node.folder", "the folder \(folder.path) can be read again")
        var (looks, records) = state.withLock { ($0.looks, $0.records ?? [:]) }
        var found: [VideoID: MediaPath] = [:]
        var isChanged = false
        // Of copies of a recording, the one that is served stays: another one that comes does not give it another name.
        let served = Set(records.values.map(\.path))
        func place(_ entry: MediaFolder.Entry) -> (Int, String) {
            (served.contains(entry.path) ? 0 : 1, entry.path.description)
        }
        for entry in entries.sorted(by: { place($0) < place($1) }) {
            if let look = looks[entry.path], look.entry == entry, look.isSettled {
                guard let id = look.id, found[id] == nil else { continue }
                if records[id]?.path == entry.path {
                    found[id] = entry.path
                    continue
                }
                // The file that the record names has gone, and this one is the same recording.
            }
            let (look, record) = probe(entry)
            looks[entry.path] = look
            guard let record else { continue }
            if let other = found[record.id] {
                log.trouble(
                    "node.copy.\(entry.path)", "\(entry.path) is the same recording as \(other), which is served")
                continue
            }
            found[record.id] = entry.path
            if let old = records[record.id], Self.isSmall(old, record) { continue }
            guard try store.save(record) else { continue }
            FailPoint.rowWritten.reach()
            if records[record.id]?.state != record.state || records[record.id]?.path != record.path {
                let what = record.state == .live ? "is being recorded" : "is in the library"
                log.write("node.\(record.state.rawValue)", "\(record.path) \(what)", ["id": record.id.description])
            }
            records[record.id] = record
            isChanged = true
        }
        for id in records.keys where found[id] == nil {
            guard try store.delete(id) else { continue }
            FailPoint.rowWritten.reach()
            log.write("node.removed", "\(records[id]?.path.description ?? "") has been removed", ["id": "\(id)"])
            records[id] = nil
            isChanged = true
        }
        let there = Set(entries.map(\.path))
        looks = looks.filter { there.contains($0.key) }
        state.withLock { [looks, records] in
            $0.looks = looks
            $0.records = records
        }
        return isChanged
    }

    private func loadRecords() throws(StoreError) {
        guard state.withLock({ $0.records == nil }) else { return }
        var records: [VideoID: VideoRecord] = [:]
        var after: Int64 = 0
        while true {
            let rows = try store.page(after: after, limit: 10_000, isWhole: true).rows
            guard let last = rows.last else { break }
            for row in rows where !row.isDeleted { records[row.record.id] = row.record }
            after = last.revision
        }
        state.withLock { [records] in $0.records = records }
    }

    /// A recording grows with each moment: not each is news.
    private static func isSmall(_ old: VideoRecord, _ new: VideoRecord) -> Bool {
        old.state == .live && new.state == .live && old.path == new.path
            && new.durationMilliseconds >= old.durationMilliseconds
            && new.durationMilliseconds - old.durationMilliseconds < growthStep
    }

    private func probe(_ entry: MediaFolder.Entry) -> (Look, VideoRecord?) {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let age = Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec) - entry.modifiedNanoseconds
        // A clock that was set back is no sign of growth for ever.
        let isQuiet = age > Self.growthPatience || age < -Self.growthPatience
        do {
            let file = try folder.open(entry.path)
            let isWhole = isQuiet || state.withLock { $0.whole.contains(entry.inode) }
            let probe = try RecordingProbe.any(file, index: folder.openIndex(of: entry.path), isWhole: isWhole)
            let isLive = !probe.isFinished && !isQuiet
            // What a record says is on the disk before the row is; a recorder has seen to its own part.
            if !isLive, fdatasync(file.descriptor) != 0 { throw Errno(rawValue: errno) }
            if !isLive { posters?.want(probe.id, entry.path, seconds: probe.durationMilliseconds / 3000) }
            if !isLive, probe.pieces.isEmpty { streams?.want(probe.id, entry.path) }
            let name = String(entry.path.name.dropLast(".mp4".count))
            let record = VideoRecord(
                id: probe.id, name: name.isEmpty ? entry.path.name : name, path: entry.path,
                byteCount: probe.byteCount, durationMilliseconds: probe.durationMilliseconds, width: probe.width,
                height: probe.height, codecs: probe.codecs, state: isLive ? .live : .finished,
                startedMilliseconds: probe.startedMilliseconds, hasPoster: posters?.has(probe.id) ?? false)
            return (
                Look(entry: entry, id: probe.id, isSettled: !isLive && posters?.isSettled(probe.id) ?? true), record
            )
        } catch {
            if isQuiet {
                log.write(
                    "node.passed-over", "\(entry.path) is passed over: \(error)", ["path": entry.path.description])
            }
            return (Look(entry: entry, id: nil, isSettled: isQuiet), nil)
        }
    }
}
