import BulkheadControl
import BulkheadModel
import BulkheadSystem
import Glibc
import Synchronization

/// Looks at the sound of a broadcast again and again, on one connection.
struct AudioWatch {
    private static let interval = Duration.milliseconds(100)
    /// Until momentary loudness can be said.
    private static let measuredSeconds = 0.4
    private static let patience = 20

    private let client: ControlClient

    /// Connects to the master at `attach`, or to the one that runs.
    init(attach: String?) throws(BroadcastError) {
        let path: String
        if let attach {
            path = try ControlAddress.path(from: attach, flag: "--attach")
        } else {
            path = try ControlAddress.findRunning()
        }
        client = try ControlClient(path: path)
        client.limitWaiting(toSeconds: ControlAddress.patienceSeconds)
    }

    private func reply(to request: ControlRequest) throws(BroadcastError) -> ControlReply {
        try client.send(request)
        while let reply = try client.receive() {
            if case .failed(let error) = reply { throw error }
            return reply
        }
        throw BroadcastError(code: .connectionClosed, "the master closed the connection without an answer")
    }

    /// How the broadcast sounds at the moment.
    func sound() throws(BroadcastError) -> ProgramSoundStatus {
        guard case .status(let status, _) = try reply(to: .status), let sound = status?.sound else {
            throw BroadcastError(code: .notOnAir, "the master has no broadcast on air")
        }
        return sound
    }

    /// The same once levels are measured: that begins when somebody looks.
    func measured() async throws -> ProgramSoundStatus {
        var sound = try sound()
        for _ in 0..<Self.patience where sound.levels.seconds < Self.measuredSeconds {
            try await Task.sleep(for: Self.interval)
            sound = try self.sound()
        }
        return sound
    }

    /// Changes the sound.
    /// - Returns: the first frame that is heard so.
    func change(_ change: SoundChange) throws(BroadcastError) -> Int64 {
        guard case .changed(let frame) = try reply(to: .audio(change)) else {
            throw BroadcastError(code: .unreadableReply, "the master answers with something else")
        }
        return frame
    }

    /// Shows bars where standard output is a terminal, and lines where it is none, until a signal comes or the broadcast ends.
    func follow(isJSON: Bool, until interruptions: Interruptions) async throws {
        let end = EndMark()
        // Ends with this scope.
        async let waiting: Void = end.wait(for: interruptions)
        let hasBars = !isJSON && isatty(STDOUT_FILENO) == 1
        var screen = BarScreen()
        if hasBars { screen.open() }
        defer { if hasBars { screen.close() } }
        while !end.hasCome {
            let sound = try sound()
            if hasBars {
                screen.draw(sound)
            } else {
                Self.say(isJSON ? [JSONLine.text(sound) ?? ""] : AudioText.list(sound))
            }
            for _ in 0..<(hasBars ? 1 : 10) where !end.hasCome { try await Task.sleep(for: Self.interval) }
        }
        await waiting
    }

    private static func say(_ lines: [String]) {
        for line in lines { print(line) }
        fflush(nil)
    }
}

/// Whether a signal has come.
private final class EndMark: Sendable {
    private let mark = Mutex(false)

    var hasCome: Bool { mark.withLock { $0 } }

    func wait(for interruptions: Interruptions) async {
        for await _ in interruptions.signals { return mark.withLock { $0 = true } }
    }
}

/// The lines of a terminal that are drawn over and over.
private struct BarScreen {
    private var lineCount = 0

    /// Hides the cursor.
    func open() { write("\u{1B}[?25l") }

    /// Shows the cursor again; the last bars stay.
    func close() { write("\u{1B}[?25h") }

    mutating func draw(_ sound: ProgramSoundStatus) {
        let lines = AudioText.bars(sound, width: width)
        let up = lineCount > 0 ? "\u{1B}[\(lineCount)A" : ""
        write(up + "\r" + lines.map { $0 + "\u{1B}[K\n" }.joined() + "\u{1B}[J")
        lineCount = lines.count
    }

    private var width: Int {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    private func write(_ text: String) {
        _ = text.withCString { Glibc.write(STDOUT_FILENO, $0, strlen($0)) }
    }
}
