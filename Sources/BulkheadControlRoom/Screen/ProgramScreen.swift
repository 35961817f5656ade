import BulkheadControl
import BulkheadFLV
import BulkheadLiveServer
import BulkheadSystem
import Dispatch
import NIOCore
import NIOPosix
import Synchronization

/// The program as a picture: asked of the master while somebody looks, and for a moment longer. A thread of its own blocks.
final class ProgramScreen: Sendable {
    private struct State {
        var viewers = 0
        /// When the last viewer left.
        var leftAt = MonotonicTime.now
        var isFollowing = false
    }

    /// A page that is loaded again finds a picture at once.
    private static let grace = Duration.seconds(5)
    private static let pause = DispatchTimeInterval.seconds(1)

    let stream: LocalStream
    private let path: String
    private let queue = DispatchQueue(label: "bulkhead.program")
    private let state = Mutex(State())

    init(path: String) async throws {
        self.path = path
        stream = try await LocalStream(on: MultiThreadedEventLoopGroup.singleton.next())
    }

    /// Somebody looks, until ``leave()``.
    func come() {
        let isFirst = state.withLock { state in
            state.viewers += 1
            defer { state.isFollowing = true }
            return !state.isFollowing
        }
        if isFirst { queue.async { self.follow() } }
    }

    func leave() {
        state.withLock { state in
            state.viewers -= 1
            state.leftAt = .now
        }
    }

    private var isWanted: Bool {
        state.withLock { state in
            let isWanted = state.viewers > 0 || MonotonicTime.now.since(state.leftAt) < Self.grace.nanoseconds
            if !isWanted { state.isFollowing = false }
            return isWanted
        }
    }

    /// As long as somebody looks; a master that is gone is looked for again.
    private func follow() {
        var isOver = false
        do {
            let client = try ControlClient(path: path)
            try client.send(.program)
            var decoder = FLVDecoder()
            pieces: while let reply = try client.receive() {
                switch reply {
                case .program(let bytes):
                    decoder.append(ByteBuffer(bytes: bytes))
                    var tags: [FLVTag] = []
                    while let tag = try decoder.next() { tags.append(tag) }
                    stream.begin()
                    stream.send(tags)
                    guard isWanted else {
                        stream.end(isWanted: true)
                        return
                    }
                case .done: isOver = true
                case .failed: break pieces
                default: break
                }
                if isOver { break }
            }
        } catch {
            // Whether the program comes is all that matters to those who look.
        }
        stream.end(isWanted: isOver)
        guard isWanted else { return }
        queue.asyncAfter(deadline: .now() + Self.pause) { self.follow() }
    }
}
