import BulkheadSystem
import Glibc
import SystemPackage

/// What a process that loads plugins gives up first. It can't be left again.
///
/// The promise, and what it does not cover, stand in docs/plugins-safety.md.
package struct Sandbox {
    /// What one file may hold that a plugin writes.
    package static let fileByteCount: UInt64 = 64 << 20
    /// How many descriptors a host may have open.
    package static let descriptorCount: UInt64 = 256
    private static let lockedByteCount: UInt64 = 8 << 20
    private static let addressSpaceByteCount: UInt64 = 32 << 30
    private static let mostPrivateByteCount: UInt64 = 4 << 30
    /// How much sooner than others this process is ended when the machine runs out of memory, in thousandths of it.
    private static let outOfMemoryScore = "300"

    private let readablePaths: [String]
    private let dataFolder: String
    private var report = SandboxReport()

    /// Enters the sandbox, on the only thread that there is so far.
    ///
    /// - Parameter readablePaths: absolute paths of files, or of folders with all that is in them. Beside a library,
    ///   other libraries may be read too: those in its own folder and in those that it names (DT_RUNPATH).
    /// - Parameter dataFolder: the absolute path of a folder where plugins may write; it is made where it is missing.
    ///   Empty: they may write nowhere.
    /// - Returns: what the kernel has granted. Nothing that it refuses stops the rest.
    package static func enter(readablePaths: [String], dataFolder: String) -> SandboxReport {
        var sandbox = Sandbox(readablePaths: readablePaths, dataFolder: dataFolder)
        sandbox.bound()
        sandbox.giveUpPrivileges()
        let hasLandlock = sandbox.restrictFiles()
        sandbox.filterCalls(isReadOnly: !hasLandlock)
        return sandbox.report
    }

    private init(readablePaths: [String], dataFolder: String) {
        self.readablePaths = readablePaths
        self.dataFolder = dataFolder
    }

    // MARK: limits

    private mutating func bound() {
        let pages = UInt64(max(0, sysconf(CInt(_SC_PHYS_PAGES))))
        let page = UInt64(max(0, sysconf(CInt(_SC_PAGESIZE))))
        let memory = min(Self.mostPrivateByteCount, max(1 << 30, pages.multipliedReportingOverflow(by: page).0 / 2))
        var limits: [(Confinement.Limit, UInt64)] = [
            // 0 would still have a dump piped to a program that collects them, as core(5) says; 1 has not.
            (.coreDump, 1), (.privateMemory, memory), (.addressSpace, Self.addressSpaceByteCount),
            (.fileSize, Self.fileByteCount), (.openFiles, Self.descriptorCount), (.lockedMemory, Self.lockedByteCount),
            (.queuedMessages, 0), (.priority, 0), (.realTimePriority, 0),
        ]
        // Threads count for the user, with those of all other programs: half of what is allowed stays for these.
        if let threads = Confinement.value(of: .threads) { limits.append((.threads, max(1, threads / 2))) }
        var refused: [String] = []
        for (limit, value) in limits {
            do throws(Errno) { try Confinement.lower(limit, to: value) } catch { refused.append("\(limit) (\(error))") }
        }
        report.note(
            refused.isEmpty ? .granted : .weaker, "memory",
            refused.isEmpty
                ? "at most \(memory >> 20) MiB, files of \(Self.fileByteCount >> 20) MiB, no core dumps"
                : "these limits can't be set: \(refused.joined(separator: ", "))")
        Self.write(Self.outOfMemoryScore, to: "/proc/self/oom_score_adj")
        boundProcessor()
        Self.stopBlocking(STDERR_FILENO)
    }

    /// A plugin that computes without end, on as many threads as it likes, leaves one processor to the master and the
    /// encoder; and where the kernel weighs sessions (the master gives each host its own), half of the others.
    /// (Priorities would hold a well-behaved plugin back whenever the machine is busy, and a hundred threads of low
    /// priority still outweigh one.)
    private mutating func boundProcessor() {
        let isWeighed = Self.firstByte(of: "/proc/sys/kernel/sched_autogroup_enabled") == 0x31
        let weight = isWeighed ? "; its threads weigh as much as all others together" : ""
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

    // MARK: rights

    private mutating func giveUpPrivileges() {
        do throws(Errno) {
            try Confinement.refuseNewPrivileges()
            try Confinement.dropCapabilities()
            report.note(.granted, "privileges", "none, and none to be had")
        } catch {
            report.note(.missing, "privileges", "they can't be given up: \(error)")
        }
    }

    private mutating func filterCalls(isReadOnly: Bool) {
        do throws(Errno) {
            try Confinement.filterCalls(isReadOnly: isReadOnly)
            report.note(.granted, "system calls", "no processes, programs, connections, signals or tracing")
        } catch {
            report.note(.missing, "system calls", "seccomp does not work: \(error)")
        }
    }

    // MARK: files

    /// False where the kernel has no Landlock.
    private mutating func restrictFiles() -> Bool {
        guard let version = Landlock.version else {
            report.note(
                .weaker, "files", "without Landlock plugins may read what this user may; they can't write anywhere")
            return false
        }
        do throws(Errno) {
            let rules = try Landlock(version: version)
            var isComplete = true
            for path in SandboxPaths.readable(readablePaths) {
                // What isn't there need not be allowed; loading it will say so.
                try? rules.allow(.read, to: path)
            }
            // Not /dev/zero, which makes memory that nothing counts.
            for path in ["/dev/null", "/dev/full"] { try? rules.allow([.read, .write], to: path) }
            // A drill's faults are taken by making a file.
            if let claims = getenv("BULKHEAD_FAULT_CLAIMS") {
                try? rules.allow([.read, .write, .make], to: String(cString: claims))
            }
            if !dataFolder.isEmpty {
                mkdir(dataFolder, 0o700)
                do throws(Errno) { try rules.allow([.read, .write, .make], to: dataFolder) } catch {
                    isComplete = false
                    report.note(.weaker, "data folder", "\(dataFolder) can't be used: \(error)")
                }
                setenv("TMPDIR", dataFolder, 1)
                setenv("XDG_CACHE_HOME", dataFolder, 1)
            }
            // The rule for /proc/self stands with this entry of the kernel's, which it would forget if it were not held.
            _ = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            try rules.enter()
            if isComplete { report.note(.granted, "files", "by Landlock \(version)") }
            report.note(
                version >= 6 ? .granted : .weaker, "reach",
                version >= 6
                    ? "no signals or abstract sockets beyond the sandbox"
                    : "Landlock \(version) does not hold signals and sockets; seccomp alone does")
            return true
        } catch {
            report.note(.weaker, "files", "Landlock does not work: \(error); plugins can't write anywhere")
            return false
        }
    }

    private static func firstByte(of path: String) -> UInt8? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var byte: UInt8 = 0
        return read(descriptor, &byte, 1) == 1 ? byte : nil
    }

    private static func write(_ text: String, to path: String) {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        _ = text.withCString { Glibc.write(descriptor, $0, strlen($0)) }
        close(descriptor)
    }
}
