import NIOCore
import NIOPosix

/// The event loop of one link, on a thread of its own: what another link's server does is never felt on it.
final class LinkLoop: Sendable {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let eventLoop: any EventLoop

    init() { eventLoop = group.next() }

    /// Runs `body` on the thread of the link's connections.
    func execute(_ body: @escaping @Sendable () -> Void) { eventLoop.execute(body) }

    deinit {
        // Nobody waits for the thread's end.
        group.shutdownGracefully { _ in }
    }
}
