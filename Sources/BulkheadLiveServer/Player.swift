import BulkheadRTMP
import NIOCore

/// One message stream on which a connection plays.
final class Player {
    let stream: LiveStream
    let streamID: MessageStreamID
    private unowned let handler: ConnectionHandler
    private let options: LiveServerOptions
    private var queue: PlayerQueue<SharedMessage>
    private var isPaused = false
    private var isPumping = false
    private(set) var sentByteCount = 0
    private(set) var wasHopeless = false
    private var lastProgress = NIODeadline.now()

    init(stream: LiveStream, streamID: MessageStreamID, handler: ConnectionHandler, options: LiveServerOptions) {
        self.stream = stream
        self.streamID = streamID
        self.handler = handler
        self.options = options
        queue = PlayerQueue(byteLimit: options.playerQueueByteLimit, awaitsIDR: true)
    }

    var summary: PlaySummary {
        PlaySummary(sentByteCount: sentByteCount, shedMessageCount: queue.shedCount, wasHopeless: wasHopeless)
    }

    /// Gives what a new player needs to show a picture at once.
    func start(_ buffer: GOPBuffer<SharedMessage>) {
        // The GOP itself is bounded; a player's queue need only bound what comes on top of it.
        queue = PlayerQueue(
            byteLimit: options.playerQueueByteLimit + options.gopByteLimit, awaitsIDR: !buffer.isComplete)
        let (headers, timestamp, entries) = buffer.start
        for header in headers { append(header.kind == .metadata ? header.element : header.element.at(timestamp)) }
        for entry in entries { append(entry.element) }
        pump()
    }

    func publisherCame() {
        queue.restart()
        handler.announcePublisher(on: streamID)
    }

    func publisherWent() {
        pump()
        handler.announceNoPublisher(on: streamID)
    }

    func setPaused(_ isPaused: Bool) {
        self.isPaused = isPaused
        if isPaused { queue.restart() }
    }

    func append(_ message: SharedMessage) {
        if isPaused, !message.kind.isHeader { return }
        if queue.isEmpty { lastProgress = .now() }
        queue.append(message, kind: message.kind, byteCount: message.byteCount)
    }

    /// Writes while the socket takes it; the rest waits here, where it can be shed.
    func pump() {
        // Writing can tell at once that the socket takes more again.
        guard !isPumping else { return }
        isPumping = true
        defer { isPumping = false }
        var hasWritten = false
        while handler.isWritable, let message = queue.popFirst() {
            guard let chunks = message.chunks(for: streamID) else { continue }
            handler.write(chunks)
            sentByteCount += chunks.readableBytes
            hasWritten = true
        }
        if hasWritten {
            lastProgress = .now()
            handler.flush()
        }
        guard queue.isHopeless || isStalled else { return }
        wasHopeless = true
        handler.close(because: "the player takes less than the stream brings")
    }

    private var isStalled: Bool {
        !queue.isEmpty && NIODeadline.now() - lastProgress > TimeAmount(options.playerStallTimeout)
    }
}
