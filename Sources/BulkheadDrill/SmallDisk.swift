import BulkheadSystem
import Glibc

/// A file system of the drill's own that can be filled to the last byte, for files that run out of space.
///
/// The broadcast runs in a user and mount namespace of its own, with 64 MiB of memory mounted as its disk: no privilege
/// is needed, and it is gone with the process. Where the system does not permit that, the link's file goes to /dev/full,
/// which has no room from the first byte on.
struct SmallDisk: Sendable {
    private static let unshare = "/usr/bin/unshare"
    private static let byteCount = 64 << 20
    let folder: String
    /// Whether there is a file system that can be filled at its time.
    let isOwn: Bool

    /// Tries on `stage` whether this system gives a user a disk, for five seconds at most.
    static func tried(in folder: String, on stage: DrillStage) async -> SmallDisk {
        let own = SmallDisk(folder: folder, isOwn: true)
        let name = "trial of a disk"
        let trial = own.wrapped(ChildLaunch(path: "/bin/true", arguments: [], environment: [:]))
        guard (try? await stage.start(name, trial, onLine: { _ in })) != nil else {
            return SmallDisk(folder: folder, isOwn: false)
        }
        let end = await stage.end(of: name, within: .seconds(5))
        if end == nil { await stage.finish(name, patience: .zero) }
        return SmallDisk(folder: folder, isOwn: end == .exited(code: 0))
    }

    var destination: String { isOwn ? "file:\(folder)/drill.flv" : "file:/dev/full" }

    /// The same program with its disk.
    func wrapped(_ launch: ChildLaunch) -> ChildLaunch {
        guard isOwn else { return launch }
        var wrapped = launch
        wrapped.path = Self.unshare
        wrapped.arguments =
            ["--user", "--map-root-user", "--mount", "/bin/sh", "-c", Self.script(then: "shift; exec \"$@\""), folder]
            + ["sh", launch.path] + launch.arguments
        return wrapped
    }

    private static func script(then command: String) -> String {
        "mount -t tmpfs -o size=\(byteCount),mode=700 none \"$0\" && \(command)"
    }

    private static func filler(_ folder: String, of pid: Int32) -> String { "/proc/\(pid)/root\(folder)/filler" }

    /// Gives back what ``fill(_:of:)`` has taken.
    static func free(_ folder: String, of pid: Int32) { unlink(filler(folder, of: pid)) }

    /// Takes all room on the disk of process `pid`; false when that can't be done.
    static func fill(_ folder: String, of pid: Int32) -> Bool {
        let path = filler(folder, of: pid)
        let descriptor = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        let chunk = [UInt8](repeating: 0, count: 1 << 16)
        // The last pages are taken in small steps; twice the size is a bound, should the disk be another one.
        var written = 0
        var step = chunk.count
        while written < 2 * byteCount {
            let count = write(descriptor, chunk, step)
            if count > 0 {
                written += count
            } else if step > 512 {
                step /= 2
            } else {
                return errno == ENOSPC
            }
        }
        return false
    }
}
