package import ArgumentParser
import BulkheadModel
import BulkheadSystem
import CBulkheadLinux
import Glibc

/// `bulkhead read-configuration`: the process in which ``ConfigurationReader`` has a configuration read.
package struct ReadConfigurationCommand: ParsableCommand {
    static let name = "read-configuration"
    /// The descriptor that children have their socket at.
    private static let socket: CInt = 3
    private static let longestQuestion = 8 << 20
    private static let mostSeconds: rlim_t = 30
    private static let mostMemory: rlim_t = 2 << 30

    package static let configuration = CommandConfiguration(
        commandName: name, abstract: "Read a configuration for a running broadcast.", shouldDisplay: false)

    package init() {}

    package func run() throws {
        Self.limit()
        guard let line = Self.question(),
            let question = try? JSONLine.decode(ConfigurationReader.Question.self, from: line)
        else {
            throw BroadcastError(
                .usage, "\(Self.name) is for broadcasts that run", advice: "use `bulkhead reload`")
        }
        var answer = ConfigurationReader.Answer()
        do throws(BroadcastError) { answer.settings = try question.settings() } catch { answer.error = error }
        let reply = JSONLine.encode(answer)
        var sent = 0
        while sent < reply.count {
            let count = reply.withUnsafeBytes { bytes in
                bulkhead_send(Self.socket, bytes.baseAddress?.advanced(by: sent), bytes.count - sent, -1)
            }
            guard count > 0 else { return }
            sent += count
        }
    }

    /// A hostile file shall not take the machine: this process is the first to go, and has its bounds.
    private static func limit() {
        var seconds = rlimit(rlim_cur: mostSeconds, rlim_max: mostSeconds)
        setrlimit(__rlimit_resource_t(RLIMIT_CPU.rawValue), &seconds)
        var memory = rlimit(rlim_cur: mostMemory, rlim_max: mostMemory)
        setrlimit(__rlimit_resource_t(RLIMIT_DATA.rawValue), &memory)
        let score = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC)
        guard score >= 0 else { return }
        _ = write(score, "1000", 4)
        close(score)
    }

    private static func question() -> [UInt8]? {
        var line: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while line.count <= longestQuestion {
            let count = recv(socket, &chunk, chunk.count, 0)
            guard count > 0 else { return nil }
            if let end = chunk[..<count].firstIndex(of: 0x0A) { return line + chunk[..<end] }
            line += chunk[..<count]
        }
        return nil
    }
}
