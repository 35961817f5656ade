import BulkheadRTMP
import BulkheadRTMPTransport
import NIOCore
import NIOPosix
import Synchronization

/// A player that makes the server pull as long as it plays: nginx-rtmp pulls for those whom its hook has redirected, and
/// ends that with the last of them.
final class PullTrigger: Sendable {
    private static let pause = Duration.milliseconds(500)

    private let target: IngestTarget
    private let onAccepted: @Sendable () -> Void
    private let wishes: AsyncStream<Bool>
    private let wish: AsyncStream<Bool>.Continuation
    private let state = Mutex<(failures: Int, problem: String, isPlaying: Bool)>((0, "", false))

    init(_ target: IngestTarget, onAccepted: @escaping @Sendable () -> Void) {
        self.target = target
        self.onAccepted = onAccepted
        (wishes, wish) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    var failures: Int { state.withLock { $0.failures } }
    var problem: String { state.withLock { $0.problem } }
    var isPlaying: Bool { state.withLock { $0.isPlaying } }

    func want(_ isWanted: Bool) { wish.yield(isWanted) }

    /// Plays while that is wanted, until the task is cancelled.
    func run() async {
        // Ended and waited for here: on the next wish, or at the end.
        var playing: Task<Void, Never>?
        for await isWanted in wishes {
            if isWanted {
                if playing == nil { playing = Task { await hold() } }
            } else {
                await end(playing)
                playing = nil
            }
        }
        await end(playing)
    }

    private func end(_ playing: Task<Void, Never>?) async {
        playing?.cancel()
        await playing?.value
        state.withLock { $0.isPlaying = false }
    }

    private func hold() async {
        while !Task.isCancelled {
            do {
                var options = ConnectionOptions()
                options.timeout = .seconds(5)
                try await RTMPPlayer.play(target, options: options, group: MultiThreadedEventLoopGroup.singleton) {
                    events in
                    state.withLock {
                        $0.isPlaying = true
                        $0.problem = ""
                    }
                    onAccepted()
                    while try await events.next() != nil {}
                }
                fail("the server closed the connection")
            } catch {
                if !Task.isCancelled { fail("\(error)") }
            }
            do { try await Task.sleep(for: Self.pause) } catch { return }
        }
    }

    private func fail(_ words: String) {
        state.withLock {
            $0.failures += 1
            $0.problem = words
            $0.isPlaying = false
        }
    }
}

/// Whether a stream could be pulled: it is played until its first picture comes.
enum SourceProbe {
    /// - Returns: nil where it could be, else why not.
    static func problem(of target: IngestTarget, within limit: Duration) async -> String? {
        await withTaskGroup(of: String?.self) { group in
            group.addTask {
                var options = ConnectionOptions()
                options.timeout = limit
                do {
                    return try await RTMPPlayer.play(
                        target, options: options, group: MultiThreadedEventLoopGroup.singleton
                    ) { events in
                        while let event = try await events.next() {
                            if case .media(let played) = event, played.kind == .idr { return nil }
                        }
                        return "the source closed the connection"
                    }
                } catch {
                    return "\(error)"
                }
            }
            group.addTask {
                try? await Task.sleep(for: limit)
                return "no picture has come within \(limit.components.seconds) s"
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
    }
}
