import BulkheadMedia
import BulkheadTimeline
import NIOCore

/// The connection of a player, as far as it takes a stream. It is held by the player, and holds the connection weakly.
protocol PlayerOutlet: AnyObject {
    /// The socket takes more.
    var isWritable: Bool { get }
    func write(_ bytes: ByteBuffer)
    func flush()
    func publisherCame()
    func publisherWent()
    /// The player takes less than the stream brings.
    func playerIsHopeless(because reason: String)
}

/// Whoever plays a stream: one message stream of an RTMP connection, or one response over HTTP.
final class Player<Element> {
    let stream: LiveStream
    private let shared: SharedQueue<Element>
    private let outlet: any PlayerOutlet
    /// The bytes of an element for this player; a header that is given again holds from the time on.
    private let bytes: (Element, MediaTime, Bool) -> ByteBuffer?
    private let options: LiveServerOptions
    private var reader: GOPQueue<Element>.Reader
    private var isPaused = false
    private var isPumping = false
    private(set) var sentByteCount = 0
    private(set) var wasHopeless = false
    private var lastProgress = NIODeadline.now()

    init(
        _ stream: LiveStream, _ shared: SharedQueue<Element>, to outlet: any PlayerOutlet,
        bytes: @escaping (Element, MediaTime, Bool) -> ByteBuffer?
    ) {
        self.stream = stream
        self.shared = shared
        self.outlet = outlet
        self.bytes = bytes
        options = stream.options
        reader = GOPQueue.Reader(before: shared.queue)
    }

    var summary: PlaySummary {
        PlaySummary(sentByteCount: sentByteCount, shedMessageCount: reader.shedCount, wasHopeless: wasHopeless)
    }

    /// What the stream must keep for it: everything from here on.
    var position: Int? { isPaused ? nil : reader.position }

    private var isIdle: Bool { isPaused || reader.hasCaughtUp(with: shared.queue) }

    /// Begins with what a new player needs to show a picture at once.
    func start() {
        reader = GOPQueue.Reader(at: shared.queue)
        pump()
    }

    func publisherCame() {
        reader.restart(in: shared.queue)
        outlet.publisherCame()
    }

    func publisherReturned() { reader.restart(in: shared.queue, isShed: false) }

    func publisherWent() {
        pump()
        outlet.publisherWent()
    }

    func setPaused(_ isPaused: Bool) {
        reader.restart(in: shared.queue, isShed: !self.isPaused)
        self.isPaused = isPaused
    }

    /// The stream is about to take another element.
    func noteArrival() { if isIdle { lastProgress = .now() } }

    /// Skips what it is too slow for. The GOP that it began with is bounded by itself.
    func bound() {
        guard !isPaused else { return }
        reader.bound(to: options.playerQueueByteLimit + shared.gopByteLimit, in: shared.queue)
    }

    /// Writes while the socket takes it; the rest waits in the stream's queue, where it can be skipped.
    func pump() {
        // Writing can tell at once that the socket takes more again.
        guard !isPumping, !isPaused else { return }
        isPumping = true
        defer { isPumping = false }
        var hasWritten = false
        while outlet.isWritable, let (element, time, isRepeated) = reader.next(in: shared.queue) {
            guard let bytes = bytes(element, time, isRepeated) else { continue }
            outlet.write(bytes)
            sentByteCount += bytes.readableBytes
            hasWritten = true
        }
        if hasWritten {
            lastProgress = .now()
            outlet.flush()
        }
        guard reader.isHopeless || isStalled else { return }
        wasHopeless = true
        outlet.playerIsHopeless(because: "the player takes less than the stream brings")
    }

    private var isStalled: Bool {
        !isIdle && NIODeadline.now() - lastProgress > TimeAmount(options.playerStallTimeout)
    }
}
