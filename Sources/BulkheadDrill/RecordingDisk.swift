import BulkheadSystem
import Glibc

/// A disk of the drill's own for a recording, which really fails: a file system in an image, mounted for the broadcast alone.
/// The kernel makes such only for root.
struct RecordingDisk: Sendable {
    /// Which file system fails in the ways that are wanted.
    enum FileSystem: String, Sendable {
        case ext4, btrfs
    }

    private static let unshare = "/usr/bin/unshare"
    private static let nsenter = "/usr/bin/nsenter"
    /// Of a disk that is slow: stands still, and answers.
    private static let slowness = (still: Duration.milliseconds(650), answers: Duration.milliseconds(50))
    private static let freezeRequest: UInt = 0xC004_5877
    private static let thawRequest: UInt = 0xC004_5878
    /// EXT4_IOC_SHUTDOWN, without writing the log.
    private static let shutdownRequest: UInt = 0x8004_587D
    private static let withoutLog: UInt32 = 2
    /// Behind the folder's name: where all of a file system with quotas is mounted, of which the recording has a subvolume.
    private static let whole = ".whole"

    /// Where it is mounted.
    let folder: String
    let fileSystem: FileSystem
    private let stage: DrillStage

    /// The disk that `faults` need, tried on `stage` for ten seconds at most.
    /// - Returns: nil where no fault needs one, or this system gives none.
    static func tried(for faults: [Fault.DiskFault], in folder: String, on stage: DrillStage) async -> RecordingDisk? {
        guard let first = faults.first else { return nil }
        let disk = RecordingDisk(folder: folder, fileSystem: fileSystem(for: first), stage: stage)
        let name = "trial of a recording's disk"
        let trial = disk.wrapped(ChildLaunch(path: "/bin/true", arguments: [], environment: [:]))
        guard (try? await stage.start(name, trial, onLine: { _ in })) != nil else { return nil }
        let end = await stage.end(of: name, within: .seconds(10))
        if end == nil { await stage.finish(name, patience: .zero) }
        return end == .exited(code: 0) ? disk : nil
    }

    private static func fileSystem(for fault: Fault.DiskFault) -> FileSystem { fault == .quota ? .btrfs : .ext4 }

    /// The same program with its disk.
    func wrapped(_ launch: ChildLaunch) -> ChildLaunch {
        var wrapped = launch
        wrapped.path = Self.unshare
        let steps =
            switch fileSystem {
            case .ext4:
                [
                    "truncate -s 128M \"$0.img\"", "mkfs.ext4 -q -F \"$0.img\"",
                    "mount -o loop,errors=remount-ro \"$0.img\" \"$0\"",
                ]
            case .btrfs:
                [
                    "truncate -s 256M \"$0.img\"", "mkfs.btrfs -q -f \"$0.img\"", "mkdir -p \"$0\(Self.whole)\"",
                    "mount -o loop \"$0.img\" \"$0\(Self.whole)\"",
                    "btrfs subvolume create \"$0\(Self.whole)/files\" >&2",
                    "btrfs quota enable \"$0\(Self.whole)\"", "mount --bind \"$0\(Self.whole)/files\" \"$0\"",
                ]
            }
        let script = (["PATH=$PATH:/usr/sbin:/sbin"] + steps + ["exec \"$@\""]).joined(separator: " && ")
        wrapped.arguments =
            ["--mount", "--propagation", "private", "/bin/sh", "-c", script, folder, launch.path] + launch.arguments
        wrapped.environment["PATH"] = wrapped.environment["PATH"] ?? "/usr/bin:/bin"
        return wrapped
    }

    /// Does `fault` to the disk of process `pid`, and undoes it after `milliseconds` where it passes.
    /// - Returns: what was done, as a phrase; nil where it could not be.
    func suffer(_ fault: Fault.DiskFault, milliseconds: Int, of pid: Int32) async -> String? {
        guard Self.fileSystem(for: fault) == fileSystem else { return nil }
        let path = "/proc/\(pid)/root\(folder)"
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        switch fault {
        case .hang:
            guard await stand(descriptor, .milliseconds(milliseconds)) else { return nil }
            return "the disk did not answer for \(milliseconds) ms"
        case .slow:
            let end = MonotonicTime.now.advanced(by: .milliseconds(milliseconds))
            while MonotonicTime.now < end, !Task.isCancelled {
                guard await stand(descriptor, Self.slowness.still) else { return nil }
                try? await Task.sleep(for: Self.slowness.answers)
            }
            return "the disk was slow for \(milliseconds) ms"
        case .eio:
            var flag = Self.withoutLog
            guard ioctl(descriptor, Self.shutdownRequest, &flag) == 0 else { return nil }
            return "the disk failed: nothing can be read or written"
        case .readonly:
            guard await triggerError(descriptor) else { return nil }
            return "the file system found an error and became read-only"
        case .gone:
            guard await run(Self.nsenter, ["-t", "\(pid)", "-m", "/bin/umount", "-l", folder]) else { return nil }
            return "the disk was taken away"
        case .quota:
            guard await limit("16K", of: path) else { return nil }
            try? await Task.sleep(for: .milliseconds(milliseconds))
            guard await limit("none", of: path) else { return nil }
            return "the quota was used up for \(milliseconds) ms"
        }
    }

    /// Sets the quota of the recording's subvolume, which is the first one; by the whole file system, since one that has used up
    /// its quota can't even change it.
    private func limit(_ size: String, of path: String) async -> Bool {
        await run("/usr/bin/btrfs", ["qgroup", "limit", size, "0/256", path + Self.whole])
    }

    /// Stops the file system for `duration`. It is let go whatever happens to the drill meanwhile.
    private func stand(_ descriptor: CInt, _ duration: Duration) async -> Bool {
        guard ioctl(descriptor, Self.freezeRequest, 0) == 0 else { return false }
        try? await Task.sleep(for: duration)
        return ioctl(descriptor, Self.thawRequest, 0) == 0
    }

    private func triggerError(_ descriptor: CInt) async -> Bool {
        var facts = stat()
        guard fstat(descriptor, &facts) == 0 else { return false }
        // How Linux puts the two numbers of a device into one.
        let minor = facts.st_dev & 0xFF | facts.st_dev >> 12 & ~0xFF
        let file = open("/sys/fs/ext4/loop\(minor)/trigger_fs_error", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return false }
        defer { close(file) }
        return write(file, "drill", 5) == 5
    }

    private func run(_ program: String, _ arguments: [String]) async -> Bool {
        let name = "\(program) \(arguments.joined(separator: " "))"
        let launch = ChildLaunch(
            path: program, arguments: arguments, environment: ["PATH": "/usr/bin:/bin:/usr/sbin:/sbin"])
        guard (try? await stage.start(name, launch, onLine: { _ in })) != nil else { return false }
        return await stage.end(of: name, within: .seconds(5)) == .exited(code: 0)
    }
}
