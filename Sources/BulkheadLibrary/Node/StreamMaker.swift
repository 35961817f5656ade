import BulkheadLibraryProtocol
import BulkheadSystem
import Glibc
import Synchronization

/// Makes films of other programs ready for HLS: the same pictures and sound in fragments, in a file of the library's own beside
/// the original. It is made once, by a confined process that has two open files and nothing else.
final class StreamMaker: Sendable {
    private static let patience = Duration.seconds(1800)
    private static let streamed = "only pictures in H.264 are streamed"

    private struct State {
        var made: Set<VideoID> = []
        /// Why there is none.
        var given: [VideoID: String] = [:]
        var waiting: [(id: VideoID, path: MediaPath)] = []
        var atWork: VideoID?
    }

    private let folder: MediaFolder
    private let program: String
    private let log: LibraryLog
    private let state = Mutex(State())

    /// Nil where the program is not installed.
    init?(_ folder: MediaFolder, log: LibraryLog) {
        guard let program = ProgramRun.sibling("bulkhead-source") else { return nil }
        self.program = program
        self.folder = folder
        self.log = log
        WholeFile.makeFolder(folder.ownPath("streams"))
    }

    private static func path(_ id: VideoID, in folder: MediaFolder) -> String { folder.ownPath("streams/\(id).mp4") }

    /// The file in fragments of a film; nil where it was not made, or not yet. May wait.
    static func open(_ id: VideoID, in folder: MediaFolder) -> OpenFile? {
        try? OpenFile(named: path(id, in: folder))
    }

    func want(_ id: VideoID, _ path: MediaPath) {
        let isThere = access(Self.path(id, in: folder), R_OK) == 0
        state.withLock { state in
            if isThere {
                state.made.insert(id)
            } else if state.given[id] == nil, state.atWork != id, !state.waiting.contains(where: { $0.id == id }),
                state.waiting.count < 10_000
            {
                state.waiting.append((id, path))
            }
        }
    }

    /// Why a film has no stream; nil where it has one, or may get one.
    func obstacle(of id: VideoID) -> String? { state.withLock { $0.given[id] } }

    /// Makes the next one. May wait long.
    /// - Returns: whether there was one to make.
    func makeNext() -> Bool {
        let next = state.withLock { state -> (id: VideoID, path: MediaPath)? in
            let next = state.waiting.isEmpty ? nil : state.waiting.removeFirst()
            state.atWork = next?.id
            return next
        }
        guard let wish = next else { return false }
        let obstacle = make(wish.id, wish.path)
        state.withLock { state in
            state.atWork = nil
            if let obstacle { state.given[wish.id] = obstacle } else { state.made.insert(wish.id) }
        }
        if let obstacle {
            log.write(
                "node.file-only", "\(wish.path) is served as one file, and not as HLS: \(obstacle)",
                ["id": "\(wish.id)"])
        } else {
            log.write("node.stream", "\(wish.path) can be played as HLS", ["id": "\(wish.id)"])
        }
        return true
    }

    /// - Returns: why not.
    private func make(_ id: VideoID, _ path: MediaPath) -> String? {
        guard let file = try? folder.open(path) else { return "it can't be read" }
        let target = Self.path(id, in: folder)
        let draft = target + ".new"
        // One that a killed library has left at work goes on in a file without a name.
        unlink(draft)
        let output = Glibc.open(draft, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard output >= 0 else { return String(cString: strerror(errno)).lowercased() }
        defer { _ = close(output) }
        // It is given the place of its own copy of each descriptor.
        lseek(file.descriptor, 0, SEEK_SET)
        let failure = ChildRun.run(
            program, ["--remux", "mp4"], input: file.descriptor, output: output, patience: Self.patience)
        withExtendedLifetime(file) {}
        do throws(Failure) {
            if let failure { throw Failure(text: failure) }
            guard let made = try? OpenFile(named: draft) else { throw Failure(text: "it can't be read") }
            let probe: RecordingProbe
            do throws(RecordingProbe.Refusal) { probe = try RecordingProbe(film: made) } catch {
                throw Failure(text: Self.streamed)
            }
            guard probe.pieces.contains(where: \.startsWithIDR) else {
                throw Failure(text: Self.streamed)
            }
            guard fsync(output) == 0, rename(draft, target) == 0 else {
                throw Failure(text: String(cString: strerror(errno)).lowercased())
            }
            FolderSync.run(folder.ownPath("streams"))
            return nil
        } catch {
            unlink(draft)
            return error.text
        }
    }

    private struct Failure: Error {
        let text: String
    }

    /// Removes what was made of films that are gone. May wait.
    func forget(but isKept: (VideoID) -> Bool) {
        for name in FolderSync.names(folder.ownPath("streams")) {
            guard let id = VideoID(String(name.prefix { $0 != "." })), !isKept(id) else { continue }
            unlink(folder.ownPath("streams/\(name)"))
            state.withLock { state in
                state.made.remove(id)
                state.given[id] = nil
            }
        }
    }
}

/// What is done with folders as a whole.
enum FolderSync {
    /// Names are on the disk when the folder is.
    static func run(_ folder: String) {
        let directory = open(FileName.bytes(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { return }
        fsync(directory)
        _ = close(directory)
    }

    /// The names in it, in order; none where it can't be read.
    static func names(_ folder: String) -> [String] {
        guard let directory = opendir(FileName.bytes(folder)) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                    pointer.withMemoryRebound(to: CChar.self, capacity: 256) { FileName.text($0) }
                })
        }
        return names.filter { $0 != "." && $0 != ".." }.sorted()
    }
}
