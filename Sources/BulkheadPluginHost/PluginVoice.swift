import BulkheadChildRuntime
import BulkheadSystem
import BulkheadWire
import Glibc

/// What one plugin says, on its way to the master: whole lines, and not too many.
final class PluginVoice {
    /// Lines that may come at once, and then each second.
    static let burst = 20
    static let linesPerSecond = 5

    let id: UInt32
    /// What the plugin complained about last, for the phrase of a refusal.
    var lastError: String?
    private let trail: CallTrail
    private let send: (PluginReply) -> Void
    private let thread = pthread_self()
    private var credit = PluginVoice.burst
    private var creditedAt = MonotonicTime.now
    private var leftOut = 0

    /// - Parameter send: hands a line to the master.
    init(id: UInt32, trail: CallTrail, send: @escaping (PluginReply) -> Void) {
        self.id = id
        self.trail = trail
        self.send = send
    }

    /// Notes a call into the plugin while `body` makes it.
    func during<Result, Failure: Error>(
        _ call: PluginBreadcrumb.Call, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let previous = trail.enter(id, call)
        defer {
            trail.inspect()
            trail.leave(to: previous)
        }
        return try body()
    }

    /// Passes a line on. Lines from threads of the plugin's own are not: the conversation belongs to one thread.
    func say(_ level: PluginLogLevel, _ text: String) {
        guard pthread_equal(thread, pthread_self()) != 0 else { return }
        let line = Self.cleaned(text)
        if level == .error { lastError = line }
        guard level != .debug else { return }
        earnCredit()
        guard credit > 0 else {
            leftOut += 1
            return
        }
        credit -= 1
        if leftOut > 0 {
            send(.log(id: id, .warning, "\(leftOut) of its lines were left out: it says too much"))
            leftOut = 0
        }
        send(.log(id: id, level, line))
    }

    /// One line of text without control characters.
    static func cleaned(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 32 || $0.value == 127 ? " " : $0 }))
    }

    private func earnCredit() {
        let now = MonotonicTime.now
        let seconds = now.since(creditedAt) / 1_000_000_000
        guard seconds > 0 else { return }
        credit = min(Self.burst, credit + Int(min(seconds, 60)) * Self.linesPerSecond)
        creditedAt = now
    }
}

/// Where the host notes which plugin it is calling, for the master, which reads what it left behind.
final class CallTrail {
    private var memory: SharedMapping?
    private var note = PluginBreadcrumb(sequence: 0, plugin: 0, call: .none, startNanoseconds: 0)

    /// From now on notes go to `memory`, too.
    func keep(in memory: SharedMapping) { self.memory = memory }

    var isKept: Bool { memory != nil }

    /// Looked at after each call, while the note still names the plugin.
    var isWireIntact: () -> Bool = { true }

    /// Ends the process where a call has taken the connection to the master away: later it could not be told which.
    func inspect() {
        guard !isWireIntact() else { return }
        ChildProgram.say("a plugin has closed or replaced the connection to the master")
        abort()
    }

    /// Returns the note that a call goes back to.
    func enter(_ plugin: UInt32, _ call: PluginBreadcrumb.Call) -> PluginBreadcrumb {
        let previous = note
        put(plugin, call, MonotonicTime.now.nanoseconds)
        return previous
    }

    func leave(to previous: PluginBreadcrumb) { put(previous.plugin, previous.call, previous.startNanoseconds) }

    private func put(_ plugin: UInt32, _ call: PluginBreadcrumb.Call, _ start: Int64) {
        note = PluginBreadcrumb(
            sequence: note.sequence &+ 1, plugin: plugin, call: call, startNanoseconds: start)
        if let memory { note.write(to: memory.base) }
    }
}
