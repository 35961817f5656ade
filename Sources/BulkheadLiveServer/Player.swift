import BulkheadMedia
import BulkheadRTMP
import BulkheadTimeline
import NIOCore

/// One message stream on which a connection plays.
final class Player {
    let stream: LiveStream
    let streamID: MessageStreamID
    private weak var handler: ConnectionHandler?
    private let options: LiveServerOptions
    private var reader: GOPQueue<SharedMessage>.Reader
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
        reader = GOPQueue.Reader(before: stream.queue)
    }

    var summary: PlaySummary {
        PlaySummary(sentByteCount: sentByteCount, shedMessageCount: reader.shedCount, wasHopeless: wasHopeless)
    }

    /// What the stream must keep for it: everything from here on.
    var position: Int? { isPaused ? nil : reader.position }

    private var isIdle: Bool { isPaused || reader.hasCaughtUp(with: stream.queue) }

    /// Begins with what a new player needs to show a picture at once.
    func start() {
        reader = GOPQueue.Reader(at: stream.queue)
        pump()
    }

    func publisherCame() {
        reader.restart(in: stream.queue)
        handler?.announcePublisher(on: streamID)
    }

    func publisherWent() {
        pump()
        handler?.announceNoPublisher(on: streamID)
    }

    func setPaused(_ isPaused: Bool) {
        reader.restart(in: stream.queue, isShed: !self.isPaused)
        self.isPaused = isPaused
    }

    /// The stream is about to take another message.
    func noteArrival() { if isIdle { lastProgress = .now() } }

    /// Skips what it is too slow for. The GOP that it began with is bounded by itself.
    func bound() {
        guard !isPaused else { return }
        reader.bound(to: options.playerQueueByteLimit + stream.gopByteLimit, in: stream.queue)
    }

    /// Writes while the socket takes it; the rest waits in the stream's queue, where it can be skipped.
    func pump() {
        // Writing can tell at once that the socket takes more again.
        guard !isPumping, !isPaused else { return }
        isPumping = true
        defer { isPumping = false }
        var hasWritten = false
        while handler?.isWritable == true, let (message, time, isRepeated) = reader.next(in: stream.queue) {
            let mustMove = isRepeated && message.kind != .metadata
            let given = mustMove ? message.at(UInt32(truncatingIfNeeded: time.milliseconds)) : message
            guard let chunks = given.chunks(for: streamID) else { continue }
            handler?.write(chunks)
            sentByteCount += chunks.readableBytes
            hasWritten = true
        }
        if hasWritten {
            lastProgress = .now()
            handler?.flush()
        }
        guard reader.isHopeless || isStalled else { return }
        wasHopeless = true
        handler?.close(because: "the player takes less than the stream brings")
    }

    private var isStalled: Bool {
        !isIdle && NIODeadline.now() - lastProgress > TimeAmount(options.playerStallTimeout)
    }
}
