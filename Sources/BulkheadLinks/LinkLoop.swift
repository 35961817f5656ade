import NIOCore
import NIOPosix

/// The event loop of one link, on a thread of its own: what another link's server does is never felt on it.
final class LinkLoop: Sendable {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    deinit {
        // Nobody waits for the thread's end.
        group.shutdownGracefully { _ in }
    }
}
