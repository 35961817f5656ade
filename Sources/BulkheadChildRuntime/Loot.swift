import Glibc

/// What a process finds that has been taken over: the attempts of one that looks for secrets, files, connections and other
/// processes. None of them harms anybody where it is granted.
package enum Loot {
    /// One attempt.
    package struct Attempt: Sendable {
        /// In words, such as `the master's memory`.
        package let name: String
        /// Whether it was granted.
        let isGranted: @Sendable () -> Bool
    }

    /// The word with which ``report`` begins, for readers of a child's last words.
    package static let word = "loot:"
    private static let nothing = "nothing"

    /// A connection is a source's to make where its input is an address or a device.
    package static let connections: Set<String> = ["a connection", "a local connection"]

    private static let attempts = [
        Attempt(name: "the master's environment") { canRead("/proc/\(getppid())/environ") },
        Attempt(name: "the master's memory") { canRead("/proc/\(getppid())/mem") },
        Attempt(name: "the master's files") { canList("/proc/\(getppid())/fd") },
        Attempt(name: "a stream key in its environment") { getenv("BULKHEAD_STREAM_KEY") != nil },
        Attempt(name: "the users' folders") { canList("/home") || canList("/root") },
        Attempt(name: "the users' names") { canRead("/etc/passwd") },
        Attempt(name: "the users' passwords") { canRead("/etc/shadow") },
        Attempt(name: "the machine's folders") { canList("/") || canList("/etc") },
        Attempt(name: "a file of its own") { canMake("/tmp") || canMake("/var/tmp") || canMake("/dev/shm") },
        Attempt(name: "other processes") { canList("/proc") },
        Attempt(name: "a program") {
            var arguments: [UnsafeMutablePointer<CChar>?] = [nil]
            var none: [UnsafeMutablePointer<CChar>?] = [nil]
            // One that is missing is missed only by a process that may execute programs.
            return execve("/nonexistent/bulkhead-drill", &arguments, &none) < 0 && errno == ENOENT
        },
        Attempt(name: "a process") {
            var pid = pid_t()
            var arguments: [UnsafeMutablePointer<CChar>?] = [nil]
            guard posix_spawn(&pid, "/bin/true", nil, nil, &arguments, nil) == 0 else { return false }
            waitpid(pid, nil, 0)
            return true
        },
        Attempt(name: "signals to the master") { kill(getppid(), 0) == 0 },
        Attempt(name: "signals to its group") { kill(0, 0) == 0 },
        Attempt(name: "the terminal") { canRead("/dev/tty") },
        Attempt(name: "a connection") { canConnect(AF_INET) || canConnect(AF_INET6) },
        Attempt(name: "a local connection") { canConnect(AF_UNIX) },
    ]

    /// Makes all attempts. One line: how many there were, and what was granted.
    static func report() -> String {
        let granted = attempts.filter { $0.isGranted() }.map(\.name)
        return "\(word) \(attempts.count) attempts: \(granted.isEmpty ? nothing : granted.joined(separator: ", "))"
    }

    /// Reads what ``report()`` has said, in the midst of other words; nil where it stands nowhere.
    package static func granted(in words: String) -> [String]? {
        guard let line = words.split(separator: "\n").last(where: { $0.hasPrefix(word) }),
            case let parts = line.split(separator: ":", maxSplits: 2), parts.count == 3
        else { return nil }
        let text = parts[2].drop { $0 == " " }
        return text == nothing ? [] : text.split(separator: ",").map { $0.drop { $0 == " " }.description }
    }

    private static func canRead(_ path: String) -> Bool {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        close(descriptor)
        return true
    }

    private static func canList(_ path: String) -> Bool {
        guard let stream = opendir(path) else { return false }
        defer { closedir(stream) }
        return readdir(stream) != nil
    }

    private static func canMake(_ folder: String) -> Bool {
        let path = "\(folder)/bulkhead-drill-\(getpid())"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return false }
        unlink(path)
        close(descriptor)
        return true
    }

    private static func canConnect(_ family: CInt) -> Bool {
        let descriptor = socket(family, CInt(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        close(descriptor)
        return true
    }
}
