import NIOPosix

/// Threads that may wait, for databases and disks: no task stands still for them.
enum Blocking {
    private static let pool: NIOThreadPool = {
        let pool = NIOThreadPool(numberOfThreads: 8)
        pool.start()
        return pool
    }()

    static func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await pool.runIfActive(body)
    }
}

/// Wakes a loop at once, or after its period.
final class Waker: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation
    private let period: Duration

    init(every period: Duration) {
        self.period = period
        (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Many are as good as one.
    func wake() { continuation.yield() }

    /// Runs `body` again and again, until the task is cancelled.
    func run(_ body: @escaping @Sendable () async -> Void) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [period, continuation] in
                while !Task.isCancelled {
                    continuation.yield()
                    try? await Task.sleep(for: period)
                }
                continuation.finish()
            }
            for await _ in stream { await body() }
            group.cancelAll()
        }
    }
}
