/// Time as a link sees it: spans since any fixed moment, so that tests can make it pass.
package struct LinkClock: Sendable {
    package let now: @Sendable () -> Duration
    /// Returns early when the caller is cancelled.
    package let sleep: @Sendable (Duration) async -> Void

    package init(now: @escaping @Sendable () -> Duration, sleep: @escaping @Sendable (Duration) async -> Void) {
        self.now = now
        self.sleep = sleep
    }

    package static let system: LinkClock = {
        let clock = ContinuousClock()
        let start = clock.now
        return LinkClock(now: { clock.now - start }, sleep: { try? await clock.sleep(for: $0) })
    }()
}
