import BulkheadMaster
import BulkheadModel
import BulkheadSystem
import Glibc
import Synchronization

/// Something long that a command runs, and what goes on beside it: the status is shown, and signals are waited for.
struct LongRun {
    let reporter: Reporter
    let interruptions: Interruptions
    /// SIGHUP asks it to go on without its terminal.
    var survivesHangUp = false
    /// Begins what a SIGHUP asks for; false where there is nothing.
    var onHangUp: @Sendable () async -> Bool = { false }

    /// Runs `body` to its end.
    ///
    /// - Parameters:
    ///   - status: asked as often as the reporter shows it; nil when there is nothing to show.
    ///   - onSignal: called with the signal and how many there were so far, one call after the other; cancelled at the end
    ///     of `body`.
    /// - Returns: what `body` returned, and how many signals came.
    func run<Value: Sendable>(
        status: @escaping @Sendable () async -> ReportedStatus?,
        onSignal: @escaping @Sendable (_ signal: Int32, _ count: Int) async -> Void,
        body: @escaping @Sendable () async -> Value
    ) async -> (value: Value, signalCount: Int) {
        let signalCount = Counter()
        let value = await withTaskGroup(of: Value?.self) { group in
            group.addTask { await body() }
            group.addTask { [reporter] in
                while !Task.isCancelled {
                    if let status = await status(), !Task.isCancelled { reporter.status(status) }
                    do { try await Task.sleep(for: reporter.statusInterval) } catch { break }
                }
                return nil
            }
            group.addTask { [interruptions, reporter, survivesHangUp, onHangUp] in
                for await number in interruptions.signals {
                    if number == SIGHUP, survivesHangUp {
                        guard await !onHangUp() else { continue }
                        reporter.say(Self.hangUpText(isTerminal: isatty(STDERR_FILENO) == 1))
                    } else {
                        await onSignal(number, signalCount.increment())
                    }
                }
                return nil
            }
            var value: Value?
            while value == nil, let next = await group.next() { value = next }
            group.cancelAll()
            return value
        }
        guard let value else { preconditionFailure("the first task of the group has a value") }
        return (value, signalCount.value)
    }

    /// What is said of a SIGHUP: a terminal sends it when it goes, a script when it has moved a log away.
    static func hangUpText(isTerminal: Bool) -> String {
        let cause = isTerminal ? "SIGHUP: the terminal may be gone; " : "SIGHUP: "
        return cause + "the broadcast goes on; `bulkhead stop` ends it"
    }

    /// A typed result of `body`, to be carried out of a task group.
    static func outcome<Value>(
        _ body: () async throws(BroadcastError) -> Value
    ) async -> Result<Value, BroadcastError> {
        do throws(BroadcastError) { return .success(try await body()) } catch { return .failure(error) }
    }
}

private final class Counter: Sendable {
    private let stored = Mutex(0)

    var value: Int { stored.withLock { $0 } }

    func increment() -> Int {
        stored.withLock {
            $0 += 1
            return $0
        }
    }
}
