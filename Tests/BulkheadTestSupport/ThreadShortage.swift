import BulkheadSystem
import Foundation
import Glibc

/// A process that can have no more threads and no more children, though it goes on with those that it has: for root by a
/// control group of its own, for any other user by its limit. Ends with its owner.
package final class ThreadShortage {
    private let pid: Int32
    private let group: String?
    private static let groups = "/sys/fs/cgroup"

    /// Whether one can be made here.
    package static let isPossible: Bool = {
        if getuid() != 0 { return true }
        guard let group = makeGroup() else { return false }
        rmdir(group)
        return true
    }()

    /// Nil where it can't be made, or the process is gone.
    package init?(of pid: Int32) {
        self.pid = pid
        guard getuid() == 0 else {
            group = nil
            // Below what the user has already; the hard limit stays.
            guard limit(to: 1) else { return nil }
            return
        }
        guard let group = Self.makeGroup() else { return nil }
        self.group = group
        guard Self.write("\(pid)", to: group + "/cgroup.procs"), Self.write("1", to: group + "/pids.max") else {
            return nil
        }
    }

    private func limit(to most: Int) -> Bool {
        let run = ProgramRun("/usr/bin/prlimit", ["--pid", "\(pid)", "--nproc=\(most):"], environment: [:])
        return (try? run.run(within: .seconds(10)))?.isSuccess == true
    }

    private static func makeGroup() -> String? {
        for parent in ["\(groups)/pids", groups] {
            let group = "\(parent)/bulkhead-test-\(UUID().uuidString)"
            guard mkdir(group, 0o755) == 0 else { continue }
            if access(group + "/pids.max", W_OK) == 0 { return group }
            rmdir(group)
        }
        return nil
    }

    private static func write(_ text: String, to path: String) -> Bool {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return text.withCString { Glibc.write(descriptor, $0, strlen($0)) } > 0
    }

    deinit {
        // A limit needs no end: it is the process's own.
        guard let group else { return }
        _ = Self.write("max", to: group + "/pids.max")
        _ = Self.write("\(pid)", to: (group as NSString).deletingLastPathComponent + "/cgroup.procs")
        rmdir(group)
    }
}
