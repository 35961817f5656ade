import BulkheadRTMP
import BulkheadRTMPTransport
import BulkheadSystem
import NIOCore

/// One stream on its way to another server: it plays it, and publishes there what it is given. It lives on the server's event
/// loop.
final class PushRelay: PlayerOutlet {
    /// What may wait in the connection's own queue; the rest waits in the stream's, where it can be skipped.
    private static let queueByteLimit = 1 << 20
    private static let proof = Duration.seconds(10)

    let stream: LiveStream
    let target: IngestTarget
    private weak var hub: StreamHub?
    private let delays: [Duration]
    private var publisher: RTMPPublisher?
    private var player: Player<SharedMessage>?
    private var task: Task<Void, Never>?
    private(set) var problem = ""
    private(set) var failures = 0
    private(set) var isOver = false

    init(_ stream: LiveStream, to target: IngestTarget, _ hub: StreamHub) {
        self.stream = stream
        self.target = target
        self.hub = hub
        delays = hub.options.relayDelays
    }

    var isFlowing: Bool { publisher != nil }

    func start() {
        guard let eventLoop = hub?.eventLoop else { return }
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let (target, delays) = (target, delays)
        let work: @concurrent @Sendable () async -> Void = { await Self.run(target, delays, bound, on: eventLoop) }
        // `stop` cancels it.
        task = Task(operation: work)
    }

    private static func run(
        _ target: IngestTarget, _ delays: [Duration], _ relay: NIOLoopBound<PushRelay>, on eventLoop: any EventLoop
    ) async {
        var failures = 0
        while !Task.isCancelled {
            let start = ContinuousClock.now
            let problem: String
            do throws(PublishError) {
                let publisher = try await RTMPPublisher.connect(to: target, group: eventLoop)
                eventLoop.execute { relay.value.attach(publisher) }
                problem = await follow(publisher, relay, on: eventLoop)
                eventLoop.execute { relay.value.detach() }
                await publisher.close(goodbye: Task.isCancelled)
            } catch { problem = error.description }
            guard !Task.isCancelled else { return }
            failures = ContinuousClock.now - start > proof ? 1 : failures + 1
            let count = failures
            eventLoop.execute { relay.value.failed(problem, count) }
            let delay = delays.isEmpty ? .milliseconds(200) : delays[min(failures, delays.count) - 1]
            do { try await Task.sleep(for: delay) } catch { return }
        }
    }

    /// - Returns: why the connection has ended.
    private static func follow(
        _ publisher: RTMPPublisher, _ relay: NIOLoopBound<PushRelay>, on eventLoop: any EventLoop
    ) async -> String {
        for await event in publisher.events {
            switch event {
            case .writable: eventLoop.execute { relay.value.player?.pump() }
            case .ended(.failed(let error)): return error.description
            case .ended(.closed): return "the connection was closed"
            default: break
            }
        }
        return "the connection was closed"
    }

    // MARK: the connection's life

    private func attach(_ publisher: RTMPPublisher) {
        guard !isOver else { return }
        self.publisher = publisher
        problem = ""
        let way = Player<SharedMessage>.Way.elements { message, time, isRepeated in
            let given = message.given(at: time, isRepeated: isRepeated).message
            publisher.send(message: given)
            return given.payload.readableBytes
        }
        let player = Player(stream, stream.messages, way, to: self)
        self.player = player
        stream.pushCount += 1
        hub?.send(.relay(stream.name, .push, server: target.description, .started))
        stream.messages.add(player, hasBegun: stream.isPublished)
    }

    private func detach() {
        publisher = nil
        guard let player else { return }
        self.player = nil
        stream.pushCount -= 1
        hub?.remove(player, from: stream.messages)
    }

    private func failed(_ problem: String, _ failures: Int) {
        guard !isOver else { return }
        self.failures = failures
        if problem != self.problem {
            hub?.send(.relay(stream.name, .push, server: target.description, .failed(problem)))
        }
        self.problem = problem
    }

    /// Ends for good, with a goodbye.
    func stop(because reason: String) {
        guard !isOver else { return }
        isOver = true
        let wasFlowing = isFlowing
        detach()
        task?.cancel()
        task = nil
        if wasFlowing { hub?.send(.relay(stream.name, .push, server: target.description, .ended(reason))) }
    }

    // MARK: PlayerOutlet

    var isWritable: Bool { publisher?.hasRoom(below: Self.queueByteLimit) == true }
    func write(_ bytes: ByteBuffer) {}
    func writeAndFlush(_ bytes: ByteBuffer) {}
    func flush() {}
    func publisherCame() {}
    func publisherWent() { stop(because: "the stream has ended here") }

    func playerIsHopeless(because reason: String) {
        // A new connection begins with a picture; the task hears of the end.
        publisher?.abandon {}
        detach()
    }
}
