package import BulkheadChildRuntime
import BulkheadSystem
import BulkheadWire
import Glibc
import SystemPackage

/// What a process that loads plugins gives up first: the second step of a plugin host's cell. It can't be left again.
///
/// The promise, and what it does not cover, stand in docs/plugins-safety.md.
package enum Sandbox {
    /// What one file may hold that a plugin writes.
    package static let fileByteCount: UInt64 = 64 << 20
    /// How many descriptors a host may have open.
    package static let descriptorCount: UInt64 = 256
    private static let lockedByteCount: UInt64 = 8 << 20
    private static let addressSpaceByteCount: UInt64 = 32 << 30
    /// What a host may hold of private memory, in bytes, and a process that only looks at a library.
    package static let memoryByteCount: UInt64 = 4 << 30
    package static let lookingMemoryByteCount: UInt64 = 1 << 30

    /// Enters the sandbox, on the only thread that there is so far.
    ///
    /// - Parameter readablePaths: absolute paths of files. Beside a library, other libraries may be read too: those in its
    ///   own folder and in those that it names (DT_RUNPATH), and the folders that are named after it.
    /// - Parameter dataFolder: the absolute path of a folder where plugins may write; it is made where it is missing.
    ///   Empty: they may write nowhere.
    /// - Returns: what the kernel has granted. Nothing that it refuses stops the rest.
    package static func enter(
        readablePaths: [String], dataFolder: String, memoryByteCount: UInt64 = memoryByteCount
    ) -> CellReport {
        guard var profile = CellProfile.first(of: .pluginHost) else { return CellReport() }
        profile.memoryByteCount = min(memoryByteCount, CellProfile.memoryShare)
        profile.descriptorCount = descriptorCount
        profile.limits =
            CellProfile.modesty + [
                (.addressSpace, addressSpaceByteCount), (.fileSize, fileByteCount), (.lockedMemory, lockedByteCount),
            ]
        // Threads count for the user, with those of all other programs: half of what is allowed stays for these.
        if let threads = Confinement.value(of: .threads) { profile.limits.append((.threads, max(1, threads / 2))) }
        profile.capabilities = []
        profile.files = SandboxPaths.grants(readablePaths)
        profile.calls = []
        var report = CellReport()
        boundProcessor(&report)
        stopBlocking(STDERR_FILENO)
        if !dataFolder.isEmpty { profile.files?.append(dataGrant(dataFolder, &report)) }
        report.add(Cell.enter(profile))
        return report
    }

    private static func dataGrant(_ folder: String, _ report: inout CellReport) -> FileGrant {
        mkdir(folder, 0o700)
        setenv("TMPDIR", folder, 1)
        setenv("XDG_CACHE_HOME", folder, 1)
        var grant = FileGrant([.read, .write, .make], .folder, named: folder)
        grant.isTold = true
        return grant
    }

    /// A plugin that computes without end, on as many threads as it likes, leaves one processor to the master and the
    /// encoder; and where the kernel weighs sessions (every child has its own), a share of the others.
    /// (Priorities would hold a well-behaved plugin back whenever the machine is busy, and a hundred threads of low
    /// priority still outweigh one.)
    private static func boundProcessor(_ report: inout CellReport) {
        let isWeighed = ProcessorShare.isWeighedBySession
        let weight = isWeighed ? "; all its threads together weigh as much as the encoder's, or another child's" : ""
        do throws(Errno) {
            let count = try Confinement.leaveFirstCPU()
            report.note(.granted, "processors", "\(count), one fewer than there are\(weight)")
        } catch {
            report.note(
                isWeighed ? .granted : .weaker, "processors", "the only one there is, with the encoder\(weight)")
        }
    }

    /// What does not fit into the pipe to the master is lost; else a plugin that prints without end would wait there.
    private static func stopBlocking(_ descriptor: CInt) {
        var information = stat()
        guard fstat(descriptor, &information) == 0, information.st_mode & S_IFMT == S_IFIFO else { return }
        let flags = fcntl(descriptor, F_GETFL)
        if flags >= 0 { _ = fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) }
    }
}

/// How the kernel shares the processors among the broadcast's processes.
package enum ProcessorShare {
    /// Each session, and so each child with all its threads, weighs as one: automatic groups are on, and rule, which they
    /// do in the root group alone. Services of systemd and containers with a weight of their own are in another.
    /// - SeeAlso: sched(7), "The autogroup feature"; cgroups(7), /proc/PID/cgroup.
    static var isWeighedBySession: Bool {
        isWeighed(
            autogroup: SmallText.of("/proc/sys/kernel/sched_autogroup_enabled") ?? "",
            cgroups: SmallText.of("/proc/self/cgroup") ?? "")
    }

    /// - Parameters:
    ///   - autogroup: what /proc/sys/kernel/sched_autogroup_enabled holds.
    ///   - cgroups: what /proc/self/cgroup holds.
    package static func isWeighed(autogroup: String, cgroups: String) -> Bool {
        guard autogroup.hasPrefix("1") else { return false }
        return cgroups.split(separator: "\n").allSatisfy { line in
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { return true }
            // Version 2 has one line, with no controllers named.
            let rulesProcessors = fields[1].isEmpty || fields[1].split(separator: ",").contains("cpu")
            return !rulesProcessors || fields[2] == "/"
        }
    }
}
