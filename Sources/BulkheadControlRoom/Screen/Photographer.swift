import BulkheadControlFormats
import BulkheadLiveServer
import BulkheadSystem
import Dispatch
import Glibc
import NIOCore

/// Makes pictures of the program: the newest key picture is decoded by `bulkhead-source`, behind its walls, one at a time.
actor Photographer {
    /// A client that asks again and again is given the same picture for so long.
    private static let span = Duration.milliseconds(500)
    /// In bytes: more of the program is not looked at for a picture.
    private static let mostBytes = 8 << 20
    private static let longestPicture = 32 << 20

    private let screen: ProgramScreen
    private let queue = DispatchQueue(label: "bulkhead.picture")
    private var known: [OBSShot: (bytes: [UInt8], at: MonotonicTime)] = [:]
    /// The last one that was asked for; the next one waits for it.
    private var last: Task<[UInt8]?, Never>?

    init(_ screen: ProgramScreen) { self.screen = screen }

    /// The program as it was at its newest key picture; nil where there is none.
    func picture(_ shot: OBSShot) async -> [UInt8]? {
        let before = last
        // Each one waits for the one before, and the client for its own.
        let task = Task { () -> [UInt8]? in
            _ = await before?.value
            if let known = fresh(shot) { return known }
            guard let film = await film(), let bytes = await develop(film, shot) else { return nil }
            known = known.filter { MonotonicTime.now.since($0.value.at) < Self.span.nanoseconds }
            known[shot] = (bytes, .now)
            return bytes
        }
        last = task
        return await task.value
    }

    private func fresh(_ shot: OBSShot) -> [UInt8]? {
        guard let known = known[shot], MonotonicTime.now.since(known.at) < Self.span.nanoseconds else { return nil }
        return known.bytes
    }

    /// The header and the first fragment from the newest IDR on.
    private func film() async -> [UInt8]? {
        screen.come()
        defer { screen.leave() }
        guard let play = try? await screen.stream.play("", within: .seconds(10)) else { return nil }
        defer { play.leave() }
        var film: [UInt8] = []
        var count = 0
        for await piece in play.pieces {
            film += piece.readableBytesView
            play.took(piece)
            count += 1
            // The first has the header, the next one pictures.
            if count == 2 || film.count > Self.mostBytes { break }
        }
        return count == 2 ? film : nil
    }

    private func develop(_ film: [UInt8], _ shot: OBSShot) async -> [UInt8]? {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: Self.run(film, shot)) }
        }
    }

    /// How long the child may take: it has its own limits of time as well.
    private static let patience = Duration.seconds(10)

    /// Blocks until the child has ended.
    private static func run(_ film: [UInt8], _ shot: OBSShot) -> [UInt8]? {
        guard let program = ProgramRun.sibling("bulkhead-source") else { return nil }
        let (input, output) = (temporaryFile(), temporaryFile())
        defer { for file in [input, output] where file >= 0 { _ = close(file) } }
        guard input >= 0, output >= 0, write(film, to: input), lseek(input, 0, SEEK_SET) == 0 else { return nil }
        // Nothing of this process's environment is the child's.
        var run = ProgramRun(
            program, ["--poster", "0", shot.format.rawValue, "\(shot.width)", "\(shot.height)"], environment: [:])
        run.input = .descriptor(input)
        run.output = .descriptor(output)
        guard let end = try? run.run(within: patience), end.isSuccess else { return nil }
        return read(output)
    }

    private static func write(_ bytes: [UInt8], to file: CInt) -> Bool {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(file, $0.baseAddress?.advanced(by: written), bytes.count - written)
            }
            guard count > 0 || errno == EINTR else { return false }
            written += max(0, count)
        }
        return true
    }

    private static func read(_ file: CInt) -> [UInt8]? {
        let length = lseek(file, 0, SEEK_END)
        guard length > 0, length <= longestPicture, lseek(file, 0, SEEK_SET) == 0 else { return nil }
        var bytes = [UInt8](repeating: 0, count: length)
        return Glibc.read(file, &bytes, length) == length ? bytes : nil
    }

    /// An open file without a name; -1 where none can be had.
    private static func temporaryFile() -> CInt {
        let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(folder)/bulkhead-picture-XXXXXX".utf8CString)
        let file = mkstemp(&template)
        if file >= 0 {
            unlink(&template)
            _ = fcntl(file, F_SETFD, FD_CLOEXEC)
        }
        return file
    }
}
