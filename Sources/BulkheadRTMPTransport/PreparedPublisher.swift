package import BulkheadRTMP
package import NIOCore
import Synchronization

/// A connection that waits to be published on. The server may close it at any time; most do when nothing comes for a
/// while (SRS after 20 seconds, our own server after 10).
package final class PreparedPublisher: Sendable {
    /// The server, which may have been named by the one that was asked.
    package let target: IngestTarget
    private let opened: OpenedConnection
    private let isUsed = Mutex(false)

    init(_ opened: OpenedConnection) {
        self.opened = opened
        target = opened.target
    }

    /// Letting go of it without publishing closes it.
    deinit { if !isUsed.withLock({ $0 }) { opened.channel.close(promise: nil) } }

    /// Why it is of no more use; nil while it is.
    package var end: PublishEnd? { opened.queue.statistics.end }

    /// Returns when the connection has ended, by whomever.
    package func waitForEnd() async { try? await opened.channel.closeFuture.get() }

    /// Publishes; returns when the server has said NetStream.Publish.Start. To be called once: the connection is the
    /// publisher's then, and closed if this throws.
    package func publish() async throws(PublishError) -> RTMPPublisher {
        let wasUsed = isUsed.withLock { isUsed in
            defer { isUsed = true }
            return isUsed
        }
        guard !wasUsed else { throw .cancelled }
        let channel = opened.channel
        let started = channel.eventLoop.makePromise(of: NIOLoopBound<PublishHandler>.self)
        channel.eventLoop.execute { [handler = opened.handler] in handler.value.publish(started) }
        do {
            _ = try await withTaskCancellationHandler {
                try await started.futureResult.get()
            } onCancel: {
                channel.close(promise: nil)
            }
            return RTMPPublisher(opened)
        } catch {
            channel.close(promise: nil)
            if Task.isCancelled { throw .cancelled }
            throw error as? PublishError ?? .connectionLost(server: target.authority, .other("\(error)"))
        }
    }

    /// Closes the connection without a word and returns when it is closed.
    package func close() async {
        guard !isUsed.withLock({ $0 }) else { return }
        abandon()
        try? await opened.channel.closeFuture.get()
    }

    /// Begins to close the connection without a word, and does not wait.
    package func abandon() {
        guard !isUsed.withLock({ $0 }) else { return }
        opened.channel.eventLoop.execute { [handler = opened.handler] in handler.value.close() }
    }
}

/// Finds out whether a server works, as far as can be told without publishing.
package enum RTMPProbe {
    /// Resolves the name, connects, secures, shakes hands, opens the application, and closes without a word.
    ///
    /// - Parameter options: the timeout is for all of it.
    /// - Returns: how long it took until the application was open.
    package static func measure(
        _ target: IngestTarget, options: ConnectionOptions = ConnectionOptions(), group: any EventLoopGroup
    ) async -> Result<Duration, PublishError> {
        let start = ContinuousClock.now
        var publishing = PublishOptions()
        publishing.connection = options
        do throws(PublishError) {
            let opened = try await OpenedConnection.open(
                target, options: publishing, group: group, goal: .application)
            let duration = ContinuousClock.now - start
            opened.channel.close(promise: nil)
            return .success(duration)
        } catch { return .failure(error) }
    }
}
