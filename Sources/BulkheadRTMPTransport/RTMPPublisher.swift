package import BulkheadFLV
package import BulkheadMedia
package import BulkheadRTMP
package import NIOCore
import Synchronization

/// One stream being published to one server. Packets can be sent from any thread; nothing but ``connect(to:options:group:)``
/// and ``close(goodbye:)`` waits.
///
/// Packets sent within one turn of the event loop leave in one write.
package final class RTMPPublisher: Sendable {
    /// What came of a packet or configuration.
    package enum SendResult: Hashable, Sendable {
        case queued
        /// The queue's limit is reached: nothing was taken.
        case queueFull
        case ended
    }

    package typealias Statistics = PublisherStatistics

    /// The server that publishes, which may have been named by the one that was asked.
    package let target: IngestTarget
    /// For one reader. When it falls 64 events behind, old ones go; the last is always ``PublishEvent/ended(_:)``.
    package let events: AsyncStream<PublishEvent>
    private let channel: any Channel
    private let queue: PublishQueue
    private let handler: NIOLoopBound<PublishHandler>

    init(_ opened: OpenedConnection) {
        target = opened.target
        channel = opened.channel
        queue = opened.queue
        handler = opened.handler
        events = opened.events
    }

    /// Whoever lets go of a publisher without closing it has closed it silently.
    deinit { channel.close(promise: nil) }

    /// Connects and publishes; returns when the server has said NetStream.Publish.Start. That is not yet acceptance:
    /// see ``PublishEvent/accepted``.
    ///
    /// Follows redirections, so that ``target`` may be another than the one asked for, and proves who we are to servers
    /// that ask. Each failure, the timeout and cancellation included, leaves no connection behind.
    package static func connect(
        to target: IngestTarget, options: PublishOptions = PublishOptions(), group: any EventLoopGroup
    ) async throws(PublishError) -> RTMPPublisher {
        RTMPPublisher(try await OpenedConnection.open(target, options: options, group: group, goal: .publish))
    }

    /// Does all that can be done before publishing: ``PreparedPublisher/publish()`` is then one round trip. The stream's
    /// name is not told to the server before.
    package static func prepare(
        for target: IngestTarget, options: PublishOptions = PublishOptions(), group: any EventLoopGroup
    ) async throws(PublishError) -> PreparedPublisher {
        PreparedPublisher(try await OpenedConnection.open(target, options: options, group: group, goal: .stream))
    }

    /// Sends onMetaData and both sequence headers; the first configuration comes before the first packet, later ones
    /// right before the IDR from which they hold.
    /// - Parameter extras: further properties of onMetaData.
    @discardableResult
    package func send(
        configuration: StreamConfiguration, extras: AMF0Object = AMF0Object(), at time: MediaTime? = nil
    ) -> SendResult {
        let byteCount = configuration.avcConfiguration.count + configuration.audioSpecificConfig.count
        return enqueue(.configuration(configuration, extras, time), byteCount: byteCount)
    }

    /// Sends onMetaData once more, with other `extras`.
    @discardableResult
    package func send(metadataOf configuration: StreamConfiguration, extras: AMF0Object) -> SendResult {
        let payload = configuration.metadataPayload(with: extras)
        return enqueue(.metadata(payload), byteCount: payload.readableBytes)
    }

    /// Sends one packet, timestamped with its DTS.
    @discardableResult
    package func send(packet: Packet) -> SendResult { enqueue(.packet(packet), byteCount: packet.bytes.count) }

    /// Says something beside pictures and sound, timestamped as the last packet; nothing where there was none.
    @discardableResult
    package func send(script: ScriptData) -> SendResult {
        let payload = script.payload
        return enqueue(.script(payload), byteCount: payload.readableBytes)
    }

    /// Sends what another publisher has sent, as it is, with the time that it has; for metadata the word is added by which
    /// servers keep it.
    @discardableResult
    package func send(message: Message) -> SendResult {
        enqueue(.message(message), byteCount: message.payload.readableBytes + 16)
    }

    private func enqueue(_ item: PublishQueue.Item, byteCount: Int) -> SendResult {
        let (result, mustSchedule) = queue.append(item, byteCount: byteCount)
        if mustSchedule { channel.eventLoop.execute { [handler] in handler.value.drain() } }
        return result
    }

    /// Bytes of packets taken but not yet in the kernel's hands.
    package var queuedByteCount: Int { queue.statistics.queuedByteCount }

    package var statistics: Statistics { queue.statistics }

    /// Whether the connection takes bytes, and fewer than `byteLimit` wait in its queue. Where not,
    /// ``PublishEvent/writable`` says when.
    package func hasRoom(below byteLimit: Int) -> Bool { queue.hasRoom(below: byteLimit) }

    /// Ends the connection and returns when it has.
    ///
    /// - Parameter goodbye: true for the wanted end of the broadcast: what is queued is sent, then FCUnpublish and
    ///   deleteStream, for at most `patience`. False is silent and at once, so that a server holds the broadcast open
    ///   for the next connection.
    package func close(goodbye: Bool, patience: Duration = .seconds(2)) async {
        channel.eventLoop.execute { [handler] in
            if goodbye { handler.value.sayGoodbye(patience: TimeAmount(patience)) } else { handler.value.close() }
        }
        try? await channel.closeFuture.get()
    }

    /// Begins to end the connection, silently, and does not wait. With TLS the server is asked to agree, for which it has
    /// a few seconds.
    /// - Parameter onClosed: called on the event loop, once it has ended.
    package func abandon(onClosed: @escaping @Sendable () -> Void) {
        channel.eventLoop.execute { [handler] in handler.value.close() }
        channel.closeFuture.whenComplete { _ in onClosed() }
    }
}

/// What lies between the callers' threads and the event loop, and the numbers that callers may read at any time.
final class PublishQueue: Sendable {
    enum Item: Sendable {
        case configuration(StreamConfiguration, AMF0Object, MediaTime?)
        case metadata(ByteBuffer)
        case packet(Packet)
        case script(ByteBuffer)
        case message(Message)
    }

    private struct State {
        var items: [Item] = []
        var itemByteCount = 0
        var isScheduled = false
        /// Somebody waits until fewer bytes are queued than that.
        var awaitedByteLimit: Int?
        var statistics = PublisherStatistics()
    }

    private let byteLimit: Int
    private let state = Mutex(State())

    init(byteLimit: Int) { self.byteLimit = byteLimit }

    var statistics: PublisherStatistics { state.withLock { $0.statistics } }

    func hasRoom(below byteLimit: Int) -> Bool {
        state.withLock { state in
            let hasRoom = state.statistics.isWritable && state.statistics.queuedByteCount < byteLimit
            state.awaitedByteLimit = hasRoom ? nil : byteLimit
            return hasRoom
        }
    }

    /// Gives also whether the event loop has to be told to drain.
    func append(_ item: Item, byteCount: Int) -> (RTMPPublisher.SendResult, mustSchedule: Bool) {
        state.withLock { state in
            guard state.statistics.end == nil else { return (.ended, false) }
            guard state.statistics.queuedByteCount + byteCount <= byteLimit else {
                state.statistics.refusedPacketCount += 1
                return (.queueFull, false)
            }
            state.items.append(item)
            state.itemByteCount += byteCount
            state.statistics.queuedByteCount += byteCount
            defer { state.isScheduled = true }
            return (.queued, !state.isScheduled)
        }
    }

    /// All items, and the bytes by which the queue has to be ``shorten(by:)``ed once they are written.
    func takeAll() -> (items: [Item], byteCount: Int) {
        state.withLock { state in
            defer { (state.items, state.itemByteCount, state.isScheduled) = ([], 0, false) }
            return (state.items, state.itemByteCount)
        }
    }

    /// Gives whether there is now the room that somebody waits for.
    @discardableResult
    func shorten(by byteCount: Int) -> Bool {
        state.withLock { state in
            state.statistics.queuedByteCount -= byteCount
            guard let limit = state.awaitedByteLimit, state.statistics.isWritable,
                state.statistics.queuedByteCount < limit
            else { return false }
            state.awaitedByteLimit = nil
            return true
        }
    }

    func update(_ change: (inout PublisherStatistics) -> Void) { state.withLock { change(&$0.statistics) } }
}
