import BulkheadLibraryProtocol
import BulkheadSystem
import Foundation
import Glibc
import Synchronization

/// Has a picture for lists made of each recording, by the program `ffmpeg` where there is one: decoding is none of this process.
final class PosterMaker: Sendable {
    private static let patience = 20

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

    /// Nil where there is no such program.
    init?(_ folder: MediaFolder) {
        let places = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin"
        let names: [String] = places.split(separator: ":").map { $0 + "/ffmpeg" }
        guard let program = names.first(where: { access($0, X_OK) == 0 }) else { return nil }
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
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = [
            "-nostdin", "-v", "error", "-y", "-protocol_whitelist", "file,pipe", "-ss", "\(wish.seconds)", "-i",
            "file:/proc/\(getpid())/fd/\(file.descriptor)", "-frames:v", "1", "-vf", "scale=480:-2", "-threads", "1",
            "-f",
            "image2", "-c:v", "mjpeg", draft,
        ]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        do { try process.run() } catch { return false }
        let end = MonotonicTime.now.advanced(by: .seconds(Self.patience))
        while process.isRunning {
            if MonotonicTime.now >= end { kill(process.processIdentifier, SIGKILL) }
            usleep(20_000)
        }
        withExtendedLifetime(file) {}
        guard process.terminationStatus == 0, rename(draft, target) == 0 else {
            unlink(draft)
            return false
        }
        return true
    }
}
