import BulkheadModel
import BulkheadSystem
import CBulkheadLinux
import Foundation
import Glibc
import NIOPosix
import Synchronization
import SystemPackage

/// Where `bulkhead play` puts what is played: a player's standard input, or a file.
final class PlaySink: Sendable {
    private let descriptor: CInt
    private let target: String
    /// The player, until it has ended; nil for a file.
    private let child: Mutex<LaunchedChild?>

    /// Players that read a recording from their standard input.
    private static let known = [["mpv", "-"], ["ffplay", "-loglevel", "error", "-autoexit", "-"], ["vlc", "-"]]

    /// - Throws: there is no such player, or the file can't be made.
    init(player: String?, output: String?) throws(BroadcastError) {
        if let output {
            target = output
            child = Mutex(nil)
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
        // It stays in the terminal's foreground: what is typed there is for it as well.
        var run = ProgramRun(path, Array(words.dropFirst()), environment: ProcessInfo.processInfo.environment)
        run.leadsGroup = false
        run.output = .inherited
        run.errors = .inherited
        var pipe: [CInt] = [-1, -1]
        do throws(Errno) {
            try Errno.check(bulkhead_pipe(&pipe))
            run.input = .descriptor(pipe[0])
            defer { _ = Glibc.close(pipe[0]) }
            child = Mutex(try run.start())
        } catch {
            if pipe[1] >= 0 { _ = Glibc.close(pipe[1]) }
            throw BroadcastError(
                .installation, "\(name) can't be started: \(String(cString: strerror(error.rawValue)).lowercased())",
                advice: "see whether it runs by itself, or name another with --player")
        }
        descriptor = pipe[1]
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
    func interrupt() { child.withLock { $0?.signal(SIGTERM) } }

    /// Ends the recording for the player, and waits until it has shown it.
    func close() {
        _ = Glibc.close(descriptor)
        guard let child = child.withLock({ $0.take() }) else { return }
        _ = child.waitForEnd()
    }
}
