import BulkheadChildren
import BulkheadMaster
import BulkheadModel
import BulkheadSystem
import CBulkheadLinux
import Glibc
import Synchronization
import SystemPackage

/// Reads the configuration of a broadcast again, in a process of its own.
///
/// The file may be on a disk that hangs, large or hostile, and what it names is looked at on the way; the master waits for
/// nothing of it. In: the flags that the broadcast was begun with. Out: its settings as they would be now.
struct ConfigurationReader: Sendable {
    /// One line each way.
    struct Question: Codable, Sendable {
        /// As it was named.
        let file: String
        /// What it is called before people.
        let name: String
        /// By the names of their keys.
        let flags: [String: [String]]
        /// What `BULKHEAD_STREAM_KEY` held.
        let environmentKey: String?
        /// In place of the file; nil to read that.
        let text: ConfigurationText?

        /// What file and flags say together.
        func settings() throws(BroadcastError) -> BroadcastSettings {
            var words = BroadcastWords()
            for (name, values) in flags {
                guard let key = BroadcastKey(rawValue: name) else { continue }
                words[key] = values
            }
            let read =
                if let text { try ConfigurationFile.words(in: text.text, named: text.name) } else {
                    try ConfigurationFile.words(at: file, named: name)
                }
            return try BroadcastPlan(words.filled(from: read), environmentKey: environmentKey).settings
        }
    }

    struct Answer: Codable, Sendable {
        var settings: BroadcastSettings?
        var error: BroadcastError?
    }

    /// How long a configuration may take.
    private static let patienceSeconds: Int64 = 30
    private static let longestAnswer = 64 << 20

    /// As it was named.
    let file: String
    /// What was said beside it.
    let flags: BroadcastWords
    let environmentKey: String?

    /// - Parameter loaded: what file and flags said together.
    func source(loaded: BroadcastSettings) -> ConfigurationSource {
        var keys = flags.keys.map(\.rawValue)
        // With them, others of the file do not count either.
        if !flags[.input].isEmpty { keys.append(InputEntry.key) }
        if !flags[.to].isEmpty { keys.append("links") }
        return ConfigurationSource(
            status: ConfigurationStatus(
                path: FilePaths.absolute(ConfigurationFile.shownName(of: file)), flags: keys.sorted()),
            // One that is resumed by its name alone has not been read.
            loaded: loaded.resume?.mayStart == false ? nil : loaded
        ) { text in
            let line = Line()
            return await withTaskCancellationHandler {
                await BlockingChild.onThread { Result { () throws(BroadcastError) in try read(text, line) } }
            } onCancel: {
                line.hangUp()
            }
        }
    }

    /// The socket to the process that reads, for whoever does not want to wait any more.
    private final class Line: Sendable {
        private let socket = Mutex<(number: CInt?, isOver: Bool)>((nil, false))

        func open(_ number: CInt) {
            socket.withLock { state in
                state.number = number
                if state.isOver { shutdown(number, CInt(SHUT_RDWR)) }
            }
        }

        var isOver: Bool { socket.withLock { $0.isOver } }

        func close() { socket.withLock { $0.number = nil } }

        func hangUp() {
            socket.withLock { state in
                state.isOver = true
                if let number = state.number { shutdown(number, CInt(SHUT_RDWR)) }
            }
        }
    }

    /// Blocks until the settings are there, or `wire` is hung up.
    private func read(_ text: ConfigurationText?, _ wire: Line) throws(BroadcastError) -> BroadcastSettings {
        func failed(_ problem: String) -> BroadcastError {
            BroadcastError(
                .usage, "the configuration can't be read again: \(problem)",
                advice: "see whether its disk is at work, and try again")
        }
        // The same program, whatever became of its file.
        var launch = ChildLaunch(
            path: "/proc/self/exe", arguments: [ReadConfigurationCommand.name], environment: Self.environment)
        launch.niceIncrement = 5
        let child: BlockingChild
        do throws(Errno) { child = try BlockingChild(mute: launch) } catch {
            throw failed("the process that reads it can't be started: \(error)")
        }
        let words = flags.keys.reduce(into: [String: [String]]()) { $0[$1.rawValue] = flags[$1] }
        let question = Question(
            file: file, name: ConfigurationFile.shownName(of: file), flags: words, environmentKey: environmentKey,
            text: text)
        wire.open(child.socket.rawValue)
        let line = Self.ask(JSONLine.encode(question), at: child.socket.rawValue)
        wire.close()
        let end = child.end(line == nil ? .atOnce : .released)
        guard !wire.isOver else {
            throw BroadcastError(code: .broadcastOver, "the broadcast ended before the change was made")
        }
        guard let line else {
            throw failed(
                end.wasKilled
                    ? "it took longer than \(Self.patienceSeconds) s"
                    : "the process that reads it has ended (\(end.exit.map { "\($0)" } ?? "unknown"))")
        }
        guard let answer = try? JSONLine.decode(Answer.self, from: line) else { throw failed("the answer is damaged") }
        if let error = answer.error { throw error }
        guard let settings = answer.settings else { throw failed("the answer is empty") }
        return settings
    }

    /// Where files are looked for, and nothing that could be a secret.
    private static var environment: [String: String] {
        let kept = ["PATH", "HOME", "LANG", "TZ", "TMPDIR", "XDG_RUNTIME_DIR", "XDG_STATE_HOME", "XDG_CACHE_HOME"]
        return kept.reduce(into: ["SWIFT_BACKTRACE": "enable=no"]) { result, name in
            if let value = getenv(name) { result[name] = String(cString: value) }
        }
    }

    /// - Returns: the line that comes back; nil where none does in time.
    private static func ask(_ question: [UInt8], at socket: CInt) -> [UInt8]? {
        var sent = 0
        while sent < question.count {
            let count = question.withUnsafeBytes { bytes in
                bulkhead_send(socket, bytes.baseAddress?.advanced(by: sent), bytes.count - sent, -1)
            }
            guard count > 0 else { return nil }
            sent += count
        }
        let deadline = MonotonicTime.now.advanced(by: .seconds(patienceSeconds))
        var line: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while line.count <= longestAnswer {
            let milliseconds = CInt(clamping: max(0, deadline.since(.now)) / 1_000_000)
            guard bulkhead_wait_readable(socket, milliseconds) > 0 else { return nil }
            let count = recv(socket, &chunk, chunk.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return nil }
            if let end = chunk[..<count].firstIndex(of: 0x0A) { return line + chunk[..<end] }
            line += chunk[..<count]
        }
        return nil
    }
}
