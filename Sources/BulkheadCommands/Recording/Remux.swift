import BulkheadChildren
import BulkheadModel
import BulkheadSystem
import BulkheadWire
import Glibc

/// Another container for a media file, made by libavformat in a process of its own: what it reads may be anything, and is
/// never read in this process.
enum Remux {
    /// What libavformat calls the containers that names end with.
    private static let formats = ["mkv": "matroska", "mov": "mov", "ts": "mpegts"]

    /// The container that `path` asks for; nil for one that there is not.
    static func format(of path: String) -> String? {
        formats[path.split(separator: ".").last.map { $0.lowercased() } ?? ""]
    }

    /// Has the file of `source` put into that of `target`, both of which are open, and waits until it is done.
    /// - Throws: what the process says, or how it ended.
    static func run(_ source: Int32, of path: String, to target: Int32, as format: String) throws(BroadcastError) {
        let programs = try Programs.named(nil)
        var launch = programs.launch(.source)
        launch.arguments = ["--remux", format]
        guard lseek(source, 0, SEEK_SET) == 0 else {
            throw BroadcastError(.input, "\(path) can't be read from its beginning")
        }
        var pipe: [Int32] = [-1, -1]
        guard Glibc.pipe(&pipe) == 0 else { throw BroadcastError(.internal, "no pipe could be made") }
        defer { close(pipe[0]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (from, to) in [(source, STDIN_FILENO), (target, STDOUT_FILENO), (pipe[1], STDERR_FILENO)] {
            posix_spawn_file_actions_adddup2(&actions, from, to)
        }
        posix_spawn_file_actions_addclose(&actions, pipe[0])
        var arguments: [UnsafeMutablePointer<CChar>?] = ([launch.path] + launch.arguments).map { strdup($0) } + [nil]
        var environment: [UnsafeMutablePointer<CChar>?] =
            launch.environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in arguments + environment { free(pointer) } }
        var pid: pid_t = 0
        let result = posix_spawn(&pid, launch.path, &actions, nil, &arguments, &environment)
        close(pipe[1])
        guard result == 0 else {
            throw BroadcastError(
                .internal, "\(launch.path) could not be started: \(String(cString: strerror(result)))",
                advice: "see whether bulkhead is installed whole")
        }
        let words = text(from: pipe[0])
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        guard status != 0 else { return }
        let end = status & 0x7F == 0 ? "exit code \(status >> 8 & 0xFF)" : "signal \(status & 0x7F)"
        let last = words.split(separator: "\n").last.map(String.init) ?? "its reader ended with \(end)"
        throw BroadcastError(
            .input, "\(path) can't be put into another container: \(EventLine.clean(last))",
            advice: "where it is torn, bulkhead recording repair makes a whole one of it")
    }

    /// What a process says until it ends, its last part.
    private static func text(from descriptor: Int32) -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes = (bytes + buffer[..<count]).suffix(4096)
        }
    }
}
