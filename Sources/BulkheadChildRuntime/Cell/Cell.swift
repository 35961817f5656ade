import BulkheadSystem
package import BulkheadWire
import Glibc
import SystemPackage

/// Where a child works: behind walls that the kernel keeps, and that can't be left again.
///
/// Every child passes the first step before it reads its first message (``ChildProgram``); a role without a profile does
/// not start. What the kernel refuses stops nothing else, and is told: by `bulkhead doctor`, for each role.
package struct Cell {
    private var report = CellReport()

    /// Enters the first step of `role`'s cell, on the only thread that there is so far.
    /// - Returns: what the kernel has granted; nil where the role has no profile.
    package static func enterFirst(of role: Role) -> CellReport? {
        guard let profile = CellProfile.first(of: role) else { return nil }
        // Without Landlock, what other children may read is what their user may.
        if Landlock.version == nil, role != .pluginHost { Confinement.hideMemory() }
        return enter(profile)
    }

    /// Gives up all that `profile` does not keep, on the only thread that there is so far.
    /// - Returns: what the kernel has granted.
    package static func enter(_ profile: CellProfile) -> CellReport {
        var cell = Cell()
        cell.bound(profile)
        if !profile.mayGainPrivileges { cell.giveUpPrivileges(profile.capabilities) }
        var calls = profile.calls
        if let files = profile.files, !cell.restrict(files, profile.openings), calls?.contains(.devices) == false,
            !profile.writesFiles
        {
            calls?.insert(.readOnly)
        }
        if let calls { cell.filter(calls) }
        return cell.report
    }

    // MARK: limits

    private mutating func bound(_ profile: CellProfile) {
        var limits = profile.limits
        // A sanitizer's own memory is larger than any limit.
        if let memory = profile.memoryByteCount, !Self.isSanitized { limits.append((.privateMemory, memory)) }
        if let descriptors = profile.descriptorCount { limits.append((.openFiles, descriptors)) }
        Self.write("\(profile.outOfMemoryScore)", to: "/proc/self/oom_score_adj")
        guard !limits.isEmpty else { return }
        var refused: [String] = []
        for (limit, value) in limits {
            do throws(Errno) { try Confinement.lower(limit, to: value) } catch { refused.append("\(limit) (\(error))") }
        }
        let memory = profile.memoryByteCount.map { "at most \($0 >> 20) MiB, " } ?? ""
        report.note(
            refused.isEmpty ? .granted : .weaker, "memory",
            refused.isEmpty
                ? memory + "no core dumps" : "these limits can't be set: \(refused.joined(separator: ", "))")
    }

    private static var isSanitized: Bool {
        dlsym(nil, "__asan_init") != nil || dlsym(nil, "__tsan_init") != nil
    }

    // MARK: rights

    private mutating func giveUpPrivileges(_ kept: Confinement.Capabilities?) {
        do throws(Errno) {
            try Confinement.refuseNewPrivileges()
            guard let kept else { return }
            try Confinement.dropCapabilities(except: kept)
            let rest = kept.contains(.readAnyFile) ? "as root, none but to read files" : "none, and none to be had"
            report.note(.granted, "privileges", rest)
        } catch {
            report.note(.missing, "privileges", "they can't be given up: \(error)")
        }
    }

    private mutating func filter(_ calls: Confinement.Calls) {
        do throws(Errno) {
            try Confinement.filterCalls(calls)
            let sockets =
                calls.contains(.network)
                ? "" : calls.contains(.localSockets) ? "network connections, " : "connections, "
            report.note(.granted, "system calls", "no processes, programs, \(sockets)signals or tracing")
        } catch {
            report.note(.missing, "system calls", "seccomp does not work: \(error)")
        }
    }

    // MARK: files

    /// What may be read of this process itself: nothing that tells of the machine's connections, as its "net" does.
    private static let ownFiles = ["maps", "smaps", "stat", "statm", "status", "cmdline", "comm", "auxv", "limits"]

    /// False where the kernel has no Landlock.
    private mutating func restrict(_ files: [FileGrant], _ openings: Landlock.Openings) -> Bool {
        guard let version = Landlock.version else {
            report.note(.weaker, "files", "without Landlock it may read what this user may; it can't write anywhere")
            return false
        }
        var files = files
        for name in Self.ownFiles {
            let grant = FileGrant(.read, .file, named: "/proc/self/\(name)")
            // A rule stands with the kernel's entry of such a file, which it would forget if it were not held.
            grant.hold()
            files.append(grant)
        }
        // A drill's faults are taken by making a file.
        if let claims = getenv(ArmedFaults.claimsVariable) {
            files.append(FileGrant([.read, .write, .make], .folder, named: String(cString: claims)))
        }
        do throws(Errno) {
            let rules = try Landlock(version: version, openings: openings)
            var refused: [String] = []
            for grant in files {
                do throws(FileGrant.Problem) { try rules.allow(grant) } catch {
                    // What isn't there need not be allowed; opening it will say so.
                    if error != .missing, grant.isTold { refused.append("\(grant.path): \(error)") }
                }
            }
            try rules.enter()
            report.note(.granted, "files", "by Landlock \(version)")
            if !refused.isEmpty {
                report.note(.weaker, "files that were named", "not granted: " + refused.joined(separator: "; "))
            }
            if openings.isEmpty {
                report.note(
                    version >= 6 ? .granted : .weaker, "reach",
                    version >= 6
                        ? "no signals or abstract sockets beyond the cell"
                        : "Landlock \(version) does not hold signals and sockets; seccomp alone does")
            }
            return true
        } catch {
            report.note(.weaker, "files", "Landlock does not work: \(error); nothing can be written")
            return false
        }
    }

    private static func write(_ text: String, to path: String) {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        _ = text.withCString { Glibc.write(descriptor, $0, strlen($0)) }
    }
}
