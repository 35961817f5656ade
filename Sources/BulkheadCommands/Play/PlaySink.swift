import BulkheadModel
import Foundation
import Glibc
import NIOPosix

/// Where `bulkhead play` puts what is played: a player's standard input, or a file.
final class PlaySink: Sendable {
    private let descriptor: CInt
    private let target: String
    /// The player; nil for a file.
    private let child: pid_t?

    /// Players that read a recording from their standard input.
    private static let known = [["mpv", "-"], ["ffplay", "-loglevel", "error", "-autoexit", "-"], ["vlc", "-"]]

    /// - Throws: there is no such player, or the file can't be made.
    init(player: String?, output: String?) throws(BroadcastError) {
        if let output {
            target = output
            child = nil
            descriptor =
                output == "-" ? dup(STDOUT_FILENO) : open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
            guard descriptor >= 0 else {
                throw BroadcastError(
                    .file, "\(output) can't be written: \(String(cString: strerror(errno)).lowercased())")
            }
            return
        }
        let words =
            player.map { $0.split(separator: " ").map(String.init) }
            ?? Self.known.first { Self.path(of: $0[0]) != nil } ?? []
        guard let name = words.first, let path = Self.path(of: name) else {
            throw BroadcastError(
                .installation, player.map { "there is no player \($0)" } ?? "no player is installed that is known here",
                advice: "install mpv, name one with --player, or write a file with --output")
        }
        target = name
        var pipe: [CInt] = [-1, -1]
        guard Glibc.pipe(&pipe) == 0 else { throw BroadcastError(.internal, "no pipe could be made") }
        for end in pipe { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, pipe[0], STDIN_FILENO)
        // A player is to end when it is told to, whatever this process does with its signals.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for pointer in arguments { free(pointer) } }
        var pid: pid_t = 0
        let result = posix_spawn(&pid, path, &actions, &attributes, &arguments, environ)
        _ = Glibc.close(pipe[0])
        descriptor = pipe[1]
        child = result == 0 ? pid : nil
        guard result == 0 else {
            _ = Glibc.close(pipe[1])
            throw BroadcastError(
                .installation, "\(name) can't be started: \(String(cString: strerror(result)).lowercased())")
        }
    }

    private static func path(of program: String) -> String? {
        if program.contains("/") { return access(program, X_OK) == 0 ? program : nil }
        let folders = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
        return folders.split(separator: ":").map { "\($0)/\(program)" }.first { access($0, X_OK) == 0 }
    }

    /// Waits until the player takes it.
    /// - Returns: false where the player was closed.
    func write(_ bytes: [UInt8]) async throws(BroadcastError) -> Bool {
        let code: CInt
        do {
            code = try await NIOThreadPool.singleton.runIfActive { [descriptor] in Self.write(bytes, to: descriptor) }
        } catch { return false }
        switch code {
        case 0: return true
        case EPIPE: return false
        default:
            throw BroadcastError(.file, "\(target) can't be written: \(String(cString: strerror(code)).lowercased())")
        }
    }

    private static func write(_ bytes: [UInt8], to descriptor: CInt) -> CInt {
        bytes.withUnsafeBytes { buffer in
            var offset = 0
            while offset < buffer.count {
                let count = Glibc.write(descriptor, buffer.baseAddress?.advanced(by: offset), buffer.count - offset)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return errno }
                offset += count
            }
            return 0
        }
    }

    /// The person wants it to end: a player that shows what it has got must not hold that up.
    func interrupt() { if let child { kill(child, SIGTERM) } }

    /// Ends the recording for the player, and waits until it has shown it.
    func close() {
        _ = Glibc.close(descriptor)
        guard let child else { return }
        var status: CInt = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
    }
}
