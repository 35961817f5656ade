package import BulkheadModel
import BulkheadSystem
import Glibc
import Synchronization

/// Where a broadcast's events go: to whoever listens at the moment, and the last few are kept for those who ask later.
package final class EventLog: Sendable {
    private struct State {
        var listeners: [Int: @Sendable (Event) -> Void] = [:]
        var nextID = 0
        var recent: [Event] = []
        var redaction = Redaction()
    }

    private static let recentCount = 200
    /// Where the timeline stood last, in nanoseconds; negative before it has started.
    private let position = Atomic<Int64>(-1)
    private let state = Mutex(State())

    private let wording: @Sendable (Event) -> String

    /// A log that keeps the latest events.
    /// - Parameter wording: says an event to people, in one line; its code where nobody has words.
    package init(wording: @escaping @Sendable (Event) -> String = { "\($0.part): \($0.code)" }) {
        self.wording = wording
    }

    /// One line for people, with the part that it happened to.
    package func sentence(_ event: Event) -> String { wording(event) }

    /// Calls `listener` with each event from now on, on the thread on which it happens.
    package func listen(_ listener: @escaping @Sendable (Event) -> Void) -> Int {
        state.withLock { state in
            state.nextID += 1
            state.listeners[state.nextID] = listener
            return state.nextID
        }
    }

    /// Ends what `listen` began with this token.
    package func unlisten(_ id: Int) { state.withLock { _ = $0.listeners.removeValue(forKey: id) } }

    /// The last events, oldest first.
    package var recent: [Event] { state.withLock { $0.recent } }

    /// Seconds since 1970, for people alone.
    package static func wallClock() -> Double {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
    }

    /// The timeline stands there now, for events of parts that don't know it themselves.
    package func note(mediaNanoseconds: Int64) { position.store(mediaNanoseconds, ordering: .relaxed) }

    /// Another broadcast is about to begin: its timeline stands nowhere yet.
    package func forgetMediaTime() { position.store(-1, ordering: .relaxed) }

    /// From now on no event shows `secret`.
    package func hide(_ secret: String) { state.withLock { $0.redaction.hide(secret) } }

    /// `text` as an event would show it.
    package func clean(_ text: String) -> String { state.withLock { $0.redaction }.clean(text) }

    /// `error` as an event would show it.
    package func clean(_ error: BroadcastError) -> BroadcastError {
        let redaction = state.withLock { $0.redaction }
        return BroadcastError(
            code: error.code, error.parameters.mapValues { redaction.clean($0) }, redaction.clean(error.problem),
            advice: redaction.clean(error.advice))
    }

    /// Posts what has happened to `part`, with the texts as ``Redaction`` leaves them.
    ///
    /// - Parameter mediaSeconds: where the timeline stands; nil for where it stood at the last ``note(mediaNanoseconds:)``.
    package func post(_ part: Part, _ happening: Happening, mediaSeconds: Double? = nil) {
        let time = Self.wallClock()
        let noted = position.load(ordering: .relaxed)
        let mediaSeconds = mediaSeconds ?? (noted < 0 ? nil : Double(noted) / 1e9)
        let (event, listeners) = state.withLock { state in
            let event = Event(
                part, Self.clean(happening, of: part, &state.redaction), time: time, mediaSeconds: mediaSeconds)
            state.recent.append(event)
            if state.recent.count > Self.recentCount { state.recent.removeFirst() }
            return (event, Array(state.listeners.values))
        }
        for listener in listeners { listener(event) }
    }

    private static func clean(_ happening: Happening, of part: Part, _ redaction: inout Redaction) -> Happening {
        let values = happening.values
        let clean = redaction.clean(values, at: .now)
        guard clean != values else { return happening }
        let code = happening.code(for: part.role)
        // What can't be read back has a text for a word of its own: rather the word alone than the text.
        return (try? Happening(code: code, values: clean))
            ?? .unknown(UnknownHappening(code: code, level: happening.level, values: clean))
    }
}
