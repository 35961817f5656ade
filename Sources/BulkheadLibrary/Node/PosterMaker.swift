import BulkheadLibraryProtocol
import BulkheadSystem
import Glibc
import Synchronization

/// Has a picture for lists made of each recording by `bulkhead-source`, behind its walls: what is decoded may be a stranger's.
final class PosterMaker: Sendable {
    private static let patience = Duration.seconds(20)

    private struct Wish: Sendable {
        let id: VideoID
        let path: MediaPath
        let seconds: Int64
    }

    private struct State {
        var made: Set<VideoID> = []
        var given: Set<VideoID> = []
        var waiting: [Wish] = []
    }

    private let folder: MediaFolder
    private let program: String
    private let state = Mutex(State())

    /// Nil where that program is not installed.
    init?(_ folder: MediaFolder) {
        guard let program = ProgramRun.sibling("bulkhead-source") else { return nil }
        self.program = program
        self.folder = folder
        WholeFile.makeFolder(folder.ownPath("posters"))
    }

    static func path(_ id: VideoID, in folder: MediaFolder) -> String { folder.ownPath("posters/\(id).jpg") }

    func has(_ id: VideoID) -> Bool { state.withLock { $0.made.contains(id) } }

    /// Whether nothing more is to come of it.
    func isSettled(_ id: VideoID) -> Bool { state.withLock { $0.made.contains(id) || $0.given.contains(id) } }

    func want(_ id: VideoID, _ path: MediaPath, seconds: Int64) {
        let isThere = access(Self.path(id, in: folder), R_OK) == 0
        state.withLock { state in
            if isThere {
                state.made.insert(id)
            } else if !state.given.contains(id), !state.waiting.contains(where: { $0.id == id }),
                state.waiting.count < 10_000
            {
                state.waiting.append(Wish(id: id, path: path, seconds: seconds))
            }
        }
    }

    /// Makes the next one. May wait for the program, which has its time.
    /// - Returns: whether there was one to make.
    func makeNext() -> Bool {
        guard let wish = state.withLock({ $0.waiting.isEmpty ? nil : $0.waiting.removeFirst() }) else { return false }
        let isMade = make(wish)
        state.withLock { state in _ = isMade ? state.made.insert(wish.id) : state.given.insert(wish.id) }
        return true
    }

    private func make(_ wish: Wish) -> Bool {
        guard let file = try? folder.open(wish.path) else { return false }
        let target = Self.path(wish.id, in: folder)
        let draft = target + ".new"
        unlink(draft)
        let output = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard output >= 0 else { return false }
        defer { _ = close(output) }
        lseek(file.descriptor, 0, SEEK_SET)
        let failure = ChildRun.run(
            program, ["--poster", "\(wish.seconds * 1000)"], input: file.descriptor, output: output,
            patience: Self.patience)
        withExtendedLifetime(file) {}
        guard failure == nil, rename(draft, target) == 0 else {
            unlink(draft)
            return false
        }
        return true
    }
}
