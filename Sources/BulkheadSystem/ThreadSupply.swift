import Glibc

/// Whether this process may have more threads. A plugin, or another program of the user's, may have used up what the user
/// or the control group is allowed (pids.max), and libraries that need a thread then trap.
package enum ThreadSupply {
    /// `count` threads can be started now, beside each other; they end at once.
    package static func hasRoom(for count: Int = 1) -> Bool {
        let gate = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
        pthread_mutex_init(gate, nil)
        pthread_mutex_lock(gate)
        var threads: [pthread_t] = []
        for _ in 0..<count {
            var thread = pthread_t()
            let error = pthread_create(
                &thread, nil,
                { gate in
                    guard let gate = gate?.assumingMemoryBound(to: pthread_mutex_t.self) else { return nil }
                    pthread_mutex_lock(gate)
                    pthread_mutex_unlock(gate)
                    return nil
                }, gate)
            guard error == 0 else { break }
            threads.append(thread)
        }
        pthread_mutex_unlock(gate)
        for thread in threads { pthread_join(thread, nil) }
        pthread_mutex_destroy(gate)
        gate.deallocate()
        return threads.count == count
    }

    /// How many threads the control groups of this process may have, with all their processes; nil where nothing bounds
    /// them.
    /// - SeeAlso: cgroups(7), "pids"; pids.max of a group binds those below it, too.
    package static var groupLimit: Int? {
        let text = SmallText.of("/proc/self/cgroup") ?? ""
        return folders(cgroups: text).compactMap { folder in
            SmallText.of(folder + "/pids.max").flatMap { Int($0.prefix { $0 != "\n" }) }
        }.min()
    }

    /// What one child may have: what the largest encoder takes, and half of what the control group may have where that is
    /// less.
    package static let mostOfChild = mostOfChild(
        processors: sysconf(CInt(_SC_NPROCESSORS_ONLN)), groupLimit: groupLimit)

    /// - Parameters:
    ///   - processors: how many the machine has.
    ///   - groupLimit: how many threads the control group may have; nil for any number.
    package static func mostOfChild(processors: Int, groupLimit: Int?) -> Int {
        let own = 2 * max(1, processors)
        return min(160 + own, groupLimit.map { max(8 + own, $0 / 2) } ?? .max)
    }

    /// The folders where a limit of this process's threads may stand, as /proc/self/cgroup names its groups: from the
    /// innermost one up to the root.
    package static func folders(cgroups: String) -> [String] {
        cgroups.split(separator: "\n").flatMap { line -> [String] in
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { return [] }
            // Version 2 has one line, with no controllers named.
            let isUnified = fields[1].isEmpty
            guard isUnified || fields[1].split(separator: ",").contains("pids") else { return [] }
            let names = fields[2].split(separator: "/").filter { $0 != ".." }
            let roots = isUnified ? ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"] : ["/sys/fs/cgroup/pids"]
            return roots.flatMap { root in
                (0...names.count).reversed().map { ([root] + names.prefix($0).map(String.init)).joined(separator: "/") }
            }
        }
    }
}
