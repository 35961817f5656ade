import BulkheadRTMP
import BulkheadRTMPTransport
import BulkheadSystem
import NIOCore
import NIOPosix
import Synchronization

/// A viewer of the switch's own: it plays what viewers play, and measures it. What it sees is judged, whichever way works.
final class OutputWatch: Sendable {
    private struct State {
        var meter = ArrivalMeter()
        var failures = 0
        var problem = ""
        var isConnected = false
        var lastMessage: MonotonicTime?
    }

    /// A connection on which nothing comes may be dead without a word.
    private static let silence = Duration.seconds(10)
    private static let pause = Duration.milliseconds(500)

    private let target: IngestTarget
    private let onIDR: @Sendable () -> Void
    private let state = Mutex(State())

    init(_ target: IngestTarget, onIDR: @escaping @Sendable () -> Void) {
        self.target = target
        self.onIDR = onIDR
    }

    var meter: ArrivalMeter { state.withLock { $0.meter } }
    var failures: Int { state.withLock { $0.failures } }
    var isConnected: Bool { state.withLock { $0.isConnected } }
    /// What went wrong last; empty while all is well.
    var problem: String { state.withLock { $0.problem } }

    /// Nothing has come for so long.
    func isSilent(for span: Duration) -> Bool {
        state.withLock { $0.lastMessage }.map { MonotonicTime.now.since($0) >= span.nanoseconds } ?? true
    }

    /// Plays until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await self.play() }
                group.addTask { await self.waitForSilence() }
                await group.next()
                group.cancelAll()
            }
            state.withLock { $0.isConnected = false }
            do { try await Task.sleep(for: Self.pause) } catch { return }
        }
    }

    private func play() async {
        var options = ConnectionOptions()
        options.timeout = .seconds(5)
        do {
            try await RTMPPlayer.play(target, options: options, group: MultiThreadedEventLoopGroup.singleton) {
                events in
                state.withLock {
                    $0.isConnected = true
                    $0.problem = ""
                }
                while let event = try await events.next() {
                    guard case .media(let played) = event else { continue }
                    note(played)
                }
            }
            fail("the server closed the connection")
        } catch {
            if !Task.isCancelled { fail("\(error)") }
        }
    }

    private func note(_ played: PlayedMessage) {
        let isPicture = played.kind == .idr || played.kind == .video
        guard isPicture || played.kind == .audio else { return }
        state.withLock {
            $0.lastMessage = .now
            $0.meter.note(
                isPicture: isPicture, byteCount: played.message.payload.readableBytes,
                timestamp: played.message.timestampMilliseconds, at: .now)
        }
        if played.kind == .idr { onIDR() }
    }

    private func fail(_ words: String) {
        state.withLock {
            $0.failures += 1
            $0.problem = words
        }
    }

    /// Returns when the connection should be made anew.
    private func waitForSilence() async {
        let began = MonotonicTime.now
        while !Task.isCancelled {
            do { try await Task.sleep(for: .seconds(1)) } catch { return }
            if MonotonicTime.now.since(began) >= Self.silence.nanoseconds, isSilent(for: Self.silence) { return }
        }
    }
}
