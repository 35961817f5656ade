import BulkheadSystem

/// Tries several, the next one as soon as one has failed or not answered for a moment, and keeps the first that answers: a dead
/// one costs that moment, and where all is well only one is asked. After RFC 8305 ("happy eyeballs").
enum StaggeredRace {
    private enum Step<Value: Sendable>: Sendable {
        case ended(Int, Value?)
        /// The moment is over for this one.
        case overdue(Int)
    }

    /// - Parameters:
    ///   - step: how long one has for itself.
    ///   - body: gives nil where it failed; is cancelled when another one has answered.
    /// - Returns: nil where all have failed.
    static func first<Entry: Sendable, Value: Sendable>(
        of entries: [Entry], every step: Duration, _ body: @escaping @Sendable (Entry) async -> Value?
    ) async -> (place: Int, value: Value)? {
        await withTaskGroup(of: Step<Value>.self) { group in
            var (begun, running) = (0, 0)
            func begin() {
                guard begun < entries.count else { return }
                let (place, entry) = (begun, entries[begun])
                begun += 1
                running += 1
                group.addTask { .ended(place, await body(entry)) }
                group.addTask {
                    try? await Task.sleep(for: step)
                    return .overdue(place)
                }
            }
            begin()
            defer { group.cancelAll() }
            while running > 0, let next = await group.next() {
                switch next {
                case .ended(let place, let value?): return (place, value)
                case .ended(_, nil):
                    running -= 1
                    if running == 0 || begun < entries.count { begin() }
                case .overdue(let place): if place == begun - 1 { begin() }
                }
            }
            return nil
        }
    }
}
